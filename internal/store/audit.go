package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// chained writes what changes together with the lines that tell of it, as the next ones of the company's trail. Who wrote a
// line meanwhile moved the end of the trail: the lines are chained anew behind it, so that nobody's is lost. A line costs one
// read and two items more in the transaction; nothing without lines touches the trail's end.
func (s *Table) chained(ctx context.Context, t tenant.ID, writes []write, lines []audit.Entry) error {
	if len(lines) == 0 {
		return s.transact(ctx, t, writes)
	}
	for try := 1; ; try++ {
		head, err := s.AuditHead(ctx, t)
		if err != nil {
			return err
		}
		chain, end := head.Append(lines)
		all := slices.Clone(writes)
		for _, e := range chain {
			all = append(all, s.put(ofTrail, auditKey(t, e.Seq), e, 0))
		}
		all = append(all, s.put(ofTrail, auditHeadKey(t), end, head.Version))
		err = s.transact(ctx, t, all)
		var conflict *ledger.Conflict
		if !errors.As(err, &conflict) {
			return err
		}
		if conflict.On = slices.DeleteFunc(conflict.On, func(name string) bool { return name == ofTrail }); len(conflict.On) > 0 {
			return conflict
		}
		if try == conflictWait || pause(ctx, try) != nil {
			return fmt.Errorf("write a line of the audit trail: others were faster %d times", try)
		}
	}
}

// ofTrail names the trail in a transaction; nobody outside hears of a conflict on it.
const ofTrail = "audit"

// AuditHead is where a company's trail ends; an empty one of version 0 before its first line.
func (s *Table) AuditHead(ctx context.Context, t tenant.ID) (audit.Head, error) {
	h, v, _, err := one[audit.Head](ctx, s, t, auditHeadKey(t), "end of the audit trail")
	h.Version = v
	return h, err
}

// AuditTrail is a page of a company's trail, the newest line first, from the one with the number upTo (0: the newest) down.
func (s *Table) AuditTrail(ctx context.Context, t tenant.ID, upTo int64, limit int) ([]audit.Entry, error) {
	to := auditPrefix + "~"
	if upTo > 0 {
		to = auditKey(t, upTo).sk
	}
	items, err := s.sorted(ctx, t, auditKey(t, 0), to, false, limit)
	if err != nil {
		return nil, fmt.Errorf("audit trail: %w", err)
	}
	lines := make([]audit.Entry, len(items))
	for i, it := range items {
		if err := decode(it, &lines[i]); err != nil {
			return nil, fmt.Errorf("audit trail: %w", err)
		}
	}
	return lines, nil
}

// ConfigEvents are those that told of the company's configuration in the last seven days, in order.
func (s *Table) ConfigEvents(ctx context.Context, t tenant.ID) ([]event.Recorded, error) {
	return s.events(ctx, t, auditPartition(t))
}
