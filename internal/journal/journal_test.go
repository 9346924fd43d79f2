package journal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/journal"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/tenant"
)

var (
	us   = tenant.Proven("CID")
	life = tenant.Proven("01KB0000000000000000000002")
)

// book keeps lines by case and id, as the table does.
type book struct {
	cases   map[string]desk.Case
	lines   map[string]desk.Activity
	commits int
	fails   error
}

func newBook() *book {
	return &book{cases: map[string]desk.Case{}, lines: map[string]desk.Activity{}}
}

func (b *book) Case(_ context.Context, _ tenant.ID, id string) (desk.Case, bool, error) {
	c, ok := b.cases[id]
	return c, ok, nil
}

func (b *book) Commit(_ context.Context, _ tenant.ID, step *ledger.Step) error {
	if b.fails != nil {
		return b.fails
	}
	b.commits++
	for _, a := range step.Activities {
		b.lines[a.CaseID+" "+a.ID] = a
	}
	return nil
}

func (b *book) log(t *testing.T, e event.Event) error {
	t.Helper()
	detail, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return journal.Journal{Store: b}.Log(t.Context(), us, e.Name(), detail)
}

// written is a line as it is compared: case, id, actor, action, field, old and new, reason.
func (b *book) written() (list []string) {
	for _, key := range slices.Sorted(maps.Keys(b.lines)) {
		a := b.lines[key]
		list = append(list, fmt.Sprintf("%s: %s/%s %s %s %q→%q %s", key, a.Actor.Kind, a.Actor.ID, a.Action, a.Field, a.Old, a.New, a.Reason))
	}
	return list
}

var (
	at   = time.Date(2026, 11, 24, 9, 15, 0, 0, time.UTC)
	h    = event.Head{ID: "E", CompanyID: "CID", At: at}
	anna = event.Actor{Kind: "user", ID: "anna"}
)

// facts are all there are about cases and their deliveries, with the lines that they become.
var facts = []struct {
	name  string
	event event.Event
	want  []string
}{
	{"created by telephone", event.CaseCreated{Head: h, CaseID: "c", Number: "TKT-2026-00042", Source: "voice", Actor: event.Actor{Kind: "voice"}}, []string{`c E: voice/ created number ""→"TKT-2026-00042" voice`}},
	{"several fields", event.CaseUpdated{Head: h, CaseID: "c", Actor: anna, Reason: "Rückfrage", Changes: []event.FieldChange{
		{Field: "impact", Old: "normal", New: "high"}, {Field: "urgency", Old: "low", New: "high"}, {Field: "priority", Old: "normal", New: "critical"},
		{Field: "category_id", Old: "a", New: "b"}, {Field: "case_type", Old: "incident", New: "request"}, {Field: "external_references", New: "INC1"}, {Field: "subject", Old: "alt", New: "neu"},
	}}, []string{
		`c E: user/anna impact_changed impact "normal"→"high" Rückfrage`, `c E-2: user/anna urgency_changed urgency "low"→"high" Rückfrage`, `c E-3: user/anna priority_changed priority "normal"→"critical" Rückfrage`,
		`c E-4: user/anna category_changed category_id "a"→"b" Rückfrage`, `c E-5: user/anna type_changed case_type "incident"→"request" Rückfrage`,
		`c E-6: user/anna external_reference_set external_references ""→"INC1" Rückfrage`, `c E-7: user/anna updated subject "alt"→"neu" Rückfrage`,
	}},
	{"an update that names no field", event.CaseUpdated{Head: h, CaseID: "c"}, []string{`c E: system/ updated  ""→"" `}},
	{"a note was edited", event.CaseUpdated{Head: h, CaseID: "c", Actor: anna, Changes: []event.FieldChange{{Field: "note_text", New: "n"}}}, []string{`c E: user/anna note_edited note_text ""→"n" `}},
	{"a note was hidden", event.CaseUpdated{Head: h, CaseID: "c", Actor: anna, Changes: []event.FieldChange{{Field: "note_hidden", New: "n"}}}, []string{`c E: user/anna note_hidden note_hidden ""→"n" `}},
	{"put off", event.CaseStatusChanged{Head: h, CaseID: "c", From: "open", To: "pending", PendingReason: "waiting_customer", Actor: anna}, []string{`c E: user/anna status_changed status "open"→"pending" waiting_customer`}},
	{"reopened", event.CaseStatusChanged{Head: h, CaseID: "c", From: "closed", To: "open", Reason: "Antwort des Kunden", Actor: event.Actor{Kind: "customer"}}, []string{`c E: customer/ status_changed status "closed"→"open" Antwort des Kunden`}},
	{"assigned to a person", event.CaseAssigned{Head: h, CaseID: "c", NewAssignee: "bernd", OldGroup: "it", NewGroup: "it", Actor: anna}, []string{`c E: user/anna assigned assignee_id ""→"bernd" `}},
	{"taken from a person", event.CaseAssigned{Head: h, CaseID: "c", OldAssignee: "bernd", Actor: anna}, []string{`c E: user/anna unassigned assignee_id "bernd"→"" `}},
	{"given to a group, which clears the person", event.CaseAssigned{Head: h, CaseID: "c", OldAssignee: "bernd", OldGroup: "it", NewGroup: "netz", Rule: "Eskalation 1", Actor: event.Actor{Kind: "rule", ID: "r1"}}, []string{
		`c E: rule/r1 unassigned assignee_id "bernd"→"" Eskalation 1`, `c E-2: rule/r1 group_assigned group_id "it"→"netz" Eskalation 1`,
	}},
	{"given to a group only", event.CaseAssigned{Head: h, CaseID: "c", NewGroup: "netz"}, []string{`c E: system/ group_assigned group_id ""→"netz" `}},
	{"an assignment that changed nothing", event.CaseAssigned{Head: h, CaseID: "c", OldAssignee: "bernd", NewAssignee: "bernd", Actor: anna}, []string{`c E: user/anna assigned assignee_id "bernd"→"bernd" `}},
	{"a public note", event.CaseNoteAdded{Head: h, CaseID: "c", NoteID: "n", Public: true, Actor: anna}, []string{`c E: user/anna note_added note_id ""→"n" public`}},
	{"an internal note", event.CaseNoteAdded{Head: h, CaseID: "c", NoteID: "n", Actor: anna}, []string{`c E: user/anna note_added note_id ""→"n" internal`}},
	{"warned", event.CaseSLAWarning{CaseClock: event.CaseClock{Head: h, CaseID: "c", Goal: "response", DueAt: at, Instance: "1"}}, []string{`c E: system/ sla_warning response ""→"2026-11-24T09:15:00Z" 1`}},
	{"breached", event.CaseSLABreached{CaseClock: event.CaseClock{Head: h, CaseID: "c", Goal: "resolution", DueAt: at, Instance: "2"}}, []string{`c E: system/ sla_breached resolution ""→"2026-11-24T09:15:00Z" 2`}},
	{"met", event.CaseSLAMet{CaseClock: event.CaseClock{Head: h, CaseID: "c", Goal: "resolution"}}, []string{`c E: system/ sla_met resolution ""→"" `}},
	{"escalated", event.CaseEscalated{Head: h, CaseID: "c", RuleID: "r1", Rule: "Niemand reagiert", Actions: []string{"email", "raise_priority"}, Emails: []event.Mailed{{To: []string{"chef@x.example"}}}, Actor: event.Actor{Kind: "rule", ID: "r1"}}, []string{
		`c E: rule/r1 escalated actions ""→"email, raise_priority" Niemand reagiert`,
	}},
	{"enriched", event.CaseEnriched{Head: h, CaseID: "c", Segments: 12, Characters: 345, MatchedBy: "phone"}, []string{`c E: system/ enrichment_completed segment_count ""→"12" phone`}},
	{"not enriched in time", event.CaseEnrichmentTimedOut{Head: h, CaseID: "c"}, []string{`c E: system/ enrichment_timed_out  ""→"" `}},
	{"recorded", event.CaseAudioReady{Head: h, CaseID: "c", ExpiresAt: at}, []string{`c E: system/ recording_stored expires_at ""→"2026-11-24T09:15:00Z" `}},
	{"merged: both say so", event.CaseMerged{Head: h, CaseID: "c", IntoID: "d", Actor: anna}, []string{`c E: user/anna merged merged_into ""→"d" `, `d E-2: user/anna merged merged_from ""→"c" `}},
	{"deleted", event.CaseDeleted{Head: h, CaseID: "c", Reason: "Werbung", Actor: anna}, []string{`c E: user/anna deleted  ""→"" Werbung`}},
	{"restored", event.CaseRestored{Head: h, CaseID: "c", Actor: anna}, []string{`c E: user/anna restored  ""→"" `}},
	{"a note mentions colleagues", event.CaseMentioned{Head: h, CaseID: "c", NoteID: "n", UserIDs: []string{"bert", "carla"}, Actor: anna}, []string{`c E: user/anna updated mentioned ""→"bert, carla" n`}},
	{"the merge was undone", event.CaseMerged{Head: h, CaseID: "c", IntoID: "d", Undone: true, Actor: anna}, []string{`c E: user/anna merged merged_into "d"→"" `, `d E-2: user/anna merged merged_from "c"→"" `}},
	{"linked: both say so", event.CaseLinked{Head: h, CaseID: "c", OtherID: "d", Type: "blocks", Actor: anna}, []string{`c E: user/anna linked links ""→"d" blocks`, `d E-2: user/anna linked links ""→"c" blocks`}},
	{"whose it is", event.CaseCustomerLinked{Head: h, CaseID: "c", CustomerID: "k", By: "phone"}, []string{`c E: system/ customer_linked customer_id ""→"k" phone`}},
	{"whose it is not", event.CaseCustomerLinked{Head: h, CaseID: "c", By: "user", Actor: anna}, []string{`c E: user/anna customer_unlinked customer_id ""→"" user`}},
	{"a delivery was planned", event.DeliveryScheduled{DeliveryFact: event.DeliveryFact{Head: h, DeliveryID: "x", CaseID: "c", Channel: "email"}}, []string{`c E: system/ delivery_scheduled email ""→"x" `}},
	{"sent", event.DeliverySent{DeliveryFact: event.DeliveryFact{Head: h, DeliveryID: "x", CaseID: "c", Channel: "webhook"}}, []string{`c E: system/ delivery_sent webhook ""→"x" `}},
	{"failed", event.DeliveryFailed{DeliveryFact: event.DeliveryFact{Head: h, DeliveryID: "x", CaseID: "c", Channel: "webhook", Class: "ServerError"}}, []string{`c E: system/ delivery_failed webhook ""→"x" ServerError`}},
	{"dead", event.DeliveryDead{DeliveryFact: event.DeliveryFact{Head: h, DeliveryID: "x", CaseID: "c", Channel: "webhook", Class: "ServerError", Reason: "exhausted"}}, []string{`c E: system/ delivery_dead webhook ""→"x" exhausted`}},
	{"replayed", event.DeliveryReplayed{DeliveryFact: event.DeliveryFact{Head: h, DeliveryID: "x", CaseID: "c", Channel: "webhook", Actor: anna}}, []string{`c E: user/anna delivery_replayed webhook ""→"x" `}},
	{"a delivery of no case", event.DeliverySent{DeliveryFact: event.DeliveryFact{Head: h, DeliveryID: "x", Channel: "webhook"}}, nil},
}

func TestEveryFactBecomesItsLinesOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range facts {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBook()
			for range 2 {
				if err := b.log(t, tt.event); err != nil {
					t.Fatal(err)
				}
				if got := b.written(); !slices.Equal(got, tt.want) {
					t.Fatalf("%q\nwanted %q", got, tt.want)
				}
			}
			for _, a := range b.lines {
				if a.EventID != "E" || !a.At.Equal(at) {
					t.Errorf("%+v", a)
				}
			}
		})
	}
}

// A new fact about a case or a delivery needs a line: the history shall be complete.
func TestNoFactIsMissing(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, tt := range facts {
		tested[tt.event.Name()] = true
	}
	named := regexp.MustCompile(`"((case|delivery)\.[a-z_]+\.v\d+)"`)
	files, err := filepath.Glob("../event/*.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(source), -1) {
			n++
			if !journal.Hears(m[1]) || !tested[m[1]] {
				t.Errorf("%s becomes no line", m[1])
			}
		}
	}
	if n < len(tested) {
		t.Errorf("%d facts were found in the source, %d were tested", n, len(tested))
	}
	for _, name := range []string{"call.ended.v1", "appointment.confirmed.v1", ""} {
		if journal.Hears(name) {
			t.Errorf("the journal hears %q", name)
		}
	}
}

func TestTheClocksOfACaseAreInItsHistory(t *testing.T) {
	t.Parallel()
	pending := event.CaseStatusChanged{Head: event.Head{ID: "E", At: at.Add(time.Hour)}, CaseID: "c", From: "open", To: "pending", PendingReason: "waiting_customer"}
	back := event.CaseStatusChanged{Head: event.Head{ID: "E", At: at.Add(2 * time.Hour)}, CaseID: "c", From: "pending", To: "open"}
	done := event.CaseStatusChanged{Head: event.Head{ID: "E", At: at.Add(2 * time.Hour)}, CaseID: "c", From: "pending", To: "resolved"}
	for _, tt := range []struct {
		name    string
		tracked bool
		event   event.Event
		want    string
	}{
		{"they start with it", true, event.CaseCreated{Head: h, CaseID: "c"}, "sla_started"},
		{"nobody counts", false, event.CaseCreated{Head: h, CaseID: "c"}, ""},
		{"they stand still", true, pending, "sla_paused"},
		{"they go on", true, back, "sla_resumed"},
		{"they end: that is told by itself", true, done, ""},
		{"nobody counts and it is put off", false, pending, ""},
	} {
		b := newBook()
		c := desk.Case{ID: "c"}
		if tt.tracked {
			c.SLA = sla.Start(at, sla.DefaultPolicy(), desk.High, sla.DefaultCalendar("BE"))
			c.SLA.Pause(at.Add(time.Hour), desk.WaitingCustomer)
			c.SLA.Continue(at.Add(2 * time.Hour))
		}
		b.cases["c"] = c
		for range 2 {
			if err := b.log(t, tt.event); err != nil {
				t.Fatal(err)
			}
		}
		if got := string(b.lines["c E-2"].Action); got != tt.want || len(b.lines) > 2 {
			t.Errorf("%s: %q, wanted %q", tt.name, got, tt.want)
		}
	}
}

func TestAHistoryIsCompleteWhenNothingIsMissing(t *testing.T) {
	t.Parallel()
	var recorded []event.Recorded
	b := newBook()
	for i, e := range []event.Event{
		event.CaseCreated{Head: event.Head{ID: "E1"}, CaseID: "c"}, event.DeliverySent{DeliveryFact: event.DeliveryFact{Head: event.Head{ID: "E2"}, CaseID: "c"}},
		event.CaseAssigned{Head: event.Head{ID: "E3"}, CaseID: "c", NewAssignee: "a", NewGroup: "b"},
	} {
		recorded = append(recorded, event.Recorded{Name: e.Name(), ID: fmt.Sprintf("E%d", i+1)})
		if i == 1 {
			continue // not heard yet
		}
		if err := b.log(t, e); err != nil {
			t.Fatal(err)
		}
	}
	recorded = append(recorded, event.Recorded{Name: "call.ended.v1", ID: "E4"}) // is nobody's line
	missing := journal.Missing(recorded, slices.Collect(maps.Values(b.lines)))
	if len(missing) != 1 || missing[0].ID != "E2" {
		t.Errorf("%+v", missing)
	}
}

func TestALongFactFitsIntoItsTransactions(t *testing.T) {
	t.Parallel()
	b := newBook()
	var changes []event.FieldChange
	for i := range 120 {
		changes = append(changes, event.FieldChange{Field: fmt.Sprintf("custom_fields.%d", i), New: strings.Repeat("ä", 20_000)})
	}
	if err := b.log(t, event.CaseUpdated{Head: h, CaseID: "c", Changes: changes}); err != nil {
		t.Fatal(err)
	}
	if len(b.lines) != 120 || b.commits != 3 || len([]rune(b.lines["c E-120"].New)) != 1000 {
		t.Errorf("%d lines in %d commits, the last value of %d letters", len(b.lines), b.commits, len([]rune(b.lines["c E-120"].New)))
	}
}

func TestALineThatCannotBeWrittenIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := newBook()
	b.fails = errors.New("down")
	if err := b.log(t, event.CaseCreated{Head: h, CaseID: "c"}); !errors.Is(err, b.fails) {
		t.Errorf("%v", err)
	}
	if err := (journal.Journal{Store: b}).Log(t.Context(), us, "case.praised.v1", []byte("{}")); err == nil {
		t.Error("a fact without a line was taken for done")
	}
	if err := (journal.Journal{Store: b}).Log(t.Context(), us, "case.created.v1", []byte("{")); err == nil {
		t.Error("what cannot be read was taken for done")
	}
}
