package dispatch_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/tenant"
	"github.com/askpro/gateway/internal/webhook"
)

var (
	us     = tenant.Proven("01KAQ7T5Z0QW8R4N2M6X3C9V1B")
	noon   = time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)
	caseID = ident.Derive("case")

	errDown     = errors.New("down")
	errNoSecret = errors.New("no such secret")
)

// world is a company with one case, in memory: the store keeps its promises (versions, conditions), the mail server does what
// a test tells it, and a queue wakes who asked to be woken, on a virtual clock.
type world struct {
	mu         sync.Mutex
	now        time.Time
	conf       *desk.Configuration
	config     *company.Config
	versions   map[string]output.Output // by id and version
	cases      map[string]desk.Case
	deliveries map[string]delivery.Delivery
	calls      map[string]call.Call
	said       map[string]string
	gates      map[string]versioned[delivery.Gate]
	alerts     map[string]versioned[delivery.Alerts]
	digest     versioned[delivery.Digest]
	jobs       map[string]dispatch.Redelivery
	failures   map[int][]delivery.Failure // by digest
	lines      map[string]exchange.Line
	originals  map[string]exchange.Original
	events     []event.Event
	letters    []notify.Letter
	mailFails  func(l notify.Letter) error
	secrets    map[string]string
	rings      map[string]webhook.Ring
	used       []string // whose secrets signed, by reference
	unnoted    error    // of the note that they did
	trail      []audit.Entry
	alarms     []string
	failed     []string
	queue      []dispatch.Later
	relayed    map[string]bool
	refuse     map[string]int // commits that meet somebody faster, by what they would write
	ops        int
	faultAt    int // the operation (its beginning and its end count apart) that goes wrong; 0: none
	sender     delivery.Sender
	beforeIt   func() // happens once, just before something is committed
	unlinked   bool   // there is no public address
	unreadable bool   // transcripts and recordings
	*dispatch.Dispatcher
}

type versioned[T any] struct {
	value   T
	version int
}

func newWorld(t testing.TB, o output.Output) *world {
	t.Helper()
	w := &world{
		now: noon, versions: map[string]output.Output{}, cases: map[string]desk.Case{}, deliveries: map[string]delivery.Delivery{}, calls: map[string]call.Call{},
		said: map[string]string{}, gates: map[string]versioned[delivery.Gate]{}, alerts: map[string]versioned[delivery.Alerts]{}, lines: map[string]exchange.Line{},
		originals: map[string]exchange.Original{}, secrets: map[string]string{}, rings: map[string]webhook.Ring{}, refuse: map[string]int{}, relayed: map[string]bool{},
		failures: map[int][]delivery.Failure{}, jobs: map[string]dispatch.Redelivery{},
	}
	w.conf = desk.NoConfiguration()
	w.conf.Gateway.AlertEmails = []string{"alarm@kunde.example"}
	w.conf.Categories = desk.Categories{{ID: "cat", Slug: "arbeitsplatz", Name: "Arbeitsplatz", Active: true, Default: true}}
	w.config = &company.Config{Company: company.Company{ID: us.String(), Name: "Beispiel IT", Timezone: "Europe/Berlin"}}
	if o.ID != "" {
		w.save(o)
	}
	w.cases[caseID] = desk.Case{
		ID: caseID, Number: desk.Number{Prefix: "TKT", Year: 2026, Count: 42}, Type: desk.Incident, CategoryID: "cat", Subject: "Drucker druckt nicht", Text: "Seit heute Morgen.\nPapierstau.",
		Contact: desk.Contact{Name: "Erika Muster", Phone: "+4930123456"}, Impact: sla.Normal, Urgency: sla.Normal, Priority: sla.Normal, Status: desk.New, Source: desk.Voice,
		CreatedAt: noon, UpdatedAt: noon, Version: 1, Enrichment: desk.Enrichment{State: desk.Skipped},
	}
	w.Dispatcher = &dispatch.Dispatcher{
		Store: w, Mail: w, Sender: w, Rings: w, Secrets: w, Transcripts: w, Objects: w, Now: w.clock, NewID: func() string { return ident.New(w.clock()) },
		Jitter: func() float64 { return 0.5 }, NoSecret: errNoSecret, AdminURL: "https://admin.example",
		Alarm:  func(_ context.Context, name, _ string) { w.note(&w.alarms, name) },
		Failed: func(_ context.Context, _, what string, err error) { w.note(&w.failed, what+": "+err.Error()) },
	}
	return w
}

// mails is an output to one address.
func mails(to ...string) output.Output {
	return output.Output{
		ID: "out", Name: "Ticketsystem", Type: output.Email, Active: true, Default: true, Retry: delivery.Fast, SendUpdates: true, Wait: true, TimeoutS: 180, AudioMin: 60,
		Mail: output.Mail{To: to, Template: output.Standard, Summary: true, Transcript: true},
	}
}

// hooks is an output to a URL.
func hooks(url string) output.Output {
	o := mails()
	o.Type, o.Mail.To = output.Webhook, nil
	o.Hook = output.Hook{URL: url, Semantic: true, Transcript: true}
	return o
}

// both is an output with a mail and a URL.
func both(to, url string) output.Output {
	o := hooks(url)
	o.Type, o.Mail.To = output.Hybrid, []string{to}
	return o
}

func (w *world) note(list *[]string, s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*list = append(*list, s)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// save makes a new version of an output the newest.
func (w *world) save(o output.Output) {
	o.Version++
	w.versions[o.ID+string(rune('0'+o.Version))] = o
	i := slices.IndexFunc(w.conf.Outputs, func(x output.Output) bool { return x.ID == o.ID })
	if i < 0 {
		w.conf.Outputs = append(w.conf.Outputs, o)
		return
	}
	w.conf.Outputs = slices.Clone(w.conf.Outputs)
	w.conf.Outputs[i] = o
}

// at makes one operation go wrong: before it did anything, or after it did everything.
func (w *world) at(do func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ops++; w.ops == w.faultAt {
		return errDown
	}
	err := do()
	if w.ops++; w.ops == w.faultAt && err == nil {
		return errDown
	}
	return err
}

// Config of the one company.
func (w *world) Config(context.Context, tenant.ID) (*company.Config, error) { return w.config, nil }

// Desk of the one company.
func (w *world) Desk(context.Context, tenant.ID) (*desk.Configuration, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := *w.conf
	return &c, nil
}

// OutputVersion as it was.
func (w *world) OutputVersion(_ context.Context, _ tenant.ID, id string, v int) (o output.Output, ok bool, err error) {
	err = w.at(func() error { o, ok = w.versions[id+string(rune('0'+v))]; return nil })
	return o, ok, err
}

// ReviseOutput as a new version.
func (w *world) ReviseOutput(_ context.Context, _ tenant.ID, o output.Output) error {
	return w.at(func() error { w.save(o); return nil })
}

// Case by id.
func (w *world) Case(_ context.Context, _ tenant.ID, id string) (c desk.Case, ok bool, err error) {
	err = w.at(func() error { c, ok = w.cases[id]; return nil })
	return c, ok, err
}

// CaseDeliveries in order of their making.
func (w *world) CaseDeliveries(_ context.Context, _ tenant.ID, caseID string) (all []delivery.Delivery, err error) {
	err = w.at(func() error {
		for _, d := range w.deliveries {
			if d.CaseID == caseID {
				all = append(all, d)
			}
		}
		slices.SortFunc(all, func(a, b delivery.Delivery) int { return cmp.Compare(a.ID, b.ID) })
		return nil
	})
	return all, err
}

// CaseDelivery by id.
func (w *world) CaseDelivery(_ context.Context, _ tenant.ID, caseID, id string) (d delivery.Delivery, ok bool, err error) {
	err = w.at(func() error { d, ok = w.deliveries[id]; ok = ok && d.CaseID == caseID; return nil })
	return d, ok, err
}

// OutputDeliveries in order of their making.
func (w *world) OutputDeliveries(_ context.Context, _ tenant.ID, outputID string, from, to time.Time, after string, limit int) (refs []delivery.Ref, err error) {
	err = w.at(func() error {
		for _, d := range w.deliveries {
			mark := d.CreatedAt.Format(time.RFC3339) + "#" + d.ID
			if d.OutputID == outputID && !d.CreatedAt.Before(from) && d.CreatedAt.Before(to) && mark > after {
				refs = append(refs, delivery.Ref{CaseID: d.CaseID, DeliveryID: d.ID, Mark: mark})
			}
		}
		slices.SortFunc(refs, func(a, b delivery.Ref) int { return cmp.Compare(a.Mark, b.Mark) })
		refs = refs[:min(len(refs), limit)]
		return nil
	})
	return refs, err
}

// Redelivery by id.
func (w *world) Redelivery(_ context.Context, _ tenant.ID, id string) (r dispatch.Redelivery, ok bool, err error) {
	err = w.at(func() error { r, ok = w.jobs[id]; return nil })
	return r, ok, err
}

// SaveRedelivery over a version.
func (w *world) SaveRedelivery(_ context.Context, _ tenant.ID, r *dispatch.Redelivery) error {
	return w.at(func() error {
		if w.jobs[r.ID].Version != r.Version || w.meets("redelivery") {
			return &ledger.Conflict{On: []string{"redelivery"}}
		}
		r.Version++
		w.jobs[r.ID] = *r
		return nil
	})
}

// Call by id.
func (w *world) Call(_ context.Context, _ tenant.ID, id string) (c call.Call, ok bool, err error) {
	c, ok = w.calls[id]
	return c, ok, nil
}

// Said in a call.
func (w *world) Said(_ context.Context, _ tenant.ID, id string) (string, error) {
	if w.unreadable {
		return "", errDown
	}
	return w.said[id], nil
}

// Link to a recording.
func (w *world) Link(_ context.Context, _ tenant.ID, _ string, until time.Time) (string, error) {
	if w.unreadable {
		return "", errDown
	}
	if w.unlinked {
		return "", nil
	}
	return "https://api.example/recordings/token?for=" + until.Sub(w.now).String(), nil
}

// Read a recording.
func (w *world) Read(context.Context, tenant.ID, string) ([]byte, error) {
	if w.unreadable {
		return nil, errDown
	}
	return make([]byte, 100), nil
}

// Commit is all or nothing, over the versions that were read.
func (w *world) Commit(_ context.Context, _ tenant.ID, s *ledger.Step) error {
	if before := w.beforeIt; before != nil {
		w.beforeIt = nil
		before()
	}
	return w.at(func() error {
		var on []string
		if c := s.Case; c != nil && (w.cases[c.ID].Version != c.Version || w.meets("case")) {
			on = append(on, "case")
		}
		for _, d := range s.Deliveries {
			if w.deliveries[d.ID].Version != d.Version || w.meets("delivery") {
				on = append(on, "delivery")
			}
		}
		if len(on) > 0 {
			return &ledger.Conflict{On: on}
		}
		s.Written()
		w.trail = append(w.trail, s.Audit...)
		if s.Case != nil {
			w.cases[s.Case.ID] = *s.Case
		}
		for _, d := range s.Deliveries {
			w.deliveries[d.ID] = *d
		}
		w.events = append(w.events, s.Events...)
		return nil
	})
}

func (w *world) meets(what string) bool {
	if w.refuse[what] > 0 {
		w.refuse[what]--
		return true
	}
	return false
}

// Gate before a host.
func (w *world) Gate(_ context.Context, _ tenant.ID, host string) (g delivery.Gate, v int, err error) {
	err = w.at(func() error { g, v = w.gates[host].value, w.gates[host].version; return nil })
	return g, v, err
}

// SaveGate over a version.
func (w *world) SaveGate(_ context.Context, _ tenant.ID, host string, g delivery.Gate, v int) (ok bool, err error) {
	err = w.at(func() error {
		if ok = w.gates[host].version == v; ok {
			w.gates[host] = versioned[delivery.Gate]{g, v + 1}
		}
		return nil
	})
	return ok, err
}

// Alerts of an output.
func (w *world) Alerts(_ context.Context, _ tenant.ID, id string) (a delivery.Alerts, v int, err error) {
	err = w.at(func() error { a, v = w.alerts[id].value, w.alerts[id].version; return nil })
	return a, v, err
}

// SaveAlerts over a version.
func (w *world) SaveAlerts(_ context.Context, _ tenant.ID, id string, a delivery.Alerts, v int) (ok bool, err error) {
	err = w.at(func() error {
		if ok = w.alerts[id].version == v; ok {
			w.alerts[id] = versioned[delivery.Alerts]{a, v + 1}
		}
		return nil
	})
	return ok, err
}

// Digest of what failed.
func (w *world) Digest(context.Context, tenant.ID) (d delivery.Digest, v int, err error) {
	err = w.at(func() error { d, v = w.digest.value, w.digest.version; return nil })
	return d, v, err
}

// SaveDigest over a version; its timer goes with it.
func (w *world) SaveDigest(_ context.Context, _ tenant.ID, d delivery.Digest, v int) (ok bool, err error) {
	err = w.at(func() error {
		if ok = w.digest.version == v && !w.meets("digest"); ok {
			w.digest = versioned[delivery.Digest]{d, v + 1}
		}
		return nil
	})
	return ok, err
}

// AddFailure to the open digest, once.
func (w *world) AddFailure(_ context.Context, _ tenant.ID, f delivery.Failure, d delivery.Digest, v int, moved bool) (ok bool, err error) {
	err = w.at(func() error {
		for _, list := range w.failures {
			if slices.ContainsFunc(list, func(x delivery.Failure) bool { return x.DeliveryID == f.DeliveryID }) {
				ok = true
				return nil
			}
		}
		if ok = w.digest.version == v && !w.meets("digest"); !ok {
			return nil
		}
		if moved {
			w.digest = versioned[delivery.Digest]{d, v + 1}
		}
		w.failures[d.Open] = append(w.failures[d.Open], f)
		return nil
	})
	return ok, err
}

// Failures of a digest.
func (w *world) Failures(_ context.Context, _ tenant.ID, digest, limit int) (list []delivery.Failure, err error) {
	err = w.at(func() error {
		list = slices.SortedFunc(slices.Values(w.failures[digest]), func(a, b delivery.Failure) int {
			return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.DeliveryID, b.DeliveryID))
		})
		list = list[:min(len(list), limit)]
		return nil
	})
	return list, err
}

// AddExchange to the log.
func (w *world) AddExchange(_ context.Context, _ tenant.ID, l exchange.Line) error {
	return w.at(func() error { w.lines[l.ID] = l; return nil })
}

// Exchanges of a day.
func (w *world) Exchanges(_ context.Context, _ tenant.ID, day time.Time, limit int) (out []exchange.Line, err error) {
	err = w.at(func() error {
		for _, l := range w.lines {
			if l.CreatedAt.Format(time.DateOnly) == day.Format(time.DateOnly) {
				out = append(out, l)
			}
		}
		slices.SortFunc(out, func(a, b exchange.Line) int { return a.CreatedAt.Compare(b.CreatedAt) })
		return nil
	})
	return out[:min(len(out), limit)], err
}

// KeepOriginal for a replay.
func (w *world) KeepOriginal(_ context.Context, _ tenant.ID, o exchange.Original) error {
	return w.at(func() error { w.originals[o.MessageID] = o; return nil })
}

// SendLetter as the test wants it.
func (w *world) SendLetter(_ context.Context, _ tenant.ID, l notify.Letter) (string, error) {
	err := w.at(func() error {
		if w.mailFails != nil {
			if err := w.mailFails(l); err != nil {
				return err
			}
		}
		w.letters = append(w.letters, l)
		return nil
	})
	return "ses-" + l.Key, err
}

// Send by the real way out, which the world may interrupt: a lost answer is one that nobody heard.
func (w *world) Send(ctx context.Context, r delivery.Request) (a delivery.Answer) {
	lost := delivery.Answer{Failed: delivery.NetworkError, Detail: "connection reset"}
	w.mu.Lock()
	w.ops++
	before := w.ops == w.faultAt
	w.mu.Unlock()
	if before {
		return lost
	}
	a = w.sender.Send(ctx, r)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ops++; w.ops == w.faultAt {
		return lost
	}
	return a
}

// Get secrets.
func (w *world) Get(_ context.Context, refs ...string) ([]string, error) {
	var out []string
	for _, r := range refs {
		s, ok := w.secrets[r]
		if !ok {
			return nil, errNoSecret
		}
		out = append(out, s)
	}
	return out, nil
}

// Ring that signs.
func (w *world) Ring(_ context.Context, _ tenant.ID, id, _ string) (webhook.Ring, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.rings[id]
	if !ok {
		return r, errNoSecret
	}
	return r, nil
}

// Used counts what signed; the note may fail, and nothing depends on it.
func (w *world) Used(_ context.Context, _ tenant.ID, id, ref string) error {
	w.note(&w.used, id+" "+ref)
	return w.unnoted
}

// of lists the case's Deliveries on a channel, by sequence.
func (w *world) of(channel delivery.Channel) []delivery.Delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []delivery.Delivery
	for _, d := range slices.SortedFunc(maps.Values(w.deliveries), func(a, b delivery.Delivery) int {
		return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	}) {
		if d.Channel == channel {
			out = append(out, d)
		}
	}
	return out
}

// told counts the facts of a name.
func (w *world) told(name string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.Name() == name {
			n++
		}
	}
	return n
}
