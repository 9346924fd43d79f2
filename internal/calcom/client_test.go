package calcom_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/calcom"
	"github.com/askpro/gateway/internal/scheduling"
)

type oneSecret struct{}

// Get gives it.
func (oneSecret) Get(context.Context, ...string) ([]string, error) { return []string{"cal_x"}, nil }

func TestAShortPageIsNotTheLastWhereTheCalendarSaysSo(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{
		`"pagination":{"hasNextPage":true}`: true, `"pagination":{"hasNextPage":false}`: false, `"pagination":{}`: false, `"x":1`: false,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if q := r.URL.Query(); q.Get("take") != "250" || q.Get("skip") != "7" || q.Get("afterUpdatedAt") != "2026-11-24T09:00:00Z" || q.Get("sortCreated") != "asc" {
				t.Errorf("asked %s", r.URL)
			}
			fmt.Fprintf(w, `{"status":"success","data":[{"uid":"u1","status":"accepted","attendees":[{"name":"A","email":"a+77@b.example","displayEmail":"a@b.example","absent":true}]}],%s}`, answer)
		}))
		t.Cleanup(server.Close)
		c := calcom.Client{Base: server.URL, HTTP: server.Client(), Secrets: oneSecret{}, Now: time.Now}
		found, more, err := c.List(t.Context(), scheduling.Account{}, scheduling.Page{UpdatedSince: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), Skip: 7})
		if err != nil || more != want || len(found) != 1 || found[0].Attendee.Email != "a@b.example" || !found[0].Absent {
			t.Errorf("%s: %t, %+v, %v", answer, more, found, err)
		}
	}
}

func TestAnAnswerSaysThatNothingIsLeft(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name    string
		headers map[string]string
		until   time.Time // zero: nobody hears of it
	}{
		{"nothing is said", nil, time.Time{}},
		{"one is left", map[string]string{"X-RateLimit-Remaining-Default": "1", "X-RateLimit-Reset-Default": "40"}, time.Time{}},
		{"none is left, for so many seconds", map[string]string{"X-RateLimit-Remaining-Default": "0", "X-RateLimit-Reset-Default": "40"}, now.Add(40 * time.Second)},
		{"none is left, until an instant", map[string]string{"X-RateLimit-Remaining-Default": "0", "X-RateLimit-Reset-Default": fmt.Sprint(now.Add(time.Minute).Unix())}, now.Add(time.Minute)},
		{"none is left of a limit with another name", map[string]string{"X-RateLimit-Remaining-Bookings": "0"}, now.Add(time.Minute)},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for name, value := range tt.headers {
				w.Header().Set(name, value)
			}
			fmt.Fprint(w, `{"status":"success","data":{"username":"salon"}}`)
		}))
		t.Cleanup(server.Close)
		var until time.Time
		c := calcom.Client{Base: server.URL, HTTP: server.Client(), Secrets: oneSecret{}, Now: func() time.Time { return now }, Spent: func(_ context.Context, _ scheduling.Account, at time.Time) { until = at }}
		if who, err := c.Me(t.Context(), scheduling.Account{}); err != nil || who != "salon" || !until.Equal(tt.until) {
			t.Errorf("%s: rests until %s, %q, %v", tt.name, until, who, err)
		}
	}
}
