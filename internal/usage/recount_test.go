package usage_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/tenant"
	"github.com/askpro/gateway/internal/usage"
)

// records are those of a book, all of them: a recount has to see for itself what belongs to its month.
type records struct {
	*book
	deliveries map[string][]delivery.Delivery
}

func (r records) CallsBetween(context.Context, tenant.ID, time.Time, time.Time, int) ([]string, error) {
	return slices.Sorted(maps.Keys(r.calls)), nil
}

func (r records) CasesBetween(context.Context, tenant.ID, time.Time, time.Time, int) ([]string, error) {
	return slices.Sorted(maps.Keys(r.cases)), nil
}

func (r records) CaseDeliveries(_ context.Context, _ tenant.ID, id string) ([]delivery.Delivery, error) {
	return r.deliveries[id], nil
}

func TestARecountPutsWhatWasLostAndNothingTwice(t *testing.T) {
	t.Parallel()
	b, m := newBook()
	next := ended.AddDate(0, 1, 0)
	later := ofLength(7_000, 1)
	later.RetellID, later.EndedAt = "call_2", &next
	ongoing := call.Call{RetellID: "call_3", Status: call.Ongoing}
	b.calls = map[string]call.Call{"call_1": ofLength(60_000, 3), "call_2": later, "call_3": ongoing}
	b.cases = map[string]desk.Case{"case": {ID: "case", BranchID: "mitte"}}
	r := records{b, map[string][]delivery.Delivery{"case": {
		{ID: "d1", Channel: delivery.Email, State: delivery.Sent, SentAt: ended}, {ID: "d2", Channel: delivery.Webhook, State: delivery.Dead},
		{ID: "d3", Channel: delivery.Webhook, State: delivery.Sent, SentAt: next}, {ID: "d4", Kind: delivery.Test, SentAt: ended},
	}}}
	for range 2 {
		n, err := m.Recount(t.Context(), us, r, usage.MonthOf(ended))
		if err != nil || n != 2 {
			t.Fatalf("%d readings, %v", n, err)
		}
	}
	if got, want := slices.Sorted(maps.Keys(b.readings)), []string{"call_seconds/call_1", "deliveries_sent/d1"}; !slices.Equal(got, want) {
		t.Errorf("%q, wanted %q", got, want)
	}
	if got := b.readings["call_seconds/call_1"]; got.Quantity != 60 || got.BranchID != "mitte" {
		t.Errorf("%+v", got)
	}
}
