package dispatch

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/inert"
	"github.com/askpro/gateway/internal/redact"
	"github.com/askpro/gateway/internal/tenant"
)

const (
	mostDigested = 50  // failures that a digest lists
	mostCounted  = 200 // and that it counts
)

// summed tells whether a company gets the hourly summary of what failed: it is a mail, so Slack alone gets none.
func summed(g desk.Gateway) bool { return g.Alerts && len(g.AlertEmails) > 0 }

// collect takes a dead Delivery into the hour's digest, once however often its fact is heard.
func (d *Dispatcher) collect(ctx context.Context, t tenant.ID, a alarm) error {
	for range tries {
		digest, v, err := d.Store.Digest(ctx, t)
		if err != nil {
			return err
		}
		next := digest.Collect(d.Now().UTC())
		if saved, err := d.Store.AddFailure(ctx, t, failureOf(a), next, v, next != digest); err != nil || saved {
			return err
		}
	}
	return fmt.Errorf("the digest of what failed: %w", errCrowd)
}

// failureOf is what the digest will say of a dead Delivery; it reads nothing more then.
func failureOf(a alarm) delivery.Failure {
	x := a.x
	o, _ := a.conf.Output(x.OutputID)
	category, _ := a.conf.Categories.ByID(a.c.CategoryID)
	f := delivery.Failure{
		CaseID: x.CaseID, DeliveryID: x.ID, Number: a.c.Number.String(), Category: inert.Line(category.Name), Output: inert.Line(o.Name), Channel: x.Channel,
		Class: x.LastErrorClass, Reason: x.Reason, At: x.FinishedAt,
	}
	switch {
	case x.Destination == "":
	case x.Channel == delivery.Email:
		f.Destination = redact.Recipient(x.Destination)
	default:
		f.Destination = redact.Place(x.Destination)
	}
	return f
}

// TellDigest mails the summary of what failed in the hours before to each alert address, if anything did (§18). Whoever dies
// after sending leaves it to the next one, in the same words and under the same Message-ID. A digest costs two reads, one
// query of what it holds (a read unit for some ten failures) and, with its timer, eleven write units; a company without
// failures costs nothing, because nobody asks for it.
func (d *Dispatcher) TellDigest(ctx context.Context, t tenant.ID) error {
	digest, v, err := d.Store.Digest(ctx, t)
	if err != nil {
		return err
	}
	next, number := digest.Begin(d.Now().UTC())
	if number == 0 {
		return nil
	}
	if saved, err := d.Store.SaveDigest(ctx, t, next, v); err != nil || !saved {
		return err // somebody else begins it, or something failed at this moment: the timer stands
	}
	conf, config, err := d.settings(ctx, t)
	if err != nil {
		return err
	}
	if summed(conf.Gateway) {
		failures, err := d.Store.Failures(ctx, t, number, mostCounted+1)
		if err != nil {
			return err
		}
		if err := d.mail(ctx, t, conf.Gateway, "digest/"+t.String()+"/"+strconv.Itoa(number), d.aboutHour(config, failures)); err != nil {
			return err
		}
	}
	for range tries {
		if digest, v, err = d.Store.Digest(ctx, t); err != nil {
			return err
		}
		if digest.Telling != number { // another worker told it as well
			return nil
		}
		if saved, err := d.Store.SaveDigest(ctx, t, digest.End(number), v); err != nil || saved {
			return err
		}
	}
	return fmt.Errorf("the digest of what failed: %w", errCrowd)
}

func (d *Dispatcher) aboutHour(config *company.Config, failures []delivery.Failure) words {
	title := strconv.Itoa(len(failures)) + " Zustellungen gescheitert"
	switch {
	case len(failures) == 1:
		title = "Eine Zustellung gescheitert"
	case len(failures) > mostCounted:
		title = "Mehr als " + strconv.Itoa(mostCounted) + " Zustellungen gescheitert"
	}
	w := words{subject: "[ALERT] Zusammenfassung: " + title, sheet: sheet{title: title, foot: ourFoot}}
	w.sheet.lines = append(w.sheet.lines,
		"Seit der letzten Zusammenfassung sind die folgenden Zustellungen endgültig gescheitert. Die Vorgänge sind weiterhin in AskPro vorhanden. Nach Behebung der Ursache können Sie sie dort erneut senden.")
	if len(failures) > mostDigested {
		w.sheet.lines = append(w.sheet.lines, "Gezeigt werden die ersten "+strconv.Itoa(mostDigested)+".")
	}
	w.sheet.facts = append(w.sheet.facts, [2]string{"Firma", inert.Line(config.Company.Name)})
	zone := zoneOf(config, "")
	for _, f := range failures[:min(len(failures), mostDigested)] {
		w.sheet.facts = append(w.sheet.facts, [2]string{f.Number, strings.Join(d.lines(f, zone), "\n")})
	}
	return w
}

// lines say of a Delivery in a few lines when and where it failed, why, and what that usually means.
func (d *Dispatcher) lines(f delivery.Failure, zone *time.Location) (out []string) {
	add := func(parts ...string) {
		line := ""
		for _, p := range parts {
			if p != "" && line != "" {
				line += ", "
			}
			line += p
		}
		if line != "" {
			out = append(out, line)
		}
	}
	way := map[delivery.Channel]string{delivery.Email: "E-Mail", delivery.Webhook: "Webhook"}[f.Channel]
	if f.Destination != "" {
		way += " an " + f.Destination
	}
	add(f.At.In(zone).Format("02.01.2006 15:04")+" Uhr", f.Category)
	if f.Output != "" {
		add("Ausgabe "+f.Output, way)
	} else {
		add(way)
	}
	add(inert.Shorten(why(delivery.Delivery{LastErrorClass: f.Class, Reason: f.Reason}), mostOfError))
	add(exchange.HintOf(f.Class))
	if d.AdminURL != "" {
		add(strings.TrimSuffix(d.AdminURL, "/") + "/vorgaenge/" + f.Number)
	}
	return out
}
