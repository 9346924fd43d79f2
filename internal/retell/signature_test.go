package retell_test

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/retell"
)

type vector struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Key     string `json:"key"`
	BodyHex string `json:"body_hex"`
	Header  string `json:"header"`
	NowMS   int64  `json:"now_ms"`
	Expect  string `json:"expect"`
}

// TestSignatureVectors runs the vectors of the protocol notes and those of further files in SIGNATURE_VECTORS (paths joined
// by colons). "either" is for what a strict receiver may refuse: we do.
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	for _, file := range append([]string{"../../testdata/signature_vectors.json"}, filepath.SplitList(os.Getenv("SIGNATURE_VECTORS"))...) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var all struct{ Retell []vector }
		if err := json.Unmarshal(raw, &all); err != nil {
			t.Fatal(err)
		}
		for _, v := range all.Retell {
			t.Run(v.ID+" "+v.Name, func(t *testing.T) {
				t.Parallel()
				body, err := hex.DecodeString(v.BodyHex)
				if err != nil {
					t.Fatal(err)
				}
				got := retell.Verify([]string{v.Key}, body, http.Header{retell.Header: {v.Header}}, time.UnixMilli(v.NowMS))
				if v.Expect != "either" && got != (v.Expect == "valid") {
					t.Errorf("verified %t, expected %s", got, v.Expect)
				}
			})
		}
	}
}

func TestOneOfSeveralKeysIsEnough(t *testing.T) {
	t.Parallel()
	now := time.Now()
	body := []byte(`{"event":"call_ended"}`)
	header := http.Header{retell.Header: {retell.Sign("key_new", body, now)}}
	if !retell.Verify([]string{"key_old", "key_new"}, body, header, now) || retell.Verify([]string{"key_old", ""}, body, header, now) || retell.Verify(nil, body, header, now) {
		t.Error("rotation does not work, or no key is enough")
	}
}
