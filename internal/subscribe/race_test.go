package subscribe_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/subscribe"
	"github.com/askpro/gateway/internal/tenant"
)

// between does something else right before the first step that is only for a disabled endpoint.
type between struct {
	subscribe.Store
	do func()
}

func (b *between) CommitEndpoint(ctx context.Context, t tenant.ID, s *subscribe.Step) error {
	if do := b.do; do != nil && s.OnlyDisabled {
		b.do = nil
		do()
	}
	return b.Store.CommitEndpoint(ctx, t, s)
}

func TestAnEventThatIsKeptWhileAPersonEnablesItsEndpointIsSent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		// event happens when; the endpoint is disabled from the first minute on.
		early bool
	}{
		{"a new event", false},
		{"a message that waited for its next attempt", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, crm)
			w.reply = func(rw http.ResponseWriter, n int) {
				switch {
				case tt.early && n == 1:
					rw.WriteHeader(http.StatusServiceUnavailable)
				case !tt.early && n == 1, n == 2 && tt.early:
					rw.WriteHeader(http.StatusGone)
				}
			}
			if tt.early {
				w.happens(created("x", monday))
				w.until(monday.Add(time.Second))
			}
			w.happens(created("gone", w.clock()))
			w.until(monday.Add(2 * time.Second))
			direct := *w.hooks
			w.hooks.Store = &between{w.table, func() {
				if _, err := direct.Enable(t.Context(), us, "e1", false, time.Time{}, time.Time{}); err != nil {
					t.Error(err)
				}
			}}
			if !tt.early {
				w.happens(created("x", w.clock()))
			}
			w.until(monday.Add(time.Hour))
			for _, m := range w.messages() {
				if m.EventID == "x" && (m.State != "sent" || m.Held) {
					t.Errorf("%s, held %t", m.State, m.Held)
				}
			}
			if w.hooks.Store.(*between).do != nil {
				t.Error("the endpoint was never enabled in between")
			}
		})
	}
}
