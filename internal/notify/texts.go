package notify

import (
	"time"

	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/gsm"
)

// longestName is how much of a text message a name may take.
const longestName = 40

// fit writes the first of some wordings that goes into one text message; of the last, what goes in.
func fit(wordings ...string) string {
	for _, s := range wordings {
		s = gsm.Text(s)
		if n, _ := gsm.Length(s); n <= gsm.Single {
			return s
		}
	}
	return gsm.Cut(gsm.Text(wordings[len(wordings)-1]), gsm.Single)
}

func short(name string) string { return gsm.Cut(gsm.Text(name), longestName) }

// at is "Di 24.11. um 14:30 Uhr"; the year only where it is another one.
func (x about) at(t time.Time) string {
	t = t.In(x.zone())
	layout := "02.01."
	if t.Year() != x.now.In(x.zone()).Year() {
		layout = "02.01.2006"
	}
	return german.WeekdayAbbr(german.DateOf(t, x.zone())) + " " + t.Format(layout) + " um " + german.WriteTime(minute(t))
}

// tel is the branch's number for the end of a text message.
func (x about) tel() string {
	if x.branch.Phone == "" {
		return ""
	}
	return " Tel. " + plain(x.branch.Phone)
}

// say puts a sentence with the appointment into one text message: head, time, then service and staff as far as they go in.
func (x about) say(head, tail string) string {
	name, service, with := short(x.config.Company.Name), short(x.service.Name), ""
	if len(x.staff) == 1 {
		with = " bei " + short(x.staff[0].Name)
	}
	before, after := name+": "+head+" "+x.at(x.a.StartsAt), "."+tail+x.tel()
	if service == "" {
		return fit(before + with + after)
	}
	return fit(before+", "+service+with+after, before+", "+service+after, before+after, before+"."+x.tel())
}

func (x about) confirmationText(old bool) string {
	if old {
		return x.say("Ihr Termin ist verschoben auf", " Fragen?")
	}
	return x.say("Ihr Termin ist bestätigt:", " Fragen?")
}

func (x about) cancellationText(by string) string {
	switch by {
	case "customer":
		if x.change.FeeCents > 0 {
			return x.say("Ihr Termin ist abgesagt:", " Gebühr: "+german.WriteMoney(int(x.change.FeeCents))+".")
		}
		return x.say("Ihr Termin ist abgesagt:", " Neuer Termin?")
	case "system":
		if x.a.AttendeePhone == "" {
			return x.say("Ihr Termin ist leider nicht möglich:", " Bitte rufen Sie uns an.")
		}
		return x.say("Ihr Termin ist leider nicht möglich:", " Wir rufen Sie an.")
	}
	return x.say("Leider müssen wir Ihren Termin absagen:", " Neuer Termin?")
}

func (x about) reminderText(when string) string {
	return x.say("Erinnerung an Ihren Termin "+when+",", " Verhindert?")
}

// brief is a text message to people at work: what it is, and as many details as go in, the most important first.
func (x about) brief(what string, details ...string) string {
	s := what
	for _, d := range details {
		if d = plain(d); d == "" {
			continue
		}
		longer := s + ", " + d
		if n, _ := gsm.Length(gsm.Text(longer)); n > gsm.Single {
			continue
		}
		s = longer
	}
	return fit(s)
}
