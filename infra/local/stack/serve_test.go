package stack

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/askpro/gateway/infra/operator"
)

func TestATakenPortNamesPortBase(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	for name, p := range map[string]operator.Ports{
		"the front door's": {FrontDoor: taken}, "the partners'": {Partners: taken}, "the inbox's": {Inbox: taken}, "AWS's": {AWS: taken}, "the emulator's": {Emulator: taken},
	} {
		if _, err := listen(p, true); !errors.Is(err, ErrPortTaken) || !strings.Contains(err.Error(), "PORT_BASE") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUntilEverythingServesEveryPortSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Stack{}
	s.missing.Store("the functions")
	x := s.serve(l)
	defer x.Close()
	get := func() (int, string) {
		resp, err := http.Get("http://" + l.Addr().String() + "/_local/ready")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	if status, body := get(); status != 503 || body != `{"missing":"the functions","ready":false}`+"\n" {
		t.Errorf("at first: %d %s", status, body)
	}
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	x.handler.Store(&h)
	if status, _ := get(); status != 204 {
		t.Errorf("then: %d", status)
	}
}
