package scenarios_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/stacktest"
)

// §17.31: every endpoint verifies the signature.
//
// TestEverySignatureVectorOverHTTP posts the protocol's vectors to the demo company, which is given their key, with the
// clock frozen at their instant.
func TestEverySignatureVectorOverHTTP(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	type vector struct {
		ID, Name, Key, Header, Expect string
		HeaderName                    string `json:"header_name"`
		BodyHex                       string `json:"body_hex"`
		NowMS                         int64  `json:"now_ms"`
	}
	var all struct{ Retell, Calcom []vector }
	for name, into := range map[string]any{"signature_vectors.json": &all} {
		raw, err := os.ReadFile(filepath.Join(s.Root, "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(filepath.Join(s.Root, "testdata/companies/demo.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{ // values of the demo company's references
		"ssm:/askpro/local/retell/demo/webhook": all.Retell[0].Key, "ssm:/askpro/local/calcom-webhook/demo/secret": all.Calcom[0].Key, "ssm:/askpro/local/calcom/demo/api-key": "cal_demo_api",
	}
	load := func(text string, secrets map[string]string) {
		t.Helper()
		if status := s.Do(t, "POST", s.Local("company"), nil, map[string]any{"file": text, "secrets": secrets}, nil); status != 200 {
			t.Fatalf("loading answers %d", status)
		}
	}
	load(string(file), keys)
	// A company whose keys have no value: nobody is heard.
	empty := strings.NewReplacer("slug: demo", "slug: leer", "webhook_route_id: demo", "webhook_route_id: leer", "/demo/", "/leer/", "+49 30 12345670", "+49 30 12345699", "+493012345670", "+493012345699").Replace(string(file))
	load(empty, map[string]string{"ssm:/askpro/local/calcom/leer/api-key": "cal_leer"})
	check := func(v vector, path string) {
		t.Helper()
		route := "demo"
		if v.Key == "" {
			route = "leer"
		}
		body, err := hex.DecodeString(v.BodyHex)
		if err != nil {
			t.Fatal(err)
		}
		if v.NowMS != 0 {
			s.SetClock(t, time.UnixMilli(v.NowMS).UTC().Format(time.RFC3339Nano), true)
		}
		got := s.Do(t, "POST", s.API+strings.ReplaceAll(path, "{route}", route), map[string]string{v.HeaderName: v.Header}, body, nil)
		switch v.Expect {
		case "valid":
			if got == 401 || got >= 500 {
				t.Errorf("%s %s: %d", v.ID, v.Name, got)
			}
		case "invalid":
			if got != 401 {
				t.Errorf("%s %s: %d, wanted 401", v.ID, v.Name, got)
			}
		default:
			if got >= 500 {
				t.Errorf("%s %s: %d", v.ID, v.Name, got)
			}
		}
	}
	for _, v := range all.Retell {
		for _, what := range []string{"events", "tools", "inbound"} {
			check(v, "/webhooks/retell/{route}/"+what)
		}
	}
	for _, v := range all.Calcom {
		check(v, "/webhooks/calcom/{route}")
	}
}
