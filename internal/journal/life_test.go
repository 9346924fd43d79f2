package journal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/journal"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/store/twin"
	"github.com/askpro/gateway/internal/tenant"
)

// office is a service desk with everything that hears of its cases, on a clock of its own.
type office struct {
	*twin.Table
	cases    *casework.Keeper
	service  *desk.Configuration
	now      time.Time
	mu       sync.Mutex
	letters  []string
	messages *notify.Notifier
}

// Desk is the office's configuration.
func (o *office) Desk(context.Context, tenant.ID) (*desk.Configuration, error) { return o.service, nil }

// SendLetter notes who was told what.
func (o *office) SendLetter(_ context.Context, _ tenant.ID, l notify.Letter) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.letters = append(o.letters, l.To+": "+l.Subject)
	return "id", nil
}

func newOffice() *office {
	o := &office{now: time.Date(2026, 11, 24, 10, 15, 0, 0, company.Berlin())}
	clock := func() time.Time { return o.now }
	o.Table = twin.New(clock)
	o.Enter(&company.Config{
		Company:  company.Company{ID: life.String(), Name: "EDV Nord", Timezone: "Europe/Berlin"},
		Branches: []company.Branch{{ID: "nord", Name: "Nord", Phone: "030 1234", Email: "info@edv.example", Active: true, Timezone: "Europe/Berlin"}},
	})
	o.service = desk.NoConfiguration()
	o.service.Gateway.Enabled, o.service.Gateway.Mode = true, desk.ServiceDesk
	o.service.Gateway.AlertEmails = []string{"alarm@edv.example"}
	o.service.Categories = desk.Categories{{ID: "any", Slug: "allgemein", Name: "Allgemein", GroupID: "first", Active: true, Default: true}}
	o.service.Groups = []desk.Group{{ID: "first", Name: "1st Level", Email: "first@edv.example", Active: true, Members: []desk.Member{{UserID: "anna", Email: "anna@edv.example", Active: true}}}}
	o.service.SLA.Escalations = true
	o.service.Rules = []sla.Rule{{ID: "r1", Name: "Niemand reagiert", Active: true, Trigger: sla.ResponseBreach, Actions: []sla.Action{{Kind: sla.SendEmail, To: []string{"chef@edv.example"}}, {Kind: sla.RaisePriority}}}}
	newID := ident.Maker(clock)
	o.cases = &casework.Keeper{Store: o, Now: clock, NewID: newID, Alarm: func(context.Context, string, string) {}, Opener: &casework.Opener{Store: o, NewID: newID}}
	o.messages = &notify.Notifier{
		Store: o, Mail: o, Now: clock, Done: store.ErrSealed, Busy: store.ErrLeased, Placeholder: notify.IsPlaceholder("none.example"),
		Alarm: func(context.Context, string, string) {}, Skipped: func(context.Context, string, notify.Event, string, string) {},
	}
	return o
}

// hear hands each fact to who hears it, twice and in any order as a queue may.
func (o *office) hear(t *testing.T) (letters []string) {
	t.Helper()
	facts := o.Facts()
	slices.Reverse(facts)
	for _, f := range append(facts, facts...) {
		if !journal.Hears(f.Name) {
			continue
		}
		if err := (journal.Journal{Store: o}).Log(t.Context(), life, f.Name, []byte(f.Detail)); err != nil {
			t.Fatal(err)
		}
		switch f.Name {
		case event.CaseCreated{}.Name(), event.CaseStatusChanged{}.Name(), event.CaseAssigned{}.Name(), event.CaseNoteAdded{}.Name(), event.CaseSLAWarning{}.Name(), event.CaseSLABreached{}.Name(), event.CaseEscalated{}.Name():
			if _, err := o.messages.Handle(t.Context(), life, f.Name, []byte(f.Detail), 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	letters, o.letters = o.letters, nil
	slices.Sort(letters)
	return letters
}

// Whatever happens to a case, people hear of it once and its history is complete.
func TestTheLifeOfACaseIsToldAndWrittenDown(t *testing.T) {
	t.Parallel()
	o := newOffice()
	ctx, anna := t.Context(), event.Actor{Kind: casework.User, ID: "anna"}
	args, err := json.Marshal(map[string]string{"problem_description": "Der Drucker druckt nicht", "customer_name": "Erika Muster", "customer_email": "erika@muster.example"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Capture(ctx, life, "call_1", desk.Said{Tool: desk.Finalize, Args: string(args), BranchID: "nord", Caller: "+493012345678", At: o.now}, o.now); err != nil {
		t.Fatal(err)
	}
	if err := o.cases.Recover(ctx, life, "call_1", false); err != nil {
		t.Fatal(err)
	}
	said, _, err := o.Captured(ctx, life, "call_1")
	if err != nil {
		t.Fatal(err)
	}
	id := said.CaseID
	tend := func() error { _, err := o.cases.Tend(ctx, life, id); return err }
	later := func(d time.Duration) { o.now = o.now.Add(d) }
	const contact, number = "erika@muster.example: ", "TKT-2026-00001"
	for _, step := range []struct {
		name string
		do   func() error
		want []string
	}{
		{"it is opened", func() error { return nil }, []string{contact + "Wir haben Ihr Anliegen aufgenommen (" + number + ")", "first@edv.example: Neuer Vorgang: " + number + " Der Drucker druckt nicht"}},
		{"nobody answers, soon", func() error { later(3*time.Hour + 40*time.Minute); return tend() }, []string{"first@edv.example: Reaktionsfrist läuft ab: " + number + " Der Drucker druckt nicht"}},
		{"nobody answered in time", func() error { later(30 * time.Minute); return tend() }, []string{
			"chef@edv.example: ", "first@edv.example: [DRINGEND] Reaktionsfrist überschritten: " + number + " Der Drucker druckt nicht",
		}},
		{"anna takes it", func() error { _, err := o.cases.Take(ctx, life, id, anna); return err }, nil},
		{"she puts it off until tomorrow", func() error {
			until := o.now.Add(24 * time.Hour)
			_, err := o.cases.Move(ctx, life, id, 0, anna, desk.Move{To: desk.Pending, PendingReason: desk.Scheduled, PendingUntil: &until}, false)
			return err
		}, nil},
		{"tomorrow comes", func() error { later(24 * time.Hour); return tend() }, []string{"anna@edv.example: [DRINGEND] Wiedervorlage: " + number + " Der Drucker druckt nicht"}},
		{"it is solved", func() error {
			_, err := o.cases.Move(ctx, life, id, 0, anna, desk.Move{To: desk.Resolved, Note: "Der Toner war leer."}, false)
			return err
		}, []string{contact + "Ihr Anliegen ist gelöst (" + number + ")"}},
		{"it closes by itself", func() error { later(8 * 24 * time.Hour); return tend() }, []string{contact + "Ihr Anliegen ist abgeschlossen (" + number + ")"}},
	} {
		later(time.Minute)
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		got := o.hear(t)
		ok := len(got) == len(step.want)
		for i := range got {
			ok = ok && strings.HasPrefix(got[i], step.want[i])
		}
		if !ok {
			t.Errorf("%s: %q, wanted %q", step.name, got, step.want)
		}
		facts, err := o.CaseEvents(ctx, life, id)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := o.Activity(ctx, life, id)
		if err != nil {
			t.Fatal(err)
		}
		if missing := journal.Missing(facts, lines); len(missing) > 0 || len(facts) == 0 {
			t.Errorf("%s: of %d facts, these have no line: %+v", step.name, len(facts), missing)
		}
	}
	lines, err := o.Activity(ctx, life, id)
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, a := range lines {
		actions = append(actions, fmt.Sprint(a.Action, " ", a.Actor.Kind))
	}
	slices.Sort(actions)
	want := []string{
		"assigned user", "created voice", "escalated rule", "note_added user", "priority_changed rule",
		"sla_breached system", "sla_breached system", // once more of the target that the raised priority brought
		"sla_met system", "sla_paused system", "sla_resumed system",
		"sla_started system", "sla_warning system", "status_changed system", "status_changed system", "status_changed user", "status_changed user",
	}
	if !slices.Equal(actions, want) {
		t.Errorf("%q\nwanted %q", actions, want)
	}
}
