package calcom_test

import (
	"net/http"
	"testing"
	"time"
)

func TestAKeyOpensItsOwnAccountOnly(t *testing.T) {
	t.Parallel()
	s := start(t)
	if r := s.as(t, "cal_kanzlei_api", "", "GET", "/me", ""); r.status != 200 || string(r.Data) == "" {
		t.Errorf("%d %s", r.status, r.raw)
	}
	refused(t, s.as(t, "cal_nobody", "", "GET", "/me", ""), 401, "Invalid API Key")
	f := company(t, "demo")
	f.Company.Slug = "dieb"
	if err := s.AddCompany(f, secrets(t)); err == nil {
		t.Error("two companies with one key would see each other's bookings")
	}
}

func TestEventTypesCanBeLookedUp(t *testing.T) {
	t.Parallel()
	s := start(t)
	var list []struct {
		ID              int64
		LengthInMinutes int
	}
	s.ask(t, "GET", "/event-types", "").read(t, &list)
	if len(list) != 7 || list[0].ID != 2101 {
		t.Errorf("the salon's: %v", list)
	}
	s.ask(t, "GET", "/event-types?username=jana&eventSlug=faerben", "").read(t, &list)
	if len(list) != 1 || list[0].ID != faerbenJana || list[0].LengthInMinutes != 90 {
		t.Errorf("Jana's Färben: %v", list)
	}
	if r := s.ask(t, "GET", "/event-types/2123", ""); r.status != 200 {
		t.Errorf("%d %s", r.status, r.raw)
	}
	refused(t, s.ask(t, "GET", "/event-types/99", ""), 404, "Event type with id 99")
}

func TestTheVersionHeaderDecides(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, tt := range []struct {
		name, version, method, path string
		status                      int
		message                     string
	}{
		{"slots without one are not found", "", "GET", "/slots?eventTypeId=2101", 404, "Cannot GET /v2/slots"},
		{"slots with that of bookings are not found", "2024-08-13", "GET", "/slots?eventTypeId=2101", 404, "Cannot GET"},
		{"event types want their own", "2024-08-13", "GET", "/event-types", 404, "Cannot GET"},
		{"bookings without one fall to an old shape", "", "POST", "/bookings", 400, "Bad Request Exception"},
		{"bookings with the oldest one, too", "2024-04-15", "GET", "/bookings", 400, "Bad Request Exception"},
		{"v2 is no version", "v2", "POST", "/bookings", 404, "Cannot POST"},
		{"no such path", "2024-08-13", "DELETE", "/bookings", 404, "Cannot DELETE /v2/bookings"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			refused(t, s.as(t, "cal_demo_api", tt.version, tt.method, tt.path, order(bartpflegeMario, ten)), tt.status, tt.message)
		})
	}
}

func TestTheLimitBlocksAKeyForAMinute(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Limit = 3
	left := func(r reply) string {
		return r.header.Get("X-RateLimit-Limit-Default") + " " + r.header.Get("X-RateLimit-Remaining-Default") + " " + r.header.Get("X-RateLimit-Reset-Default")
	}
	for i, want := range []string{"3 2 60", "3 1 50", "3 0 40"} {
		if got := left(s.ask(t, "GET", "/bookings", "")); got != want {
			t.Errorf("request %d: limit, remaining and seconds to go are %s, want %s", i+1, got, want)
		}
		s.advance(10 * time.Second)
	}
	r := s.ask(t, "GET", "/bookings", "")
	refused(t, r, http.StatusTooManyRequests, "Too many requests")
	if got := left(r); got != "3 0 60" || r.header.Get("Retry-After") != "" {
		t.Errorf("blocked: %s", got)
	}
	if r := s.as(t, "cal_kanzlei_api", versions["bookings"], "GET", "/bookings", ""); r.status != 200 {
		t.Errorf("another key is not concerned: %d", r.status)
	}
	s.advance(59 * time.Second)
	refused(t, s.ask(t, "GET", "/bookings", ""), http.StatusTooManyRequests, "Too many")
	s.advance(time.Second)
	if r := s.ask(t, "GET", "/bookings", ""); r.status != 200 {
		t.Errorf("after a minute: %d", r.status)
	}
}
