package usage_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/tenant"
	"github.com/askpro/gateway/internal/usage"
)

var us = tenant.Proven("CID")

// book keeps readings as the table does: one of a key, an older version does not replace a newer.
type book struct {
	calls    map[string]call.Call
	cases    map[string]desk.Case
	readings map[string]usage.Reading
	modes    map[string]usage.Resolution
}

func (b *book) Resolve(_ context.Context, _ tenant.ID, r usage.Resolution) error {
	if old, ok := b.modes[r.CallID]; !ok || old.Version <= r.Version {
		b.modes[r.CallID] = r
	}
	return nil
}

func (b *book) Call(_ context.Context, _ tenant.ID, id string) (call.Call, bool, error) {
	c, ok := b.calls[id]
	return c, ok, nil
}

func (b *book) Case(_ context.Context, _ tenant.ID, id string) (desk.Case, bool, error) {
	c, ok := b.cases[id]
	return c, ok, nil
}

func (b *book) Meter(_ context.Context, _ tenant.ID, r usage.Reading) error {
	if old, ok := b.readings[r.Key()]; !ok || old.Version <= r.Version {
		b.readings[r.Key()] = r
	}
	return nil
}

func newBook() (*book, usage.Metering) {
	b := &book{calls: map[string]call.Call{}, cases: map[string]desk.Case{}, readings: map[string]usage.Reading{}, modes: map[string]usage.Resolution{}}
	return b, usage.Metering{Store: b}
}

func (b *book) total() (n int64) {
	for _, r := range b.readings {
		n += r.Quantity
	}
	return n
}

func detail(t *testing.T, e event.Event) []byte {
	t.Helper()
	d, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var ended = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func ofLength(ms int64, version int) call.Call {
	return call.Call{RetellID: "call_1", BranchID: "mitte", Status: call.Completed, DurationMS: ms, EndedAt: &ended, Version: version}
}

func TestACallCountsOnceAndAsItStandsNow(t *testing.T) {
	t.Parallel()
	b, m := newBook()
	tell := func(seconds int) {
		t.Helper()
		if err := m.Ended(t.Context(), us, detail(t, event.CallEnded{CallID: "call_1", Seconds: seconds})); err != nil {
			t.Fatal(err)
		}
	}
	tell(60)
	if len(b.readings) != 0 {
		t.Fatal("a call that nobody knows was metered")
	}
	b.calls["call_1"] = call.Call{RetellID: "call_1", Status: call.Ongoing, Version: 1}
	tell(60)
	if len(b.readings) != 0 {
		t.Fatal("a call that goes on was metered")
	}
	for _, tt := range []struct {
		name string
		call call.Call
		told int
		want int64
	}{
		{"closed without a length", ofLength(0, 2), 0, 0},
		{"its end is told late", ofLength(61_200, 3), 62, 62},
		{"the same fact again", ofLength(61_200, 3), 62, 62},
		{"the fact before, late", ofLength(61_200, 3), 0, 62},
		{"an old reading of the table", ofLength(0, 2), 0, 62},
		{"its length is corrected", ofLength(58_000, 4), 58, 58},
	} {
		b.calls["call_1"] = tt.call
		tell(tt.told)
		if len(b.readings) != 1 || b.total() != tt.want {
			t.Errorf("%s: %d readings, %d seconds, wanted %d", tt.name, len(b.readings), b.total(), tt.want)
		}
	}
	if r := b.readings["call_seconds/call_1"]; r.BranchID != "mitte" || !r.At.Equal(ended) {
		t.Errorf("%+v", r)
	}
}

func TestADeliveryCountsOnceWhenItWasSent(t *testing.T) {
	t.Parallel()
	b, m := newBook()
	b.cases["case"] = desk.Case{ID: "case", BranchID: "mitte"}
	sent := func(id, caseID, channel string, kind delivery.Kind) event.DeliverySent {
		return event.DeliverySent{DeliveryFact: event.DeliveryFact{Head: event.Head{At: ended}, DeliveryID: id, CaseID: caseID, Channel: channel, Kind: string(kind)}}
	}
	for _, e := range []event.DeliverySent{
		sent("d1", "case", "email", delivery.Created), sent("d1", "case", "email", delivery.Created), // twice
		sent("d2", "case", "webhook", delivery.Created), sent("d3", "case", "webhook", delivery.Test), sent("d4", "", "webhook", delivery.Event), sent("d5", "gone", "email", delivery.Updated),
	} {
		if err := m.Sent(t.Context(), us, detail(t, e)); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, r := range b.readings {
		got = append(got, strings.Join([]string{r.Reference, r.BranchID, r.Channel}, " "))
	}
	slices.Sort(got)
	if want := []string{"d1 mitte email", "d2 mitte webhook", "d4  webhook", "d5  email"}; !slices.Equal(got, want) {
		t.Errorf("%q, wanted %q", got, want)
	}
}

func TestWhatIsReadOffTheRecordsIsWhatWasTold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		d    delivery.Delivery
		want bool
	}{
		{"sent", delivery.Delivery{State: delivery.Sent, SentAt: ended}, true},
		{"bounced later", delivery.Delivery{State: delivery.Dead, SentAt: ended}, true},
		{"never sent", delivery.Delivery{State: delivery.Dead}, false},
		{"a test", delivery.Delivery{State: delivery.Sent, Kind: delivery.Test, SentAt: ended}, false},
	} {
		if _, got := usage.OfDelivery(tt.d, ""); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

func TestAMonthIsBerlins(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ at, want string }{
		{"2026-10-31T22:59:59Z", "2026-10"}, {"2026-10-31T23:00:00Z", "2026-11"}, {"2026-12-31T22:59:59Z", "2026-12"}, {"2026-12-31T23:00:00Z", "2027-01"},
		{"2026-06-30T21:59:59Z", "2026-06"}, {"2026-06-30T22:00:00Z", "2026-07"},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		m := usage.MonthOf(at)
		from, to := m.Span()
		if m.String() != tt.want || at.Before(from) || !at.Before(to) {
			t.Errorf("%s is in %s, from %s to %s; wanted %s", tt.at, m, from, to, tt.want)
		}
		if read, err := usage.ReadMonth(tt.want); err != nil || read != m {
			t.Errorf("%s reads as %v, %v", tt.want, read, err)
		}
	}
	for _, s := range []string{"", "2026", "2026-13", "11.2026", "2026-11-01"} {
		if m, err := usage.ReadMonth(s); err == nil {
			t.Errorf("%q was read as %s", s, m)
		}
	}
}

func TestUsageIsExportedPerBranchMonthAndChannel(t *testing.T) {
	t.Parallel()
	next := ended.AddDate(0, 1, 0)
	list := []usage.Reading{
		{Meter: usage.DeliveriesSent, Reference: "d1", BranchID: "ulm", Channel: "webhook", Quantity: 1, At: ended},
		{Meter: usage.CallSeconds, Reference: "c1", BranchID: "mitte", Quantity: 61, At: ended},
		{Meter: usage.CallSeconds, Reference: "c2", BranchID: "mitte", Quantity: 9, At: ended},
		{Meter: usage.DeliveriesSent, Reference: "d2", BranchID: "ulm", Channel: "email", Quantity: 1, At: ended},
		{Meter: usage.CallSeconds, Reference: "c3", BranchID: "mitte", Quantity: 5, At: next},
	}
	names := map[string]string{"mitte": "Berlin; \"Mitte\"", "ulm": "=HYPERLINK(\"https://x.example\")\r\nUlm"}
	var b strings.Builder
	if err := usage.WriteCSV(&b, "Salon Mitte", func(id string) string { return names[id] }, usage.Sum(list)); err != nil {
		t.Fatal(err)
	}
	table, marked := strings.CutPrefix(b.String(), "\ufeff")
	if !marked {
		t.Error("office programs would take it for another alphabet")
	}
	read := csv.NewReader(strings.NewReader(table))
	read.Comma = ';'
	rows, err := read.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"Monat", "Firma", "Filiale", "Zähler", "Kanal", "Menge", "Einheit", "Anzahl"},
		{"2026-11", "Salon Mitte", "Berlin; \"Mitte\"", "Telefonie", "", "70", "Sekunden", "2"},
		{"2026-11", "Salon Mitte", "'=HYPERLINK(\"https://x.example\") Ulm", "Zustellungen", "E-Mail", "1", "Stück", "1"},
		{"2026-11", "Salon Mitte", "'=HYPERLINK(\"https://x.example\") Ulm", "Zustellungen", "Webhook", "1", "Stück", "1"},
		{"2026-12", "Salon Mitte", "Berlin; \"Mitte\"", "Telefonie", "", "5", "Sekunden", "1"},
	}
	if !slices.EqualFunc(rows, want, slices.Equal[[]string]) {
		t.Errorf("%q", rows)
	}
}
