package casework_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
)

// noted is a case with a public note of Anna's.
func noted(t *testing.T) (*office, desk.Case, desk.Note) {
	t.Helper()
	o := newOffice(t)
	c := o.reported(t, "call_1", broken)
	if _, _, err := o.keeper.AddNote(t.Context(), us, c.ID, anna, casework.Writing{Text: "Wir sind dran.", Public: true}); err != nil {
		t.Fatal(err)
	}
	notes, err := o.Notes(t.Context(), us, c.ID)
	if err != nil || len(notes) != 1 {
		t.Fatal(notes, err)
	}
	return o, c, notes[0]
}

// updates are the fields that were told to be different, with their new values.
func (o *office) updates(t *testing.T, c desk.Case) (list []string) {
	t.Helper()
	facts, err := o.CaseEvents(t.Context(), us, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range facts {
		if f.Name == (event.CaseUpdated{}).Name() {
			list = append(list, f.Detail)
		}
	}
	return list
}

func TestANoteIsItsAuthorsForAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		by    event.Actor
		after time.Duration
		text  string
		want  error
	}{
		{"at once", anna, 0, "Wir kommen morgen.", nil},
		{"just in time", anna, desk.EditWithin, "Wir kommen morgen.", nil},
		{"too late", anna, desk.EditWithin + time.Second, "Wir kommen morgen.", desk.ErrNotYours},
		{"a colleague", bert, 0, "Wir kommen morgen.", desk.ErrNotYours},
		{"to nothing", anna, 0, "x", desk.ErrNoteLength},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o, c, n := noted(t)
			o.after(tt.after)
			_, err := o.keeper.EditNote(t.Context(), us, c.ID, n.ID, tt.by, tt.text)
			if !errors.Is(err, tt.want) || (tt.want == nil) != (err == nil) {
				t.Fatal(err)
			}
			notes, err := o.Notes(t.Context(), us, c.ID)
			if err != nil || (notes[0].Text == tt.text) != (tt.want == nil) || (notes[0].EditedAt != nil) != (tt.want == nil) {
				t.Errorf("%+v, %v", notes, err)
			}
			if told := strings.Join(o.updates(t, c), " "); strings.Contains(told, "note_text") != (tt.want == nil) || strings.Contains(told, "morgen") {
				t.Errorf("told %s", told)
			}
		})
	}
}

func TestAHiddenNoteKeepsItsText(t *testing.T) {
	t.Parallel()
	o, c, n := noted(t)
	for range 2 { // asked twice
		if _, err := o.keeper.HideNote(t.Context(), us, c.ID, n.ID, bert, "falscher Kunde"); err != nil {
			t.Fatal(err)
		}
	}
	notes, err := o.Notes(t.Context(), us, c.ID)
	if err != nil || notes[0].HiddenAt == nil || notes[0].Text != n.Text {
		t.Errorf("%+v, %v", notes, err)
	}
	if told := o.updates(t, c); len(told) != 1 || !strings.Contains(told[0], "note_hidden") || !strings.Contains(told[0], "falscher Kunde") {
		t.Errorf("told %v", told)
	}
	if _, err := o.keeper.EditNote(t.Context(), us, c.ID, n.ID, anna, "Wir kommen morgen."); !errors.Is(err, desk.ErrNotYours) {
		t.Errorf("a hidden note was edited: %v", err)
	}
	if _, err := o.keeper.HideNote(t.Context(), us, c.ID, "none", bert, ""); !errors.Is(err, casework.ErrNoNote) {
		t.Error(err)
	}
}

func TestWhatAPersonSaysOfTheCustomerStands(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		customer string // whom the person names
	}{{"another one", "c2"}, {"nobody whom we know", ""}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			for _, x := range []customer.Customer{{ID: "c1", Name: "Erika Muster", Phone: "+493012345678"}, {ID: "c2", Name: "Max Muster"}} {
				step := &ledger.Step{Customer: &x}
				if x.Phone != "" {
					step.Card = &customer.Card{Key: x.Phone, CustomerID: x.ID, Name: x.Name}
				}
				if err := o.Commit(t.Context(), us, step); err != nil {
					t.Fatal(err)
				}
			}
			c := o.reported(t, "call_1", broken)
			o.rung(t, "call_1", func(c *call.Call) { c.Status = call.Analyzed })
			o.transcribed(t, "call_1")
			if _, err := o.keeper.LinkCustomer(t.Context(), us, c.ID, 0, anna, tt.customer); err != nil {
				t.Fatal(err)
			}
			if _, err := o.keeper.Enrich(t.Context(), us, c.ID, 0); err != nil { // which knows the number
				t.Fatal(err)
			}
			got := o.the(t, "call_1")
			if got.CustomerID != tt.customer || got.Enrichment.Match.By != desk.ByHand || got.Enrichment.State != desk.Enriched {
				t.Errorf("%q, %+v", got.CustomerID, got.Enrichment)
			}
			if linked := slices.Contains(o.told(), (event.CaseCustomerLinked{}).Name()); linked != (tt.customer != "") {
				t.Errorf("told %v", o.told())
			}
			if _, err := o.keeper.LinkCustomer(t.Context(), us, c.ID, 0, anna, "stranger"); !errors.Is(err, casework.ErrUnknown) {
				t.Errorf("somebody who is none of ours: %v", err)
			}
			var stale *casework.Stale
			if _, err := o.keeper.LinkCustomer(t.Context(), us, c.ID, 1, anna, "c1"); !errors.As(err, &stale) {
				t.Errorf("over what was not seen: %v", err)
			}
		})
	}
}

func TestASuggestionIsConfirmedOrRejected(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, id := range []string{"c3", "c4"} {
		if err := o.Commit(t.Context(), us, &ledger.Step{Customer: &customer.Customer{ID: id, Name: "Erika Muster"}}); err != nil {
			t.Fatal(err)
		}
	}
	c := o.reported(t, "call_1", broken)
	o.rung(t, "call_1", func(c *call.Call) { c.Status = call.Analyzed })
	o.transcribed(t, "call_1")
	if _, err := o.keeper.Enrich(t.Context(), us, c.ID, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := o.keeper.RejectSuggestion(t.Context(), us, c.ID, anna, "c3"); err != nil {
		t.Fatal(err)
	}
	if m := o.the(t, "call_1").Enrichment.Match; len(m.Suggestions) != 1 || m.Suggestions[0].CustomerID != "c4" {
		t.Fatalf("%+v", m)
	}
	if _, err := o.keeper.LinkCustomer(t.Context(), us, c.ID, 0, anna, "c4"); err != nil {
		t.Fatal(err)
	}
	if got := o.the(t, "call_1"); got.CustomerID != "c4" || len(got.Enrichment.Match.Suggestions) != 0 || got.Enrichment.Match.Confidence != 100 {
		t.Errorf("%q, %+v", got.CustomerID, got.Enrichment.Match)
	}
}

func TestAReferenceIsSetByHand(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.reported(t, "call_1", broken)
	set := func(r desk.Reference) []desk.Reference {
		t.Helper()
		c, err := o.keeper.SetReference(t.Context(), us, c.ID, 0, anna, r)
		if err != nil {
			t.Fatal(err)
		}
		return c.References
	}
	set(desk.Reference{Value: " IT-\r\n1 "})
	set(desk.Reference{OutputID: "o1", Value: "JIRA-1"})
	if got := set(desk.Reference{OutputID: "o1", Value: "JIRA-2", URL: "https://jira.example/JIRA-2"}); len(got) != 2 || got[0].Value != "IT- 1" || got[1].Value != "JIRA-2" {
		t.Errorf("%+v", got)
	}
	if got := set(desk.Reference{}); len(got) != 1 || got[0].OutputID != "o1" {
		t.Errorf("%+v", got)
	}
	if told := strings.Join(o.updates(t, c), " "); strings.Count(told, "external_reference") != 4 {
		t.Errorf("told %s", told)
	}
	if _, err := o.keeper.SetReference(t.Context(), us, c.ID, 0, anna, desk.Reference{Value: strings.Repeat("x", desk.MaxReference+1)}); !errors.Is(err, casework.ErrReference) {
		t.Error(err)
	}
}

func TestANoteTellsWhomItMentionsOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.service.Groups[0].Members = []desk.Member{
		{UserID: "anna", Email: "anna@edv.example", Active: true}, {UserID: "bert", Email: "bert@edv.example", Active: true}, {UserID: "carla", Email: "carla@edv.example", Active: true},
	}
	c := o.reported(t, "call_1", broken)
	mentioned := func() (list []string) {
		t.Helper()
		for _, f := range o.Facts() {
			if f.Name != (event.CaseMentioned{}).Name() {
				continue
			}
			var e event.CaseMentioned
			if err := json.Unmarshal([]byte(f.Detail), &e); err != nil {
				t.Fatal(err)
			}
			list = append(list, e.UserIDs...)
		}
		return list
	}
	add := func(by event.Actor, text string) desk.Note {
		t.Helper()
		if _, _, err := o.keeper.AddNote(t.Context(), us, c.ID, by, casework.Writing{Text: text}); err != nil {
			t.Fatal(err)
		}
		notes, err := o.Notes(t.Context(), us, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		return notes[len(notes)-1]
	}
	mentioned()
	n := add(anna, "@bert, schaust du? @anna auch")
	wants(t, "whoever writes knows", mentioned(), "bert")
	if _, err := o.keeper.EditNote(t.Context(), us, c.ID, n.ID, anna, "@bert, @carla, schaut ihr?"); err != nil {
		t.Fatal(err)
	}
	wants(t, "edited: who is new", mentioned(), "carla")
	if _, err := o.keeper.HideNote(t.Context(), us, c.ID, n.ID, bert, "doppelt"); err != nil {
		t.Fatal(err)
	}
	wants(t, "hidden", mentioned())
	add(event.Actor{Kind: "customer", ID: "k1"}, "@bert bitte")
	wants(t, "a customer knows nobody by a handle", mentioned())
	add(anna, "Danke, bert@edv.example hilft")
	wants(t, "an address", mentioned())
}
