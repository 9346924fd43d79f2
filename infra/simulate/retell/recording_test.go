package retell_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/askpro/gateway/infra/simulate/retell"
)

func TestARecordingIsAudioForAnybodyAndEachCallsOwn(t *testing.T) {
	t.Parallel()
	resp, err := http.Get(start(t) + "/retell/recordings/call_1.wav")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "audio/wav" || !bytes.HasPrefix(body, []byte("RIFF")) || !bytes.Equal(body, retell.Audio("call_1.wav")) {
		t.Errorf("%s %v, %d bytes", resp.Status, resp.Header, len(body))
	}
	if bytes.Equal(body, retell.Audio("call_2.wav")) {
		t.Error("two calls sound the same")
	}
}
