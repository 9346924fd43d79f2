package calcom_test

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/calcom"
)

// TestSignatureVectors runs the vectors of the protocol notes and those of further files in SIGNATURE_VECTORS (paths joined
// by colons).
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	for _, file := range append([]string{"../../testdata/signature_vectors.json"}, filepath.SplitList(os.Getenv("SIGNATURE_VECTORS"))...) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var all struct {
			Calcom []struct {
				ID, Name, Key, Header, Expect string
				BodyHex                       string `json:"body_hex"`
			}
		}
		if err := json.Unmarshal(raw, &all); err != nil {
			t.Fatal(err)
		}
		for _, v := range all.Calcom {
			t.Run(v.ID+" "+v.Name, func(t *testing.T) {
				t.Parallel()
				body, err := hex.DecodeString(v.BodyHex)
				if err != nil {
					t.Fatal(err)
				}
				got := calcom.Verify([]string{v.Key}, body, http.Header{calcom.Header: {v.Header}}, time.Now())
				if v.Expect != "either" && got != (v.Expect == "valid") {
					t.Errorf("verified %t, expected %s", got, v.Expect)
				}
			})
		}
	}
}

func TestTheSamplesAreRead(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct {
		wanted bool
		status string
	}{
		"12-cal-booking_created.json": {true, "accepted"}, "13-cal-booking_rescheduled.json": {true, "accepted"}, "14-cal-booking_cancelled.json": {true, "cancelled"},
		"15-cal-booking_requested.json": {true, "pending"}, "16-cal-booking_no_show_updated.json": {false, ""}, "17-cal-meeting_ended-flat.json": {false, ""}, "18-cal-ping.json": {false, ""},
	} {
		body, err := os.ReadFile(filepath.Join("../../testdata/calcom", file))
		if err != nil {
			t.Fatal(err)
		}
		_, wanted, err := calcom.Peek(body)
		if err != nil || wanted != want.wanted {
			t.Errorf("%s: wanted %t, %v", file, wanted, err)
		}
		n, ok, err := calcom.ReadWebhook(body)
		if err != nil || ok != want.wanted || n.Status != want.status {
			t.Errorf("%s: %t, %q, %v", file, ok, n.Status, err)
		}
		if ok && (n.UID == "" || n.Start.IsZero() || n.SentAt.IsZero()) {
			t.Errorf("%s: %+v", file, n)
		}
	}
}
