package dispatch

import (
	"context"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/redact"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/template"
	"github.com/askpro/gateway/internal/tenant"
	"github.com/askpro/gateway/internal/webhook"
)

// Trial is one test message, or the preview of one: what was sent and what came back, without credentials.
type Trial struct {
	Channel     delivery.Channel
	Destination string
	Problem     delivery.Class // of the configuration: nothing was sent
	Subject     string         // of a mail, with its text and page
	Text, Page  string
	Header      map[string]string // of a webhook
	Body        string
	Curl        string
	OK          bool
	Class       delivery.Class
	Status      int
	Answer      string
	AnswerTo    map[string]string
	Took        time.Duration
	Reference   string // that was found in the answer
}

// Test sends a sample case to every destination of an output, once each, by the way that real ones go. No case, meter,
// breaker or failure count ever hears of it; the exchange log does.
func (d *Dispatcher) Test(ctx context.Context, t tenant.ID, outputID string) ([]Trial, error) {
	return d.trials(ctx, t, outputID, "", true)
}

// Preview renders an output's messages and sends nothing: of a case of the company's own, or of the sample case.
func (d *Dispatcher) Preview(ctx context.Context, t tenant.ID, outputID, caseID string) ([]Trial, error) {
	return d.trials(ctx, t, outputID, caseID, false)
}

func (d *Dispatcher) trials(ctx context.Context, t tenant.ID, outputID, caseID string, send bool) ([]Trial, error) {
	conf, err := d.Store.Desk(ctx, t)
	if err != nil {
		return nil, err
	}
	o, ok := conf.Output(outputID)
	if !ok {
		return nil, ErrNoOutput
	}
	var out []Trial
	try := func(channel delivery.Channel, to string) error {
		x := delivery.Delivery{ID: d.NewID(), OutputID: o.ID, Kind: delivery.Test, Channel: channel, Destination: to, Sequence: 1, Profile: delivery.Never}
		x.MessageID = messageID(x.ID)
		trial, err := d.trial(ctx, t, conf, o, x, caseID, send)
		out = append(out, trial)
		return err
	}
	for _, channel := range channels(o) {
		o := o
		o.Disabled = "" // a webhook that was switched off is tested before it is switched on again
		if class := fault(o, channel); class != "" {
			out = append(out, Trial{Channel: channel, Problem: class})
			continue
		}
		for _, to := range destinations(o, channel) {
			if err := try(channel, to); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

func (d *Dispatcher) trial(ctx context.Context, t tenant.ID, conf *desk.Configuration, o output.Output, x delivery.Delivery, caseID string, send bool) (Trial, error) {
	trial := Trial{Channel: x.Channel, Destination: x.Destination}
	m, err := d.material(ctx, t, conf, o, x, caseID)
	if err != nil {
		return trial, err
	}
	var made message
	if x.Channel == delivery.Email {
		made, err = mailed(m)
	} else {
		made, err = d.hooked(ctx, t, m, m.hookValues())
	}
	if trial.Problem = configClass(err, d.NoSecret); trial.Problem != "" {
		return trial, nil
	}
	if err != nil {
		return trial, err
	}
	if l := made.letter; l != nil {
		trial.Subject, trial.Text, trial.Page = l.Subject, l.Text, l.HTML
	}
	if r := made.request; r != nil {
		trial.Header, trial.Body, trial.Curl = redact.Header(r.Header), string(r.Body), webhook.Curl(r.URL, r.Header, r.Body)
	}
	if !send {
		return trial, nil
	}
	outcome, line := d.hand(ctx, t, made, exchange.About{
		ID: ident.Derive("exchange", t.String(), x.ID), DeliveryID: x.ID, OutputID: o.ID, CorrelationID: x.MessageID, Attempt: 1, Of: 1, Test: true,
		Persons: made.persons,
	})
	d.aside(ctx, t, "write the exchange log", d.Store.AddExchange(ctx, t, line))
	trial.OK, trial.Class, trial.Reference, trial.Status, trial.Took = outcome.OK, outcome.Class, outcome.Reference, line.Status, line.Took
	trial.Answer, trial.AnswerTo = line.AnswerBody, line.AnswerHeader
	return trial, nil
}

// material of a trial: a real case, or the sample.
func (d *Dispatcher) material(ctx context.Context, t tenant.ID, conf *desk.Configuration, o output.Output, x delivery.Delivery, caseID string) (material, error) {
	if caseID != "" {
		c, err := d.theCase(ctx, t, caseID)
		if err != nil {
			return material{}, err
		}
		x.Kind, x.CaseID = delivery.Created, c.ID
		return d.gather(ctx, t, x, c, o)
	}
	config, err := d.Store.Config(ctx, t)
	if err != nil {
		return material{}, err
	}
	now := d.Now().UTC()
	m := material{of: x, output: o, c: sample(now), conf: conf, config: config, now: now, zone: zoneOf(config, ""), test: true}
	if category, ok := conf.Categories.Fallback(); ok {
		m.c.CategoryID = category.ID
	}
	m.call.From, m.call.To = m.c.Contact.Phone, "+493012345670"
	m.said = []template.Segment{{Role: "user", Text: "Der Drucker druckt nicht."}, {Role: "agent", Text: "Ich nehme das auf."}}
	for _, p := range uses(o, conf.Gateway, x.Channel) {
		if p == delivery.Recording {
			m.audio = audio{url: "https://example.com/aufnahme.mp3", expiresAt: now.Add(time.Hour), there: true}
		}
	}
	return m, nil
}

// sample is the case of a test message: it names everything that a real one may have.
func sample(now time.Time) desk.Case {
	yes, at := true, now.Add(-time.Minute)
	return desk.Case{
		Number: desk.Number{Prefix: "TKT", Year: now.Year(), Count: 42}, CallID: "test", Type: desk.Incident, Subject: "Drucker druckt nicht",
		Text: "Seit heute Morgen druckt der Drucker im zweiten Stock nicht mehr.\nDie Anzeige meldet \"Papierstau\".", Tags: []string{"drucker"},
		Contact:  desk.Contact{Name: "Erika Muster", Company: "Muster GmbH", Phone: "+4930123456", Email: "e.muster@example.de", Location: "2. OG"},
		Captured: desk.Captured{Others: &yes, Since: "seit heute Morgen", UseCase: "drucker", UseCaseDetail: "Papierstau"},
		Impact:   sla.High, Urgency: sla.Normal, Priority: sla.High, Status: desk.New, Source: desk.Voice,
		Enrichment: desk.Enrichment{
			State: desk.Enriched, EnrichedAt: &at, Segments: 2, Characters: 71, Summary: "Der Drucker im zweiten Stock hat Papierstau.", DurationS: 184, Match: desk.Match{By: "phone"},
		},
		Candidates: []desk.Candidate{{Share: 0.92}}, CreatedAt: now.Add(-2 * time.Minute), UpdatedAt: at,
	}
}
