package twin

import (
	"context"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

// Where a company's trail ends, and its lines.
const (
	ofTrailHead = "audit head"
	ofTrail     = "audit"
)

// trail puts the next lines of a company's trail.
func (s *Table) trail(t tenant.ID, lines []audit.Entry) {
	if len(lines) == 0 {
		return
	}
	head, v, _ := read[audit.Head](s, at(t, ofTrailHead, "", ""))
	chain, end := head.Append(lines)
	for _, e := range chain {
		s.records[at(t, ofTrail, "", number(int(e.Seq)))] = &record{value: kept(e), version: 1}
	}
	s.records[at(t, ofTrailHead, "", "")] = &record{value: kept(end), version: v + 1}
}

// AuditHead is where a company's trail ends.
func (s *Table) AuditHead(ctx context.Context, t tenant.ID) (audit.Head, error) {
	h, v, _, err := one[audit.Head](ctx, s, "AuditHead", at(t, ofTrailHead, "", ""))
	h.Version = v
	return h, err
}

// AuditTrail is a page of a company's trail, the newest line first, from the one with the number upTo (0: the newest) down.
func (s *Table) AuditTrail(ctx context.Context, t tenant.ID, upTo int64, limit int) (lines []audit.Entry, err error) {
	err = s.do(ctx, "AuditTrail", func() error {
		head, _, _ := read[audit.Head](s, at(t, ofTrailHead, "", ""))
		if upTo == 0 || upTo > head.Seq {
			upTo = head.Seq
		}
		for seq := upTo; seq > 0 && len(lines) < limit; seq-- {
			e, _, _ := read[audit.Entry](s, at(t, ofTrail, "", number(int(seq))))
			lines = append(lines, e)
		}
		return nil
	})
	return lines, err
}

// ConfigEvents are those that told of the company's configuration, in order.
func (s *Table) ConfigEvents(ctx context.Context, t tenant.ID) ([]event.Recorded, error) {
	return s.events(ctx, "ConfigEvents", at(t, ofEvent, store.AuditCollection(t), ""))
}
