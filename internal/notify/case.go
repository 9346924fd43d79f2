package notify

import (
	"cmp"
	"slices"
	"strings"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/inert"
	"github.com/askpro/gateway/internal/sla"
)

// noReplies is under every letter about a case that people outside get.
const noReplies = "Antworten auf diese E-Mail werden nicht bearbeitet."

// toThem is a letter to who reported a case.
func (x filed) toThem(title string, paragraphs []string, after ...string) Letter {
	number := x.c.Number.String()
	facts := known([][2]string{{"Vorgangsnummer", number}, {"Betreff", harmless(x.c.Subject)}, {"Aufgenommen", x.moment(x.c.CreatedAt)}})
	return x.letter(title+" ("+number+")", sheet{
		title: title, lines: append([]string{German.greeting(x.c.Contact.Name)}, paragraphs...), facts: facts, after: append(after, noReplies),
	})
}

// received confirms that a concern was taken down.
func (x filed) received() Letter {
	return x.toThem("Wir haben Ihr Anliegen aufgenommen", []string{"wir haben Ihr Anliegen aufgenommen und kümmern uns darum."},
		"Wenn Sie etwas ergänzen möchten, "+x.ring()+" und nennen Sie die Vorgangsnummer.")
}

// message brings a public note.
func (x filed) message(n desk.Note) Letter {
	return x.toThem("Neue Nachricht zu Ihrem Anliegen", []string{"zu Ihrem Anliegen gibt es eine neue Nachricht:", block(n.Text, desk.MaxNote)}, "Bei Fragen "+x.ring()+".")
}

// ended tells that a case is over, with its resolution where people outside may read that.
func (x filed) ended(title string, notes []desk.Note) Letter {
	sentence := "wir haben Ihr Anliegen gelöst."
	after := "Wenn noch etwas offen ist, " + x.ring() + ". Dann nehmen wir uns des Vorgangs wieder an."
	if x.c.Status == desk.Closed {
		sentence, after = "wir haben den Vorgang zu Ihrem Anliegen abgeschlossen.", "Wenn noch etwas offen ist, "+x.ring()+" und nennen Sie die Vorgangsnummer."
	}
	paragraphs := []string{sentence}
	public := slices.ContainsFunc(notes, func(n desk.Note) bool { return n.SeenBy(desk.ForContact) && n.Text == x.c.Resolution })
	if text := block(x.c.Resolution, desk.MaxReason); text != "" && public {
		paragraphs = append(paragraphs, text)
	}
	return x.toThem(title, paragraphs, after)
}

// work is a letter to people who work on cases: why they get it, and the case.
func (x filed) work(what, title, line string) Letter {
	return x.workWith(x.heading(what), title, line, nil)
}

func (x filed) workWith(subject, title, line string, first [][2]string) Letter {
	return x.letter(subject, sheet{title: title, lines: []string{line}, facts: append(first, x.caseFacts()...)})
}

// mention brings a note to a colleague whom it speaks to.
func (x filed) mention(n desk.Note) Letter {
	line := "In einer Notiz zu diesem Vorgang werden Sie erwähnt:"
	if m, ok := x.desk.Colleague(n.Author.ID); ok {
		line = plain(m.Email) + " erwähnt Sie in einer Notiz zu diesem Vorgang:"
	}
	return x.letter(x.heading("Sie wurden erwähnt"), sheet{title: "Sie wurden erwähnt", lines: []string{line, block(n.Text, desk.MaxNote)}, facts: x.caseFacts()})
}

// heading is a subject that says how much of a hurry there is and which case it is.
func (x filed) heading(what string) string {
	urgent := ""
	if x.c.Priority == desk.Critical || x.c.Priority == desk.High {
		urgent = "[DRINGEND] "
	}
	return urgent + what + ": " + x.c.Number.String() + " " + inert.Shorten(plain(x.c.Subject), longestSubject)
}

// longestSubject is how much of a case's subject the subject of a mail shows (§9.2).
const longestSubject = 60

// clock tells that a target is near or has passed.
func (x filed) clock(e event.CaseClock, what Event) Letter {
	until := "bald"
	if !e.DueAt.IsZero() {
		until = "bis " + x.moment(e.DueAt)
	}
	switch response := sla.Goal(e.Goal) == sla.Response; {
	case what == CaseWarning && response:
		return x.work("Reaktionsfrist läuft ab", "Die Reaktionsfrist läuft ab", "Auf diesen Vorgang muss "+until+" jemand reagieren:")
	case what == CaseWarning:
		return x.work("Lösungsfrist läuft ab", "Die Lösungsfrist läuft ab", "Dieser Vorgang muss "+until+" gelöst sein:")
	case response:
		return x.work("Reaktionsfrist überschritten", "Die Reaktionsfrist ist überschritten", "Auf diesen Vorgang hätte "+until+" jemand reagieren müssen:")
	}
	return x.work("Lösungsfrist überschritten", "Die Lösungsfrist ist überschritten", "Dieser Vorgang hätte "+until+" gelöst sein müssen:")
}

// escalation tells that a rule's turn came, or that a person escalated; the rule wrote the subject.
func (x filed) escalation(e event.CaseEscalated, subject string) Letter {
	why := [2]string{"Regel", plain(e.Rule)}
	if e.RuleID == "" {
		why[0] = "Grund"
	}
	return x.workWith(cmp.Or(plain(subject), x.heading("Eskalation")), "Eskalation", "Dieser Vorgang wurde eskaliert:", known([][2]string{why}))
}

// caseFacts are a case for people who work on it.
func (x filed) caseFacts() [][2]string {
	c := x.c
	branch := ""
	if c.BranchID != "" {
		branch = plain(x.branch.Name)
	}
	facts := [][2]string{
		{"Vorgang", c.Number.String()}, {"Betreff", plain(c.Subject)}, {"Art", c.Type.Label()}, {"Kategorie", plain(x.desk.Categories.Path(c.CategoryID))},
		{"Priorität", c.Priority.Label()}, {"Status", x.statusWords()}, {"Eingegangen", x.moment(c.CreatedAt)}, {"Quelle", c.Source.Label()}, {"Filiale", branch},
		{"Name", plain(c.Contact.Name)}, {"Firma", plain(c.Contact.Company)}, {"Telefon", plain(c.Contact.Phone)}, {"E-Mail", plain(c.Contact.Email)},
		{"Ort", plain(c.Contact.Location)}, {"Problem seit", plain(cmp.Or(c.Captured.SinceFormatted, c.Captured.Since))}, {"Weitere betroffen", x.others()},
	}
	clocks := c.SLA.At(x.now)
	for _, goal := range []struct {
		name string
		sla.Reading
	}{{"Reaktion bis", clocks.Response}, {"Lösung bis", clocks.Resolution}} {
		if !goal.DueAt.IsZero() && goal.MetAt.IsZero() {
			facts = append(facts, [2]string{goal.name, x.moment(goal.DueAt)})
		}
	}
	return known(append(facts, [2]string{"Beschreibung", block(c.Text, longestText)}))
}

// longestText is how much of a description a mail shows; the case has all of it.
const longestText = 2000

func (x filed) statusWords() string {
	s := x.c.Status.Label()
	if x.c.Status != desk.Pending {
		return s
	}
	s += " (" + x.c.PendingReason.Label()
	if x.c.PendingUntil != nil {
		s += " bis " + x.moment(*x.c.PendingUntil)
	}
	return s + ")"
}

func (x filed) others() string {
	switch affected := x.c.Captured.Others; {
	case affected == nil:
		return plain(x.c.Captured.OthersWords)
	case *affected:
		return "ja"
	}
	return "nein"
}

// block is somebody else's text of several lines, each without what plain takes out, with at most one empty line in a row.
func block(s string, letters int) string {
	var lines []string
	for _, line := range strings.Split(strings.ReplaceAll(s, "\r", "\n"), "\n") {
		if line = inert.Line(line); line != "" || len(lines) > 0 && lines[len(lines)-1] != "" {
			lines = append(lines, line)
		}
	}
	return inert.Shorten(strings.TrimSpace(strings.Join(lines, "\n")), letters)
}

// harmless is what a caller said as a letter to an address they named may repeat it: the address may be somebody else's, and
// a letter of ours shall advertise nothing.
func harmless(s string) string {
	if s = plain(s); strings.ContainsAny(s, "@/") || strings.Contains(strings.ToLower(s), "www.") {
		return ""
	}
	return inert.Shorten(s, longestSubject)
}
