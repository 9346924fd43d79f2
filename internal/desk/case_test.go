package desk_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
)

var now = time.Date(2026, 11, 24, 9, 15, 0, 0, time.UTC)

func TestPriorityIsTheMatrix(t *testing.T) {
	t.Parallel()
	levels := []desk.Level{desk.Critical, desk.High, desk.Normal, desk.Low}
	want := map[desk.Level]string{
		desk.Critical: "critical critical high high", desk.High: "critical high high normal", desk.Normal: "high high normal low", desk.Low: "high normal low low",
	}
	m := desk.DefaultMatrix()
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	for _, impact := range levels {
		var row []string
		for _, urgency := range levels {
			row = append(row, string(m.Of(impact, urgency)))
		}
		if got := strings.Join(row, " "); got != want[impact] {
			t.Errorf("impact %s: %s", impact, got)
		}
	}
}

// A matrix that is accepted never lowers the priority when impact or urgency rise.
func TestAnAcceptedMatrixNeverLowers(t *testing.T) {
	t.Parallel()
	levels := []desk.Level{desk.Critical, desk.High, desk.Normal, desk.Low}
	rapid.Check(t, func(r *rapid.T) {
		m := desk.DefaultMatrix()
		i, j := rapid.IntRange(0, 3).Draw(r, "row"), rapid.IntRange(0, 3).Draw(r, "column")
		m[i][j] = rapid.SampledFrom(levels).Draw(r, "level")
		lowers := false
		for a, impact := range levels {
			for b, urgency := range levels {
				for _, x := range levels[:a+1] {
					for _, y := range levels[:b+1] {
						lowers = lowers || m.Of(impact, urgency).Above(m.Of(x, y))
					}
				}
			}
		}
		if (m.Check() == nil) == lowers {
			r.Fatalf("lowers %t, check says %v", lowers, m.Check())
		}
	})
}

func TestTheStatusMachine(t *testing.T) {
	t.Parallel()
	note, until := "Kabel getauscht", now.Add(time.Hour)
	move := func(to desk.Status) desk.Move {
		m := desk.Move{To: to, Note: note, Reason: "wieder da", MayReopen: true}
		if to == desk.Pending {
			m.PendingReason, m.PendingUntil = desk.Scheduled, &until
		}
		return m
	}
	all := []desk.Status{desk.New, desk.Opened, desk.Pending, desk.Resolved, desk.Closed}
	allowed := map[desk.Status]string{
		desk.New: "open pending resolved closed", desk.Opened: "pending resolved closed", desk.Pending: "open pending resolved closed", desk.Resolved: "open closed", desk.Closed: "open",
	}
	for _, from := range all {
		for _, to := range all {
			c := desk.Case{Status: from}
			err := c.Apply(move(to), now)
			want := strings.Contains(" "+allowed[from]+" ", " "+string(to)+" ")
			var invalid *desk.InvalidMove
			if (err == nil) != want || (!want && !errors.As(err, &invalid)) {
				t.Errorf("%s → %s: %v", from, to, err)
			}
			if err != nil && c.Status != from {
				t.Errorf("%s → %s was refused and changed something", from, to)
			}
		}
	}
	for _, tt := range []struct {
		name string
		from desk.Case
		move desk.Move
		want error
	}{
		{"resolving needs a note", desk.Case{Status: desk.Opened}, desk.Move{To: desk.Resolved, Note: "ok"}, desk.ErrNeedsNote},
		{"waiting needs a reason", desk.Case{Status: desk.Opened}, desk.Move{To: desk.Pending}, desk.ErrNeedsReason},
		{"a fixed date lies ahead", desk.Case{Status: desk.Opened}, desk.Move{To: desk.Pending, PendingReason: desk.Scheduled, PendingUntil: &now}, desk.ErrNeedsUntil},
		{"reopening what is closed needs the permission", desk.Case{Status: desk.Closed}, desk.Move{To: desk.Opened, Reason: "doch nicht"}, desk.ErrMayNot},
		{"reopening needs a reason", desk.Case{Status: desk.Resolved}, desk.Move{To: desk.Opened}, desk.ErrNeedsReason},
		{"closing what is resolved needs no note", desk.Case{Status: desk.Resolved, ResolvedAt: &now}, desk.Move{To: desk.Closed}, nil},
	} {
		if err := tt.from.Apply(tt.move, now); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	c := desk.Case{Status: desk.Opened}
	if err := c.Apply(move(desk.Closed), now); err != nil || c.ResolvedAt == nil || c.ClosedAt == nil || c.Resolution != note {
		t.Errorf("closed at once: %+v, %v", c, err)
	}
	if err := c.Apply(move(desk.Opened), now); err != nil || c.ResolvedAt != nil || c.ClosedAt != nil || c.ReopenCount != 1 {
		t.Errorf("reopened: %+v, %v", c, err)
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	n := desk.Number{Prefix: "TKT", Year: 2026, Count: 42}
	if n.String() != "TKT-2026-00042" || n.Spoken() != "T K T zweitausendsechsundzwanzig, Nummer zweiundvierzig" {
		t.Errorf("%s, %s", n, n.Spoken())
	}
	if got := (desk.Number{Prefix: "TKT", Year: 2026, Count: 100_000}).String(); got != "TKT-2026-100000" {
		t.Error(got)
	}
	if y := desk.YearOf(time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC), company.Berlin()); y != 2027 {
		t.Errorf("half past midnight in Berlin belongs to %d", y)
	}
	for said, want := range map[string]desk.Number{
		"TKT-2026-00042": n, "tkt-2026-42": n, "2026-00042": n, "42": n, "TKT 2026 42": n, "TKT42": n, "202600042": n, "IT-2025-7": {Prefix: "IT", Year: 2025, Count: 7},
	} {
		if got, ok := desk.ReadNumber(said, "TKT", 2026); !ok || got != want {
			t.Errorf("%q is read as %v, %t", said, got, ok)
		}
	}
	for _, said := range []string{"", "TKT", "hallo", "0", "TKT-2026-00000", "1-2-3", "-5"} {
		if got, ok := desk.ReadNumber(said, "TKT", 2026); ok && said != "-5" {
			t.Errorf("%q is read as %v", said, got)
		}
	}
}

func categories() desk.Categories {
	return desk.Categories{
		{ID: "net", Slug: "netzwerk", Name: "Netzwerk & Verbindung", Active: true, Keywords: []desk.Keyword{{Text: "internet"}, {Text: "netzwerk"}, {Text: "vpn", Weight: 0.9}}},
		{ID: "vpn", Slug: "vpn", Name: "VPN", ParentID: "net", Active: true, Keywords: []desk.Keyword{{Text: "vpn", Weight: 0.9}}, Threshold: 0.4, Impact: desk.Normal, Urgency: desk.High},
		{ID: "print", Slug: "drucker", Name: "Drucker", ParentID: "work", Active: true, Keywords: []desk.Keyword{{Text: "drucker"}, {Text: "papierstau"}}},
		{ID: "work", Slug: "arbeitsplatz", Name: "Arbeitsplatz", Active: true, GroupID: "desk-team"},
		{ID: "all", Slug: "allgemein", Name: "Allgemein", Active: true, Default: true},
		{ID: "old", Slug: "fax", Name: "Fax", Keywords: []desk.Keyword{{Text: "fax"}}},
	}
}

func TestCategories(t *testing.T) {
	t.Parallel()
	list := categories()
	if wrong := list.Check(); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	for _, tt := range []struct {
		text, want string
		sure       bool
	}{
		{"Mein Drucker druckt nicht", "print", true},
		{"Der Netzwerkdrucker hat einen Papierstau", "print", true},
		{"Ich komme nicht ins VPN", "vpn", true}, // a tie goes to the deeper one
		{"Das Fax geht nicht", "", false},        // no longer offered
		{"Guten Tag", "", false},
	} {
		got, best, sure := list.Classify(tt.text)
		if got.ID != tt.want && (sure || tt.want != "") || sure != tt.sure {
			t.Errorf("%q: %s, %t, %v", tt.text, got.ID, sure, best)
		}
	}
	if group, from := list.Inherited("print", func(c desk.Category) string { return c.GroupID }); group != "desk-team" || from != "work" {
		t.Errorf("group %s from %s", group, from)
	}
	circle := desk.Categories{{ID: "a", Slug: "a", Name: "A", ParentID: "b", Active: true, Default: true}, {ID: "b", Slug: "b", Name: "B", ParentID: "a", Active: true}}
	if len(circle.Check()) != 2 {
		t.Errorf("a circle: %v", circle.Check())
	}
}

func build(fields map[string]string) desk.Case {
	args, _ := json.Marshal(fields)
	return desk.Build(desk.Capture{Said: []desk.Said{{Tool: desk.Finalize, Args: string(args)}}}, desk.Facts{Now: now, Loc: company.Berlin(), CallStart: now, CallID: "call_1", Caller: "+4930123456"},
		desk.Settings{Matrix: desk.DefaultMatrix(), Categories: categories(), Type: desk.Incident})
}

func TestACaseIsBuiltFromWhatWasSaid(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		fields map[string]string
		check  func(desk.Case) bool
	}{
		{"nothing known is normal", map[string]string{"problem_description": "Es geht nicht"}, func(c desk.Case) bool {
			return c.Priority == desk.Normal && c.CategoryID == "all" && c.Type == desk.Incident && c.Status == desk.New
		}},
		{"others affected raises the impact", map[string]string{"problem_description": "Drucker kaputt", "others_affected": "ja"}, func(c desk.Case) bool {
			return c.Impact == desk.High && c.Priority == desk.High && c.CategoryID == "print"
		}},
		{"other words about others stay words", map[string]string{"problem_description": "Drucker kaputt", "others_affected": "weiß nicht"}, func(c desk.Case) bool {
			return c.Captured.Others == nil && c.Captured.OthersWords == "weiß nicht" && c.Impact == desk.Normal
		}},
		{"an attack is critical whatever the flow said", map[string]string{"problem_description": "Da steht was von Ransomware", "priority": "low"}, func(c desk.Case) bool {
			return c.Impact == desk.Critical && c.Urgency == desk.Critical && c.Priority == desk.Critical
		}},
		{"a flow can say so", map[string]string{"problem_description": "Alles steht", "use_case_detail": "escalation=critical"}, func(c desk.Case) bool { return c.Priority == desk.Critical }},
		{"Gehacktes is no attack", map[string]string{"problem_description": "Das Gehackte ist schlecht, 500 g Gehacktes"}, func(c desk.Case) bool { return c.Priority == desk.Normal }},
		{"a slug decides the category and its defaults", map[string]string{"problem_description": "x y z", "use_case_category": "vpn"}, func(c desk.Case) bool {
			return c.CategoryID == "vpn" && c.Urgency == desk.High && c.Priority == desk.High
		}},
		{"other counts as none", map[string]string{"problem_description": "Der Drucker", "use_case_category": "other"}, func(c desk.Case) bool { return c.CategoryID == "print" }},
		{"unknown types are inquiries, unknown levels normal", map[string]string{"problem_description": "Frage", "case_type": "problem", "priority": "sehr hoch"}, func(c desk.Case) bool {
			return c.Type == desk.Inquiry && c.Priority == desk.Normal
		}},
		{"the call's number where none is said", map[string]string{"problem_description": "Frage"}, func(c desk.Case) bool {
			return c.Contact.Phone == "+4930123456" && c.Contact.PhoneSource == "call_record"
		}},
		{"the number that is said", map[string]string{"problem_description": "Frage", "customer_phone": "+49151"}, func(c desk.Case) bool { return c.Contact.PhoneSource == "agent" }},
		{"the subject is cut at a word", map[string]string{"problem_description": strings.Repeat("Donaudampfschiff ", 10)}, func(c desk.Case) bool {
			return len(c.Subject) <= 80 && strings.HasSuffix(c.Subject, "Donaudampfschiff")
		}},
	} {
		if c := build(tt.fields); !tt.check(c) {
			t.Errorf("%s: %+v", tt.name, c)
		}
	}
}

func TestAPriorityNeverContradictsTheMatrix(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		word := rapid.SampledFrom([]string{"", "ja", "nein", "critical", "low", "normal", "quatsch", "Drucker", "Ransomware", "vpn"})
		fields := map[string]string{}
		for _, name := range []string{"problem_description", "others_affected", "priority", "impact", "urgency", "use_case_category", "case_type"} {
			fields[name] = word.Draw(r, name)
		}
		c := build(fields)
		if c.Priority != desk.DefaultMatrix().Of(c.Impact, c.Urgency) {
			r.Fatalf("%v: %s × %s is %s", fields, c.Impact, c.Urgency, c.Priority)
		}
	})
}

func TestMergeAndUndo(t *testing.T) {
	t.Parallel()
	a, b := desk.Case{ID: "a", Status: desk.Pending}, desk.Case{ID: "b", Status: desk.Opened}
	if err := a.MergeInto(&b, now); err != nil || a.Status != desk.Closed || a.MergedInto != "b" || a.Resolution != "" {
		t.Fatalf("%+v, %v", a, err)
	}
	if err := a.MergeInto(&b, now); !errors.Is(err, desk.ErrMerged) {
		t.Errorf("twice: %v", err)
	}
	if err := b.MergeInto(&b, now); !errors.Is(err, desk.ErrCycle) {
		t.Errorf("into itself: %v", err)
	}
	if err := a.Unmerge(now.Add(25 * time.Hour)); !errors.Is(err, desk.ErrTooLate) {
		t.Errorf("too late: %v", err)
	}
	if err := a.Unmerge(now.Add(time.Hour)); err != nil || a.Status != desk.Pending || a.ClosedAt != nil {
		t.Errorf("undone: %+v, %v", a, err)
	}
}

func FuzzSecurityAndSubject(f *testing.F) {
	f.Add("Unser Server wurde gehackt", "")
	f.Fuzz(func(t *testing.T, text, detail string) {
		desk.Security(text, detail)
		if s := desk.Subject("", text); len([]rune(s)) > 80 {
			t.Errorf("%d letters", len([]rune(s)))
		}
	})
}
