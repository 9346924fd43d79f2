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
