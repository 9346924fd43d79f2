package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/inert"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/tenant"
)

const (
	slackWithin = 5 * time.Second
	mostOfError = 200
	mostListed  = 20 // of collected alerts
)

// Dead sees to a Delivery that is given up: its case goes to the fallback addresses, and the company is told. The fallback
// mails come first: they carry the case.
func (d *Dispatcher) Dead(ctx context.Context, t tenant.ID, caseID, deliveryID string) ([]Later, error) {
	x, ok, err := d.Store.CaseDelivery(ctx, t, caseID, deliveryID)
	if err != nil || !ok || x.State != delivery.Dead {
		return nil, err
	}
	c, err := d.theCase(ctx, t, caseID)
	if err != nil || c.Deletion != nil {
		return nil, err
	}
	conf, config, err := d.settings(ctx, t)
	if err != nil {
		return nil, err
	}
	a := alarm{c: c, x: x, conf: conf, config: config}
	fallen, err := d.fallBack(ctx, t, a)
	if err != nil {
		return nil, err
	}
	later, err := attempts(d.setOut(ctx, t, caseID))
	if err != nil {
		return nil, err
	}
	g := conf.Gateway
	if summed(g) { // before the alert: whoever gives up telling it leaves it for the summary
		if err := d.collect(ctx, t, a); err != nil {
			return nil, err
		}
	}
	if !g.Alerts || len(g.AlertEmails) == 0 && g.AlertSlack == "" {
		if !fallen && !x.Fallback {
			d.Alarm(ctx, AlarmUnheard, t.String())
		}
		return later, nil
	}
	more, err := d.alert(ctx, t, a)
	return append(later, more...), err
}

// fallBack plans the mails that carry a case past its dead webhook: once per case and output, because their ids say so.
func (d *Dispatcher) fallBack(ctx context.Context, t tenant.ID, a alarm) (bool, error) {
	key, ok := delivery.FallbackOf(a.x)
	if !ok || a.c.Gone() {
		return false, nil
	}
	o, ok, err := d.Store.OutputVersion(ctx, t, a.x.OutputID, a.x.ConfigVersion)
	if err != nil || !ok {
		return false, err
	}
	to, _ := delivery.Recipients(o.Mail.Fallback, o.Mail.Silent(), nil)
	var fresh []delivery.Delivery
	for _, address := range to {
		id := ident.Derive("delivery", t.String(), key, address)
		_, there, err := d.Store.CaseDelivery(ctx, t, a.c.ID, id)
		if err != nil {
			return false, err
		}
		if there {
			continue
		}
		y := delivery.Plan(delivery.Order{
			ID: id, CaseID: a.c.ID, OutputID: o.ID, ConfigVersion: o.Version, Kind: delivery.Created, Channel: delivery.Email, Destination: address, Sequence: 1,
			Profile: delivery.Fast, MessageID: messageID(id), Fallback: true,
		}, d.Now().UTC())
		y.Partial = missing(a.c, uses(o, a.conf.Gateway, delivery.Email), a.config.Company.Recording)
		fresh = append(fresh, y)
	}
	for part := range slices.Chunk(fresh, plannedAtOnce) {
		if err := d.plan(ctx, t, part); err != nil && !ledger.ConflictOn(err, "delivery") {
			return false, err
		}
	}
	return len(to) > 0, nil
}

// alarm is a dead Delivery and whom it concerns.
type alarm struct {
	c      desk.Case
	x      delivery.Delivery
	conf   *desk.Configuration
	config *company.Config
}

// alert tells of a dead Delivery at once, or collects it where many die. It is told first and noted then: killed in
// between, it is told again in the same words and under the same Message-ID.
func (d *Dispatcher) alert(ctx context.Context, t tenant.ID, a alarm) ([]Later, error) {
	for range tries {
		alerts, v, err := d.Store.Alerts(ctx, t, a.x.OutputID)
		if err != nil {
			return nil, err
		}
		next, alone := alerts.Add(a.x.CaseID+"/"+a.x.ID, d.Now().UTC())
		if alone {
			if err := d.tell(ctx, t, a.conf.Gateway, "alert/"+a.x.ID, d.aboutOne(a)); err != nil {
				return nil, err
			}
		}
		saved, err := d.Store.SaveAlerts(ctx, t, a.x.OutputID, next, v)
		if err != nil {
			return nil, err
		}
		if saved {
			if next.Count > 0 {
				return []Later{{Kind: AlertsKind, Body: AlertsDue{a.x.OutputID}, At: next.FlushAt}}, nil
			}
			return nil, nil
		}
	}
	return nil, fmt.Errorf("alerts of output %s: %w", a.x.OutputID, errCrowd)
}

var errCrowd = errors.New("others were faster each time")

// TellCollected tells of collected alerts together, once their time has come; if one more died meanwhile, it asks again.
func (d *Dispatcher) TellCollected(ctx context.Context, t tenant.ID, outputID string) ([]Later, error) {
	alerts, v, err := d.Store.Alerts(ctx, t, outputID)
	if err != nil || alerts.Count == 0 {
		return nil, err
	}
	ask := func(at time.Time) []Later { return []Later{{Kind: AlertsKind, Body: AlertsDue{outputID}, At: at}} }
	next, ids, count := alerts.Flush(d.Now().UTC())
	if count == 0 {
		return ask(alerts.FlushAt), nil
	}
	conf, config, err := d.settings(ctx, t)
	if err != nil {
		return nil, err
	}
	w, err := d.aboutMany(ctx, t, conf, config, outputID, ids, count)
	if err != nil {
		return nil, err
	}
	key := "alerts/" + outputID + "/" + strconv.FormatInt(alerts.FlushAt.Unix(), 10)
	if err := d.tell(ctx, t, conf.Gateway, key, w); err != nil {
		return nil, err
	}
	saved, err := d.Store.SaveAlerts(ctx, t, outputID, next, v)
	if err != nil || saved {
		return nil, err
	}
	return ask(d.Now().UTC()), nil
}

var ourFoot = []string{"AskPro", unread}

// words of an alert: subject and sheet.
type words struct {
	subject string
	sheet   sheet
}

func (d *Dispatcher) aboutOne(a alarm) words {
	c, x := a.c, a.x
	w := words{subject: "[ALERT] Zustellung gescheitert: " + c.Number.String()}
	w.sheet = sheet{title: "Zustellung gescheitert: " + c.Number.String(), foot: ourFoot}
	fact := func(label, value string) {
		if value != "" {
			w.sheet.facts = append(w.sheet.facts, [2]string{label, value})
		}
	}
	o, _ := a.conf.Output(x.OutputID)
	fact("Firma", inert.Line(a.config.Company.Name))
	category, _ := a.conf.Categories.ByID(c.CategoryID)
	fact("Kategorie", inert.Line(category.Name))
	fact("Betreff", inert.Shorten(inert.Line(c.Subject), desk.MaxSubject))
	fact("Priorität", c.Priority.Label())
	fact("Ausgabe", inert.Line(o.Name))
	if x.Attempts > 0 {
		fact("Versuche", strconv.Itoa(x.Attempts))
	}
	fact("Fehler", inert.Shorten(why(x), mostOfError))
	if x.LastErrorClass == delivery.Gone || x.Reason == delivery.BlockedByUs {
		w.sheet.lines = append(w.sheet.lines, "Der Webhook dieser Ausgabe wurde abgeschaltet. Bitte prüfen Sie seine Adresse und schalten Sie ihn wieder ein.")
	}
	w.sheet.lines = append(w.sheet.lines, "Der Vorgang ist weiterhin in AskPro vorhanden. Nach Behebung der Ursache können Sie ihn dort erneut senden.")
	if d.AdminURL != "" {
		w.sheet.links = append(w.sheet.links, [2]string{"Vorgang öffnen", strings.TrimSuffix(d.AdminURL, "/") + "/vorgaenge/" + c.Number.String()})
	}
	return w
}

// reasonWords say why a Delivery is dead.
var reasonWords = map[delivery.Reason]string{
	delivery.Exhausted: "Alle Versuche sind gescheitert", delivery.Permanent: "Das Ziel hat die Nachricht abgelehnt", delivery.ConfigError: "Die Ausgabe ist nicht vollständig eingerichtet",
	delivery.BlockedByUs: "Die Adresse ist nicht erlaubt", delivery.Bounced: "Die E-Mail war nicht zustellbar", delivery.Complained: "Der Empfänger hat sich beschwert",
}

// classWords say it of mistakes in the configuration.
var classWords = map[delivery.Class]string{
	outputMissing: "Für die Kategorie ist keine Ausgabe festgelegt", outputInactive: "Die Ausgabe ist nicht aktiv", outputDisabled: "Der Webhook der Ausgabe ist abgeschaltet",
	urlMissing: "Dem Webhook fehlt die Adresse", presetMissing: "Die Vorlage der Ausgabe gibt es nicht", secretMissing: "Die hinterlegten Zugangsdaten fehlen",
	badHeaders: "Die zusätzlichen Kopfzeilen sind ungültig", delivery.NoRecipient: "Es bleibt kein gültiger Empfänger übrig", addressRefused: "Das Postfach nimmt keine E-Mails an",
}

func why(x delivery.Delivery) string {
	if x.LastErrorClass == "" {
		return reasonWords[x.Reason]
	}
	if words, ok := classWords[x.LastErrorClass]; ok {
		return words
	}
	return reasonWords[x.Reason] + " (" + inert.Line(string(x.LastErrorClass)) + ")"
}

func (d *Dispatcher) aboutMany(ctx context.Context, t tenant.ID, conf *desk.Configuration, config *company.Config, outputID string, ids []string, count int) (words, error) {
	o, _ := conf.Output(outputID)
	title := strconv.Itoa(count) + " Zustellungen gescheitert"
	if count == 1 {
		title = "Eine weitere Zustellung gescheitert"
	}
	if name := inert.Line(o.Name); name != "" {
		title += ": " + name
	}
	w := words{subject: "[ALERT] " + title, sheet: sheet{title: title, foot: ourFoot}}
	w.sheet.facts = append(w.sheet.facts, [2]string{"Firma", inert.Line(config.Company.Name)})
	for _, id := range ids[:min(len(ids), mostListed)] {
		caseID, deliveryID, _ := strings.Cut(id, "/")
		c, ok, err := d.Store.Case(ctx, t, caseID)
		if err != nil {
			return w, err
		}
		x, there, err := d.Store.CaseDelivery(ctx, t, caseID, deliveryID)
		if err != nil {
			return w, err
		}
		if ok && there && c.Deletion == nil {
			value := inert.Shorten(inert.Line(c.Subject), mostOfSubject) + "\n" + inert.Shorten(why(x), mostOfError)
			w.sheet.facts = append(w.sheet.facts, [2]string{c.Number.String(), value})
		}
	}
	if count > mostListed {
		w.sheet.lines = append(w.sheet.lines, "Gezeigt werden die ersten "+strconv.Itoa(mostListed)+".")
	}
	if d.AdminURL != "" {
		w.sheet.links = append(w.sheet.links, [2]string{"Vorgänge öffnen", strings.TrimSuffix(d.AdminURL, "/") + "/vorgaenge"})
	}
	return w, nil
}

// tell writes to each alert address, and to Slack as far as that works: a mail that was not taken is tried again.
func (d *Dispatcher) tell(ctx context.Context, t tenant.ID, g desk.Gateway, key string, w words) error {
	if err := d.mail(ctx, t, g, key, w); err != nil {
		return err
	}
	if g.AlertSlack != "" {
		d.slack(ctx, t, g.AlertSlack, key, w)
	}
	return nil
}

// mail writes to each alert address by itself.
func (d *Dispatcher) mail(ctx context.Context, t tenant.ID, g desk.Gateway, key string, w words) error {
	var failed []error
	to, _ := delivery.Recipients(g.AlertEmails, nil, nil)
	for _, address := range to {
		within, cancel := context.WithTimeout(ctx, mailWithin)
		_, err := d.Mail.SendLetter(within, t, notify.Letter{
			Key: key + "/" + address, To: address, FromName: "AskPro", Subject: w.subject, Text: w.sheet.text(), HTML: w.sheet.page(),
		})
		cancel()
		if errors.Is(err, notify.ErrAddress) {
			d.aside(ctx, t, "alert by mail", err)
			continue
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("alert by mail: %w", err))
		}
	}
	return errors.Join(failed...)
}

// slack is a courtesy: one try, and its outcome is only noted.
func (d *Dispatcher) slack(ctx context.Context, t tenant.ID, to, key string, w words) {
	lines := []string{"*" + mrkdwn(w.subject) + "*"}
	for _, f := range w.sheet.facts {
		lines = append(lines, mrkdwn(f[0]+": "+strings.ReplaceAll(f[1], "\n", " – ")))
	}
	for _, l := range w.sheet.links {
		lines = append(lines, "<"+l[1]+"|"+mrkdwn(l[0])+">")
	}
	body, err := json.Marshal(map[string]string{"text": strings.Join(lines, "\n")})
	if err != nil {
		d.aside(ctx, t, "alert in Slack", err)
		return
	}
	r := delivery.Request{URL: to, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Within: slackWithin}
	answer := d.Sender.Send(ctx, r)
	o := delivery.Judge(answer, delivery.Judging{}, d.Now().UTC())
	if !o.OK {
		d.aside(ctx, t, "alert in Slack", errors.New(string(o.Class)))
	}
	line := exchange.Sent(exchange.About{ID: ident.Derive("exchange", t.String(), key, "slack"), Attempt: 1, Of: 1}, r, answer, o, d.Now().UTC())
	line.RequestBody = "" // it names a person's words, and the mail says the same
	d.aside(ctx, t, "write the exchange log", d.Store.AddExchange(ctx, t, line))
}

// mrkdwn makes somebody's words harmless in Slack: no mentions, no links
// (https://docs.slack.dev/messaging/formatting-message-text#escaping).
func mrkdwn(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
