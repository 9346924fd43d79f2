package notify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/sla"
)

const (
	caseID  = "01KB00000000000000000000C1"
	contact = "erika.muster@example.de"
	group   = "it@salon-mitte.example"
	bernd   = "bernd@salon-mitte.example"
	alerts  = "chef@salon-mitte.example"
)

// support is a service desk with one group, whose lead is Bernd.
func support() *desk.Configuration {
	d := desk.NoConfiguration()
	d.Gateway.AlertEmails = []string{alerts}
	d.Categories = desk.Categories{
		{ID: "netz", Slug: "netz", Name: "Netzwerk", Active: true}, {ID: "vpn", Slug: "vpn", Name: "VPN", ParentID: "netz", Active: true, Default: true},
	}
	d.Groups = []desk.Group{
		{ID: "it", Slug: "it", Name: "IT", Email: group, Active: true, Members: []desk.Member{{UserID: "bernd", Email: bernd, Lead: true, Active: true}, {UserID: "carla", Active: true}}},
		{ID: "buero", Slug: "buero", Name: "Büro", Email: "buero@salon-mitte.example", Active: true},
	}
	return d
}

// filedCase is Erika's fault, ten minutes old.
func filedCase(t testing.TB) desk.Case {
	t.Helper()
	yes, at := true, berlinTime(t, "2026-11-20 08:50")
	return desk.Case{
		ID: caseID, Number: desk.Number{Prefix: "TKT", Year: 2026, Count: 42}, BranchID: "mitte", CallID: "call_1", Type: desk.Incident, CategoryID: "vpn", Subject: "VPN bricht ab",
		Text:    "Seit heute Morgen bricht das VPN alle paar Minuten ab.\r\n\n\nDas Kassensystem ist betroffen.",
		Contact: desk.Contact{Name: "Erika Muster", Company: "Muster GmbH", Phone: "+4915112345678", Email: contact, Location: "Ulm"}, Captured: desk.Captured{Others: &yes, Since: "seit heute Morgen"},
		Impact: desk.High, Urgency: desk.Normal, Priority: desk.High, Status: desk.New, Source: desk.Voice, GroupID: "it",
		SLA: sla.Start(at, sla.DefaultPolicy(), desk.High, sla.DefaultCalendar("BE")), CreatedAt: at, UpdatedAt: at, CreatedBy: "voice",
	}
}

// file puts Erika's case into a world with a service desk; more changes it.
func (w *world) file(t testing.TB, more func(*desk.Case)) desk.Case {
	t.Helper()
	c := filedCase(t)
	if more != nil {
		more(&c)
	}
	w.desk, w.cases[c.ID] = support(), c
	return c
}

func (w *world) head(id string) event.Head {
	return event.Head{ID: id, CompanyID: us.String(), At: w.now, Sequence: 1}
}

func over(w *world, status desk.Status, resolution string) func(*desk.Case) {
	return func(c *desk.Case) {
		at := w.now
		c.Status, c.Resolution, c.ResolvedAt = status, resolution, &at
		if status == desk.Closed {
			c.ClosedAt = &at
		}
	}
}

const solved = "Wir haben das VPN-Gateway neu gestartet.\nBitte melden Sie sich einmal neu an."

func (w *world) noted(public bool, text string) event.Event {
	w.notes = append(w.notes, desk.Note{ID: "01KB00000000000000000000N1", CaseID: caseID, Author: desk.Actor{Kind: "user", ID: "bernd"}, Public: public, Text: text, At: w.now})
	return event.CaseNoteAdded{Head: w.head("E4"), CaseID: caseID, NoteID: "01KB00000000000000000000N1", Public: public, Actor: event.Actor{Kind: "user", ID: "bernd"}}
}

func (w *world) created() event.Event {
	return event.CaseCreated{Head: w.head("E1"), CaseID: caseID, Number: "TKT-2026-00042"}
}

func (w *world) moved(from, to desk.Status, by string) event.Event {
	return event.CaseStatusChanged{Head: w.head("E2"), CaseID: caseID, From: string(from), To: string(to), Actor: event.Actor{Kind: by, ID: "bernd"}}
}

// assigned to Bernd by somebody.
func assigned(w *world, by, id string) event.Event {
	return event.CaseAssigned{Head: w.head("E3"), CaseID: caseID, NewAssignee: "bernd", Actor: event.Actor{Kind: by, ID: id}}
}

// has makes a case somebody's.
func has(user string) func(*desk.Case) { return func(c *desk.Case) { c.AssigneeID = user } }

// due of Erika's case, as its ledger has it.
func due(c desk.Case, g sla.Goal, now time.Time) time.Time {
	s := c.SLA.At(now)
	if g == sla.Response {
		return s.Response.DueAt
	}
	return s.Resolution.DueAt
}

func clockOf(w *world, c desk.Case, g sla.Goal) event.CaseClock {
	return event.CaseClock{Head: w.head("E5"), CaseID: caseID, Goal: string(g), DueAt: due(c, g, w.now), Instance: string(g) + "#1"}
}

func init() {
	samples["case"] = []sample{
		{name: "created", set: func(t testing.TB, w *world) event.Event {
			w.file(t, nil)
			return w.created()
		}},
		{name: "created, by somebody who says what nobody should", set: func(t testing.TB, w *world) event.Event {
			w.file(t, func(c *desk.Case) {
				c.BranchID, c.Priority, c.Captured = "", desk.Normal, desk.Captured{OthersWords: "vielleicht"}
				c.Contact.Name, c.Contact.Location = "<script>alert(1)</script> www.gewinn.example", "\u202eUlm\r\nBcc: x@y.example"
				c.Subject, c.Text = "Gewinnen Sie auf https://gewinn.example", "=HYPERLINK(\"https://gewinn.example\")\x00\u202e"
			})
			return w.created()
		}},
		{name: "a public note", set: func(t testing.TB, w *world) event.Event {
			w.file(t, func(c *desk.Case) { c.Status = desk.Opened })
			return w.noted(true, "Guten Tag Frau Muster,\n\nwelches Gerät nutzen Sie?\n\n\n\nViele Grüße\nBernd")
		}},
		{name: "resolved", set: func(t testing.TB, w *world) event.Event {
			w.file(t, over(w, desk.Resolved, solved))
			w.noted(true, solved)
			return w.moved(desk.Opened, desk.Resolved, "user")
		}},
		{name: "resolved, how is for colleagues only", set: func(t testing.TB, w *world) event.Event {
			w.file(t, over(w, desk.Resolved, "Der Kunde hatte das Kabel gezogen."))
			w.noted(false, "Der Kunde hatte das Kabel gezogen.")
			return w.moved(desk.Opened, desk.Resolved, "user")
		}},
		{name: "closed", set: func(t testing.TB, w *world) event.Event {
			w.file(t, over(w, desk.Closed, solved))
			return w.moved(desk.Resolved, desk.Closed, "system")
		}},
		{name: "assigned", set: func(t testing.TB, w *world) event.Event {
			w.file(t, func(c *desk.Case) { c.AssigneeID, c.Status = "bernd", desk.Opened })
			return event.CaseAssigned{Head: w.head("E3"), CaseID: caseID, NewAssignee: "bernd", Actor: event.Actor{Kind: "user", ID: "carla"}}
		}},
		{name: "a note mentions a colleague", set: func(t testing.TB, w *world) event.Event {
			w.file(t, func(c *desk.Case) { c.Status = desk.Opened })
			local, _, _ := strings.Cut(w.desk.Groups[0].Members[0].Email, "@")
			w.noted(false, "@"+local+", hattest du nicht schon einmal so einen Fall?\n\nDer Kunde wartet.")
			w.notes[0].Author.ID = "carla"
			return event.CaseMentioned{Head: w.head("E4"), CaseID: caseID, NoteID: "01KB00000000000000000000N1", UserIDs: []string{"bernd"}, Actor: event.Actor{Kind: "user", ID: "carla"}}
		}},
		{name: "given to another group", set: func(t testing.TB, w *world) event.Event {
			w.file(t, func(c *desk.Case) { c.GroupID = "buero" })
			return event.CaseAssigned{Head: w.head("E3"), CaseID: caseID, OldGroup: "it", NewGroup: "buero", Actor: event.Actor{Kind: "user", ID: "bernd"}}
		}},
		{name: "put off until now", set: func(t testing.TB, w *world) event.Event {
			w.file(t, func(c *desk.Case) { c.AssigneeID, c.Status = "bernd", desk.Opened })
			return w.moved(desk.Pending, desk.Opened, "system")
		}},
		{name: "nobody has answered, soon", set: func(t testing.TB, w *world) event.Event {
			return event.CaseSLAWarning{CaseClock: clockOf(w, w.file(t, nil), sla.Response)}
		}},
		{name: "nobody has answered in time", set: func(t testing.TB, w *world) event.Event {
			c := w.file(t, nil)
			e := clockOf(w, c, sla.Response)
			w.now = e.DueAt.Add(time.Minute)
			return event.CaseSLABreached{CaseClock: e}
		}},
		{name: "not solved, soon", set: func(t testing.TB, w *world) event.Event {
			return event.CaseSLAWarning{CaseClock: clockOf(w, w.file(t, nil), sla.Resolution)}
		}},
		{name: "not solved in time, and nobody has it", set: func(t testing.TB, w *world) event.Event {
			c := w.file(t, func(c *desk.Case) { c.GroupID = "" })
			e := clockOf(w, c, sla.Resolution)
			w.now = e.DueAt.Add(time.Minute)
			return event.CaseSLABreached{CaseClock: e}
		}},
		{name: "escalated by a rule", set: func(t testing.TB, w *world) event.Event {
			w.file(t, func(c *desk.Case) { c.Status, c.PendingReason = desk.Pending, desk.WaitingThirdParty })
			return event.CaseEscalated{Head: w.head("E6"), CaseID: caseID, RuleID: "r1", Rule: "Niemand reagiert", Actions: []string{"email"},
				Emails: []event.Mailed{{To: []string{alerts}, Subject: "Bitte ansehen: TKT-2026-00042 (Hoch)"}}}
		}},
		{name: "escalated by hand", set: func(t testing.TB, w *world) event.Event {
			w.file(t, nil)
			return event.CaseEscalated{Head: w.head("E6"), CaseID: caseID, Rule: "Der Kunde hat zum dritten Mal angerufen.", Actions: []string{"email"}, Emails: []event.Mailed{{To: []string{bernd}}}}
		}},
	}
}

func TestWhoHearsOfACase(t *testing.T) {
	t.Parallel()
	no, at := false, func(d time.Duration) func(*world) { return func(w *world) { w.now = w.now.Add(d) } }
	for _, tt := range []struct {
		name  string
		file  func(*desk.Case)
		more  func(*world)
		event func(*world) event.Event
		want  []string
	}{
		{"a new one: the contact and the group", nil, nil, (*world).created, []string{contact, group}},
		{"a new one, and the company does not confirm", nil, func(w *world) { w.desk.Gateway.ConfirmToCustomer = &no }, (*world).created, []string{group}},
		{"a new one of somebody without address", func(c *desk.Case) { c.Contact.Email = "" }, nil, (*world).created, []string{group}},
		{"what was heard is no address", func(c *desk.Case) { c.Contact.Email = "Erika <erika@example.de>, max@example.de" }, nil, (*world).created, []string{group}},
		{"an address that breaks lines", func(c *desk.Case) { c.Contact.Email = "erika@example.de\r\nBcc: max@example.de" }, nil, (*world).created, []string{group}},
		{"an address that only exists for the calendar", func(c *desk.Case) { c.Contact.Email = "4915@no-mail.askpro.example" }, nil, (*world).created, []string{group}},
		{"the group reads the output's mail", nil, func(w *world) {
			w.desk.Outputs = []output.Output{{ID: "o", Type: output.Email, Active: true, Default: true, Mail: output.Mail{To: []string{strings.ToUpper(group)}}}}
		}, (*world).created, []string{contact}},
		{"the group is muted there", nil, func(w *world) {
			w.desk.Outputs = []output.Output{{ID: "o", Type: output.Email, Active: true, Default: true, Mail: output.Mail{To: []string{group}, Muted: []string{group}}}}
		}, (*world).created, []string{contact, group}},
		{"a group without address: its lead", nil, func(w *world) { w.desk.Groups[0].Email = "" }, (*world).created, []string{contact, bernd}},
		{"a group that is no longer active", nil, func(w *world) { w.desk.Groups[0].Active = false }, (*world).created, []string{contact}},
		{"the contact is the group: one mail", func(c *desk.Case) { c.Contact.Email = group }, nil, (*world).created, []string{group}},
		{"it is solved before anybody was told", over(newWorld(t), desk.Resolved, solved), nil, (*world).created, nil},
		{"it was deleted", func(c *desk.Case) { c.Deletion = &desk.Deletion{Reason: "Test"} }, nil, (*world).created, nil},
		{"it went into another one", func(c *desk.Case) { c.MergedInto = "other" }, nil, (*world).created, nil},

		{"assigned", has("bernd"), nil, func(w *world) event.Event { return assigned(w, "user", "carla") }, []string{bernd}},
		{"assigned by a rule", has("bernd"), nil, func(w *world) event.Event { return assigned(w, "rule", "r1") }, []string{bernd}},
		{"taken", has("bernd"), nil, func(w *world) event.Event { return assigned(w, "user", "bernd") }, nil},
		{"assigned, and to somebody else since", has("carla"), nil, func(w *world) event.Event { return assigned(w, "user", "carla") }, nil},
		{"assigned to somebody without address: the group", has("carla"), nil, func(w *world) event.Event {
			return event.CaseAssigned{Head: w.head("E3"), CaseID: caseID, NewAssignee: "carla", Actor: event.Actor{Kind: "user", ID: "bernd"}}
		}, []string{group}},
		{"given to the group while somebody has it", has("bernd"), nil, func(w *world) event.Event {
			return event.CaseAssigned{Head: w.head("E3"), CaseID: caseID, OldGroup: "buero", NewGroup: "it"}
		}, nil},

		{"resolved", over(newWorld(t), desk.Resolved, solved), nil, func(w *world) event.Event { return w.moved(desk.Opened, desk.Resolved, "user") }, []string{contact}},
		{"resolved, and open again since", nil, nil, func(w *world) event.Event { return w.moved(desk.Opened, desk.Resolved, "user") }, nil},
		{"resolved, closed since: that is told", over(newWorld(t), desk.Closed, solved), nil, func(w *world) event.Event { return w.moved(desk.Opened, desk.Resolved, "user") }, nil},
		{"resolved, opened and resolved once more", over(newWorld(t), desk.Resolved, solved), at(-time.Hour), func(w *world) event.Event { return w.moved(desk.Opened, desk.Resolved, "user") }, nil},
		{"opened by a colleague", func(c *desk.Case) { c.Status = desk.Opened }, nil, func(w *world) event.Event { return w.moved(desk.Pending, desk.Opened, "user") }, nil},
		{"the customer's reply ended the waiting", func(c *desk.Case) { c.Status = desk.Opened }, nil, func(w *world) event.Event { return w.moved(desk.Pending, desk.Opened, "customer") }, nil},
		{"a date is reached in the step of a rule", func(c *desk.Case) { c.Status, c.AssigneeID = desk.Opened, "bernd" }, nil, func(w *world) event.Event { return w.moved(desk.Pending, desk.Opened, "rule") }, []string{bernd}},
		{"a date is reached and nobody has it: the group", func(c *desk.Case) { c.Status = desk.Opened }, nil, func(w *world) event.Event { return w.moved(desk.Pending, desk.Opened, "system") }, []string{group}},

		{"a public note", nil, nil, func(w *world) event.Event { return w.noted(true, "Wir sind dran.") }, []string{contact}},
		{"an internal note", nil, nil, func(w *world) event.Event { return w.noted(false, "Der schon wieder.") }, nil},
		{"a note that was hidden since", nil, nil, func(w *world) event.Event {
			e := w.noted(true, "Der schon wieder.")
			w.notes[0].HiddenAt = &w.now
			return e
		}, nil},
		{"a public note that is none in the table", nil, nil, func(w *world) event.Event {
			e := w.noted(true, "Der schon wieder.")
			w.notes[0].Public = false
			return e
		}, nil},
		{"the contact's own note", nil, nil, func(w *world) event.Event {
			e := w.noted(true, "Es geht wieder.")
			w.notes[0].Author.Kind = "customer"
			return e
		}, nil},
		{"the note of the resolution is told with it", over(newWorld(t), desk.Resolved, solved), nil, func(w *world) event.Event { return w.noted(true, solved) }, nil},

		{"a clock, somebody has it", has("bernd"), nil, func(w *world) event.Event {
			return event.CaseSLAWarning{CaseClock: clockOf(w, w.cases[caseID], sla.Response)}
		}, []string{bernd}},
		{"a clock, nobody has it", func(c *desk.Case) { c.GroupID = "" }, nil, func(w *world) event.Event {
			return event.CaseSLAWarning{CaseClock: clockOf(w, w.cases[caseID], sla.Response)}
		}, []string{alerts}},
		{"a clock that was moved since", nil, nil, func(w *world) event.Event {
			e := clockOf(w, w.cases[caseID], sla.Resolution)
			e.DueAt = e.DueAt.Add(-time.Hour)
			return event.CaseSLAWarning{CaseClock: e}
		}, nil},
		{"a clock that stands still", func(c *desk.Case) {
			c.Status, c.PendingReason = desk.Pending, desk.WaitingCustomer
			c.SLA.Pause(c.CreatedAt.Add(time.Minute), desk.WaitingCustomer)
		}, nil, func(w *world) event.Event {
			return event.CaseSLAWarning{CaseClock: event.CaseClock{Head: w.head("E5"), CaseID: caseID, Goal: "resolution", DueAt: w.now.Add(time.Hour)}}
		}, nil},
		{"somebody answered meanwhile", func(c *desk.Case) { c.SLA.Respond(c.CreatedAt.Add(time.Minute)) }, nil, func(w *world) event.Event {
			return event.CaseSLABreached{CaseClock: event.CaseClock{Head: w.head("E5"), CaseID: caseID, Goal: "response", DueAt: w.now}}
		}, nil},
		{"somebody answered late, before anybody was told", func(c *desk.Case) { c.SLA.Respond(berlinTime(t, "2026-11-20 12:00")) }, func(w *world) { w.now = berlinTime(t, "2026-11-20 12:05") }, func(w *world) event.Event {
			return event.CaseSLABreached{CaseClock: event.CaseClock{Head: w.head("E5"), CaseID: caseID, Goal: "response", DueAt: berlinTime(t, "2026-11-20 11:00")}}
		}, nil},
		{"a breach of a case that is solved", over(newWorld(t), desk.Resolved, solved), nil, func(w *world) event.Event {
			return event.CaseSLABreached{CaseClock: event.CaseClock{Head: w.head("E5"), CaseID: caseID, Goal: "resolution", DueAt: w.now}}
		}, nil},

		{"an escalation, one address twice", nil, nil, func(w *world) event.Event {
			return event.CaseEscalated{Head: w.head("E6"), CaseID: caseID, Emails: []event.Mailed{{To: []string{alerts, bernd}}, {To: []string{"Chef@salon-mitte.example"}}}}
		}, []string{bernd, alerts}},
		{"an escalation without mails", nil, nil, func(w *world) event.Event {
			return event.CaseEscalated{Head: w.head("E6"), CaseID: caseID, Actions: []string{"webhook"}}
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.file(t, tt.file)
			if tt.more != nil {
				tt.more(w)
			}
			e := tt.event(w)
			w.told(t, e)
			w.told(t, e) // a second delivery
			var to []string
			for _, l := range w.letters {
				to = append(to, l.To)
			}
			slices.Sort(to)
			slices.Sort(tt.want)
			if !slices.Equal(to, tt.want) {
				t.Errorf("told %v, wanted %v", to, tt.want)
			}
			for key := range w.deliveries {
				if strings.Contains(key, "@") {
					t.Errorf("a delivery keeps an address: %s", key)
				}
			}
		})
	}
}

// A target that is warned of at several shares of it is told at each.
func TestEachWarningOfATargetIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.file(t, nil)
	for _, percent := range []int{50, 75, 75, 90} {
		e := clockOf(w, c, sla.Response)
		e.Percent = percent
		w.told(t, event.CaseSLAWarning{CaseClock: e})
	}
	if len(w.letters) != 3 {
		t.Errorf("%d letters", len(w.letters))
	}
}

// A group hears of a case for the first time once, whether the case began with it or was given to it right after.
func TestAGroupHearsOfANewCaseOnce(t *testing.T) {
	t.Parallel()
	given := func(w *world) event.Event {
		return event.CaseAssigned{Head: w.head("E3"), CaseID: caseID, NewGroup: "it", Rule: "category", Actor: event.Actor{Kind: "system"}}
	}
	for _, tt := range []struct {
		name   string
		first  func(*world) event.Event
		before func(*desk.Case)
		second func(*world) event.Event
	}{
		{"created with it", (*world).created, nil, given},
		{"told the other way round", given, nil, (*world).created},
		{"given to it after", (*world).created, func(c *desk.Case) { c.GroupID = "" }, given},
	} {
		w := newWorld(t)
		w.file(t, tt.before)
		w.told(t, tt.first(w))
		w.cases[caseID] = filedCase(t)
		w.told(t, tt.second(w))
		n := 0
		for _, l := range w.letters {
			if l.To == group {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s: %d letters to the group", tt.name, n)
		}
	}
}

func TestAnEscalationKeepsTheQuietHours(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = berlinTime(t, "2026-11-20 23:30")
	w.file(t, nil)
	morning := berlinTime(t, "2026-11-21 07:00")
	e := event.CaseEscalated{Head: w.head("E6"), CaseID: caseID, RuleID: "r1", Emails: []event.Mailed{{To: []string{alerts}}, {To: []string{bernd}, NotBefore: morning}}}
	for attempt, wait := range []time.Duration{7*time.Hour + 30*time.Minute, 7 * time.Hour} {
		again, err := w.tell(t, e, attempt)
		if err != nil || again != wait {
			t.Fatalf("again after %s, %v; wanted %s", again, err, wait)
		}
		if len(w.letters) != 1 || w.letters[0].To != alerts {
			t.Fatalf("told at night: %+v", w.letters)
		}
		w.pass(30 * time.Minute)
	}
	w.now = morning
	again, err := w.tell(t, e, 2)
	if err != nil || again != 0 || len(w.letters) != 2 || w.letters[1].To != bernd {
		t.Errorf("in the morning: again after %s, %v, %d letters", again, err, len(w.letters))
	}
}

// A case that is finished while a mail waits for its next attempt is not spoken of as open any more.
func TestAMailThatWaitsIsOvertakenByTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.file(t, func(c *desk.Case) { c.AssigneeID = "bernd" })
	w.mailFails = func(Letter) error { return errors.New("not now") }
	e := event.CaseAssigned{Head: w.head("E3"), CaseID: caseID, NewAssignee: "bernd"}
	again, err := w.tell(t, e, 0)
	if err != nil || again == 0 {
		t.Fatalf("again after %s, %v", again, err)
	}
	w.mailFails = nil
	w.file(t, over(w, desk.Closed, solved))
	w.pass(again)
	if again, err = w.tell(t, e, 1); err != nil || again != 0 || len(w.letters) != 0 {
		t.Fatalf("again after %s, %v, %d letters", again, err, len(w.letters))
	}
	for _, d := range w.deliveries {
		if d.Status != Overtaken {
			t.Errorf("%s is %s", d.Name(), d.Status)
		}
	}
}

// §22.20: what a caller says stays inert in a letter.
func TestHostileTextsStayInertInLettersOfCases(t *testing.T) {
	t.Parallel()
	const hostile = "<script>x</script>\r\nBcc: max@example.de\u202e\u0000"
	w := newWorld(t)
	w.file(t, func(c *desk.Case) {
		c.Subject, c.Text, c.Contact.Name, c.Contact.Company, c.Contact.Location = hostile, hostile, hostile, hostile, hostile
		c.Captured = desk.Captured{OthersWords: hostile, Since: hostile}
	})
	w.told(t, w.created())
	w.told(t, w.noted(true, hostile))
	w.told(t, event.CaseEscalated{Head: w.head("E6"), CaseID: caseID, Rule: hostile, Emails: []event.Mailed{{To: []string{alerts}, Subject: hostile}}})
	if len(w.letters) != 4 {
		t.Fatalf("%d letters", len(w.letters))
	}
	for _, l := range w.letters {
		if strings.ContainsAny(l.Subject, "\r\n\u202e\x00") || strings.ContainsAny(l.Text, "\r\u202e\x00") || strings.Contains(l.HTML, "<script") {
			t.Errorf("to %s:\n%s\n%s\n%s", l.To, l.Subject, l.Text, l.HTML)
		}
	}
}

func TestATextKeepsItsLinesAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ given, want string }{
		{"", ""},
		{" eins \r\n\r\n\r\n zwei\tund drei ", "eins\n\nzwei und drei"},
		{strings.Repeat("a", 400), strings.Repeat("a", 400)},
		{strings.Repeat("a", 600), strings.Repeat("a", 499) + "…"},
	} {
		if got := block(tt.given, 500); got != tt.want {
			t.Errorf("%q became %q", tt.given, got)
		}
	}
	if got := fmt.Sprint(harmless("VPN bricht ab"), harmless("max@example.de"), harmless("Gewinn auf WWW.x.example")); got != "VPN bricht ab" {
		t.Errorf("%q", got)
	}
}
