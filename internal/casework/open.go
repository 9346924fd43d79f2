package casework

import (
	"context"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/phone"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/tenant"
)

// Opener makes cases of what was captured. One of them lives in a process, because it has leased numbers.
type Opener struct {
	Store   leaser
	Numbers Numbers
	NewID   func() string
	Alarm   func(ctx context.Context, name, company string)
}

// Number takes the next number for a case of a company that is opened now. It can be asked for beside other reads.
func (o *Opener) Number(ctx context.Context, t tenant.ID, c *company.Config, d *desk.Configuration, now time.Time) (desk.Number, error) {
	year := desk.YearOf(now, company.Zone(c.Company.Timezone))
	n, err := o.Numbers.Next(ctx, o.Store, t, year, now)
	return desk.Number{Prefix: d.Gateway.Prefix, Year: year, Count: n}, err
}

// Facts of a call for building its case.
func Facts(branch company.Branch, caller, customerID string, callID string, began, now time.Time) desk.Facts {
	return desk.Facts{
		Now: now, Loc: branch.Location(), CallID: callID, CallStart: began, BranchID: branch.ID, Caller: caller, Customer: customerID, Since: since, Email: german.ReadEmail, Phone: spokenNumber,
	}
}

func spokenNumber(words string) string {
	n, err := phone.Parse(words)
	if err != nil {
		return ""
	}
	return string(n)
}

// since reads when a problem began, as far as it names a day: nothing is guessed.
func since(words string, now time.Time, loc *time.Location) (at *time.Time, formatted string) {
	r := german.ParseIn(words, now, loc)
	if r.Err != "" || r.Date.IsZero() {
		return nil, ""
	}
	minute := german.TimeOfDay(0)
	formatted = german.WriteDateShort(r.Date)
	if r.Time != german.NoTime {
		minute = r.Time
		formatted += ", " + r.Time.String() + " Uhr"
	}
	instant := r.Date.At(minute, loc)
	if instant.After(now) { // "seit Montag" said on a Wednesday means the one before
		return nil, ""
	}
	return &instant, formatted
}

// Open puts a case into a step that is about to be written: the case with its clocks, its number, the fact that it exists,
// and the mark that makes it the only one of its capture. Nothing in it can fail but a number that was not given.
func (o *Opener) Open(ctx context.Context, t tenant.ID, c *company.Config, d *desk.Configuration, said desk.Capture, f desk.Facts, number desk.Number, step *ledger.Step) desk.Case {
	x := desk.Build(said, f, d.Settings())
	x.ID, x.Number = o.NewID(), number
	x.Enrichment.State = desk.Skipped
	if x.CallID != "" && d.Gateway.Enrichment {
		x.Enrichment.State = desk.EnrichmentPending
	}
	if x.CallID != "" && c.Company.Recording {
		x.Recording.State = desk.RecordingPending
	}
	if err := startClocks(c, d, &x); err != nil {
		o.Alarm(ctx, AlarmClockFailed, t.String()) // a fault of the clocks never blocks a case (§6.1)
	}
	filed := said
	filed.CaseID, filed.Number, filed.Confirms = x.ID, x.Number, d.Confirms(x.Contact)
	step.Case, step.Filed = &x, &filed
	outputID := ""
	if out, ok := d.OutputOf(x.CategoryID); ok {
		outputID = out.ID
	}
	step.Events = append(step.Events, event.CaseCreated{
		Head:   event.Head{ID: o.NewID(), CompanyID: t.String(), At: f.Now, Sequence: 1},
		CaseID: x.ID, Number: x.Number.String(), CategoryID: x.CategoryID, Type: string(x.Type), Priority: string(x.Priority), Source: string(x.Source),
		CallID: x.CallID, CustomerID: x.CustomerID, BranchID: x.BranchID, OutputID: outputID, Actor: event.Actor{Kind: "voice"},
	})
	wake(d, &x, f.Now, step)
	return x
}

// startClocks begins a case's ledger. What the clocks are told is the company's configuration: should counting on it panic,
// the case goes on without.
func startClocks(c *company.Config, d *desk.Configuration, x *desk.Case) (err error) {
	if !d.SLA.Tracks() {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			x.SLA, err = sla.Ledger{}, fmt.Errorf("start the clocks: %v", p)
		}
	}()
	ledger := sla.Start(x.CreatedAt, d.PolicyOf(x.CategoryID), x.Priority, calendarOf(c, d, x))
	ledger.At(x.CreatedAt)
	x.SLA = ledger
	return nil
}

func calendarOf(c *company.Config, d *desk.Configuration, x *desk.Case) sla.Calendar {
	if b, ok := c.Branch(x.BranchID); ok {
		return d.SLA.CalendarFor(&b)
	}
	return d.SLA.CalendarFor(nil)
}
