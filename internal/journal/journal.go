// Package journal writes the history of cases: every fact about a case or one of its deliveries becomes a line, or several.
// Its one rule: a line's id is that of its fact, so that the same fact told twice is one line. It decides nothing, and a
// step of work never waits for it. It knows no table and no clock.
package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Store is what the journal asks of the table. Lines that are there already stay as they are.
type Store interface {
	Case(ctx context.Context, t tenant.ID, id string) (desk.Case, bool, error)
	Commit(ctx context.Context, t tenant.ID, step *ledger.Step) error
}

// Journal is LogActivity.
type Journal struct{ Store Store }

// mostLines of one commit: a transaction takes a hundred items.
const mostLines = 50

// Log writes the lines of a fact. A fact of no case, as of a delivery to an endpoint, has none.
func (j Journal) Log(ctx context.Context, t tenant.ID, name string, detail []byte) error {
	lines, err := linesOf(name, detail)
	if err != nil {
		return err
	}
	if lines, err = j.withClock(ctx, t, name, detail, lines); err != nil {
		return err
	}
	for part := range slices.Chunk(number(lines), mostLines) {
		if err := j.Store.Commit(ctx, t, &ledger.Step{Activities: part}); err != nil {
			return fmt.Errorf("log %s: %w", name, err)
		}
	}
	return nil
}

// Hears tells whether a fact belongs into the journal.
func Hears(name string) bool { return reading[name] != nil }

// reading has a line for every fact about a case.
var reading = map[string]func(detail []byte) ([]desk.Activity, error){}

func init() {
	hear(created)
	hear(updated)
	hear(statusChanged)
	hear(assigned)
	hear(noteAdded)
	hear(func(e event.CaseSLAWarning) []desk.Activity { return clock(e.CaseClock, desk.WarnedSLA) })
	hear(func(e event.CaseSLABreached) []desk.Activity { return clock(e.CaseClock, desk.BreachedSLA) })
	hear(func(e event.CaseSLAMet) []desk.Activity { return clock(e.CaseClock, desk.MetSLA) })
	hear(escalated)
	hear(enriched)
	hear(func(e event.CaseEnrichmentTimedOut) []desk.Activity {
		return []desk.Activity{line(e.Head, e.CaseID, event.Actor{}, desk.EnrichmentTimedOut)}
	})
	hear(audioReady)
	hear(mentioned)
	hear(merged)
	hear(deleted)
	hear(restored)
	hear(linked)
	hear(customerLinked)
	hear(func(e event.DeliveryScheduled) []desk.Activity {
		return sending(e.DeliveryFact, desk.ScheduledDelivery)
	})
	hear(func(e event.DeliverySent) []desk.Activity { return sending(e.DeliveryFact, desk.SentDelivery) })
	hear(func(e event.DeliveryFailed) []desk.Activity { return sending(e.DeliveryFact, desk.FailedDelivery) })
	hear(func(e event.DeliveryDead) []desk.Activity { return sending(e.DeliveryFact, desk.DeadDelivery) })
	hear(func(e event.DeliveryReplayed) []desk.Activity { return sending(e.DeliveryFact, desk.ReplayedDelivery) })
}

func hear[E event.Event](tell func(E) []desk.Activity) {
	var e E
	reading[e.Name()] = func(detail []byte) ([]desk.Activity, error) {
		var e E
		if err := json.Unmarshal(detail, &e); err != nil {
			return nil, fmt.Errorf("read %s: %w", e.Name(), err)
		}
		return tell(e), nil
	}
}

func linesOf(name string, detail []byte) ([]desk.Activity, error) {
	read := reading[name]
	if read == nil {
		return nil, fmt.Errorf("no line is known for %s: take the rule away or write one", name)
	}
	lines, err := read(detail)
	return slices.DeleteFunc(lines, func(a desk.Activity) bool { return a.CaseID == "" }), err
}

// withClock adds what a fact did to the case's clocks: they start with it, stand still and go on with its status. The case's
// ledger says whether, as of the fact's own time.
func (j Journal) withClock(ctx context.Context, t tenant.ID, name string, detail []byte, lines []desk.Activity) ([]desk.Activity, error) {
	var e event.CaseStatusChanged // of a created one, the status is new from nothing
	begins := name == event.CaseCreated{}.Name()
	if !begins && name != e.Name() || len(lines) == 0 {
		return lines, nil
	}
	if err := json.Unmarshal(detail, &e); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	c, ok, err := j.Store.Case(ctx, t, e.CaseID)
	if err != nil || !ok || !c.SLA.Tracked() {
		return lines, err
	}
	waiting := c.SLA.At(e.At).Waiting
	of := func(action desk.Action) desk.Activity { return line(e.Head, e.CaseID, event.Actor{}, action) }
	switch {
	case begins:
		lines = append(lines, of(desk.StartedSLA))
	case e.To == string(desk.Pending) && waiting != "":
		paused := of(desk.PausedSLA)
		paused.Reason = string(waiting)
		lines = append(lines, paused)
	case e.From == string(desk.Pending) && desk.Status(e.To).Open() && waiting == "":
		lines = append(lines, of(desk.ResumedSLA))
	}
	return lines, nil
}

// number gives the lines of a fact their ids: the first has the fact's own.
func number(lines []desk.Activity) []desk.Activity {
	for i := range lines {
		if lines[i].ID = lines[i].EventID; i > 0 {
			lines[i].ID = fmt.Sprintf("%s-%d", lines[i].EventID, i+1)
		}
	}
	return lines
}

// Missing are the facts of a case that have no line in its history: none, once all were heard.
func Missing(facts []event.Recorded, lines []desk.Activity) (missing []event.Recorded) {
	for _, f := range facts {
		if Hears(f.Name) && !slices.ContainsFunc(lines, func(a desk.Activity) bool { return a.EventID == f.ID }) {
			missing = append(missing, f)
		}
	}
	return missing
}
