package twin

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/tenant"
)

const ofNotice = "notice"

func noticeAt(t tenant.ID, x notify.Notice) place {
	return at(t, ofNotice, x.UserID, strings.Join([]string{x.At.UTC().Format(time.RFC3339), x.CaseID, string(x.Event), x.Version}, "#"))
}

// AddNotice keeps a notice; one that is there stays as it is.
func (s *Table) AddNotice(ctx context.Context, t tenant.ID, x notify.Notice) error {
	return s.do(ctx, "AddNotice", func() error {
		if _, _, there := read[notify.Notice](s, noticeAt(t, x)); !there {
			s.records[noticeAt(t, x)] = &record{value: x}
		}
		return nil
	})
}

// Notices of a member of staff before an instant, newest first, at most limit.
func (s *Table) Notices(ctx context.Context, t tenant.ID, userID string, before time.Time, limit int) (list []notify.Notice, err error) {
	err = s.do(ctx, "Notices", func() error {
		list = slices.DeleteFunc(all[notify.Notice](s, at(t, ofNotice, userID, "")), func(x notify.Notice) bool {
			return !x.At.Before(before.Truncate(time.Second)) || x.At.Before(s.now().Add(-notify.NoticeLife).Truncate(time.Second))
		})
		slices.Reverse(list)
		list = list[:min(limit, len(list))]
		return nil
	})
	return list, err
}

// ReadNotice notes that a notice was read; the first time counts.
func (s *Table) ReadNotice(ctx context.Context, t tenant.ID, x notify.Notice) error {
	return s.do(ctx, "ReadNotice", func() error {
		kept, _, there := read[notify.Notice](s, noticeAt(t, x))
		if there && kept.ReadAt == nil {
			now := s.now().UTC()
			kept.ReadAt = &now
			s.records[noticeAt(t, x)] = &record{value: kept}
		}
		return nil
	})
}
