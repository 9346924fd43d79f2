package reconcile

import (
	"time"

	"github.com/askpro/gateway/internal/booking"
)

// Alarms that rounds raise (§13.3); lambdakit lists all alarms with what to do.
const (
	AlarmPending  = "sync_pending"
	AlarmFailed   = "sync_failed"
	AlarmReview   = "needs_review"
	AlarmRate     = "sync_rate"
	AlarmDouble   = "double_booked"
	AlarmVanished = "event_type_gone"
)

// How long something may be in trouble before people hear of it, and how rarely a sync may fail.
const (
	pendingFor  = time.Hour
	failedFor   = 24 * time.Hour
	rateOf      = 24 * time.Hour
	leastOf100  = 95
	stillMatter = 24 * time.Hour // after its end an appointment's trouble is past
)

// watch raises the alarms about appointments that are in trouble, in every round as long as they are, and about too many
// failures of a day.
func (x *round) watch() error {
	now := x.Now()
	watched, err := x.Store.Watched(x.ctx, x.t)
	if err != nil {
		return err
	}
	since := map[string]time.Time{}
	var ids []string
	for _, w := range watched {
		since[w.AppointmentID] = w.Since
		ids = append(ids, w.AppointmentID)
	}
	list, err := x.Store.Appointments(x.ctx, x.t, ids)
	if err != nil {
		return err
	}
	raised := map[string]bool{}
	for _, a := range list {
		for name, is := range map[string]bool{
			AlarmReview:  a.NeedsReview,
			AlarmPending: a.Active() && a.SyncStatus == booking.SyncUnknown && now.Sub(since[a.ID]) > pendingFor,
			AlarmFailed:  a.Active() && a.SyncStatus == booking.SyncFailed && now.Sub(since[a.ID]) > failedFor,
		} {
			if is && !raised[name] && now.Sub(a.EndsAt) < stillMatter {
				raised[name] = true
				x.Alarm(x.ctx, name, x.t.String())
			}
		}
	}
	ok, failed, err := x.Store.Tallied(x.ctx, x.t, now.Add(-rateOf))
	if err == nil && failed > 0 && ok*100 < leastOf100*(ok+failed) {
		x.Alarm(x.ctx, AlarmRate, x.t.String())
	}
	return err
}
