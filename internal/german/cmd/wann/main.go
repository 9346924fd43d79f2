// Command wann shows how a phrase is understood:
//
//	go run ./internal/german/cmd/wann "nächsten Dienstag um halb drei"
//	go run ./internal/german/cmd/wann -now 2026-11-23T10:00:00+01:00 "in vierzehn Tagen am Freitag"
//
// It prints the reading, how it would be said back, and what would be asked next.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/german"
)

func main() {
	at := flag.String("now", "", "reference instant, RFC 3339 (default: now)")
	flag.Parse()
	now := time.Now()
	if *at != "" {
		var err error
		if now, err = time.Parse(time.RFC3339, *at); err != nil {
			fmt.Fprintln(os.Stderr, "-now is an instant such as 2026-11-23T10:00:00+01:00")
			os.Exit(2)
		}
	}
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, `usage: go run ./internal/german/cmd/wann "nächsten Dienstag um halb drei"`)
		os.Exit(2)
	}
	fmt.Println(explain(german.Parse(strings.Join(flag.Args(), " "), now), now))
}

func explain(r german.Result, now time.Time) string {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return err.Error()
	}
	today := german.DateOf(now, loc)
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-12s %s\n", name, value)
		}
	}
	if !r.Date.IsZero() {
		line("Tag", german.WriteDate(r.Date))
	}
	if r.Time != german.NoTime {
		line("Uhrzeit", german.WriteTime(r.Time))
	}
	if r.HasWindow {
		if !r.Window.From.IsZero() || !r.Window.To.IsZero() {
			line("Tage", side(r.Window.From)+" bis "+side(r.Window.To))
		}
		if r.Window.TimeFrom != german.NoTime || r.Window.TimeTo != german.NoTime {
			line("Fenster", clock(r.Window.TimeFrom)+" bis "+clock(r.Window.TimeTo))
		}
	}
	line("Fehler", string(r.Err))
	for _, c := range r.Candidates {
		if !c.Date.IsZero() {
			line("Lesart", german.WriteDate(c.Date))
		}
	}
	line("Verstanden", strings.Join(r.Used, " · "))
	line("Übrig", strings.Join(r.Left, " · "))
	line("Gesprochen", spoken(r, today))
	line("Nächste Frage", question(r, today))
	return strings.TrimRight(b.String(), "\n")
}

func side(d german.Date) string {
	if d.IsZero() {
		return "offen"
	}
	return german.WriteDate(d)
}

func clock(t german.TimeOfDay) string {
	if t == german.NoTime {
		return "offen"
	}
	return german.WriteTime(t)
}

func spoken(r german.Result, today german.Date) string {
	switch {
	case !r.Date.IsZero() && r.Time != german.NoTime:
		on := german.SpeakOnDate(r.Date, today)
		if strings.HasPrefix(on, "am ") {
			on += ","
		}
		return on + " um " + german.SpeakTime(r.Time)
	case !r.Date.IsZero():
		return german.SpeakOnDate(r.Date, today)
	case r.Time != german.NoTime:
		return "um " + german.SpeakTime(r.Time)
	}
	return ""
}

func question(r german.Result, today german.Date) string {
	one, two := r.Candidates[0].Date, r.Candidates[1].Date
	switch {
	case r.Err == german.ErrAmbiguous && !one.IsZero() && !two.IsZero(), r.Err == german.ErrWeekdayMismatch:
		return "Meinen Sie " + german.SpeakDate(one, today) + ", oder " + german.SpeakDate(two, today) + "?"
	case r.Err == german.ErrPastDate || r.Err == german.ErrPastTime:
		return "Das ist schon vorbei. Wann möchten Sie kommen?"
	case r.Err != "":
		return "Das habe ich nicht verstanden. An welchem Tag möchten Sie kommen?"
	case r.Date.IsZero():
		return "An welchem Tag?"
	case r.Time == german.NoTime:
		return "Um wie viel Uhr?"
	}
	return "Soll ich das so eintragen?"
}
