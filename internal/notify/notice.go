package notify

import (
	"context"
	"time"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/tenant"
)

// Notice tells a member of staff in the pages what a mail would tell. It holds no words: whoever shows it reads the case.
type Notice struct {
	UserID  string     `json:"user_id"`
	CaseID  string     `json:"case_id"`
	Event   Event      `json:"event"`
	Version string     `json:"version"` // of what is told: the same fact is one notice however often it comes
	At      time.Time  `json:"at"`      // when it happened
	ReadAt  *time.Time `json:"read_at,omitempty"`
}

// NoticeLife is how long a notice is kept, read or not.
const NoticeLife = 90 * 24 * time.Hour

// toMember tells a member of staff of a fact about a case, in the ways they want.
func (f *fact) toMember(m desk.Member, at time.Time, l Letter) {
	if m.Wants(desk.ByMail) {
		f.post("staff/"+m.UserID, m.Email, l)
	}
	if m.Wants(desk.InPages) {
		f.notices = append(f.notices, Notice{UserID: m.UserID, CaseID: f.about, Event: f.event, Version: f.version, At: at.UTC()})
	}
}

// keep writes a fact's notices.
func (n *Notifier) keep(ctx context.Context, t tenant.ID, f fact) error {
	for _, x := range f.notices {
		if err := n.Store.AddNotice(ctx, t, x); err != nil {
			return err
		}
	}
	return nil
}

// assignee is who has a case; false when nobody has it who works here.
func (x filed) assignee() (desk.Member, bool) { return x.desk.Colleague(x.c.AssigneeID) }
