package sla_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/sla"
)

// TestExplanations writes the answers to "Warum fällig am …?", to be read aloud: make golden rewrites the file.
func TestExplanations(t *testing.T) {
	t.Parallel()
	type story struct {
		name string
		goal sla.Goal
		now  string
		l    sla.Ledger
	}
	begin := func(when string, p sla.Priority, c sla.Calendar) sla.Ledger {
		return sla.Start(at(t, when), sla.DefaultPolicy(), p, c)
	}
	var stories []story
	tell := func(name string, goal sla.Goal, now string, l sla.Ledger) {
		stories = append(stories, story{name, goal, now, l})
	}

	tell("Beispiel 1: drei Arbeitstage", sla.Resolution, "24.11.2026 10:15", begin("24.11.2026 10:15", sla.Normal, sla.DefaultCalendar("")))
	tell("Beispiel 3: Ostern in Nordrhein-Westfalen", sla.Resolution, "02.04.2026 16:05", begin("02.04.2026 16:00", sla.Normal, sla.DefaultCalendar("NW")))

	eve := sla.DefaultCalendar("SL")
	eve.HalfDays = sla.YearEnd[:]
	tell("Beispiel 6: Heiligabend", sla.Resolution, "23.12.2026 15:00", begin("23.12.2026 15:00", sla.High, eve))

	night := sla.DefaultCalendar("BY")
	night.BusinessHours = map[string][]string{"saturday": {"22:00-24:00"}, "sunday": {"00:00-06:00"}, "monday": {"09:00-17:00"}}
	tell("Beispiel 10: die Stunde, die es nicht gibt", sla.Resolution, "28.03.2026 23:00", begin("28.03.2026 22:00", sla.High, night))
	tell("und die doppelte", sla.Resolution, "24.10.2026 23:00", begin("24.10.2026 22:00", sla.High, night))

	always := sla.DefaultPolicy()
	always.Targets[sla.Critical] = sla.Target{Response: 60, Resolution: 12 * 60, Clock: sla.AroundTheClock}
	tell("Rund um die Uhr", sla.Resolution, "24.10.2026 21:00", sla.Start(at(t, "24.10.2026 20:00"), always, sla.Critical, sla.DefaultCalendar("BE")))

	lunch := sla.DefaultCalendar("")
	lunch.BusinessHours = map[string][]string{"friday": {"08:00-12:00"}}
	for _, day := range []string{"monday", "tuesday", "wednesday", "thursday"} {
		lunch.BusinessHours[day] = []string{"08:00-12:00", "13:00-17:00"}
	}
	lunch.SpecialDays = []company.SpecialDay{{Date: "2026-11-30"}, {Date: "2026-12-01", Ranges: []string{"10:00-12:00"}}}
	tell("Mittagspause, Betriebsausflug", sla.Resolution, "27.11.2026 11:30", begin("27.11.2026 11:30", sla.Critical, lunch))

	paused := begin("24.11.2026 10:15", sla.High, sla.DefaultCalendar(""))
	paused.Pause(at(t, "24.11.2026 14:00"), sla.WaitingCustomer)
	tell("Beispiel 13: noch in der Pause", sla.Resolution, "24.11.2026 16:00", paused)
	tell("Beispiel 13: die Reaktion läuft weiter", sla.Response, "24.11.2026 16:00", paused)
	resumed := begin("24.11.2026 10:15", sla.High, sla.DefaultCalendar(""))
	resumed.Pause(at(t, "24.11.2026 14:00"), sla.WaitingCustomer)
	resumed.Continue(at(t, "25.11.2026 10:30"))
	tell("Beispiel 13: nach der Pause", sla.Resolution, "25.11.2026 11:00", resumed)

	raised := begin("24.11.2026 10:15", sla.Normal, sla.DefaultCalendar(""))
	raised.Change(at(t, "24.11.2026 15:15"), sla.PriorityChanged, sla.DefaultPolicy(), sla.High, sla.DefaultCalendar(""))
	tell("Beispiel 14: Priorität erhöht", sla.Resolution, "24.11.2026 16:00", raised)
	tooLate := begin("24.11.2026 10:15", sla.Normal, sla.DefaultCalendar(""))
	tooLate.Change(at(t, "25.11.2026 15:00"), sla.PriorityChanged, always, sla.Critical, sla.DefaultCalendar(""))
	tell("Priorität erhöht, damit überfällig", sla.Resolution, "25.11.2026 15:20", tooLate)

	sunday := begin("27.11.2026 16:30", sla.Normal, sla.DefaultCalendar(""))
	sunday.Change(at(t, "29.11.2026 11:00"), sla.CategoryChanged, sla.Policy{Name: "Eilig", Targets: map[sla.Priority]sla.Target{sla.Normal: {Resolution: 60}}}, sla.Normal, sla.DefaultCalendar(""))
	tell("Am Sonntag eine andere Kategorie", sla.Resolution, "29.11.2026 11:00", sunday)

	solved := begin("24.11.2026 10:15", sla.High, sla.DefaultCalendar(""))
	solved.Respond(at(t, "24.11.2026 12:16"))
	solved.Pause(at(t, "24.11.2026 12:45"), sla.Resolved)
	tell("Gelöst", sla.Resolution, "01.12.2026 12:00", solved)
	tell("Zu spät beantwortet", sla.Response, "01.12.2026 12:00", solved)
	reopened := solved
	reopened.Continue(at(t, "26.11.2026 09:30"))
	tell("Wieder geöffnet", sla.Resolution, "26.11.2026 10:00", reopened)
	merged := begin("24.11.2026 10:15", sla.High, sla.DefaultCalendar(""))
	merged.Pause(at(t, "24.11.2026 12:45"), sla.Merged)
	tell("Zusammengeführt", sla.Resolution, "26.11.2026 10:00", merged)
	tell("Zusammengeführt, nie beantwortet", sla.Response, "26.11.2026 10:00", merged)
	soon := begin("24.11.2026 10:15", sla.High, sla.DefaultCalendar(""))
	soon.Pause(at(t, "24.11.2026 11:00"), sla.Merged)
	tell("Zusammengeführt, bevor jemand antworten musste", sla.Response, "26.11.2026 10:00", soon)

	deleted := begin("24.11.2026 10:15", sla.High, sla.DefaultCalendar(""))
	deleted.Pause(at(t, "24.11.2026 11:00"), sla.Deleted)
	tell("Gelöscht", sla.Resolution, "26.11.2026 10:00", deleted)
	deleted.Continue(at(t, "26.11.2026 11:00"))
	tell("Gelöscht und wiederhergestellt", sla.Resolution, "26.11.2026 12:00", deleted)

	running := sla.DefaultPolicy()
	running.KeepsRunning = []sla.Reason{sla.WaitingThirdParty}
	others := sla.Start(at(t, "24.11.2026 10:15").Add(37*time.Second), running, sla.Critical, sla.DefaultCalendar(""))
	others.Pause(at(t, "24.11.2026 11:00"), sla.WaitingThirdParty)
	tell("Auf die Sekunde, und Warten zählt", sla.Resolution, "24.11.2026 12:00", others)

	long := sla.DefaultPolicy()
	long.Targets[sla.Low] = sla.Target{Resolution: 400 * 60}
	tell("Viele Wochen", sla.Resolution, "01.12.2026 12:00", sla.Start(at(t, "24.11.2026 10:15"), long, sla.Low, sla.DefaultCalendar("BY")))

	tell("Keine Frist", sla.Response, "01.12.2026 12:00", sla.Start(at(t, "24.11.2026 10:15"), long, sla.Low, sla.DefaultCalendar("")))
	tell("Nicht verfolgt", sla.Resolution, "01.12.2026 12:00", sla.Ledger{})

	var b strings.Builder
	for _, s := range stories {
		b.WriteString("# " + s.name + " (" + s.now + ")\n" + s.l.Explain(s.goal, at(t, s.now)).String() + "\n")
	}
	const file = "../../testdata/sla/warum.txt"
	if os.Getenv("ASKPRO_GOLDEN") == "write" {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != b.String() {
		t.Errorf("the explanations are not those of %s: run make golden and read the diff aloud", file)
	}
}

// What an explanation counts is what the clock has counted, or will have when it is due.
func TestAnExplanationAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l, now := drawLedger(t)
		for _, g := range sla.Goals {
			s := l.At(now)
			r := s.Resolution
			if g == sla.Response {
				r = s.Response
			}
			e := l.Explain(g, now)
			sum, last := int64(0), time.Time{}
			due := false
			for _, line := range e.Lines {
				if line.From.Before(last) || line.When == "" || line.Text == "" {
					t.Fatalf("%s is out of order or empty: %+v", e, line)
				}
				last = line.From
				if sum += line.Counted; line.Kind == sla.LineCounted && line.Total != sum {
					t.Fatalf("%s after %d s, says %+v", e, sum, line)
				}
				due = due || line.Kind == sla.LineDue
			}
			switch {
			case r.Target == 0:
				if len(e.Lines) > 0 {
					t.Fatalf("nothing to explain: %s", e)
				}
			case due && sum < e.Target, !due && sum != e.Used:
				t.Fatalf("%s counts %d s of %d, used are %d (%+v)", e, sum, e.Target, e.Used, r)
			}
		}
	})
}
