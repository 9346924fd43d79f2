package dispatch_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
)

func TestOfTwoChannelsOnlyTheFailingOneIsRepeatedAndItsCaseIsNotLost(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(500, "oops"))
	o := both("it@kunde.example", r.URL)
	o.Mail.Fallback = []string{"notfall@kunde.example"}
	w.save(o)
	w.created()
	w.run(t, noon.Add(time.Hour))

	var after []time.Duration
	for _, g := range r.all() {
		after = append(after, g.at.Sub(noon))
		if g.id() != r.all()[0].id() {
			t.Errorf("another message id: %s", g.id())
		}
	}
	if want := []time.Duration{0, time.Minute, 3 * time.Minute, 8 * time.Minute}; !slices.Equal(after, want) {
		t.Errorf("tried after %v, not %v", after, want)
	}
	hook := one(t, w.of(delivery.Webhook))
	if hook.State != delivery.Dead || hook.Reason != delivery.Exhausted || hook.LastErrorClass != "http_500" || hook.Attempts != 4 {
		t.Errorf("%+v", hook)
	}
	to := map[string]int{}
	for _, l := range w.letters {
		to[l.To]++
	}
	if len(to) != 3 || to["it@kunde.example"] != 1 || to["notfall@kunde.example"] != 1 || to["alarm@kunde.example"] != 1 {
		t.Errorf("mails: %v", to)
	}
	if c := w.cases[caseID]; c.Delivered != delivery.PartlyFailed {
		t.Errorf("summary %s", c.Delivered)
	}
	if w.told("delivery.failed.v1") != 3 || w.told("delivery.dead.v1") != 1 || w.told("delivery.sent.v1") != 2 || w.told("delivery.scheduled.v1") != 3 {
		t.Errorf("facts: %d failed, %d dead, %d sent, %d scheduled", w.told("delivery.failed.v1"), w.told("delivery.dead.v1"), w.told("delivery.sent.v1"), w.told("delivery.scheduled.v1"))
	}

	r.become(status(200, `{"id":"IT-7"}`))
	dues, left, err := w.ReplayCase(t.Context(), us, caseID, false, desk.Actor{Kind: "user", ID: "u1"})
	if err != nil || len(dues) != 1 || left != 0 {
		t.Fatalf("%v, %d, %v", dues, left, err)
	}
	w.give("delivery.attempt", map[string]string{"case_id": caseID, "delivery_id": dues[0].DeliveryID})
	w.run(t, noon.Add(2*time.Hour))
	all := r.all()
	if len(all) != 5 || all[4].id() != all[0].id() || len(w.letters) != 3 {
		t.Errorf("%d requests, %d letters", len(all), len(w.letters))
	}
	c := w.cases[caseID]
	if c.Delivered != delivery.AllSent || len(c.References) != 1 || c.References[0] != (desk.Reference{OutputID: "out", Value: "IT-7"}) {
		t.Errorf("%s, %v", c.Delivered, c.References)
	}
}

// callable is a case that is still waiting for its call.
func (w *world) callable() {
	c := w.cases[caseID]
	c.CallID, c.Enrichment.State, c.Recording.State = "call_1", desk.EnrichmentPending, desk.RecordingUnavailable
	w.cases[caseID] = c
	w.said["call_1"] = "Agent: Guten Tag\nUser: Der Drucker <b>druckt</b> nicht\n"
}

// enrich the case, and tell of it.
func (w *world) enrich() {
	w.mu.Lock()
	c := w.cases[caseID]
	c.Enrichment.State, c.Enrichment.Summary, c.Version = desk.Enriched, "Papierstau", c.Version+1
	w.cases[caseID] = c
	w.mu.Unlock()
	w.give("case.enriched.v1", event.CaseEnriched{CaseID: caseID})
}

func TestACaseLeavesCompleteWhenItsCallIsThereAndAsItIsAtTheDeadline(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		at       time.Duration
		updates  bool
		sent     []time.Duration
		partial  []string // of the first
		complete []bool
	}{
		{"after 40 s it leaves at once, complete", 40 * time.Second, true, []time.Duration{40 * time.Second}, nil, []bool{true}},
		{"after 300 s it has left at 180 s, and an update follows", 300 * time.Second, true, []time.Duration{180 * time.Second, 300 * time.Second}, []string{"transcript"}, []bool{false, true}},
		{"no update where none is wanted", 300 * time.Second, false, []time.Duration{180 * time.Second}, []string{"transcript"}, []bool{false}},
		{"never", 0, true, []time.Duration{180 * time.Second}, []string{"transcript"}, []bool{false}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, r := receives(t, status(200, `{"id":"IT-7"}`))
			o := hooks(r.URL)
			o.SendUpdates = tt.updates
			w.save(o)
			w.callable()
			w.created()
			w.run(t, noon.Add(tt.at))
			if tt.at > 0 {
				w.enrich()
				w.enrich() // every fact comes twice
			}
			w.run(t, noon.Add(time.Hour))
			all := r.all()
			var sent []time.Duration
			for i, g := range all {
				sent = append(sent, g.at.Sub(noon))
				name, sequence, partial := g.meta(t)
				if i == 0 && (name != "service_case.created" || sequence != 1 || !slices.Equal(partial, tt.partial)) {
					t.Errorf("first: %s %d %v", name, sequence, partial)
				}
				if i == 1 && (name != "service_case.updated" || sequence != 2 || len(partial) > 0 || !strings.Contains(g.body, `"external_reference":"IT-7"`) || g.id() == all[0].id()) {
					t.Errorf("update: %s %d %v %s", name, sequence, partial, g.body)
				}
				if i < len(tt.complete) && strings.Contains(g.body, `"segments"`) != tt.complete[i] {
					t.Errorf("%d: %s", i, g.body)
				}
			}
			if !slices.Equal(sent, tt.sent) {
				t.Errorf("sent after %v, not %v", sent, tt.sent)
			}
			for _, d := range w.of(delivery.Webhook) {
				if d.State != delivery.Sent || d.Attempts != 1 {
					t.Errorf("%+v", d)
				}
			}
		})
	}
}

func TestAnUpdateWaitsForTheMessageThatItFollows(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(500, ""))
	w.save(hooks(r.URL))
	w.callable()
	w.created()
	w.run(t, noon.Add(200*time.Second)) // left at 180 s, refused
	w.enrich()
	w.run(t, noon.Add(230*time.Second))
	r.become(status(200, ""))
	w.run(t, noon.Add(time.Hour))
	var order []string
	for _, g := range r.all() {
		name, _, _ := g.meta(t)
		order = append(order, strings.TrimPrefix(name, "service_case."))
	}
	if got := strings.Join(order, " "); got != "created created updated" {
		t.Errorf("received: %s", got)
	}
}

func TestTheAnswerDecidesHowItGoesOn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		answer   http.HandlerFunc
		state    delivery.State
		class    delivery.Class
		requests []time.Duration
		disabled delivery.Disabling
		summary  delivery.Summary
	}{
		{"200", status(200, `{"id":"0"}`), delivery.Sent, "", []time.Duration{0}, "", delivery.AllSent},
		{"204", status(204, ""), delivery.Sent, "", []time.Duration{0}, "", delivery.AllSent},
		{"301", status(301, "", "Location", "/elsewhere"), delivery.Dead, delivery.RedirectRefused, []time.Duration{0}, "", delivery.AllFailed},
		{"404", status(404, ""), delivery.Dead, "http_404", []time.Duration{0}, "", delivery.AllFailed},
		{"410 switches the webhook off", status(410, ""), delivery.Dead, delivery.Gone, []time.Duration{0}, delivery.DisabledGone, delivery.AllFailed},
		{"429 with its time", status(429, "", "Retry-After", "200"), delivery.Dead, "http_429", []time.Duration{0, 200 * time.Second, 400 * time.Second, 700 * time.Second}, "", delivery.AllFailed},
		{"500", status(500, ""), delivery.Dead, "http_500", []time.Duration{0, 60 * time.Second, 180 * time.Second, 480 * time.Second}, "", delivery.AllFailed},
		{"hangs up", reset, delivery.Dead, delivery.NetworkError, []time.Duration{0, 60 * time.Second, 180 * time.Second, 480 * time.Second}, "", delivery.AllFailed},
		{"200 success:false", status(200, `{"success":false}`), delivery.Dead, "SemanticError:success", []time.Duration{0}, "", delivery.AllFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, r := receives(t, tt.answer)
			w.save(hooks(r.URL))
			w.created()
			w.created() // every fact comes twice
			w.run(t, noon.Add(time.Hour))
			d := one(t, w.of(delivery.Webhook))
			var at []time.Duration
			for _, g := range r.all() {
				at = append(at, g.at.Sub(noon))
			}
			o, _ := w.conf.Output("out")
			if d.State != tt.state || d.LastErrorClass != tt.class || !slices.Equal(at, tt.requests) || o.Disabled != tt.disabled || w.cases[caseID].Delivered != tt.summary {
				t.Errorf("%s %s, requests at %v, disabled %q, %s", d.State, d.LastErrorClass, at, o.Disabled, w.cases[caseID].Delivered)
			}
			if len(w.lines) != len(tt.requests) || len(w.originals) != 1 {
				t.Errorf("%d lines in the log, %d originals", len(w.lines), len(w.originals))
			}
			for _, l := range w.lines {
				if strings.Contains(l.RequestBody, "Muster") || strings.Contains(l.RequestBody, "Papierstau") {
					t.Errorf("a person in the log: %s", l.RequestBody)
				}
			}
		})
	}
}

func TestAnswersWithoutEndAreBounded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"a gigabyte", gigabyte},
		{"a gzip bomb", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb())
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, r := receives(t, tt.answer)
			w.save(hooks(r.URL))
			w.created()
			w.run(t, noon)
			d := one(t, w.of(delivery.Webhook))
			if d.Attempts != 1 || d.State == delivery.Sending {
				t.Errorf("%+v", d)
			}
			for _, l := range w.lines {
				if len(l.AnswerBody) > 8<<10 {
					t.Errorf("%d bytes in the log", len(l.AnswerBody))
				}
			}
		})
	}
}

func TestNothingIsSentToPrivateAddresses(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"https://127.1/x", "https://0x7f000001/", "https://[::ffff:169.254.169.254]/", "https://user@a.example/", "https://metadata.google.internal/"} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			w, r := receives(t, status(200, ""))
			w.save(hooks(url))
			w.created()
			w.run(t, noon.Add(time.Hour))
			d := one(t, w.of(delivery.Webhook))
			o, _ := w.conf.Output("out")
			if d.State != delivery.Dead || d.Reason != delivery.BlockedByUs || d.Attempts != 1 || o.Disabled != delivery.DisabledBlocked || len(r.all()) != 0 {
				t.Errorf("%+v, %q", d, o.Disabled)
			}
		})
	}
}
