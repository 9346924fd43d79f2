package calcom_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
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
	for file, want := range map[string]struct{ status, phone, email string }{
		"12-cal-booking_created.json":         {"accepted", "+4915112345678", "juergen.gross@example.org"},
		"13-cal-booking_rescheduled.json":     {"accepted", "+4915112345678", "juergen.gross@example.org"},
		"14-cal-booking_cancelled.json":       {"cancelled", "+4915112345678", "juergen.gross@example.org"},
		"15-cal-booking_requested.json":       {"pending", "+4915112345678", "juergen.gross@example.org"},
		"16-cal-booking_no_show_updated.json": {"no show", "", ""},
		"17-cal-meeting_ended-flat.json":      {},
		"18-cal-ping.json":                    {},
	} {
		body, err := os.ReadFile(filepath.Join("../../testdata/calcom", file))
		if err != nil {
			t.Fatal(err)
		}
		_, kept, err := calcom.Condense(body)
		if err != nil || (kept != nil) != (want.status != "") {
			t.Errorf("%s: %q is kept, %v", file, kept, err)
		}
		if kept == nil {
			continue
		}
		whole, ok, err := calcom.ReadWebhook(body)
		left, also, againErr := calcom.ReadWebhook(kept)
		if !ok || !also || err != nil || againErr != nil || !reflect.DeepEqual(whole, left) {
			t.Errorf("%s: what is kept says\n%+v\nthe whole\n%+v (%v, %v)", file, left, whole, err, againErr)
		}
		if whole.UID == "" || whole.SentAt.IsZero() {
			t.Errorf("%s: %+v", file, whole)
		}
		if want.status == "no show" {
			if absent, about := whole.NoShows["juergen.gross@example.org"]; !absent || !about {
				t.Errorf("%s: %v", file, whole.NoShows)
			}
			continue
		}
		if whole.Status != want.status || whole.Attendee.Phone != want.phone || whole.Attendee.Email != want.email || whole.Start.IsZero() {
			t.Errorf("%s: %+v", file, whole)
		}
	}
}

func TestWhatIsNoOnesBusinessIsNotKept(t *testing.T) {
	t.Parallel()
	body := []byte(`{"triggerEvent":"BOOKING_REQUESTED","createdAt":"2025-10-23T13:10:00Z","payload":{"uid":"u1","startTime":"2025-10-24T13:10:00Z",
		"oneTimePassword":"geheim-4711","attendees":[{"email":"a@b.example","name":"A"}],"responses":{"notes":{"label":"notes","value":"geheim"},"rezept":{"value":"geheim"}}}}`)
	_, kept, err := calcom.Condense(body)
	if err != nil || kept == nil || strings.Contains(string(kept), "geheim") {
		t.Errorf("kept is %s, %v", kept, err)
	}
}

func TestMetadataOfMoreThan64KilobytesCountsAsNone(t *testing.T) {
	t.Parallel()
	read := func(size int) map[string]string {
		body := fmt.Appendf(nil, `{"triggerEvent":"BOOKING_CREATED","createdAt":"2025-10-23T13:10:00Z","payload":{"uid":"u1","metadata":{"appointment_id":"A1","x":%q}}}`, strings.Repeat("x", size))
		n, ok, err := calcom.ReadWebhook(body)
		if !ok || err != nil {
			t.Fatalf("%t, %v", ok, err)
		}
		return n.Metadata
	}
	if read(60_000)["appointment_id"] != "A1" || len(read(70_000)) != 0 {
		t.Errorf("of 60 kB %q is read, of 70 kB %d members", read(60_000)["appointment_id"], len(read(70_000)))
	}
}

func TestThePhoneNumberIsFoundWhereverItIs(t *testing.T) {
	t.Parallel()
	for name, payload := range map[string]string{
		"at the attendee":               `"attendees":[{"email":"a@b.example","phoneNumber":"+49 151 12345678"}],"responses":{"phone":"030 1"}`,
		"in a labelled answer":          `"attendees":[{"email":"a@b.example","phoneNumber":null}],"responses":{"attendeePhoneNumber":{"label":"phone_number","value":"0151 12345678"}}`,
		"in a plain answer":             `"attendees":[{"email":"a@b.example"}],"responses":{"Telefon":"0151/12345678"}`,
		"in a field of the event type":  `"attendees":[{"email":"a@b.example"}],"responses":{"phone":{"label":"x"}},"userFieldsResponses":{"telefon":{"label":"Telefon","value":"004915112345678"}}`,
		"behind something that is none": `"attendees":[{"email":"a@b.example","phoneNumber":"keine"}],"responses":{"phone":"0151 12345678"}`,
	} {
		n, _, err := calcom.ReadWebhook([]byte(`{"triggerEvent":"BOOKING_CREATED","createdAt":"2025-10-23T13:10:00Z","payload":{"uid":"u1",` + payload + `}}`))
		if err != nil || n.Attendee.Phone != "+4915112345678" {
			t.Errorf("%s: %+v, %v", name, n.Attendee, err)
		}
	}
}

func TestAMadeUpAddressIsNone(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"4915112345678@sms.cal.com", "4915112345678@SMS.cal.com", "kein Postfach", ""} {
		n, _, err := calcom.ReadWebhook(fmt.Appendf(nil, `{"triggerEvent":"BOOKING_CREATED","createdAt":"2025-10-23T13:10:00Z","payload":{"uid":"u1","attendees":[{"name":"A","email":%q}]}}`, email))
		if err != nil || n.Attendee.Email != "" || n.Attendee.Name != "A" {
			t.Errorf("%q: %+v, %v", email, n.Attendee, err)
		}
	}
}

func FuzzReadWebhook(f *testing.F) {
	files, err := filepath.Glob("../../testdata/calcom/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, kept, err := calcom.Condense(body)
		if err != nil || kept == nil {
			return
		}
		whole, ok, err := calcom.ReadWebhook(body)
		left, also, againErr := calcom.ReadWebhook(kept)
		if !ok || !also || err != nil || againErr != nil || whole.UID == "" || !reflect.DeepEqual(whole.NoShows, left.NoShows) || whole.UID != left.UID || whole.Attendee != left.Attendee {
			t.Errorf("%t %t %v %v\n%+v\n%+v", ok, also, err, againErr, whole, left)
		}
	})
}
