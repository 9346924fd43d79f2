package usage

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/inert"
	"github.com/askpro/gateway/internal/mode"
	"github.com/askpro/gateway/internal/tenant"
)

// Resolution is what a call was taken for, as it is counted: one of each call, a later one in the place of an earlier.
type Resolution struct {
	CallID string      `json:"call_id"`
	Mode   mode.Mode   `json:"mode"`
	Intent string      `json:"intent,omitempty"` // empty: nothing was heard
	From   mode.Source `json:"from"`
	At     time.Time   `json:"at"` // decides the day
	// Version is the fact's sequence: an older one does not replace it.
	Version int `json:"-"`
}

// ended is the version of a resolution that was derived from a call that is over: nothing comes after it.
const ended = 3

// Unsure tells whether the words did not decide, though the company asks them: the call is undecided, or something else decided.
func (r Resolution) Unsure() bool {
	return r.Mode == mode.Undecided || r.From == mode.FromFunction || r.From == mode.FromFallback
}

// Hybrid tells whether words were asked at all.
func (r Resolution) Hybrid() bool { return r.Unsure() || r.From == mode.FromIntent }

// OfMode is the resolution of a call that is over; false where the company had no gateway.
func OfMode(c call.Call) (Resolution, bool) {
	p := c.Gateway
	if p == nil || !c.Over() {
		return Resolution{}, false
	}
	return Resolution{CallID: c.RetellID, Mode: p.Mode, Intent: p.Intent, From: p.From, At: p.At, Version: ended}, true
}

// Modes is what counting modes asks of the table. Resolve puts a resolution over an older one of the same call.
type Modes interface {
	Resolve(ctx context.Context, t tenant.ID, r Resolution) error
}

// CountMode counts what a call was taken for, however often and in which order it is told.
func CountMode(ctx context.Context, to Modes, t tenant.ID, detail []byte) error {
	var e event.GatewayModeResolved
	if err := json.Unmarshal(detail, &e); err != nil {
		return fmt.Errorf("read %s: %w", e.Name(), err)
	}
	return to.Resolve(ctx, t, Resolution{CallID: e.CallID, Mode: mode.Mode(e.Mode), Intent: e.Intent, From: mode.Source(e.From), At: e.At, Version: e.Sequence})
}

// Day is what the calls of one day in Berlin were taken for.
type Day struct {
	Date   string // 2026-11-24
	Calls  int
	Modes  map[mode.Mode]int
	Heard  map[string]int // the intents of calls of which something was heard
	Hybrid int            // whose words were asked
	Unsure int            // of these, those whose words did not decide
}

// ByDay adds resolutions up, earliest day first.
func ByDay(list []Resolution) []Day {
	days := map[string]Day{}
	for _, r := range list {
		date := r.At.In(company.Berlin()).Format(time.DateOnly)
		d, ok := days[date]
		if !ok {
			d = Day{Date: date, Modes: map[mode.Mode]int{}, Heard: map[string]int{}}
		}
		d.Calls++
		d.Modes[r.Mode]++
		if r.Intent != "" {
			d.Heard[r.Intent]++
		}
		if r.Hybrid() {
			d.Hybrid++
		}
		if r.Unsure() {
			d.Unsure++
		}
		days[date] = d
	}
	return slices.SortedFunc(maps.Values(days), func(a, b Day) int { return cmp.Compare(a.Date, b.Date) })
}

// WriteModes writes days as a table that German office programs open.
func WriteModes(w io.Writer, companyName string, days []Day) error {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true
	rows := [][]string{{
		"Tag", "Firma", "Anrufe", "Termine", "Service-Desk", "Unentschieden", "Anliegen: Termin", "Anliegen: Störung oder Anfrage", "Anliegen: unklar", "Gefragt", "Unsicher", "Unsicher in %",
	}}
	for _, d := range days {
		share := ""
		if d.Hybrid > 0 {
			share = strconv.Itoa((100*d.Unsure + d.Hybrid/2) / d.Hybrid)
		}
		row := []string{d.Date, inert.Cell(companyName)}
		for _, n := range []int{
			d.Calls, d.Modes[mode.Appointment], d.Modes[mode.ServiceDesk], d.Modes[mode.Undecided], d.Heard[string(mode.Appointment)], d.Heard[string(mode.ServiceDesk)], d.Heard["unknown"],
			d.Hybrid, d.Unsure,
		} {
			row = append(row, strconv.Itoa(n))
		}
		rows = append(rows, append(row, share))
	}
	return out.WriteAll(rows)
}
