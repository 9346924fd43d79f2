package calcom_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/askpro/gateway/infra/simulate/calcom"
)

// fault sets one; the test fails when it is refused.
func (s *sim) fault(t *testing.T, f map[string]any) {
	t.Helper()
	if status := s.control(t, "POST", "faults", f, nil); status != http.StatusOK {
		t.Fatalf("the fault %v was refused", f)
	}
}

// try posts a booking and returns the client's error, if any.
func (s *sim) try(ctx context.Context, body string) error {
	req, err := http.NewRequestWithContext(ctx, "POST", s.url+"/v2/bookings", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer cal_demo_api")
	req.Header.Set("cal-api-version", "2024-08-13")
	// A connection of its own: net/http repeats what fails on a used one.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err == nil {
		resp.Body.Close()
	}
	return err
}

func TestABookingCanBeMadeAndDeniedAllTheSame(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault map[string]any
		made  int
	}{
		{"500 and nothing done", map[string]any{"mode": "status", "status": 500}, 0},
		{"500 though booked", map[string]any{"mode": "status", "status": 500, "done": true}, 1},
		{"a foreign booking instead of ours", map[string]any{"mode": "foreign"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			tt.fault["operation"] = "create"
			s.fault(t, tt.fault)
			r := s.ask(t, "POST", "/bookings", order(damenhaarschnittAnna, ten))
			if tt.fault["mode"] == "foreign" {
				if b := r.booking(t); r.status != 201 || b.Start == "2026-11-24T09:00:00.000Z" || b.Metadata["appointment_id"] == "a1" {
					t.Errorf("%d %s", r.status, r.raw)
				}
			} else if r.status != 500 {
				t.Errorf("status %d", r.status)
			}
			if n := len(s.Bookings("demo")); n != tt.made {
				t.Errorf("%d bookings, want %d", n, tt.made)
			}
		})
	}
}

func TestAnAnswerCanBeLost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault map[string]any
		made  int
	}{
		{"lost is done", map[string]any{"mode": "lost"}, 1},
		{"killed before", map[string]any{"mode": "kill", "function": "hook-retell-tools"}, 0},
		{"killed after", map[string]any{"mode": "kill", "function": "hook-retell-tools", "done": true}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			tt.fault["operation"] = "create"
			s.fault(t, tt.fault)
			if err := s.try(t.Context(), order(damenhaarschnittAnna, ten)); err == nil {
				t.Error("an answer came")
			}
			if n := len(s.Bookings("demo")); n != tt.made {
				t.Errorf("%d bookings, want %d", n, tt.made)
			}
			if tt.fault["mode"] == "kill" {
				if got := <-s.killed; got != "hook-retell-tools" {
					t.Errorf("killed %s", got)
				}
			}
		})
	}
}

func TestAnAnswerCanBeHeldUntilTheClientGivesUp(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.fault(t, map[string]any{"operation": "create", "mode": "timeout", "done": true})
	ctx, giveUp := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() { failed <- s.try(ctx, order(damenhaarschnittAnna, ten)) }()
	s.hook(t) // booked and told of, but not answered
	giveUp()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("the client's error: %v", err)
	}
	if n := len(s.Bookings("demo")); n != 1 {
		t.Errorf("%d bookings", n)
	}
}

func TestADelayedAnswerComes(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.fault(t, map[string]any{"operation": "create", "mode": "delay", "ms": 1})
	if s.book(t, damenhaarschnittAnna, ten).Status != "accepted" {
		t.Error("not booked")
	}
}

func TestAFaultHitsTheCallsItNames(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.fault(t, map[string]any{"operation": "list", "company": "demo", "nth": 2, "times": 2, "mode": "status", "status": 503, "message": "später"})
	list := func(key string) int { return s.as(t, key, versions["bookings"], "GET", "/bookings", "").status }
	if got := list("cal_kanzlei_api"); got != 200 {
		t.Errorf("another company: %d", got)
	}
	for i, want := range []int{200, 503, 503, 200} {
		if got := list("cal_demo_api"); got != want {
			t.Errorf("call %d: %d, want %d", i+1, got, want)
		}
	}
	var fired []calcom.Fault
	s.control(t, "GET", "faults", nil, &fired)
	if len(fired) != 2 || fired[0].Operation != "list" || fired[0].Message != "später" {
		t.Errorf("fired: %+v", fired)
	}
	s.fault(t, map[string]any{"operation": "list", "times": -1, "mode": "status", "status": 429, "retry_after": 7})
	if r := s.ask(t, "GET", "/bookings", ""); r.status != 429 || r.header.Get("Retry-After") != "7" {
		t.Errorf("%d %v", r.status, r.header)
	}
	s.control(t, "DELETE", "faults", nil, nil)
	if got := list("cal_demo_api"); got != 200 {
		t.Errorf("after the faults are cleared: %d", got)
	}
}

func TestWebhooksCanBeLostAndRepeated(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.fault(t, map[string]any{"operation": "webhook", "mode": "drop"})
	s.fault(t, map[string]any{"operation": "webhook", "nth": 2, "mode": "duplicate"})
	s.fault(t, map[string]any{"operation": "webhook", "nth": 3, "mode": "delay", "ms": 1})
	s.book(t, bartpflegeMario, "2026-11-24T09:00:00Z")
	second := s.book(t, bartpflegeMario, "2026-11-24T10:00:00Z")
	for range 3 {
		if h := s.hook(t); h.Payload["uid"] != second.UID {
			t.Errorf("the first one was lost: %s", h.body)
		}
	}
	third := s.book(t, bartpflegeMario, "2026-11-24T11:00:00Z")
	if h := s.hook(t); h.Payload["uid"] != third.UID {
		t.Errorf("the third one comes late, but comes: %s", h.body)
	}
}

func TestAWebhookIsOnItsWayUntilItIsAnswered(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan bool), make(chan bool)
	s := start(t)
	s.Deliver = serve(t, func(http.ResponseWriter, *http.Request) { asked <- true; <-answer })
	s.book(t, bartpflegeMario, ten)
	<-asked
	if got := s.Left(); got != "1 webhooks of Cal.com" {
		t.Errorf("left: %q", got)
	}
	close(answer)
	for s.Left() != "" && t.Context().Err() == nil {
		runtime.Gosched()
	}
}

func TestAFaultThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, f := range []map[string]any{
		{"operation": "buy", "mode": "lost"},
		{"operation": "slots", "mode": "foreign"},
		{"operation": "create", "mode": "duplicate"},
		{"operation": "webhook", "mode": "status", "status": 500},
		{"operation": "create", "mode": "status"},
		{"operation": "create", "mode": "kill"},
		{"operation": "create", "mode": "lost", "color": "red"},
	} {
		var out struct{ Error string }
		if status := s.control(t, "POST", "faults", f, &out); status != http.StatusBadRequest || out.Error == "" {
			t.Errorf("%v: %d %q", f, status, out.Error)
		}
	}
}
