package dispatch_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/webhook"
)

const url = "https://ticket.kunde.example/hook"

func TestWhatCannotBeSentIsDeadAtOnceAndTold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		output func() output.Output
		class  delivery.Class
	}{
		{"no output", func() output.Output { return output.Output{} }, "output_missing"},
		{"an inactive one", func() output.Output { o := mails("a@kunde.example"); o.Active = false; return o }, "output_inactive"},
		{"nobody left to get it", func() output.Output {
			o := mails("a@kunde.example", "kein Postfach")
			o.Mail.Muted = []string{"A@kunde.example"}
			return o
		}, delivery.NoRecipient},
		{"a webhook without address", func() output.Output { return hooks("") }, "url_missing"},
		{"a webhook that was switched off", func() output.Output { o := hooks(url); o.Disabled = delivery.DisabledGone; return o }, "output_disabled"},
		{"an unknown preset", func() output.Output { o := hooks(url); o.Hook.Preset = "gibtsnicht"; return o }, "preset_missing"},
		{"a preset without its variables", func() output.Output { o := hooks(url); o.Hook.Preset = "jira-cloud"; return o }, "template_missing_variable"},
		{"a payload with a typing error", func() output.Output { o := hooks(url); o.Hook.Payload = `{"n":"{{case.nummer}}"}`; return o }, "template_unknown_variable"},
		{"a mail with a typing error", func() output.Output {
			o := mails("a@kunde.example")
			o.Mail.Template, o.Mail.Subject, o.Mail.Body = output.Custom, "{{case.number}}", "{{#if case.number}}"
			return o
		}, "template_unclosed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.output())
			w.created()
			w.created()
			w.run(t, noon.Add(time.Hour))
			all := append(w.of(delivery.Email), w.of(delivery.Webhook)...)
			d := one(t, all)
			if d.State != delivery.Dead || d.Reason != delivery.ConfigError || d.LastErrorClass != tt.class || d.Attempts != 0 || len(w.lines) != 0 {
				t.Errorf("%+v", d)
			}
			if len(w.letters) != 1 || w.letters[0].Subject != "[ALERT] Zustellung gescheitert: TKT-2026-00042" || w.cases[caseID].Delivered != delivery.AllFailed {
				t.Errorf("%+v, %s", w.letters, w.cases[caseID].Delivered)
			}
			if _, err := w.Replay(t.Context(), us, caseID, d.ID, false, desk.Actor{Kind: "user"}); tt.class == "output_missing" && !errors.Is(err, dispatch.ErrNoOutput) {
				t.Errorf("replayed before it was put right: %v", err)
			}
		})
	}
}

func TestAfterTheConfigurationIsPutRightAReplaySendsIt(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(200, ""))
	w.created()
	w.run(t, noon.Add(time.Minute))
	dead := one(t, w.of(delivery.Email))
	w.save(both("it@kunde.example", r.URL))
	for range 2 { // a person clicks twice
		dues, err := w.Replay(t.Context(), us, caseID, dead.ID, false, desk.Actor{Kind: "user", ID: "u1"})
		if err != nil || len(dues) != 2 {
			t.Fatalf("%v, %v", dues, err)
		}
		for _, due := range dues {
			w.give(dispatch.AttemptKind, dispatch.Attempting{CaseID: due.CaseID, DeliveryID: due.DeliveryID})
		}
	}
	w.run(t, noon.Add(time.Hour))
	if len(r.all()) != 1 || len(w.letters) != 2 || w.told("delivery.replayed.v1") != 2 || w.cases[caseID].Delivered != delivery.AllSent {
		t.Errorf("%d requests, %d letters, %d replays, %s", len(r.all()), len(w.letters), w.told("delivery.replayed.v1"), w.cases[caseID].Delivered)
	}
	if len(w.trail) != 1 || w.trail[0].Action != audit.Replayed || w.trail[0].Actor.ID != "u1" || w.trail[0].Object.ID != caseID {
		t.Errorf("in the audit trail stands %+v", w.trail)
	}
	for _, e := range w.events {
		if e, ok := e.(event.DeliveryReplayed); ok && e.Actor != (event.Actor{Kind: "user", ID: "u1"}) {
			t.Errorf("who did it: %+v", e.Actor)
		}
	}
}

func TestADeliveryWaitsOnlyForWhatItSends(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		output func() output.Output
		audio  bool // of the company
		awaits []delivery.Part
	}{
		{"a webhook with the transcript", func() output.Output { return hooks(url) }, false, []delivery.Part{delivery.Transcript}},
		{"a webhook without", func() output.Output { o := hooks(url); o.Hook.Transcript = false; return o }, false, nil},
		{"a payload that speaks of none", func() output.Output { o := hooks(url); o.Hook.Payload = `{"n":"{{case.number}}"}`; return o }, false, nil},
		{"a payload with the summary", func() output.Output { o := hooks(url); o.Hook.Payload = `{"n":"{{ai.summary}}"}`; return o }, false, []delivery.Part{delivery.Transcript}},
		{"a webhook with the recording", func() output.Output { o := hooks(url); o.Hook.Recording = true; return o }, true, []delivery.Part{delivery.Transcript, delivery.Recording}},
		{"the company gives no recordings away", func() output.Output { o := hooks(url); o.Hook.Recording = true; return o }, false, []delivery.Part{delivery.Transcript}},
		{"it is not to wait", func() output.Output { o := hooks(url); o.Wait = false; return o }, false, nil},
		{"a mail with a link", func() output.Output { o := mails("a@kunde.example"); o.Mail.Audio = output.AudioLink; return o }, false, []delivery.Part{delivery.Transcript, delivery.Recording}},
		{"a mail with neither summary nor transcript", func() output.Output {
			o := mails("a@kunde.example")
			o.Mail.Summary, o.Mail.Transcript = false, false
			return o
		}, false, nil},
		{"a technical one, whose payload has the transcript", func() output.Output {
			o := mails("a@kunde.example")
			o.Mail.Template, o.Mail.Summary, o.Mail.Transcript, o.Hook.Transcript = output.Technical, false, false, true
			return o
		}, false, []delivery.Part{delivery.Transcript}},
		{"a custom mail of two lines", func() output.Output {
			o := mails("a@kunde.example")
			o.Mail.Template, o.Mail.Subject, o.Mail.Body = output.Custom, "{{case.number}}", "{{case.subject}}"
			return o
		}, false, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.output())
			w.callable()
			c := w.cases[caseID]
			c.Recording.State = desk.RecordingPending
			w.cases[caseID] = c
			w.conf.Gateway.Audio = tt.audio
			dues, err := w.Plan(t.Context(), us, caseID)
			if err != nil {
				t.Fatal(err)
			}
			d := one(t, append(w.of(delivery.Email), w.of(delivery.Webhook)...))
			at := noon
			if len(tt.awaits) > 0 {
				at = noon.Add(180 * time.Second)
			}
			if !slices.Equal(d.Awaits, tt.awaits) || len(dues) != 1 || !dues[0].At.Equal(at) {
				t.Errorf("awaits %v, due %v", d.Awaits, dues)
			}
		})
	}
}

func TestTheDelayAndTheDeadlineAreTheCompanys(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                string
		delay, company, own int
		pending             bool
		heard, due          time.Duration
	}{
		{"at once", 0, 180, 180, false, 0, 0},
		{"after the delay", 90, 180, 180, false, 0, 90 * time.Second},
		{"the delay runs from the case", 90, 180, 180, false, 60 * time.Second, 90 * time.Second},
		{"heard long after", 90, 180, 180, false, time.Hour, time.Hour},
		{"the company's time", 0, 60, 180, true, 0, 60 * time.Second},
		{"the output's, if it is shorter", 0, 180, 30, true, 0, 30 * time.Second},
		{"heard after the deadline", 0, 180, 180, true, time.Hour, time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := hooks(url)
			o.TimeoutS = tt.own
			w := newWorld(t, o)
			w.conf.Gateway.DelaySeconds, w.conf.Gateway.EnrichmentSeconds = tt.delay, tt.company
			if tt.pending {
				w.callable()
			}
			w.now = noon.Add(tt.heard)
			dues, err := w.Plan(t.Context(), us, caseID)
			if err != nil || len(dues) != 1 || !dues[0].At.Equal(noon.Add(tt.due)) {
				t.Errorf("%v, %v", dues, err)
			}
		})
	}
}

func TestWhatIsMissingComesAgainAndIsNeverASuccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mails("a@kunde.example"))
	for kind, want := range map[string]error{"case.created.v1": dispatch.ErrNoCase, "delivery.attempt": dispatch.ErrNoDelivery, "case.forgotten.v1": dispatch.ErrUnknown} {
		if _, err := w.Handle(t.Context(), us, kind, []byte(`{"case_id":"nobody","delivery_id":"nothing"}`)); !errors.Is(err, want) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if _, err := w.Handle(t.Context(), us, "case.created.v1", []byte(`{`)); err == nil {
		t.Error("half a message was understood")
	}
}

func TestACaseThatIsGoneSendsNothingAndOneThatIsBackCatchesUp(t *testing.T) {
	t.Parallel()
	merge := func(w *world, c *desk.Case, gone bool) {
		if c.MergedInto = ""; gone {
			c.MergedInto = "other"
		}
		w.give("case.merged.v1", event.CaseMerged{CaseID: caseID, IntoID: "other", Undone: !gone})
	}
	remove := func(w *world, c *desk.Case, gone bool) {
		if c.Deletion = nil; gone {
			c.Deletion = &desk.Deletion{At: noon, Reason: "Test"}
			w.give("case.deleted.v1", event.CaseDeleted{CaseID: caseID, Reason: "Test"})
			return
		}
		w.give("case.restored.v1", event.CaseRestored{CaseID: caseID})
	}
	for name, do := range map[string]func(*world, *desk.Case, bool){"merged": merge, "deleted": remove} {
		for _, first := range []string{"created", name} {
			t.Run(name+", and "+first+" is heard first", func(t *testing.T) {
				t.Parallel()
				w, r := receives(t, status(200, ""))
				w.save(hooks(r.URL))
				w.callable() // it waits
				change := func(gone bool) {
					c := w.cases[caseID]
					c.Version++
					do(w, &c, gone)
					w.cases[caseID] = c
				}
				if first == "created" {
					w.created()
					w.run(t, noon.Add(time.Second))
					change(true)
				} else {
					change(true)
					w.created()
				}
				w.run(t, noon.Add(time.Hour))
				if len(r.all()) != 0 {
					t.Fatalf("%d requests of a case that is gone", len(r.all()))
				}
				change(false)
				w.run(t, noon.Add(2*time.Hour))
				if len(r.all()) != 1 || w.cases[caseID].Delivered != delivery.AllSent {
					t.Errorf("%d requests once it was back, %s", len(r.all()), w.cases[caseID].Delivered)
				}
			})
		}
	}
}

// A dead webhook's fallback mails carry a case that was merged meanwhile; of a deleted one nothing leaves, and nobody is alarmed.
func TestOfADeletedCaseNothingIsFallenBackOnAndNobodyIsAlarmed(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(400, ""))
	o := hooks(r.URL)
	o.Mail.Fallback = []string{"notfall@edv.example"}
	w.save(o)
	w.conf.Gateway.Alerts, w.conf.Gateway.AlertEmails = true, []string{"alarm@edv.example"}
	w.created()
	r.become(func(rw http.ResponseWriter, _ *http.Request) { // while it is being sent
		c := w.cases[caseID]
		c.Deletion, c.Version = &desk.Deletion{At: noon, Reason: "Test"}, c.Version+1
		w.cases[caseID] = c
		rw.WriteHeader(400)
	})
	w.run(t, noon.Add(time.Hour))
	if len(r.all()) != 1 || len(w.letters) != 0 {
		t.Errorf("%d requests, letters %+v", len(r.all()), w.letters)
	}
	if _, err := w.StartRedelivery(t.Context(), us, dispatch.Redelivery{CaseID: caseID}); !errors.Is(err, dispatch.ErrNoCase) {
		t.Errorf("it is sent again: %v", err)
	}
}

func TestARunningAttemptIsNotCalledBackButNothingFollowsIt(t *testing.T) {
	t.Parallel()
	w, r := receives(t, nil)
	w.save(hooks(r.URL))
	var until time.Time
	var err error
	r.become(func(rw http.ResponseWriter, req *http.Request) {
		until, err = w.Cancel(req.Context(), us, caseID, "by hand")
		rw.WriteHeader(500)
	})
	dues, planErr := w.Plan(t.Context(), us, caseID)
	if planErr != nil {
		t.Fatal(planErr)
	}
	if _, err := w.Attempt(t.Context(), us, caseID, dues[0].DeliveryID); err != nil {
		t.Fatal(err)
	}
	if err != nil || !until.Equal(noon.Add(60*time.Second)) {
		t.Fatalf("ask again at %v, %v", until, err)
	}
	w.give(dispatch.CancelKind, dispatch.Cancelling{CaseID: caseID, Why: "by hand"})
	w.run(t, noon.Add(time.Hour))
	if d := one(t, w.of(delivery.Webhook)); d.State != delivery.Cancelled || d.Why != "by hand" || len(r.all()) != 1 {
		t.Errorf("%+v", d)
	}
}

func TestABrokenDestinationIsLeftAloneAndWaitingUsesNoAttempt(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(200, ""))
	w.save(hooks(r.URL))
	host := strings.TrimPrefix(r.URL, "http://")
	w.gates[host] = versioned[delivery.Gate]{delivery.Gate{OpenUntil: noon.Add(45 * time.Second)}, 1}
	w.created()
	w.run(t, noon.Add(44*time.Second))
	if d := one(t, w.of(delivery.Webhook)); len(r.all()) != 0 || d.Attempts != 0 || !d.NextAt.Equal(noon.Add(45*time.Second)) {
		t.Fatalf("%d requests, %+v", len(r.all()), d)
	}
	w.run(t, noon.Add(time.Hour))
	if d := one(t, w.of(delivery.Webhook)); d.State != delivery.Sent || d.Attempts != 1 || len(w.gates[host].value.Inside) != 0 {
		t.Errorf("%+v, %+v", d, w.gates[host])
	}
}

func TestASecretThatIsMissingIsAMistakeAndOneThatCannotBeReadIsTriedAgain(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(200, ""))
	o := hooks(r.URL)
	o.Hook.Auth = output.Auth{Type: webhook.AuthBearer, TokenRef: "ssm:/token"}
	w.save(o)
	w.created()
	w.run(t, noon.Add(time.Hour))
	d := one(t, w.of(delivery.Webhook))
	if d.LastErrorClass != "secret_missing" || d.Attempts != 0 {
		t.Fatalf("%+v", d)
	}
	w.secrets["ssm:/token"] = "geheim-geheim"
	if _, _, err := w.ReplayCase(t.Context(), us, caseID, false, desk.Actor{}); err != nil {
		t.Fatal(err)
	}
	w.created() // wakes whatever is open
	w.run(t, noon.Add(2*time.Hour))
	if all := r.all(); len(all) != 1 || all[0].header.Get("Authorization") != "Bearer geheim-geheim" {
		t.Fatalf("%d requests", len(all))
	}
	for _, l := range w.lines {
		if strings.Contains(fmt.Sprintf("%+v", l), "geheim-geheim") {
			t.Errorf("a secret in the log: %+v", l)
		}
	}
}

func TestManyRecipientsArePlannedInSeveralSteps(t *testing.T) {
	t.Parallel()
	var to []string
	for n := range 45 {
		to = append(to, fmt.Sprintf("a%d@kunde.example", n))
	}
	w := newWorld(t, mails(to...))
	w.faultAt = 9 // in the middle of it
	w.created()
	w.run(t, noon.Add(time.Hour))
	if len(w.letters) != 45 || len(w.of(delivery.Email)) != 45 || w.told("delivery.scheduled.v1") != 45 {
		t.Errorf("%d letters, %d deliveries, %d facts", len(w.letters), len(w.of(delivery.Email)), w.told("delivery.scheduled.v1"))
	}
}

func TestWhatArrivesWhileACaseIsPlannedIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(200, ""))
	w.save(hooks(r.URL))
	w.callable()
	w.beforeIt = func() {
		w.enrich()
		if _, err := w.Release(t.Context(), us, caseID, delivery.Transcript); err != nil {
			t.Error(err)
		}
		w.queue = nil // the fact was heard, and found nobody waiting
	}
	w.created()
	w.run(t, noon.Add(time.Second))
	if len(r.all()) != 1 || !strings.Contains(r.all()[0].body, "segments") {
		t.Errorf("%d requests", len(r.all()))
	}
}

func TestACaseDoesNotStayInTheHouseBecauseOfARecording(t *testing.T) {
	t.Parallel()
	o := mails("a@kunde.example")
	o.Mail.Audio = output.Attachment
	w := newWorld(t, o)
	w.callable()
	w.enrich()
	c := w.cases[caseID]
	c.Recording = desk.Recording{State: desk.RecordingStored, Key: "rec/1"}
	w.cases[caseID] = c
	w.calls["call_1"] = call.Call{RecordingConsent: "granted"}
	w.unreadable = true
	w.created()
	w.run(t, noon.Add(4*time.Minute))
	if len(w.letters) != 0 || one(t, w.of(delivery.Email)).Attempts != 0 {
		t.Fatal("it left without a second look")
	}
	w.run(t, noon.Add(time.Hour))
	if d := one(t, w.of(delivery.Email)); len(w.letters) != 1 || d.State != delivery.Sent || !slices.Equal(d.Partial, delivery.Parts) || !strings.Contains(w.letters[0].Text, "Die Aufnahme lag beim Versand noch nicht vor") {
		t.Errorf("%d letters, %+v %v", len(w.letters), d, w.failed)
	}
}

func TestAnOutputThatIsSwitchedOffSendsNothingMore(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(500, ""))
	w.save(hooks(r.URL))
	w.created()
	w.run(t, noon.Add(time.Second))
	o, _ := w.conf.Output("out")
	o.Active = false
	w.save(o)
	w.run(t, noon.Add(time.Hour))
	if d := one(t, w.of(delivery.Webhook)); d.State != delivery.Cancelled || len(r.all()) != 1 {
		t.Errorf("%+v, %d requests", d, len(r.all()))
	}
}

func TestARunningDeliveryEndsWithTheVersionItBeganWith(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(500, ""))
	o := hooks(r.URL)
	o.Hook.Payload = `{"form":"old","n":"{{case.number}}"}`
	w.save(o)
	w.created()
	w.run(t, noon.Add(time.Second))
	o, _ = w.conf.Output("out")
	o.Hook.Payload = `{"form":"new","n":"{{case.number}}"}`
	w.save(o)
	w.created() // the fact comes again, after the change
	w.run(t, noon.Add(time.Hour))
	d := one(t, w.of(delivery.Webhook))
	if len(r.all()) != 4 || !strings.Contains(r.all()[3].body, "old") {
		t.Fatalf("%d requests", len(r.all()))
	}
	r.become(status(200, ""))
	dues, err := w.Replay(t.Context(), us, caseID, d.ID, true, desk.Actor{Kind: "user"})
	if err != nil {
		t.Fatal(err)
	}
	w.give(dispatch.AttemptKind, dispatch.Attempting{CaseID: caseID, DeliveryID: dues[0].DeliveryID})
	w.run(t, noon.Add(2*time.Hour))
	if last := r.all()[4]; !strings.Contains(last.body, "new") || last.id() == r.all()[0].id() {
		t.Errorf("%s under %s", last.body, last.id())
	}
	if _, err := w.Replay(t.Context(), us, caseID, "nothing", false, desk.Actor{}); !errors.Is(err, dispatch.ErrNoDelivery) {
		t.Errorf("%v", err)
	}
}
