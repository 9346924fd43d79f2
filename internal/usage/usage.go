// Package usage meters what a company uses, seconds of calls and deliveries that were sent, and counts what its calls were
// taken for. Its one rule: a reading counts once, however often it is told, and is always derived from the record or the fact
// that it refers to, so that all of them can be made again. It knows no price, no counter that adds up, and no table.
package usage

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/tenant"
)

// Meter is what is counted.
type Meter string

// The meters (§21).
const (
	CallSeconds    Meter = "call_seconds"
	DeliveriesSent Meter = "deliveries_sent"
)

// Meters is the one list of them.
var Meters = []Meter{CallSeconds, DeliveriesSent}

// Reading is what one call or one delivery adds to a meter.
type Reading struct {
	Meter     Meter     `json:"meter"`
	Reference string    `json:"reference"` // the call, or the delivery: one reading of each
	BranchID  string    `json:"branch_id,omitempty"`
	Channel   string    `json:"channel,omitempty"` // of a delivery
	Quantity  int64     `json:"quantity"`
	At        time.Time `json:"at"` // decides the month
	// Version of the record that it is derived from: an older one does not replace it.
	Version int `json:"-"`
}

// Key is what a reading is kept under: putting it again replaces it.
func (r Reading) Key() string { return string(r.Meter) + "/" + r.Reference }

// OfCall is the reading of a call; false as long as it goes on.
func OfCall(c call.Call) (Reading, bool) {
	at := c.Began()
	if c.EndedAt != nil {
		at = *c.EndedAt
	}
	return Reading{Meter: CallSeconds, Reference: c.RetellID, BranchID: c.BranchID, Quantity: int64(c.Seconds()), At: at, Version: c.Version}, c.Over()
}

// OfDelivery is the reading of a delivery; false unless it was sent and no test. One that bounced later was sent.
func OfDelivery(d delivery.Delivery, branchID string) (Reading, bool) {
	return Reading{Meter: DeliveriesSent, Reference: d.ID, BranchID: branchID, Channel: string(d.Channel), Quantity: 1, At: d.SentAt, Version: 1},
		!d.SentAt.IsZero() && d.Kind != delivery.Test
}

// Store is what metering asks of the table. Meter puts a reading over an older one of the same key.
type Store interface {
	Call(ctx context.Context, t tenant.ID, callID string) (call.Call, bool, error)
	Case(ctx context.Context, t tenant.ID, id string) (desk.Case, bool, error)
	Meter(ctx context.Context, t tenant.ID, r Reading) error
	Modes
}

// Metering puts readings.
type Metering struct{ Store Store }

// Ended meters a call that is over, as it stands now: of two facts told in the wrong order both put the same.
func (m Metering) Ended(ctx context.Context, t tenant.ID, detail []byte) error {
	var e event.CallEnded
	if err := json.Unmarshal(detail, &e); err != nil {
		return fmt.Errorf("read %s: %w", e.Name(), err)
	}
	c, ok, err := m.Store.Call(ctx, t, e.CallID)
	if err != nil || !ok {
		return err
	}
	r, over := OfCall(c)
	if !over {
		return nil
	}
	return m.Store.Meter(ctx, t, r)
}

// Sent meters a delivery that its destination took.
func (m Metering) Sent(ctx context.Context, t tenant.ID, detail []byte) error {
	var e event.DeliverySent
	if err := json.Unmarshal(detail, &e); err != nil {
		return fmt.Errorf("read %s: %w", e.Name(), err)
	}
	branch := ""
	if e.CaseID != "" {
		c, _, err := m.Store.Case(ctx, t, e.CaseID)
		if err != nil {
			return err
		}
		branch = c.BranchID
	}
	r, counts := OfDelivery(delivery.Delivery{ID: e.DeliveryID, Kind: delivery.Kind(e.Kind), Channel: delivery.Channel(e.Channel), SentAt: e.At}, branch)
	if !counts {
		return nil
	}
	return m.Store.Meter(ctx, t, r)
}

// Month of the calendar in Berlin.
type Month struct {
	Year  int
	Month time.Month
}

// ReadMonth reads "2026-11".
func ReadMonth(s string) (Month, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil {
		return Month{}, fmt.Errorf("%q is no month; one is written as 2026-11", s)
	}
	return Month{t.Year(), t.Month()}, nil
}

// MonthOf an instant.
func MonthOf(t time.Time) Month {
	t = t.In(company.Berlin())
	return Month{t.Year(), t.Month()}
}

func (m Month) String() string { return fmt.Sprintf("%04d-%02d", m.Year, int(m.Month)) }

// Span of a month: from its first instant until before the next month's.
func (m Month) Span() (from, to time.Time) {
	return time.Date(m.Year, m.Month, 1, 0, 0, 0, 0, company.Berlin()), time.Date(m.Year, m.Month+1, 1, 0, 0, 0, 0, company.Berlin())
}
