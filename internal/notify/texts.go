package notify

import (
	"time"

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
func (x about) at(t time.Time) string { return x.in.texted(t.In(x.zone()), x.now.In(x.zone())) }

// tel is the branch's number for the end of a text message.
func (x about) tel() string {
	if x.branch.Phone == "" {
		return ""
	}
	return " " + x.in.words("text.phone", "phone", plain(x.branch.Phone))
}

// say puts a sentence with the appointment into one text message: head, time, then service and staff as far as they go in.
func (x about) say(head, tail string) string {
	name, service, with := short(x.config.Company.Name), short(x.service.Name), ""
	if len(x.staff) == 1 {
		with = " " + x.in.words("text.with", "staff", short(x.staff[0].Name))
	}
	before, after := name+": "+head+" "+x.at(x.a.StartsAt), ". "+tail+x.tel()
	if service == "" {
		return fit(before + with + after)
	}
	return fit(before+", "+service+with+after, before+", "+service+after, before+after, before+"."+x.tel())
}

func (x about) confirmationText(old bool) string {
	if old {
		return x.say(x.in.words("rescheduled.text"), x.in.words("text.questions"))
	}
	return x.say(x.in.words("confirmed.text"), x.in.words("text.questions"))
}

func (x about) cancellationText(by string) string {
	switch by {
	case "customer":
		if x.change.FeeCents > 0 {
			return x.say(x.in.words("cancelled.text"), x.in.words("text.fee", "fee", x.in.money(x.change.FeeCents)))
		}
		return x.say(x.in.words("cancelled.text"), x.in.words("text.again"))
	case "system":
		if x.a.AttendeePhone == "" {
			return x.say(x.in.words("failed.text"), x.in.words("text.you_call"))
		}
		return x.say(x.in.words("failed.text"), x.in.words("text.we_call"))
	}
	return x.say(x.in.words("cancelled.text_by_us"), x.in.words("text.again"))
}

func (x about) reminderText(when string) string {
	return x.say(x.in.words("reminder.text", "day", when), x.in.words("text.prevented"))
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
