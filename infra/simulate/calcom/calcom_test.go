package calcom_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/askpro/gateway/infra/companyfile"
	"github.com/askpro/gateway/infra/simulate/calcom"
)

// monday is a Monday morning in Berlin, before anybody opens: the stack's time of all tests here.
var monday = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

const (
	herrenhaarschnittAnna = 2101 // 30 minutes
	damenhaarschnittAnna  = 2111 // 60 minutes
	bartpflegeMario       = 2132 // 15 minutes
	faerbenJana           = 2123 // 90 minutes
)

// sim is a running simulator with both demonstration companies, and the front door it sends webhooks to.
type sim struct {
	*calcom.Server
	url    string
	hooks  chan hook
	killed chan string
	mu     sync.Mutex
	now    time.Time
}

// hook is a webhook that arrived.
type hook struct {
	path      string
	header    http.Header
	body      []byte
	Trigger   string         `json:"triggerEvent"`
	CreatedAt string         `json:"createdAt"`
	Payload   map[string]any `json:"payload"`
}

func start(t *testing.T) *sim {
	t.Helper()
	s := &sim{hooks: make(chan hook, 50), killed: make(chan string, 5), now: monday}
	door := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		h := hook{path: r.URL.Path, header: r.Header}
		h.body, _ = io.ReadAll(r.Body)
		if err := json.Unmarshal(h.body, &h); err != nil {
			t.Errorf("the webhook is no JSON: %v", err)
		}
		s.hooks <- h
	}))
	s.Server = calcom.New(calcom.Options{Now: s.clock, Deliver: door.URL, Kill: func(f string) { s.killed <- f }})
	for _, slug := range []string{"demo", "kanzlei"} {
		if err := s.AddCompany(company(t, slug), secrets(t)); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(s.Handler())
	s.url = server.URL
	t.Cleanup(func() { server.Close(); door.Close() })
	return s
}

func (s *sim) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *sim) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func company(t *testing.T, slug string) companyfile.File {
	t.Helper()
	f, err := companyfile.Read("../../../testdata/companies/"+slug+".yaml", "local")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func secrets(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("../../../testdata/companies/local-secrets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(string(raw), "{stage}", "local")), &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// reply is an answer of the API.
type reply struct {
	status int
	header http.Header
	raw    []byte
	Data   json.RawMessage
	Error  struct {
		Code, Message string
		Details       struct {
			Errors []struct {
				Property    string
				Constraints map[string]string
			}
		}
	}
	Pagination map[string]any
}

// booking of a reply's data.
type booking struct {
	ID                                     int64
	UID, Status, Start, End, Title         string
	RescheduledFromUID, RescheduledToUID   string
	CancellationReason, RescheduledByEmail string
	ReschedulingReason, CancelledByEmail   string
	UpdatedAt                              *string
	Metadata                               map[string]any
	Attendees                              []struct{ Name, Email, DisplayEmail string }
}

func (r reply) booking(t *testing.T) (b booking) {
	t.Helper()
	r.read(t, &b)
	return b
}

// read reads the data.
func (r reply) read(t *testing.T, out any) {
	t.Helper()
	if err := json.Unmarshal(r.Data, out); err != nil {
		t.Fatalf("%v in %s", err, r.raw)
	}
}

var versions = map[string]string{"slots": "2024-09-04", "bookings": "2024-08-13", "event-types": "2024-06-14"}

// ask calls the API as the salon; body is a JSON text.
func (s *sim) ask(t *testing.T, method, path, body string) reply {
	t.Helper()
	group, _, _ := strings.Cut(strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '?' })[0], "?")
	return s.as(t, "cal_demo_api", versions[group], method, path, body)
}

func (s *sim) as(t *testing.T, key, version, method, path, body string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+"/v2"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("cal-api-version", version)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	r := reply{status: resp.StatusCode, header: resp.Header}
	if r.raw, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(r.raw, &r); err != nil {
		t.Fatalf("%v in %s", err, r.raw)
	}
	return r
}

// order is the body that books an event type for Erika.
func order(eventType int, start string) string {
	raw, _ := json.Marshal(map[string]any{
		"start": start, "eventTypeId": eventType, "metadata": map[string]string{"appointment_id": "a1"},
		"attendee": map[string]string{"name": "Erika Muster", "email": "erika.muster@example.de", "timeZone": "Europe/Berlin", "phoneNumber": "+4915112345678", "language": "de"},
	})
	return string(raw)
}

// book books and fails the test unless it is told so.
func (s *sim) book(t *testing.T, eventType int, start string) booking {
	t.Helper()
	r := s.ask(t, "POST", "/bookings", order(eventType, start))
	if r.status != http.StatusCreated {
		t.Fatalf("not booked: %d %s", r.status, r.raw)
	}
	return r.booking(t)
}

// hook waits for the next webhook.
func (s *sim) hook(t *testing.T) hook {
	t.Helper()
	select {
	case h := <-s.hooks:
		return h
	case <-t.Context().Done():
		t.Fatal("no webhook came")
		return hook{}
	}
}

// control calls /_sim; the answer is read into out unless nil.
func (s *sim) control(t *testing.T, method, path string, in, out any) int {
	t.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+"/_sim/"+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if out != nil {
		if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
			t.Fatal(err)
		}
	}
	return resp.StatusCode
}

func refused(t *testing.T, r reply, status int, message string) {
	t.Helper()
	if r.status != status || !strings.Contains(r.Error.Message, message) {
		t.Errorf("got %d %q, want %d with %q", r.status, r.Error.Message, status, message)
	}
}
