package dispatch

import (
	"context"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/tenant"
)

// Classes of mistakes in a configuration, beside template_<code>.
const (
	outputMissing  delivery.Class = "output_missing"
	outputInactive delivery.Class = "output_inactive"
	outputDisabled delivery.Class = "output_disabled"
	urlMissing     delivery.Class = "url_missing"
	presetMissing  delivery.Class = "preset_missing"
	secretMissing  delivery.Class = "secret_missing"
	badHeaders     delivery.Class = "headers"
	badTemplate                   = "template_"
)

// plannedAtOnce bounds a step: each Delivery is written with a fact or two.
const plannedAtOnce = 20

// Plan makes the Deliveries of a new case, as its category's output says. Their ids are made of case and destination, so
// that planning again finds them there; what an earlier, killed try began is finished with the version it began with.
func (d *Dispatcher) Plan(ctx context.Context, t tenant.ID, caseID string) ([]Due, error) {
	err := again(func() error {
		c, err := d.theCase(ctx, t, caseID)
		if err != nil || c.Gone() {
			return err
		}
		conf, config, err := d.settings(ctx, t)
		if err != nil {
			return err
		}
		there, err := d.Store.CaseDeliveries(ctx, t, caseID)
		if err != nil {
			return err
		}
		o, found := conf.OutputOf(c.CategoryID)
		if i := slices.IndexFunc(there, first); i >= 0 && there[i].OutputID != "" {
			if o, found, err = d.Store.OutputVersion(ctx, t, there[i].OutputID, there[i].ConfigVersion); err != nil {
				return err
			}
		} else if i >= 0 { // there was no output then: one dead Delivery says so, and a replay sends it
			return nil
		}
		var fresh []delivery.Delivery
		for _, x := range d.wanted(t, c, conf, o, found, config.Company.Recording) {
			if !slices.ContainsFunc(there, func(y delivery.Delivery) bool { return y.ID == x.ID }) {
				fresh = append(fresh, x)
			}
		}
		return d.planAll(ctx, t, fresh)
	})
	if err != nil {
		return nil, err
	}
	// What arrived while this was planned found nobody waiting.
	if err := d.arrived(ctx, t, caseID); err != nil {
		return nil, err
	}
	all, err := d.open(ctx, t, caseID)
	return duesOf(all), err
}

// first tells the Deliveries that Plan makes from those that follow them.
func first(x delivery.Delivery) bool {
	return x.Kind == delivery.Created && x.ReplayOf == "" && !x.Fallback
}

// plan writes new Deliveries and tells of each. A conflict means that they, or some of them, are there.
func (d *Dispatcher) plan(ctx context.Context, t tenant.ID, fresh []delivery.Delivery) error {
	step := &ledger.Step{}
	for i := range fresh {
		x := &fresh[i]
		step.Deliveries = append(step.Deliveries, x)
		step.Events = append(step.Events, event.DeliveryScheduled{DeliveryFact: d.fact(t, *x, "scheduled", 1)})
		if x.State == delivery.Dead {
			step.Events = append(step.Events, event.DeliveryDead{DeliveryFact: d.fact(t, *x, "dead", 2)})
		}
	}
	return d.Store.Commit(ctx, t, step)
}

// planAll plans as many as there are, a step at a time.
func (d *Dispatcher) planAll(ctx context.Context, t tenant.ID, fresh []delivery.Delivery) error {
	for part := range slices.Chunk(fresh, plannedAtOnce) {
		if err := d.plan(ctx, t, part); err != nil {
			return err
		}
	}
	return nil
}

// open lists a case's Deliveries that are to come, after its summary was brought up to date.
func (d *Dispatcher) open(ctx context.Context, t tenant.ID, caseID string) ([]delivery.Delivery, error) {
	if err := d.summarize(ctx, t, caseID, ""); err != nil {
		return nil, err
	}
	all, err := d.Store.CaseDeliveries(ctx, t, caseID)
	return slices.DeleteFunc(all, delivery.Delivery.Final), err
}

// setOut lists those that nobody has asked for yet: the others are waked by who waits for them.
func (d *Dispatcher) setOut(ctx context.Context, t tenant.ID, caseID string) ([]Due, error) {
	all, err := d.open(ctx, t, caseID)
	return duesOf(slices.DeleteFunc(all, func(x delivery.Delivery) bool { return x.State != delivery.Scheduled || x.Attempts > 0 })), err
}

// wanted are the Deliveries that a case gets. What cannot be sent is dead from its beginning: it is not lost, it is told.
func (d *Dispatcher) wanted(t tenant.ID, c desk.Case, conf *desk.Configuration, o output.Output, found, recorded bool) []delivery.Delivery {
	order := func(channel delivery.Channel, to string) delivery.Order {
		id := ident.Derive("delivery", t.String(), c.ID, string(channel), to)
		return delivery.Order{
			ID: id, CaseID: c.ID, OutputID: o.ID, ConfigVersion: o.Version, Kind: delivery.Created, Channel: channel, Destination: to, Sequence: 1,
			Profile: o.Retry, MessageID: messageID(id),
		}
	}
	now := d.Now().UTC()
	dead := func(channel delivery.Channel, class delivery.Class) delivery.Delivery {
		x, _ := delivery.Plan(order(channel, ""), now).Misconfigured(class, now) // a planned one may always die
		return x
	}
	living := func(channel delivery.Channel, to string) delivery.Delivery {
		r := order(channel, to)
		r.MinDelay = max(0, c.CreatedAt.Add(time.Duration(conf.Gateway.DelaySeconds)*time.Second).Sub(now))
		if o.Wait {
			r.Gate, r.Deadline = missing(c, uses(o, conf.Gateway, channel), recorded), deadline(c, o, conf.Gateway)
		}
		x := delivery.Plan(r, now)
		if y, err := x.TimeUp(now); err == nil { // the event came late
			x = y
		}
		if !o.Wait {
			x.Partial = missing(c, uses(o, conf.Gateway, channel), recorded)
		}
		return x
	}
	switch {
	case !found:
		return []delivery.Delivery{dead(delivery.Email, outputMissing)}
	case !o.Active:
		return []delivery.Delivery{dead(channels(o)[0], outputInactive)}
	}
	var out []delivery.Delivery
	for _, channel := range channels(o) {
		if class := fault(o, channel); class != "" {
			out = append(out, dead(channel, class))
			continue
		}
		for _, to := range destinations(o, channel) {
			out = append(out, living(channel, to))
		}
	}
	return out
}

// channels of an output, also one whose webhook is switched off: its cases must not vanish.
func channels(o output.Output) []delivery.Channel {
	switch o.Type {
	case output.Email:
		return []delivery.Channel{delivery.Email}
	case output.Webhook:
		return []delivery.Channel{delivery.Webhook}
	}
	return delivery.Channels
}

func destinations(o output.Output, channel delivery.Channel) []string {
	if channel == delivery.Webhook {
		return []string{o.Hook.URL}
	}
	to, _ := delivery.Recipients(o.Mail.To, o.Mail.Silent(), o.Mail.Fallback)
	return to
}

// fault is what keeps a channel of an output from sending anything; empty if nothing does.
func fault(o output.Output, channel delivery.Channel) delivery.Class {
	if channel == delivery.Email {
		if _, class := readyMail(o); class != "" {
			return class
		}
		if len(destinations(o, channel)) == 0 {
			return delivery.NoRecipient
		}
		return ""
	}
	switch _, _, class := readyHook(o); {
	case o.Disabled != "":
		return outputDisabled
	case o.Hook.URL == "":
		return urlMissing
	default:
		return class
	}
}

// messageID is what a receiver knows a message by; the same over all attempts and replays.
func messageID(id string) string { return "msg_" + id }

// deadline is when a case leaves as it is: the company's time for enrichment, or the output's own if that is shorter.
func deadline(c desk.Case, o output.Output, g desk.Gateway) time.Time {
	within := g.EnrichmentWithin()
	if own := time.Duration(o.TimeoutS) * time.Second; own > 0 && (own < within || within <= 0) {
		within = own
	}
	return c.CreatedAt.Add(within)
}

// missing are those of the parts that are still to come. A recording that nobody makes is not waited for.
func missing(c desk.Case, parts []delivery.Part, recorded bool) []delivery.Part {
	var out []delivery.Part
	for _, p := range parts {
		switch p {
		case delivery.Transcript:
			if c.Enrichment.State == desk.EnrichmentPending || c.Enrichment.State == desk.TimedOut {
				out = append(out, p)
			}
		case delivery.Recording:
			if c.Recording.State == desk.RecordingPending || c.Recording.State == "" && recorded && c.CallID != "" {
				out = append(out, p)
			}
		}
	}
	return out
}

// uses are the parts that a channel of an output really sends: it need not wait for the others.
func uses(o output.Output, g desk.Gateway, channel delivery.Channel) []delivery.Part {
	if channel == delivery.Webhook {
		return hookUses(o, o.Hook.Recording && g.Audio)
	}
	audio := o.Mail.Audio == output.AudioLink || o.Mail.Audio == output.Attachment
	f, class := readyMail(o)
	switch {
	case class != "":
		return nil
	case f.body != nil:
		return parts(func(path string) bool { return f.uses(path) && (path != "ai.summary" || o.Mail.Summary) }, o.Mail.Transcript, audio)
	}
	var out []delivery.Part
	payload := o.Mail.Template == output.Technical || o.Mail.Template == output.Admin // it goes along
	if o.Mail.Summary || o.Mail.Transcript || o.Mail.Template == output.Admin || payload && slices.Contains(hookUses(o, false), delivery.Transcript) {
		out = append(out, delivery.Transcript)
	}
	if audio {
		out = append(out, delivery.Recording)
	}
	return out
}

func hookUses(o output.Output, recording bool) []delivery.Part {
	r, _, class := readyHook(o)
	if class != "" {
		return nil
	}
	return parts(r.Uses, o.Hook.Transcript, recording)
}

// What templates say of a part that comes later.
var (
	ofTranscript = []string{"transcript.text", "transcript.segments", "transcript.length", "transcript.truncated"}
	ofEnrichment = []string{
		"ai.summary", "call.duration", "enrichment.state", "enrichment.enriched_at", "enrichment.segment_count", "enrichment.character_count", "enrichment.customer_match",
	}
	ofRecording = []string{"audio.url", "audio.has_audio", "audio.expires_at"}
)

// parts that a template speaks of, as far as the output gives them away.
func parts(of func(path string) bool, transcript, recording bool) (out []delivery.Part) {
	if transcript && slices.ContainsFunc(ofTranscript, of) || slices.ContainsFunc(ofEnrichment, of) {
		out = append(out, delivery.Transcript)
	}
	if recording && slices.ContainsFunc(ofRecording, of) {
		out = append(out, delivery.Recording)
	}
	return out
}
