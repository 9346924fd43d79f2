package notify

import (
	"testing"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
)

func TestWhoHasACaseHearsOfItAsTheyWant(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		unwanted []desk.HearBy
		event    func(*world) event.Event
		set      func(c *desk.Case)
		mails    int
		notices  []Event
	}{
		{"assigned", nil, func(w *world) event.Event { return assigned(w, "user", "carla") }, has("bernd"), 1, []Event{CaseAssigned}},
		{"assigned, no mails", []desk.HearBy{desk.ByMail}, func(w *world) event.Event { return assigned(w, "user", "carla") }, has("bernd"), 0, []Event{CaseAssigned}},
		{"assigned, mails alone", []desk.HearBy{desk.InPages}, func(w *world) event.Event { return assigned(w, "user", "carla") }, has("bernd"), 1, nil},
		{"assigned, nothing at all", desk.HearsBy, func(w *world) event.Event { return assigned(w, "user", "carla") }, has("bernd"), 0, nil},
		{"taken: who took it knows", nil, func(w *world) event.Event { return assigned(w, "user", "bernd") }, has("bernd"), 0, nil},
		{"a date is reached", nil, func(w *world) event.Event { return w.moved(desk.Pending, desk.Opened, "system") }, func(c *desk.Case) { c.Status, c.AssigneeID = desk.Opened, "bernd" }, 1, []Event{CaseDue}},
		{"nobody has it: the group's mail alone", nil, func(w *world) event.Event { return w.moved(desk.Pending, desk.Opened, "system") }, func(c *desk.Case) { c.Status = desk.Opened }, 1, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.file(t, tt.set)
			w.desk.Groups[0].Members[0].Unwanted = tt.unwanted
			e := tt.event(w)
			w.told(t, e)
			w.told(t, e) // a second time
			if len(w.letters) != tt.mails || len(w.notices) != len(tt.notices) {
				t.Fatalf("%d letters, notices %+v", len(w.letters), w.notices)
			}
			for i, n := range w.notices {
				if n.UserID != "bernd" || n.CaseID != caseID || n.Event != tt.notices[i] || n.Version == "" || n.At.IsZero() {
					t.Errorf("%+v", n)
				}
			}
		})
	}
}
