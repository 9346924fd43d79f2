package notify

import (
	"context"
	"strconv"

	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// ring is what a message about a callback says.
type ring struct {
	about
	r callback.Request
}

// ringOf reads a callback that still waits; false when nobody waits any more.
func (n *Notifier) ringOf(ctx context.Context, t tenant.ID, c *company.Config, id string) (ring, bool, error) {
	r, ok, err := n.Store.Callback(ctx, t, id)
	if err != nil || !ok || !r.Open() {
		return ring{}, false, err
	}
	x := ring{about{config: c, now: n.Now()}, r}
	x.branch, ok = c.Branch(r.BranchID)
	return x, ok, nil
}

func (x ring) place(staff string) place { return place{x.r.BranchID, x.r.ServiceID, staff} }

// as is the callback as it stood when a wish was written down: what came after has letters of its own.
func (x ring) as(p event.Promise) ring {
	x.r.PromisedUntil, x.r.WishedAt, x.r.AssignedTo = p.Until, p.WishedAt, p.StaffID
	x.r.Notes = x.r.Notes[:min(p.Notes, len(x.r.Notes))]
	return x
}

// callbackCreated tells the branch whom to call.
func (n *Notifier) callbackCreated(ctx context.Context, t tenant.ID, c *company.Config, e event.CallbackRequested) (fact, error) {
	f := fact{kind: ledger.OfCallback, about: e.CallbackID, event: CallbackCreated, version: "0"}
	x, ok, err := n.ringOf(ctx, t, c, e.CallbackID)
	if err != nil || !ok {
		return f, err
	}
	if e.Promise != nil {
		x = x.as(*e.Promise)
	}
	n.address(ctx, c, &f, branchReader(x.branch), x.place(x.r.AssignedTo), x.note("Rückruf", "Bitte zurückrufen", "Jemand wartet auf einen Rückruf:"))
	return f, nil
}

// callbackRepeated tells the branch, and who has the callback now, that somebody asked for it once more. Whoever wants to
// hear of new callbacks hears of this too.
func (n *Notifier) callbackRepeated(ctx context.Context, t tenant.ID, c *company.Config, e event.CallbackRepeated) (fact, error) {
	f := fact{kind: ledger.OfCallback, about: e.CallbackID, event: CallbackCreated, version: e.ID}
	x, ok, err := n.ringOf(ctx, t, c, e.CallbackID)
	if err != nil || !ok {
		return f, err
	}
	now, x := x.r.AssignedTo, x.as(e.Promise)
	content := x.note("Erneute Bitte um Rückruf", "Bitte zurückrufen", "Jemand hat noch einmal um diesen Rückruf gebeten:")
	n.address(ctx, c, &f, branchReader(x.branch), x.place(x.r.AssignedTo), content)
	if p, ok := c.Person(now); ok && p.Active {
		f.event = CallbackAssigned
		n.address(ctx, c, &f, staffReader(p), x.place(p.ID), content)
		f.event = CallbackCreated
	}
	f.workers()
	return f, nil
}

// callbackAssigned tells somebody that a callback is theirs, unless the branch's own message reached them already.
func (n *Notifier) callbackAssigned(ctx context.Context, t tenant.ID, c *company.Config, e event.CallbackAssigned) (fact, error) {
	f := fact{kind: ledger.OfCallback, about: e.CallbackID, event: CallbackAssigned, version: e.ID}
	x, ok, err := n.ringOf(ctx, t, c, e.CallbackID)
	if err != nil || !ok || x.r.AssignedTo != e.StaffID {
		return f, err
	}
	content := x.note("Rückruf für Sie", "Bitte zurückrufen", "Dieser Rückruf ist Ihnen zugeteilt:")
	created, _ := targets(c, CallbackCreated, branchReader(x.branch), x.place(e.StaffID), n.Placeholder)
	if p, ok := c.Person(e.StaffID); ok && p.Active && !sameAddress(created, staffReader(p)) {
		n.address(ctx, c, &f, staffReader(p), x.place(p.ID), content)
	}
	n.address(ctx, c, &f, branchReader(x.branch), x.place(e.StaffID), content)
	f.workers()
	return f, nil
}

func sameAddress(list []target, r reader) bool {
	for _, t := range list {
		if t.ways[0].address == r.email || t.ways[0].address == r.text {
			return true
		}
	}
	return false
}

// callbackEscalated tells who has an overdue callback now; where nobody has it, or they cannot be reached, the branch, and
// where the company wants it, the branch in any case.
func (n *Notifier) callbackEscalated(ctx context.Context, t tenant.ID, c *company.Config, e event.CallbackEscalated) (fact, error) {
	f := fact{kind: ledger.OfCallback, about: e.CallbackID, event: CallbackEscalated, version: e.ID}
	x, ok, err := n.ringOf(ctx, t, c, e.CallbackID)
	if err != nil || !ok {
		return f, err
	}
	content := x.note("Rückruf überfällig", "Rückruf überfällig", escalationWords(e))
	if e.Level == "warn" {
		content = x.note("Rückruf steht aus", "Rückruf steht aus", escalationWords(e))
	}
	if p, ok := c.Person(e.StaffID); ok && p.Active {
		n.address(ctx, c, &f, staffReader(p), x.place(p.ID), content)
	}
	if _, configured := choices(c, CallbackEscalated, Branch, x.place(e.StaffID)); configured || len(f.messages) == 0 {
		n.address(ctx, c, &f, branchReader(x.branch), x.place(e.StaffID), content)
	}
	f.workers()
	return f, nil
}

func escalationWords(e event.CallbackEscalated) string {
	switch {
	case e.Reason == "multiple_attempts_failed":
		return "Mehrere Versuche sind gescheitert. Bitte übernehmen Sie diesen Rückruf:"
	case e.Reason == "manual_escalation":
		return "Dieser Rückruf wurde an Sie weitergegeben:"
	case e.Level == "warn":
		return "Dieser Rückruf wartet seit einer Stunde:"
	case e.Level == "critical":
		return "Dieser Rückruf wartet seit anderthalb Stunden:"
	}
	return "Dieser Rückruf wartet seit zwei Stunden. Bitte übernehmen Sie ihn:"
}

// note tells people at work whom to call, until when and why.
func (x ring) note(what, title, line string) note {
	by := x.short(x.r.PromisedUntil)
	l := sheet{title: title, lines: []string{line}, facts: x.callFacts(x.moment(x.r.PromisedUntil))}
	return note{
		x.letter(what+": zugesagt bis "+by, l),
		x.brief(what+": zugesagt bis "+x.at(x.r.PromisedUntil), x.r.Phone, short(x.r.Name), actionWords(x.r.Action), x.r.Reason),
	}
}

func (x ring) callFacts(by string) [][2]string {
	r := x.r
	facts := [][2]string{{"Telefon", plain(r.Phone)}, {"Name", plain(r.Name)}, {"Anliegen", actionWords(r.Action)}, {"Grund", plain(r.Reason)}, {"Erreichbar", plain(r.PreferredTime)}}
	if s, ok := x.config.Service(r.ServiceID); ok {
		facts = append(facts, [2]string{"Leistung", plain(s.Name)})
	}
	if p, ok := x.config.Person(r.StaffID); ok {
		facts = append(facts, [2]string{"Gewünscht bei", plain(p.Name)})
	}
	if r.WishedAt != nil {
		facts = append(facts, [2]string{"Wunschtermin", x.moment(*r.WishedAt)})
	}
	for _, s := range r.Notes {
		facts = append(facts, [2]string{"Notiz", plain(s)})
	}
	if p, ok := x.config.Person(r.AssignedTo); ok {
		facts = append(facts, [2]string{"Zugeteilt", plain(p.Name)})
	}
	return known(append(facts, [2]string{"Zugesagt bis", by}))
}

func actionWords(action string) string {
	switch action {
	case "book":
		return "Termin vereinbaren"
	case "cancel":
		return "Termin absagen"
	case "reschedule":
		return "Termin verschieben"
	}
	return ""
}

// wishUnfulfilled tells the branch what a caller wished and did not get.
func (n *Notifier) wishUnfulfilled(ctx context.Context, t tenant.ID, c *company.Config, e event.WishUnfulfilled) (fact, error) {
	f := fact{kind: ledger.OfCall, about: e.CallID, event: WishUnfulfilled, version: "0"}
	call, ok, err := n.Store.Call(ctx, t, e.CallID)
	b, found := c.Branch(call.BranchID)
	if err != nil || !ok || !found || call.Unfulfilled == nil {
		return f, err
	}
	x, w := about{config: c, branch: b, now: n.Now()}, call.Unfulfilled
	facts := known([][2]string{
		{"Leistung", plain(w.Service)}, {"Wunschtag", plain(w.Date)}, {"Wunschzeit", plain(w.Time)}, {"Angebotene Termine", strconv.Itoa(w.Offered)},
		{"Name", plain(call.SpokenName)}, {"Telefon", plain(call.From)},
	})
	const title = "Terminwunsch ohne Buchung"
	n.address(ctx, c, &f, branchReader(b), place{branch: b.ID}, note{
		x.letter(title, sheet{title: title, lines: []string{"Ein Anrufer hat nach einem Termin gefragt und keinen gebucht:"}, facts: facts}),
		x.brief(title, w.Service, w.Date, w.Time, call.From),
	})
	return f, nil
}

// callSummary tells the branch what a call was about; only where that was asked for.
func (n *Notifier) callSummary(ctx context.Context, t tenant.ID, c *company.Config, e event.CallAnalyzed) (fact, error) {
	f := fact{kind: ledger.OfCall, about: e.CallID, event: CallSummary, version: "0"}
	call, ok, err := n.Store.Call(ctx, t, e.CallID)
	b, found := c.Branch(call.BranchID)
	if err != nil || !ok || !found {
		return f, err
	}
	x := about{config: c, branch: b, now: n.Now()}
	began := call.CreatedAt
	if call.StartedAt != nil {
		began = *call.StartedAt
	}
	facts := known([][2]string{
		{"Zeit", x.moment(began)}, {"Dauer", minutesAndSeconds(call.DurationMS)}, {"Telefon", plain(call.From)}, {"Name", plain(call.SpokenName)},
		{"Ergebnis", outcomeWords(call.Outcome)},
	})
	l := sheet{title: "Zusammenfassung eines Anrufs", facts: facts}
	if s := plain(call.Summary); s != "" {
		l.lines = []string{s}
	}
	n.address(ctx, c, &f, branchReader(b), place{branch: b.ID}, note{
		x.letter("Anruf: "+x.short(began), l),
		x.brief("Anruf "+german.WriteTime(minute(began.In(x.zone()))), call.From, outcomeWords(call.Outcome), call.Summary),
	})
	return f, nil
}

func minutesAndSeconds(ms int64) string {
	if ms <= 0 {
		return ""
	}
	s := (ms + 500) / 1000
	text := count(s/60, "Minute")
	if s%60 == 0 || s/60 == 0 {
		return text + count(s%60, "Sekunde")
	}
	return text + " " + count(s%60, "Sekunde")
}

// count is "1 Minute", "2 Minuten"; nothing of none.
func count(n int64, what string) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 " + what
	}
	return strconv.FormatInt(n, 10) + " " + what + "n"
}

func outcomeWords(outcome string) string {
	return map[string]string{
		"appointment_booked": "Termin gebucht", "appointment_rescheduled": "Termin verschoben", "appointment_cancelled": "Termin abgesagt",
		"case_created": "Vorgang aufgenommen", "callback_requested": "Rückruf gewünscht", "transferred": "weiterverbunden", "information_only": "Auskunft", "voicemail": "Anrufbeantworter",
		"spam": "Werbung", "no_customer_interaction": "niemand gesprochen", "abandoned": "aufgelegt",
	}[outcome]
}
