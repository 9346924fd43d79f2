package notify

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/company"
)

// said are the catalogue's keys that the package's sources speak of: whole, or by their beginning ("outcome." + …).
func said(t *testing.T) (whole map[string]bool, beginnings []string) {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	whole = map[string]bool{}
	for _, f := range files {
		name := f.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || name == "german.go" || name == "english.go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if text, ok := literal(n.X); ok && n.Op == token.ADD && strings.HasSuffix(text, ".") {
					beginnings = append(beginnings, text)
				}
			case *ast.BasicLit:
				if text, ok := literal(n); ok {
					whole[text] = true
				}
			case *ast.CallExpr: // what is asked for by name must be there
				f, ok := n.Fun.(*ast.SelectorExpr)
				if !ok || !slices.Contains([]string{"words", "fact", "subject"}, f.Sel.Name) || len(n.Args) == 0 {
					return true
				}
				if key, ok := literal(n.Args[0]); ok && inGerman[key] == "" {
					t.Errorf("%s: %s asks for %q, which the catalogue does not have", name, f.Sel.Name, key)
				}
			}
			return true
		})
	}
	return whole, beginnings
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

func TestTheCataloguesHaveTheSameKeysAndAllAreUsed(t *testing.T) {
	t.Parallel()
	names := regexp.MustCompile(`\{[a-z]*\}`)
	fields := func(s string) string {
		list := names.FindAllString(s, -1)
		slices.Sort(list)
		return strings.Join(list, " ")
	}
	whole, beginnings := said(t)
	for key, text := range inGerman {
		other, ok := inEnglish[key]
		if !ok || other == "" || text == "" {
			t.Errorf("%s: %q has no English words", key, text)
		}
		if fields(text) != fields(other) {
			t.Errorf("%s: %q and %q do not fill in the same", key, text, other)
		}
		if !whole[key] && !slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(key, b) }) {
			t.Errorf("nothing says %s", key)
		}
	}
	for key := range inEnglish {
		if _, ok := inGerman[key]; !ok {
			t.Errorf("%s has no German words", key)
		}
	}
}

// TestOurOwnReasonsAreSaidInTheLanguage reads the sources that write reasons down.
func TestOurOwnReasonsAreSaidInTheLanguage(t *testing.T) {
	t.Parallel()
	for text, key := range reasons {
		if inGerman[key] != text || English.reason(text) == text {
			t.Errorf("%q is said as %q and %q", text, inGerman[key], English.reason(text))
		}
	}
	if got := English.reason("Ich bin\nkrank."); got != "Ich bin krank." {
		t.Errorf("what somebody said became %q", got)
	}
	sentence := regexp.MustCompile(`^(Der|Die|Das) .+\.$`)
	found := 0
	judge := func(where string, e ast.Expr) {
		if text, ok := literal(e); ok && sentence.MatchString(text) {
			if found++; reasons[text] == "" {
				t.Errorf("%s writes down %q, which English readers would get in German", where, text)
			}
		}
	}
	for _, dir := range []string{"../scheduling", "../voice"} {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), dir+"/"+f.Name(), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.BasicLit: // scheduling speaks to nobody: its German is reasons
					if dir == "../scheduling" {
						judge(dir, n)
					}
				case *ast.KeyValueExpr:
					if key, ok := n.Key.(*ast.Ident); ok && strings.EqualFold(key.Name, "reason") {
						judge(dir, n.Value)
					}
				}
				return true
			})
		}
	}
	if found < len(reasons) {
		t.Errorf("%d places write down %d reasons: one of them is nobody's", found, len(reasons))
	}
}

func TestDaysTimesAndMoneyInBothLanguages(t *testing.T) {
	t.Parallel()
	start := berlinTime(t, "2026-11-24 10:00").In(company.Berlin())
	end := start.Add(30 * time.Minute)
	for _, tt := range []struct{ name, german, english string }{
		{"a day", German.day(start) + ", " + German.span(start, end), English.day(start) + ", " + English.span(start, end)},
		{"a subject", German.shortly(start), English.shortly(start)},
		{"a text message", German.texted(start, start), English.texted(start, start)},
		{"a text message of another year", German.texted(start, start.AddDate(1, 0, 0)), English.texted(start, start.AddDate(1, 0, 0))},
		{"money", German.money(123450), English.money(123450)},
		{"little money", German.money(5), English.money(5)},
		{"much money", German.money(123456789), English.money(123456789)},
		{"people", German.list([]string{"Anna", "Jana", "Mario"}), English.list([]string{"Anna", "Jana", "Mario"})},
		{"minutes", German.hours(1) + ", " + German.hours(59), English.hours(1) + ", " + English.hours(59)},
		{"hours", German.hours(60) + ", " + German.hours(179), English.hours(60) + ", " + English.hours(179)},
		{"the length of a call", German.length(92400), English.length(92400)},
	} {
		want := map[string][2]string{
			"a day":                          {"Dienstag, 24.11.2026, 10:00–10:30 Uhr", "Tuesday, 24 November 2026, 10:00–10:30"},
			"a subject":                      {"Di, 24.11.2026, 10:00 Uhr", "Tue, 24 Nov 2026, 10:00"},
			"a text message":                 {"Di 24.11. um 10:00 Uhr", "Tue 24 Nov at 10:00"},
			"a text message of another year": {"Di 24.11.2026 um 10:00 Uhr", "Tue 24 Nov 2026 at 10:00"},
			"money":                          {"1.234,50\u00a0€", "€1,234.50"},
			"little money":                   {"0,05\u00a0€", "€0.05"},
			"much money":                     {"1.234.567,89\u00a0€", "€1,234,567.89"},
			"people":                         {"Anna, Jana und Mario", "Anna, Jana and Mario"},
			"minutes":                        {"1 Minute, 59 Minuten", "1 minute, 59 minutes"},
			"hours":                          {"1 Stunde, 2 Stunden", "1 hour, 2 hours"},
			"the length of a call":           {"1 Minute 32 Sekunden", "1 minute 32 seconds"},
		}[tt.name]
		if tt.german != want[0] || tt.english != want[1] {
			t.Errorf("%s: %q, %q; wanted %q", tt.name, tt.german, tt.english, want)
		}
	}
}

func TestALetterIsInTheLanguageOfTheRuleThatWins(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	w.config.Company.Notifications = []company.NotificationRule{
		{Event: "confirmed", Recipient: "customer", Channel: "email"},
		{Event: "confirmed", Recipient: "customer", Channel: "email", StaffID: "anna", Language: "en"},
	}
	w.put(a)
	w.told(t, confirmedEvent(a))
	l := w.letterTo(t, erika)
	if !strings.HasPrefix(l.Text, "Hello Erika Muster,\n") || !strings.Contains(l.HTML, `<html lang="en">`) || l.Invite.Summary != "Herrenhaarschnitt at Salon Mitte" {
		t.Errorf("%s\n%s\n%+v", l.Text, l.HTML, l.Invite)
	}
	if branch := w.letterTo(t, mitte); !strings.HasPrefix(branch.Text, "Am Telefon") || !strings.Contains(branch.HTML, `<html lang="de">`) {
		t.Error(branch.Text)
	}
}
