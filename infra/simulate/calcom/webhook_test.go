package calcom_test

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"
	"time"

	partner "github.com/askpro/gateway/internal/calcom"
)

func TestAWebhookIsSignedForItsCompany(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.advance(42 * time.Second)
	b := s.book(t, damenhaarschnittAnna, ten)
	h := s.hook(t)
	if h.path != "/webhooks/calcom/demo" || h.Trigger != "BOOKING_CREATED" || h.Payload["uid"] != b.UID {
		t.Errorf("%s %s", h.path, h.body)
	}
	if !partner.Verify([]string{"whsec_demo_calcom"}, h.body, h.header, s.clock()) {
		t.Error("the signature is not that of the company's secret")
	}
	if h.CreatedAt != "2026-11-23T06:00:42.000Z" || h.header.Get("X-Cal-Webhook-Version") != "2021-10-20" {
		t.Errorf("sent at the stack's time: %s; %v", h.CreatedAt, h.header)
	}
}

func TestACompanyWithoutSecretSendsTheLiteral(t *testing.T) {
	t.Parallel()
	s := start(t)
	f := company(t, "demo")
	f.Company.CalcomWebhookSecrets = nil
	if err := s.AddCompany(f, secrets(t)); err != nil {
		t.Fatal(err)
	}
	s.book(t, damenhaarschnittAnna, ten)
	if got := s.hook(t).header.Get("X-Cal-Signature-256"); got != "no-secret-provided" {
		t.Errorf("signature %q", got)
	}
}

// own are the members that only the samples' clinic has, or whose content is free.
var own = map[string]bool{"metadata": true, "userFieldsResponses": true, "versicherung": true, "call_id": true, "quelle": true, "anfrage": true, "bookingFieldsResponses": true, "target": true}

// shape lists the paths of a JSON value with the kind at each, so that two documents can be compared without their content.
func shape(prefix string, v any, into map[string]string) {
	switch x := v.(type) {
	case map[string]any:
		into[prefix] = "object"
		for name, member := range x {
			if into[prefix+"."+name] = "anything"; !own[name] {
				shape(prefix+"."+name, member, into)
			} else if name == "versicherung" {
				delete(into, prefix+"."+name)
			}
		}
	case []any:
		into[prefix] = "array"
		if len(x) > 0 {
			shape(prefix+"[]", x[0], into)
		}
	default:
		into[prefix] = fmt.Sprintf("%T", v)
	}
}

// sameShape compares what we answer with a sample. A member that is null on one side may be anything on the other.
func sameShape(t *testing.T, sample string, got []byte) {
	t.Helper()
	raw, err := os.ReadFile("../../../testdata/calcom/" + sample)
	if err != nil {
		t.Fatal(err)
	}
	var is, should any
	if json.Unmarshal(got, &is) != nil || json.Unmarshal(raw, &should) != nil {
		t.Fatalf("no JSON: %s", got)
	}
	a, b := map[string]string{}, map[string]string{}
	shape("", is, a)
	shape("", should, b)
	var wrong []string
	for path, kind := range b {
		if _, has := a[path]; !has && kind != "<nil>" && !underNull(path, a) {
			wrong = append(wrong, "missing "+path)
		}
	}
	for path, kind := range a {
		if want, has := b[path]; !has && !underNull(path, b) {
			wrong = append(wrong, "too much "+path)
		} else if has && want != kind && want != "<nil>" && kind != "<nil>" {
			wrong = append(wrong, path+" is "+kind+", not "+want)
		}
	}
	sort.Strings(wrong)
	if wrong != nil {
		t.Errorf("%s: %s", sample, strings.Join(wrong, "; "))
	}
}

func underNull(path string, in map[string]string) bool {
	for i := strings.LastIndex(path, "."); i > 0; i = strings.LastIndex(path[:i], ".") {
		if in[path[:i]] == "<nil>" {
			return true
		}
	}
	return false
}

func TestWebhooksAndAnswersHaveTheSamplesShape(t *testing.T) {
	t.Parallel()
	s := start(t)
	f := company(t, "demo")
	f.Services[3].RequiresConfirmation = true
	if err := s.AddCompany(f, secrets(t)); err != nil {
		t.Fatal(err)
	}
	created := s.ask(t, "POST", "/bookings", order(damenhaarschnittAnna, ten))
	sameShape(t, "35-cal-create-booking-response.json", created.raw)
	sameShape(t, "12-cal-booking_created.json", s.hook(t).body)
	sameShape(t, "40-cal-list-bookings-response.json", s.ask(t, "GET", "/bookings", "").raw)

	old := created.booking(t).UID
	moved := s.ask(t, "POST", "/bookings/"+old+"/reschedule", `{"start":"2026-11-25T09:00:00Z","reschedulingReason":"später"}`)
	sameShape(t, "37-cal-reschedule-response.json", moved.raw)
	sameShape(t, "13-cal-booking_rescheduled.json", s.hook(t).body)
	sameShape(t, "38-cal-get-booking-old-uid.json", s.ask(t, "GET", "/bookings/"+old, "").raw)

	direct := s.book(t, bartpflegeMario, ten) // needs a yes here
	if direct.Status != "pending" {
		t.Fatalf("%+v", direct)
	}
	sameShape(t, "15-cal-booking_requested.json", s.hook(t).body)
	sameShape(t, "36-cal-create-booking-response-pending.json", s.ask(t, "GET", "/bookings/"+direct.UID, "").raw)

	plain := s.book(t, faerbenJana, ten)
	s.hook(t)
	sameShape(t, "39-cal-cancel-response.json", s.ask(t, "POST", "/bookings/"+plain.UID+"/cancel", `{"cancellationReason":"verhindert"}`).raw)
	cancelled := s.hook(t)
	sameShape(t, "14-cal-booking_cancelled.json", cancelled.body)
	if _, has := cancelled.Payload["metadata"]; has || cancelled.Payload["startTime"] != "2026-11-24T09:00:00+00:00" {
		t.Errorf("a cancellation has no metadata and writes its offset: %s", cancelled.body)
	}

	s.control(t, "POST", "webhook", map[string]any{"company": "demo", "trigger": "PING"}, nil)
	sameShape(t, "18-cal-ping.json", s.hook(t).body)
}

func TestErrorsHaveTheSamplesShape(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.book(t, damenhaarschnittAnna, ten)
	sameShape(t, "50-cal-error-400-slot-taken.json", s.ask(t, "POST", "/bookings", order(damenhaarschnittAnna, ten)).raw)
	sameShape(t, "51-cal-error-400-validation.json", s.ask(t, "POST", "/bookings", strings.Replace(order(damenhaarschnittAnna, ten), "Europe/Berlin", "MEZ", 1)).raw)
	sameShape(t, "52-cal-error-401.json", s.as(t, "cal_nobody", versions["bookings"], "GET", "/bookings", "").raw)
	sameShape(t, "53-cal-error-404.json", s.ask(t, "GET", "/bookings/unbekannt", "").raw)
	for status, sample := range map[int]string{409: "54-cal-error-409.json", 429: "55-cal-error-429.json", 500: "56-cal-error-500.json"} {
		s.control(t, "POST", "faults", map[string]any{"operation": "create", "mode": "status", "status": status}, nil)
		r := s.ask(t, "POST", "/bookings", order(bartpflegeMario, ten))
		if r.status != status {
			t.Errorf("status %d, want %d", r.status, status)
		}
		sameShape(t, sample, r.raw)
	}
}

func TestTheICalendarObjectStaysTheSameOverItsChanges(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.book(t, damenhaarschnittAnna, ten)
	moved := s.ask(t, "POST", "/bookings/"+b.UID+"/reschedule", `{"start":"2026-11-25T09:00:00Z"}`).booking(t)
	s.ask(t, "POST", "/bookings/"+moved.UID+"/cancel", "")
	told := map[string]hook{} // no order is promised
	for range 3 {
		h := s.hook(t)
		told[h.Trigger] = h
	}
	for sequence, trigger := range []string{"BOOKING_CREATED", "BOOKING_RESCHEDULED", "BOOKING_CANCELLED"} {
		if p := told[trigger].Payload; p["iCalUID"] != b.UID+"@Cal.com" || p["iCalSequence"] != float64(sequence) {
			t.Errorf("%s: %v, %v", trigger, p["iCalUID"], p["iCalSequence"])
		}
	}
}
