package twin

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

// Kinds of the service desk's records.
const (
	ofCase       = "case"
	ofOpenCase   = "open case"
	ofCaseNumber = "case number"
	ofCapture    = "capture"
	ofNote       = "note"
	ofActivity   = "activity"
	ofOutgoing   = "delivery"
	ofCounter    = "case counter"
)

// caseCounter counts the numbers of a year that were leased.
type caseCounter struct{ Leased int64 }

// Case by id.
func (s *Table) Case(ctx context.Context, t tenant.ID, id string) (desk.Case, bool, error) {
	c, v, ok, err := one[desk.Case](ctx, s, "Case", at(t, ofCase, id, ""))
	c.Version = v
	return c, ok, err
}

// Capture writes down what a tool call said and returns all that the call has said so far.
func (s *Table) Capture(ctx context.Context, t tenant.ID, callID string, said desk.Said, due time.Time) (c desk.Capture, err error) {
	err = s.do(ctx, "Capture", func() error {
		place := at(t, ofCapture, callID, "")
		was, _, ok := read[desk.Capture](s, place)
		if c = was.At(millis(s.now())); c.CaseID != "" {
			return nil
		}
		if c.WordsUntil != nil && c.Said == nil { // what is gone does not come back with what is new
			c.CallID = callID
			s.forget(t, c)
		}
		_, v, _ := read[desk.Capture](s, place)
		c.WordsUntil = nil
		if len(c.Said) >= desk.MostSaid {
			return store.ErrFull
		}
		if !ok {
			c.FirstAt = millis(s.now())
		}
		said.At = written(said.At)
		c.Said = append(c.Said[:len(c.Said):len(c.Said)], said)
		s.records[place] = &record{value: kept(c), version: v + 1}
		s.setCaptureTimer(t, callID, due)
		return nil
	})
	c.CallID = callID
	return c, err
}

func captureTimer(callID string) ledger.Timer {
	return ledger.Timer{Kind: ledger.OfCall, About: callID, Queue: "gateway", Name: store.CaptureTimer}
}

func (s *Table) setCaptureTimer(t tenant.ID, callID string, due time.Time) {
	x := captureTimer(callID)
	x.DueAt = due
	s.records[at(t, ofTimer, aggregate(x.Kind, x.About), alarm(x.Queue, x.Name))] = &record{value: x, version: 1}
}

func (s *Table) clearCaptureTimer(t tenant.ID, callID string) {
	x := captureTimer(callID)
	delete(s.records, at(t, ofTimer, aggregate(x.Kind, x.About), alarm(x.Queue, x.Name)))
}

// Captured is what a call said; false when it said nothing.
func (s *Table) Captured(ctx context.Context, t tenant.ID, callID string) (desk.Capture, bool, error) {
	c, _, ok, err := one[desk.Capture](ctx, s, "Captured", at(t, ofCapture, callID, ""))
	c.CallID = callID
	return c.At(millis(s.now())), ok, err
}

// CaptureLater moves the time at which a case is owed, unless there is one.
func (s *Table) CaptureLater(ctx context.Context, t tenant.ID, callID string, due time.Time, tried bool) error {
	return s.do(ctx, "CaptureLater", func() error {
		place := at(t, ofCapture, callID, "")
		c, v, ok := read[desk.Capture](s, place)
		if !ok || c.Settled() {
			return nil
		}
		if tried {
			c.Tries++
		}
		s.records[place] = &record{value: c, version: v + 1}
		s.setCaptureTimer(t, callID, due)
		return nil
	})
}

// CaptureOver says that nothing is owed for what a call has said, as it was read.
func (s *Table) CaptureOver(ctx context.Context, t tenant.ID, c desk.Capture, until time.Time) error {
	return s.do(ctx, "CaptureOver", func() error {
		place := at(t, ofCapture, c.CallID, "")
		was, v, ok := read[desk.Capture](s, place)
		if !ok || was.Settled() || len(was.Said) != len(c.Said) {
			return nil
		}
		end := millis(until)
		was.WordsUntil = &end
		s.records[place] = &record{value: kept(was), version: v + 1}
		s.setCaptureTimer(t, c.CallID, until)
		return nil
	})
}

// CaptureForget removes the words of a capture whose time is over and leaves the counts.
func (s *Table) CaptureForget(ctx context.Context, t tenant.ID, c desk.Capture) error {
	return s.do(ctx, "CaptureForget", func() error { s.forget(t, c); return nil })
}

func (s *Table) forget(t tenant.ID, c desk.Capture) {
	place := at(t, ofCapture, c.CallID, "")
	was, v, ok := read[desk.Capture](s, place)
	if !ok || was.Said == nil || was.CaseID != "" || was.WordsUntil == nil || millis(s.now()).Before(*was.WordsUntil) {
		return
	}
	was.Said, was.Counts = nil, c.Counts
	s.records[place] = &record{value: kept(was), version: v + 1}
	s.clearCaptureTimer(t, c.CallID)
}

// LeaseNumbers takes n case numbers of a year and returns the first.
func (s *Table) LeaseNumbers(ctx context.Context, t tenant.ID, year, n int) (first int64, err error) {
	err = s.do(ctx, "LeaseNumbers", func() error {
		place := at(t, ofCounter, number(year), "")
		c, v, _ := read[caseCounter](s, place)
		first = c.Leased + 1
		c.Leased += int64(n)
		s.records[place] = &record{value: c, version: v + 1}
		return nil
	})
	return first, err
}

// deskWrites are the parts of a step that belong to the service desk.
func (s *Table) deskWrites(t tenant.ID, step *ledger.Step) (w []write) {
	put := func(kind, id, sub string, value any, version int) {
		w = append(w, write{at: at(t, kind, id, sub), value: value, version: version})
	}
	for _, c := range []*desk.Case{step.Case, step.OtherCase} {
		if c == nil {
			continue
		}
		entry, open := c.Listed()
		if was := c.ListedIn; was != "" && (!open || was != c.GroupID) {
			put(ofOpenCase, was, c.ID, nil, unconditional)
			c.ListedIn = ""
		}
		if open {
			c.ListedIn = c.GroupID
			put(ofOpenCase, c.GroupID, c.ID, kept(entry), unconditional)
		}
		put(ofCase, c.ID, "", kept(*c), c.Version)
		if c.Version == 0 {
			w = append(w, write{at: numberAt(t, c.Number.Year, c.Number.Count), value: c.ID, version: 0})
		}
	}
	if c := step.Purged; c != nil {
		put(ofCase, c.ID, "", nil, c.Version)
		w = append(w, write{at: numberAt(t, c.Number.Year, c.Number.Count), version: unconditional})
	}
	if c := step.Filed; c != nil {
		place := at(t, ofCapture, c.CallID, "")
		w = append(w, write{
			at: place, version: unconditional,
			from: func() any { // what was said stays
				was, _, _ := read[desk.Capture](s, place)
				now := millis(s.now())
				until := now.Add(desk.KeepCapture)
				was.CaseID, was.Number, was.FiledAt, was.Confirms, was.WordsUntil = c.CaseID, c.Number, &now, c.Confirms, &until
				return kept(was)
			},
			refuse: func() bool {
				was, _, ok := read[desk.Capture](s, place)
				return !ok || was.CaseID != ""
			},
		})
		x := captureTimer(c.CallID)
		put(ofTimer, aggregate(x.Kind, x.About), alarm(x.Queue, x.Name), nil, unconditional)
	}
	for _, n := range step.Notes {
		put(ofNote, n.CaseID, n.ID, kept(*n), n.Version)
	}
	for _, a := range step.Activities {
		put(ofActivity, a.CaseID, a.ID, kept(a), unconditional)
	}
	for _, d := range step.Deliveries {
		put(ofOutgoing, d.CaseID, d.ID, kept(*d), d.Version)
	}
	return w
}

// OpenCases of a group, by case.
func (s *Table) OpenCases(ctx context.Context, t tenant.ID, groupID string) (list []desk.OpenCase, err error) {
	err = s.do(ctx, "OpenCases", func() error {
		for place, r := range s.records {
			if place.company == t && place.kind == ofOpenCase && place.id == groupID {
				list = append(list, kept(r.value.(desk.OpenCase)))
			}
		}
		slices.SortFunc(list, func(a, b desk.OpenCase) int { return cmp.Compare(a.CaseID, b.CaseID) })
		return nil
	})
	return list, err
}
