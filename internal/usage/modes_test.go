package usage_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/mode"
	"github.com/askpro/gateway/internal/usage"
)

func (b *book) resolutions() []usage.Resolution {
	var list []usage.Resolution
	for _, r := range b.modes {
		list = append(list, r)
	}
	return list
}

func resolved(callID string, sequence int, at time.Time, m mode.Mode, intent string, from mode.Source) event.GatewayModeResolved {
	return event.GatewayModeResolved{Head: event.Head{ID: callID, Sequence: sequence, At: at}, CallID: callID, Mode: string(m), Intent: intent, From: string(from)}
}

func TestModesAreCountedOnceACallAndByTheDayInBerlin(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC) // in Berlin
	before := midnight.Add(-time.Minute)
	facts := []event.GatewayModeResolved{
		resolved("pure", 1, before, mode.Appointment, "", mode.FromCompany),
		resolved("open", 1, before, mode.Undecided, "unknown", mode.FromCompany),
		resolved("over midnight", 1, before, mode.Undecided, "unknown", mode.FromCompany),
		resolved("over midnight", 2, midnight, mode.ServiceDesk, "service_desk", mode.FromIntent),
		resolved("at once", 1, midnight, mode.Appointment, "appointment", mode.FromIntent),
		resolved("function", 2, midnight, mode.ServiceDesk, "unknown", mode.FromFunction),
		resolved("fallback", 2, midnight, mode.Appointment, "", mode.FromFallback),
	}
	want := "Tag;Firma;Anrufe;Termine;Service-Desk;Unentschieden;Anliegen: Termin;Anliegen: Störung oder Anfrage;Anliegen: unklar;Gefragt;Unsicher;Unsicher in %\r\n" +
		"2026-11-23;Salon;2;1;0;1;0;0;1;1;1;100\r\n" +
		"2026-11-24;Salon;4;2;2;0;1;1;1;4;2;50\r\n"
	for range 5 { // in any order, and twice
		b, _ := newBook()
		for _, e := range append(facts, facts...) {
			if err := usage.CountMode(t.Context(), b, us, detail(t, e)); err != nil {
				t.Fatal(err)
			}
		}
		var out strings.Builder
		if err := usage.WriteModes(&out, "Salon", usage.ByDay(b.resolutions())); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimPrefix(out.String(), "\ufeff"); got != want {
			t.Errorf("%s\nwanted %s", got, want)
		}
		slices.Reverse(facts)
		facts = append(facts[2:], facts[:2]...)
	}
}

func TestAMonthWithoutCallsHasNoDays(t *testing.T) {
	t.Parallel()
	if days := usage.ByDay(nil); len(days) != 0 {
		t.Error(days)
	}
}

func TestARecountPutsModesAgain(t *testing.T) {
	t.Parallel()
	b, m := newBook()
	over := ofLength(60_000, 3)
	over.Gateway = &mode.Pin{Mode: mode.ServiceDesk, From: mode.FromFallback, At: ended}
	talking := call.Call{RetellID: "call_2", Status: call.Ongoing, Gateway: over.Gateway}
	last := ofLength(60_000, 3)
	last.RetellID, last.Gateway = "call_3", &mode.Pin{Mode: mode.Appointment, At: ended.AddDate(0, -1, 0)}
	b.calls = map[string]call.Call{"call_1": over, "call_2": talking, "call_3": last, "call_4": ofLength(1, 1)}
	if _, err := m.Recount(t.Context(), us, records{book: b}, usage.MonthOf(ended)); err != nil {
		t.Fatal(err)
	}
	if got := b.resolutions(); len(got) != 1 || got[0].CallID != "call_1" || got[0].Mode != mode.ServiceDesk || !got[0].Unsure() {
		t.Errorf("%+v", got)
	}
}
