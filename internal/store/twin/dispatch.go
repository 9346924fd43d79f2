package twin

import (
	"context"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Kinds of what is kept about what goes out.
const (
	ofAlerts   = "alerts"
	ofExchange = "exchange"
	ofOriginal = "original"
	ofPlays    = "plays"
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
