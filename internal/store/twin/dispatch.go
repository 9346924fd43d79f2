package twin

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

// Kinds of what is kept about what goes out.
const (
	ofAlerts   = "alerts"
	ofExchange = "exchange"
	ofOriginal = "original"
	ofPlays    = "plays"
	ofDigest   = "digest"
	ofFailure  = "failure"
	ofEntry    = "entry"
	ofMany     = "redelivery"
)

// Alerts of an output, with their version.
func (s *Table) Alerts(ctx context.Context, t tenant.ID, outputID string) (delivery.Alerts, int, error) {
	a, v, _, err := one[delivery.Alerts](ctx, s, "Alerts", at(t, ofAlerts, outputID, ""))
	return a, v, err
}

// SaveAlerts keeps them over the version that was read; false when somebody else was faster.
func (s *Table) SaveAlerts(ctx context.Context, t tenant.ID, outputID string, a delivery.Alerts, version int) (bool, error) {
	err := s.transact(ctx, "SaveAlerts", []write{{at: at(t, ofAlerts, outputID, ""), value: kept(a), version: version}}, nil)
	if ledger.ConflictOn(err) {
		return false, nil
	}
	return err == nil, err
}

// Digest is how the company's digests stand, with the version.
func (s *Table) Digest(ctx context.Context, t tenant.ID) (delivery.Digest, int, error) {
	d, v, _, err := one[delivery.Digest](ctx, s, "Digest", at(t, ofDigest, "", ""))
	return d, v, err
}

// SaveDigest keeps that over the version that was read, and sets the timer or clears it; false when somebody else was faster.
func (s *Table) SaveDigest(ctx context.Context, t tenant.ID, d delivery.Digest, version int) (bool, error) {
	writes, err := s.digest(t, d, version)
	if err == nil {
		err = s.transact(ctx, "SaveDigest", writes, nil)
	}
	if ledger.ConflictOn(err) {
		return false, nil
	}
	return err == nil, err
}

// AddFailure puts a failure into the open digest of d, where it is in none yet, as long as version is still the one.
func (s *Table) AddFailure(ctx context.Context, t tenant.ID, f delivery.Failure, d delivery.Digest, version int, moved bool) (bool, error) {
	writes := []write{
		{at: at(t, ofFailure, f.DeliveryID, ""), value: d.Open},
		{at: at(t, ofEntry, strconv.Itoa(d.Open), second(f.At)+"#"+f.DeliveryID), value: kept(f), version: unconditional},
	}
	if moved {
		more, err := s.digest(t, d, version)
		if err != nil {
			return false, err
		}
		writes = append(writes, more...)
	}
	still := func() []string {
		if s.version(at(t, ofDigest, "", "")) != version {
			return []string{ofDigest}
		}
		return nil
	}
	err := s.transact(ctx, "AddFailure", writes, nil, still)
	if ledger.ConflictOn(err, ofFailure) {
		return true, nil
	}
	if ledger.ConflictOn(err) {
		return false, nil
	}
	return err == nil, err
}

func (s *Table) digest(t tenant.ID, d delivery.Digest, version int) ([]write, error) {
	timer := ledger.Timer{Kind: ledger.OfDigest, About: "ALL", Queue: "gateway", Name: store.DigestTimer, DueAt: d.WakeAt()}
	step := &ledger.Step{}
	if timer.DueAt.IsZero() {
		step.ClearTimers = append(step.ClearTimers, timer)
	} else {
		step.SetTimers = append(step.SetTimers, timer)
	}
	writes, _, err := s.writesOf(t, step)
	return append(writes, write{at: at(t, ofDigest, "", ""), value: kept(d), version: version}), err
}

// Failures of a digest, earliest first, at most limit.
func (s *Table) Failures(ctx context.Context, t tenant.ID, digest, limit int) (list []delivery.Failure, err error) {
	err = s.do(ctx, "Failures", func() error {
		list = all[delivery.Failure](s, at(t, ofEntry, strconv.Itoa(digest), ""))
		list = list[:min(len(list), limit)]
		return nil
	})
	return list, err
}

// OutputDeliveries lists an output's Deliveries that were made in [from, to), earliest first; after the one with the mark.
func (s *Table) OutputDeliveries(ctx context.Context, t tenant.ID, outputID string, from, to time.Time, after string, limit int) (refs []delivery.Ref, err error) {
	err = s.do(ctx, "OutputDeliveries", func() error {
		for _, at := range s.places(func(at place) bool { return at.company == t && at.kind == ofOutgoing }) {
			d, _, _ := read[delivery.Delivery](s, at)
			mark := second(d.CreatedAt) + "#" + d.ID
			if d.OutputID == outputID && outputID != "" && mark >= second(from) && mark < second(to) && mark > after {
				refs = append(refs, delivery.Ref{CaseID: d.CaseID, DeliveryID: d.ID, Mark: mark})
			}
		}
		slices.SortFunc(refs, func(a, b delivery.Ref) int { return cmp.Compare(a.Mark, b.Mark) })
		refs = refs[:min(len(refs), limit)]
		return nil
	})
	return refs, err
}

// Redelivery by id.
func (s *Table) Redelivery(ctx context.Context, t tenant.ID, id string) (dispatch.Redelivery, bool, error) {
	r, v, ok, err := one[dispatch.Redelivery](ctx, s, "Redelivery", at(t, ofMany, id, ""))
	r.Version = v
	return r, ok, err
}

// SaveRedelivery keeps one over what was read, with its timer as long as there is something to do, and a new one with its
// line of the audit trail.
func (s *Table) SaveRedelivery(ctx context.Context, t tenant.ID, r *dispatch.Redelivery) error {
	step, timer := &ledger.Step{}, r.Timer()
	if r.Done() {
		step.ClearTimers = append(step.ClearTimers, timer)
	} else {
		step.SetTimers = append(step.SetTimers, timer)
	}
	writes, _, err := s.writesOf(t, step)
	if err != nil {
		return err
	}
	return s.do(ctx, "SaveRedelivery", func() error {
		there := at(t, ofMany, r.ID, "")
		if s.version(there) != r.Version {
			return &ledger.Conflict{On: []string{ofMany}}
		}
		s.put(append(writes, write{at: there, value: kept(*r), version: r.Version}), nil)
		if r.Version == 0 {
			s.trail(t, []audit.Entry{r.Line()})
		}
		r.Version++
		return nil
	})
}

// AddExchange writes a line of the exchange log down; written again it stays one.
func (s *Table) AddExchange(ctx context.Context, t tenant.ID, l exchange.Line) error {
	return s.do(ctx, "AddExchange", func() error {
		s.records[at(t, ofExchange, dayOf(l.CreatedAt), second(l.CreatedAt)+"#"+l.ID)] = &record{value: kept(l)}
		return nil
	})
}

// Exchanges of a day (UTC), newest first: those that have not ended.
func (s *Table) Exchanges(ctx context.Context, t tenant.ID, day time.Time, limit int) (lines []exchange.Line, err error) {
	err = s.do(ctx, "Exchanges", func() error {
		list := all[exchange.Line](s, at(t, ofExchange, dayOf(day), ""))
		slices.Reverse(list)
		for _, l := range list[:min(len(list), limit)] {
			if !exchange.Gone(l.ExpiresAt, s.now()) {
				lines = append(lines, l)
			}
		}
		return nil
	})
	return lines, err
}

func dayOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// KeepOriginal keeps an outgoing message in full, as it was sent last.
func (s *Table) KeepOriginal(ctx context.Context, t tenant.ID, o exchange.Original) error {
	return s.do(ctx, "KeepOriginal", func() error {
		s.records[at(t, ofOriginal, o.MessageID, "")] = &record{value: kept(o)}
		return nil
	})
}

// Original of a message; false when there is none any more.
func (s *Table) Original(ctx context.Context, t tenant.ID, messageID string) (o exchange.Original, ok bool, err error) {
	o, _, ok, err = one[exchange.Original](ctx, s, "Original", at(t, ofOriginal, messageID, ""))
	if err != nil || !ok || exchange.Gone(o.ExpiresAt, s.now()) {
		return exchange.Original{}, false, err
	}
	return o, true, nil
}

// CountPlay counts one more of a case's recordings that are handed out in a minute and returns which it is; 0 when there
// were most already.
func (s *Table) CountPlay(ctx context.Context, t tenant.ID, caseID string, minute time.Time, most int) (nth int, err error) {
	err = s.do(ctx, "CountPlay", func() error {
		place := at(t, ofPlays, caseID, second(minute))
		n, _, _ := read[int](s, place)
		if n >= most {
			return nil
		}
		nth = n + 1
		s.records[place] = &record{value: nth}
		return nil
	})
	return nth, err
}
