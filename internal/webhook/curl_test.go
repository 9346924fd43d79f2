package webhook_test

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/askpro/gateway/internal/webhook"
)

func TestACommandForATerminalTellsNoSecretAndIsOneCommand(t *testing.T) {
	t.Parallel()
	h := http.Header{"Authorization": {"Bearer geheim"}, "X-Own": {"geheim"}, "Webhook-Signature": {"v1,geheim"}, "Webhook-Id": {"msg_1"}}
	body := `{"a":"'; exit 3; echo '$(id)` + "\n" + `"}`
	command := webhook.Curl("https://example.com/?a=b&c='d'", h, []byte(body))
	if strings.Contains(command, "geheim") || !strings.Contains(command, "msg_1") {
		t.Error(command)
	}
	// The shell itself says what the command's words are.
	out, err := exec.Command("sh", "-c", "curl() { printf '%s\\0' \"$@\"; }\n"+command).Output()
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if len(words) != 3+2*4+2 || words[2] != "https://example.com/?a=b&c='d'" || words[len(words)-1] != body {
		t.Errorf("%q", words)
	}
}
