package notify

import (
	"strings"
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

func TestWhoIsMentionedHearsOfTheNote(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		note   func(*desk.Note)
		ids    []string
		gone   func(*world)
		people int
	}{
		"a colleague":                {nil, []string{"bernd"}, nil, 1},
		"somebody who left since":    {nil, []string{"bernd"}, func(w *world) { w.desk.Groups[0].Members[0].Active = false }, 0},
		"nobody we know":             {nil, []string{"jemand"}, nil, 0},
		"no longer: it was edited":   {func(n *desk.Note) { n.Text = "Hat sich erledigt" }, []string{"bernd"}, nil, 0},
		"no longer: it is hidden":    {func(n *desk.Note) { n.HiddenAt = &n.At }, []string{"bernd"}, nil, 0},
		"of a case that was deleted": {nil, []string{"bernd"}, func(w *world) { c := w.cases[caseID]; c.Deletion = &desk.Deletion{Reason: "Test"}; w.cases[caseID] = c }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.file(t, nil)
			m := w.desk.Groups[0].Members[0]
			w.desk.Groups[0].Members = append(w.desk.Groups[0].Members, desk.Member{UserID: "anna", Email: "anna@edv.example", Active: true})
			local, _, _ := strings.Cut(m.Email, "@")
			n := desk.Note{ID: "n1", CaseID: caseID, Author: desk.Actor{Kind: "user", ID: "anna"}, Text: "@" + local + ", schaust du <b>bitte</b>?", At: w.now}
			if tt.note != nil {
				tt.note(&n)
			}
			w.notes = []desk.Note{n}
			if tt.gone != nil {
				tt.gone(w)
			}
			e := event.CaseMentioned{Head: w.head("m1"), CaseID: caseID, NoteID: "n1", UserIDs: tt.ids, Actor: event.Actor{Kind: "user", ID: "anna"}}
			w.told(t, e)
			w.told(t, e) // a second time
			if len(w.letters) != tt.people || len(w.notices) != tt.people {
				t.Fatalf("%d letters, notices %+v", len(w.letters), w.notices)
			}
			for _, l := range w.letters {
				if l.To != m.Email || !strings.Contains(l.Text, "schaust du <b>bitte</b>?") || strings.Contains(l.HTML, "<b>bitte") || !strings.Contains(l.Text, "anna@edv.example erwähnt Sie") {
					t.Errorf("%+v", l)
				}
			}
		})
	}
}
