// Package storetest says what a store of AskPro promises, as cases that run on the table and on its twin. Its one rule: a
// case asks through the methods that products ask through, and nothing it does depends on which of the two it is.
package storetest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/reconcile"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
	"github.com/askpro/gateway/internal/usage"
)

// Store is what the cases ask.
type Store interface {
	Commit(ctx context.Context, t tenant.ID, step *ledger.Step) error
	Gather(ctx context.Context, t tenant.ID, ask ledger.Ask) (ledger.Known, error)
	Session(ctx context.Context, t tenant.ID, callID string) (call.Session, error)
	Call(ctx context.Context, t tenant.ID, callID string) (call.Call, bool, error)
	ToolCall(ctx context.Context, t tenant.ID, callID string, seq int) (call.ToolCall, bool, error)
	ToolCalls(ctx context.Context, t tenant.ID, callID string) ([]call.ToolCall, error)
	Events(ctx context.Context, t tenant.ID, callID string) ([]event.Recorded, error)
	CallbackEvents(ctx context.Context, t tenant.ID, id string) ([]event.Recorded, error)
	Transcript(ctx context.Context, t tenant.ID, callID string) (ledger.Transcript, bool, error)
	Appointment(ctx context.Context, t tenant.ID, id string) (booking.Appointment, bool, error)
	Changes(ctx context.Context, t tenant.ID, id string) ([]booking.Change, error)
	Claim(ctx context.Context, t tenant.ID, uid string) (booking.Claim, bool, error)
	Customer(ctx context.Context, t tenant.ID, id string) (customer.Customer, bool, error)
	CustomerOfEmail(ctx context.Context, t tenant.ID, email string) (id string, ok bool, err error)
	Callback(ctx context.Context, t tenant.ID, id string) (callback.Request, bool, error)
	OpenCallbacks(ctx context.Context, t tenant.ID, branchID string) ([]callback.Waiting, error)
	AppointmentIDs(ctx context.Context, t tenant.ID, branchID string, from, to time.Time, limit int) ([]string, error)
	CustomersNamed(ctx context.Context, t tenant.ID, folded string, limit int) ([]string, error)
	CallIDs(ctx context.Context, t tenant.ID, limit int) ([]string, error)
	CallPage(ctx context.Context, t tenant.ID, from, to time.Time, after string, limit int) (page []call.Call, next string, err error)
	LeaseSlots(ctx context.Context, t tenant.ID, k booking.SlotKey, now, until time.Time) (bool, error)
	SaveSlots(ctx context.Context, t tenant.ID, lists []booking.SlotDay) error
	Rest(ctx context.Context, t tenant.ID, ref string, until time.Time) error
	Lease(ctx context.Context, t tenant.ID, key string, l ledger.Lease) (granted bool, now ledger.KeyState, err error)
	Trip(ctx context.Context, t tenant.ID, key, group string, from, to ledger.Breaker) (done bool, now ledger.KeyState, err error)
	Round(ctx context.Context, t tenant.ID) (reconcile.State, error)
	SaveRound(ctx context.Context, t tenant.ID, x *reconcile.State) error
	SaveReport(ctx context.Context, t tenant.ID, r reconcile.Report) error
	Report(ctx context.Context, t tenant.ID, kind string) (reconcile.Report, bool, error)
	Claims(ctx context.Context, t tenant.ID, uids []string) (map[string]booking.Claim, error)
	Appointments(ctx context.Context, t tenant.ID, ids []string) ([]booking.Appointment, error)
	Watched(ctx context.Context, t tenant.ID) ([]booking.Watched, error)
	Tally(ctx context.Context, t tenant.ID, when time.Time, took bool) error
	Tallied(ctx context.Context, t tenant.ID, since time.Time) (took, failed int, err error)
	ClaimOnce(ctx context.Context, t tenant.ID, name string, lease time.Duration) error
	Config(ctx context.Context, t tenant.ID) (*company.Config, error)
	LearnHost(ctx context.Context, t tenant.ID, m company.HostMapping) error
	Vanish(ctx context.Context, t tenant.ID, v company.Vanished, back bool) error
	ClaimDelivery(ctx context.Context, t tenant.ID, d notify.Delivery, lease time.Duration) (notify.Delivery, error)
	SaveDelivery(ctx context.Context, t tenant.ID, d notify.Delivery) error
	Delivery(ctx context.Context, t tenant.ID, d notify.Delivery) (notify.Delivery, bool, error)
	SaveReceipt(ctx context.Context, t tenant.ID, was, next notify.Delivery) error
	AddNotice(ctx context.Context, t tenant.ID, x notify.Notice) error
	Notices(ctx context.Context, t tenant.ID, userID string, before time.Time, limit int) ([]notify.Notice, error)
	ReadNotice(ctx context.Context, t tenant.ID, x notify.Notice) error
	Deliveries(ctx context.Context, t tenant.ID, kind ledger.Kind, about string) ([]notify.Delivery, error)
	Take(ctx context.Context, t tenant.ID, timer store.Timer) error
	Capture(ctx context.Context, t tenant.ID, callID string, said desk.Said, due time.Time) (desk.Capture, error)
	Captured(ctx context.Context, t tenant.ID, callID string) (desk.Capture, bool, error)
	CaptureLater(ctx context.Context, t tenant.ID, callID string, due time.Time, tried bool) error
	CaptureOver(ctx context.Context, t tenant.ID, c desk.Capture, until time.Time) error
	CaptureForget(ctx context.Context, t tenant.ID, c desk.Capture) error
	Case(ctx context.Context, t tenant.ID, id string) (desk.Case, bool, error)
	OpenCases(ctx context.Context, t tenant.ID, groupID string) ([]desk.OpenCase, error)
	CaseNumbered(ctx context.Context, t tenant.ID, year int, count int64) (id string, ok bool, err error)
	CaseIDs(ctx context.Context, t tenant.ID, limit int) ([]string, error)
	DeletedCaseIDs(ctx context.Context, t tenant.ID, limit int) ([]string, error)
	Strip(ctx context.Context, t tenant.ID, caseID string) error
	CasesBetween(ctx context.Context, t tenant.ID, from, to time.Time, limit int) ([]string, error)
	CallsBetween(ctx context.Context, t tenant.ID, from, to time.Time, limit int) ([]string, error)
	Notes(ctx context.Context, t tenant.ID, caseID string) ([]desk.Note, error)
	Activity(ctx context.Context, t tenant.ID, caseID string) ([]desk.Activity, error)
	CaseDeliveries(ctx context.Context, t tenant.ID, caseID string) ([]delivery.Delivery, error)
	CaseDelivery(ctx context.Context, t tenant.ID, caseID, id string) (delivery.Delivery, bool, error)
	CaseEvents(ctx context.Context, t tenant.ID, caseID string) ([]event.Recorded, error)
	Meter(ctx context.Context, t tenant.ID, r usage.Reading) error
	Metered(ctx context.Context, t tenant.ID, from, to time.Time, limit int) ([]usage.Reading, error)
	Resolve(ctx context.Context, t tenant.ID, r usage.Resolution) error
	Resolved(ctx context.Context, t tenant.ID, from, to time.Time, limit int) ([]usage.Resolution, error)
	Desk(ctx context.Context, t tenant.ID) (*desk.Configuration, error)
	SaveDesk(ctx context.Context, t tenant.ID, c *desk.Configuration, by audit.By) error
	AuditHead(ctx context.Context, t tenant.ID) (audit.Head, error)
	AuditTrail(ctx context.Context, t tenant.ID, upTo int64, limit int) ([]audit.Entry, error)
	ConfigEvents(ctx context.Context, t tenant.ID) ([]event.Recorded, error)
	OutputVersion(ctx context.Context, t tenant.ID, id string, v int) (output.Output, bool, error)
	ReviseOutput(ctx context.Context, t tenant.ID, o output.Output) error
	Endpoints
	Outgoing
}

// Subject is a store under test: on a clock that the case moves, with how a company is entered and the reader of its due
// timers.
type Subject struct {
	Store
	Enter func(context.Context, *company.Config) error
	Due   func(ctx context.Context, now time.Time, limit int) ([]store.Timer, error)
	// Seen waits until what was written is also on the lists; lists may be seconds old.
	Seen func(*testing.T, func() bool)
}

// Run runs all cases. open makes a store on a clock; every case uses companies of its own.
func Run(t *testing.T, open func(t *testing.T, now func() time.Time) Subject) {
	for _, c := range slices.Concat(cases, deskCases, auditCases, caseCases, endpointCases, outgoingCases) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			now := time.Now().UTC().Truncate(time.Second)
			x := &try{T: t, t: tenant.Proven(ident.New(now)), now: now}
			x.Subject = open(t, func() time.Time { return x.now })
			c.run(x)
		})
	}
}

// try is one case being run.
type try struct {
	*testing.T
	Subject
	t   tenant.ID
	now time.Time
}

func (x *try) commit(step *ledger.Step) {
	x.Helper()
	if err := x.Commit(x.Context(), x.t, step); err != nil {
		x.Fatal(err)
	}
}

// refuses insists on a conflict on exactly these records.
func (x *try) refuses(step *ledger.Step, on ...string) {
	x.Helper()
	err := x.Commit(x.Context(), x.t, step)
	var conflict *ledger.Conflict
	if !errors.As(err, &conflict) || !reflect.DeepEqual(conflict.On, on) {
		x.Fatalf("committed with %v, wanted a conflict on %v", err, on)
	}
}

func (x *try) same(got, want any) {
	x.Helper()
	if d := cmp.Diff(want, got); d != "" {
		x.Error("read what was not written (-want +got):\n" + d)
	}
}

func (x *try) ok(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

// must reads a record that has to be there.
func must[T any](x *try) func(v T, ok bool, err error) T {
	return func(v T, ok bool, err error) T {
		x.Helper()
		if err != nil || !ok {
			x.Fatalf("read %T: %t, %v", v, ok, err)
		}
		return v
	}
}

// day of all cases, and an instant on it.
var (
	day  = german.Date{Year: 2031, Month: 6, Day: 3}
	noon = time.Date(2031, 6, 3, 10, 0, 0, 0, time.UTC)
)
