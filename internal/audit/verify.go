package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/tenant"
)

// AlarmBroken names the alarm for a trail whose chain is broken.
const AlarmBroken = "audit_chain_broken"

// ErrBroken says that a line was changed, left out or put in between since it was written.
var ErrBroken = errors.New("the audit trail is broken")

// Trail is what reading asks of the table. AuditTrail gives a page of lines, the newest first, from the one with the number
// upTo (0: the newest there is) down.
type Trail interface {
	AuditHead(ctx context.Context, t tenant.ID) (Head, error)
	AuditTrail(ctx context.Context, t tenant.ID, upTo int64, limit int) ([]Entry, error)
}

// page is how many lines are read at once.
const page = 200

// Verify follows a company's chain from its end to its first line. The error is ErrBroken where it does not hold; the head
// is that of the chain that was followed: kept elsewhere, it tells a later one that was made anew from its beginning.
func Verify(ctx context.Context, s Trail, t tenant.ID) (Head, error) {
	newest, err := s.AuditTrail(ctx, t, 0, 1)
	if err != nil {
		return Head{}, err
	}
	head, err := s.AuditHead(ctx, t) // read after: what comes meanwhile is no line too many
	if err != nil {
		return head, err
	}
	if len(newest) > 0 && newest[0].Seq > head.Seq {
		return head, fmt.Errorf("line %d stands behind the end: %w", newest[0].Seq, ErrBroken)
	}
	for next := head; next.Seq > 0; {
		lines, err := s.AuditTrail(ctx, t, next.Seq, page)
		if err != nil {
			return head, err
		}
		if len(lines) == 0 {
			return head, fmt.Errorf("line %d is missing: %w", next.Seq, ErrBroken)
		}
		for _, e := range lines {
			switch {
			case e.Seq != next.Seq:
				return head, fmt.Errorf("line %d is missing: %w", next.Seq, ErrBroken)
			case e.content() != e.Content, e.hash() != e.Hash, e.Hash != next.Hash:
				return head, fmt.Errorf("line %d is not what was written: %w", e.Seq, ErrBroken)
			}
			next = Head{Seq: e.Seq - 1, Hash: e.Prev}
		}
	}
	return head, nil
}

// KindCheck is the work of following one company's chain.
const KindCheck = "audit.check"

// checkAt is the hour at which chains are followed, in Berlin (§18).
const checkAt = 3

// CheckDue tells whether the quarter of an hour in which now lies is the one of the nightly check. The clock never shows it
// twice and never skips it.
func CheckDue(now time.Time) bool {
	local := now.In(company.Berlin())
	return local.Hour() == checkAt && local.Minute() < 15
}
