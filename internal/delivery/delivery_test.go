package delivery_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/delivery"
)

var noon = time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)

func webhook() delivery.Order {
	return delivery.Order{ID: "d1", CaseID: "c1", OutputID: "o1", Kind: delivery.Created, Channel: delivery.Webhook, Sequence: 1, Profile: delivery.Fast, MessageID: "msg_1"}
}

var (
	ok     = delivery.Outcome{OK: true}
	broken = delivery.Outcome{Class: "http_500", Retry: true}
	no     = delivery.Outcome{Class: "http_400", Reason: delivery.Permanent}
)

const even = 0.5 // jitter of nothing

// try makes the next attempt at the time it is due and ends it.
func try(t *testing.T, d delivery.Delivery, o delivery.Outcome) delivery.Delivery {
	t.Helper()
	at := d.NextAt
	d, err := d.Take("w", time.Minute, at)
	if err != nil {
		t.Fatalf("take: %v", err)
	}
	d, err = d.Settle("w", o, even, at)
	if err != nil {
		t.Fatalf("settle: %v", err)
	}
	return d
}

func TestFourFailuresAtTheirTimesThenDead(t *testing.T) {
	t.Parallel()
	d := delivery.Plan(webhook(), noon)
	for _, after := range []time.Duration{0, 60, 180, 480} {
		if want := noon.Add(after * time.Second); !d.NextAt.Equal(want) {
			t.Errorf("attempt %d is due at %s, want %s", d.Attempts+1, d.NextAt, want)
		}
		if d.MessageID != "msg_1" {
			t.Errorf("attempt %d has message id %s", d.Attempts+1, d.MessageID)
		}
		d = try(t, d, broken)
	}
	if d.State != delivery.Dead || d.Reason != delivery.Exhausted || d.Attempts != 4 || d.LastErrorClass != "http_500" {
		t.Errorf("after four failures: %+v", d)
	}
}

func TestAnOutcomeEndsAnAttempt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		profile delivery.Profile
		o       delivery.Outcome
		state   delivery.State
		reason  delivery.Reason
	}{
		{"a success is sent", delivery.Fast, ok, delivery.Sent, ""},
		{"a refusal is dead at once", delivery.Fast, no, delivery.Dead, delivery.Permanent},
		{"a failure is tried again", delivery.Fast, broken, delivery.Retrying, ""},
		{"a failure without retries is dead", delivery.Never, broken, delivery.Dead, delivery.Exhausted},
		{"a blocked address is dead", delivery.Long, delivery.Outcome{Class: delivery.BlockedAddress, Reason: delivery.BlockedByUs}, delivery.Dead, delivery.BlockedByUs},
	} {
		o := webhook()
		o.Profile = tt.profile
		if d := try(t, delivery.Plan(o, noon), tt.o); d.State != tt.state || d.Reason != tt.reason {
			t.Errorf("%s: %s %s", tt.name, d.State, d.Reason)
		}
	}
}

func TestWaitingUsesNoAttemptAndEndsByTheClock(t *testing.T) {
	t.Parallel()
	gated := webhook()
	gated.Gate, gated.Deadline = []delivery.Part{delivery.Transcript, delivery.Recording}, noon.Add(180*time.Second)

	t.Run("complete as soon as the last part is there", func(t *testing.T) {
		t.Parallel()
		d := delivery.Plan(gated, noon).Arrived(delivery.Recording, noon.Add(20*time.Second))
		if d.State != delivery.Waiting {
			t.Fatalf("%s with the transcript outstanding", d.State)
		}
		d = d.Arrived(delivery.Transcript, noon.Add(40*time.Second))
		if d.State != delivery.Scheduled || !d.NextAt.Equal(noon.Add(40*time.Second)) || d.Attempts != 0 || len(d.Partial) != 0 {
			t.Errorf("%+v", d)
		}
	})
	t.Run("partial at the deadline with all attempts left, then one update for each late part", func(t *testing.T) {
		t.Parallel()
		d := delivery.Plan(gated, noon)
		if _, err := d.TimeUp(noon.Add(179 * time.Second)); !errors.Is(err, delivery.ErrNotDue) {
			t.Errorf("before the deadline: %v", err)
		}
		d, err := d.TimeUp(noon.Add(180 * time.Second))
		if err != nil || d.State != delivery.Scheduled || d.Attempts != 0 || !slices.Equal(d.Partial, []delivery.Part{delivery.Transcript, delivery.Recording}) {
			t.Fatalf("%+v, %v", d, err)
		}
		for range 4 {
			d = try(t, d, broken)
		}
		if d.Reason != delivery.Exhausted {
			t.Errorf("four attempts were not left: %+v", d)
		}
		d = try(t, must(delivery.Plan(gated, noon).TimeUp(gated.Deadline)), ok)
		if !d.NeedsUpdate(delivery.Transcript, true) || d.NeedsUpdate(delivery.Transcript, false) || d.UpdateKey(delivery.Transcript) == d.UpdateKey(delivery.Recording) {
			t.Error("a late transcript owes no update of its own")
		}
		if d := d.Arrived(delivery.Transcript, noon.Add(300*time.Second)); d.State != delivery.Sent {
			t.Errorf("the late part changed what was sent: %s", d.State)
		}
	})
	t.Run("a complete one owes no update", func(t *testing.T) {
		t.Parallel()
		if try(t, delivery.Plan(webhook(), noon), ok).NeedsUpdate(delivery.Transcript, true) {
			t.Error("owes one")
		}
	})
}

func must(d delivery.Delivery, err error) delivery.Delivery {
	if err != nil {
		panic(err)
	}
	return d
}

func TestTwoWorkersNeverHaveTheSameAttempt(t *testing.T) {
	t.Parallel()
	d := delivery.Plan(webhook(), noon)
	if _, err := d.Take("a", time.Minute, noon.Add(-time.Second)); !errors.Is(err, delivery.ErrNotDue) {
		t.Errorf("before its time: %v", err)
	}
	d = must(d.Take("a", time.Hour, noon))
	if !d.ClaimEnd.Equal(noon.Add(time.Minute)) {
		t.Errorf("the claim ends %s, later than after 60 s", d.ClaimEnd)
	}
	if _, err := d.Take("b", time.Minute, noon); !errors.Is(err, delivery.ErrClaimed) {
		t.Errorf("a second worker: %v", err)
	}
	if _, err := d.Settle("b", ok, even, noon); !errors.Is(err, delivery.ErrOutdated) {
		t.Errorf("a stranger's success: %v", err)
	}
	if _, err := d.Lost(even, noon.Add(59*time.Second)); !errors.Is(err, delivery.ErrClaimed) {
		t.Errorf("given up too early: %v", err)
	}
	d = must(d.Lost(even, noon.Add(60*time.Second)))
	if d.State != delivery.Retrying || d.Attempts != 1 || d.LastErrorClass != delivery.ClaimLost {
		t.Fatalf("given up: %+v", d)
	}
	if _, err := d.Settle("a", broken, even, noon.Add(61*time.Second)); !errors.Is(err, delivery.ErrOutdated) {
		t.Errorf("its late failure: %v", err)
	}
	if late := must(d.Settle("a", ok, even, noon.Add(61*time.Second))); late.State != delivery.Sent {
		t.Errorf("its late success: %s", late.State)
	}
	d = must(d.Take("b", time.Minute, d.NextAt))
	if _, err := d.Settle("a", ok, even, noon.Add(3*time.Minute)); !errors.Is(err, delivery.ErrOutdated) {
		t.Errorf("its late success after another worker began: %v", err)
	}
}

func TestCancelling(t *testing.T) {
	t.Parallel()
	d := delivery.Plan(webhook(), noon)
	if c := must(d.Cancel("merged", noon)); c.State != delivery.Cancelled || c.Why != "merged" || !c.NextAt.IsZero() {
		t.Errorf("%+v", c)
	}
	if _, err := must(d.Take("w", time.Minute, noon)).Cancel("merged", noon); !errors.Is(err, delivery.ErrClaimed) {
		t.Errorf("in the middle of an attempt: %v", err)
	}
	if _, err := try(t, d, ok).Cancel("merged", noon); !errors.Is(err, delivery.ErrNotAllowed) {
		t.Errorf("a sent one: %v", err)
	}
}

func TestASentMailMayComeBack(t *testing.T) {
	t.Parallel()
	o := webhook()
	o.Channel = delivery.Email
	d := try(t, delivery.Plan(o, noon), delivery.MailAccepted("ses-1"))
	if d.ProviderMessageID != "ses-1" {
		t.Errorf("%+v", d)
	}
	d = must(d.Reached("ses-1", noon.Add(time.Second)))
	if d = must(d.Returned(delivery.Bounced, noon.Add(time.Minute))); d.State != delivery.Dead || d.Reason != delivery.Bounced {
		t.Errorf("%+v", d)
	}
	if _, err := d.Returned(delivery.Complained, noon); !errors.Is(err, delivery.ErrNotAllowed) {
		t.Errorf("twice: %v", err)
	}
	if _, err := try(t, delivery.Plan(webhook(), noon), ok).Returned(delivery.Bounced, noon); !errors.Is(err, delivery.ErrNotAllowed) {
		t.Errorf("a webhook: %v", err)
	}
}

func TestTheMailServicesWordIsTheOutcomeOfAnAttempt(t *testing.T) {
	t.Parallel()
	o := webhook()
	o.Channel = delivery.Email
	later := noon.Add(time.Hour)
	running := must(delivery.Plan(o, noon).Take("w", time.Minute, noon))
	lost := must(running.Lost(0, later))
	for _, tt := range []struct {
		name string
		got  delivery.Delivery
	}{
		{"its worker died", must(must(running.Reached("ses-1", noon)).Lost(0, later))},
		{"its worker heard no answer", must(must(running.Reached("ses-1", noon)).Settle("w", delivery.MailFailed("mail_error", false), 0, later))},
		{"its worker says the same", must(must(running.Reached("ses-1", noon)).Settle("w", delivery.MailAccepted("ses-1"), 0, later))},
		{"it was given up", must(lost.Reached("ses-1", later))},
	} {
		if d := tt.got; d.State != delivery.Sent || d.DeliveredAt.IsZero() || !d.NextAt.IsZero() || d.Reason != "" || d.LastErrorClass != "" {
			t.Errorf("%s: %+v", tt.name, d)
		}
	}
	back := must(running.Returned(delivery.Bounced, noon))
	if _, err := back.Settle("w", delivery.MailAccepted("ses-1"), 0, noon); back.State != delivery.Dead || !errors.Is(err, delivery.ErrOutdated) {
		t.Errorf("came back before its worker was done: %s, %v", back.State, err)
	}
	for _, d := range []delivery.Delivery{delivery.Plan(o, noon), back, must(running.Misconfigured("template", noon))} {
		if _, err := d.Reached("ses-1", noon); !errors.Is(err, delivery.ErrNotAllowed) {
			t.Errorf("a %s one was reached: %v", d.State, err)
		}
	}
}

func TestAWrongConfigurationIsDeadWithoutAnAttempt(t *testing.T) {
	t.Parallel()
	gated := webhook()
	gated.Gate, gated.Deadline = []delivery.Part{delivery.Recording}, noon.Add(time.Minute)
	for _, d := range []delivery.Delivery{delivery.Plan(webhook(), noon), delivery.Plan(gated, noon), must(delivery.Plan(webhook(), noon).Take("w", time.Minute, noon))} {
		before := d.Attempts
		if d = must(d.Misconfigured("template", noon)); d.State != delivery.Dead || d.Reason != delivery.ConfigError || d.Attempts != before {
			t.Errorf("%+v", d)
		}
	}
	if _, err := try(t, delivery.Plan(webhook(), noon), ok).Misconfigured("template", noon); !errors.Is(err, delivery.ErrNotAllowed) {
		t.Errorf("a sent one: %v", err)
	}
}

func TestAReplayIsANewDeliveryOfTheSameMessage(t *testing.T) {
	t.Parallel()
	d := try(t, delivery.Plan(webhook(), noon), no)
	later := noon.Add(time.Hour)
	o := delivery.Order{ID: "d2", ConfigVersion: 7, Destination: "https://new.example/", Profile: delivery.Fast, MessageID: "msg_2", Sequence: 2}
	r := must(d.Replay(o, false, later))
	if r.ID != "d2" || r.ReplayOf != "d1" || r.MessageID != "msg_1" || r.Sequence != 1 || r.State != delivery.Scheduled || r.Attempts != 0 || r.ConfigVersion != 7 || r.Reason != "" || !r.CreatedAt.Equal(later) {
		t.Errorf("%+v", r)
	}
	if r := must(d.Replay(o, true, later)); r.MessageID != "msg_2" || r.Sequence != 2 {
		t.Errorf("as new: %+v", r)
	}
	if _, err := r.Replay(o, false, later); !errors.Is(err, delivery.ErrNotAllowed) {
		t.Errorf("of a running one: %v", err)
	}
}

// Whatever happens in whatever order: only allowed arrows, never more attempts than the profile has, one message id,
// nothing leaves a final state but a mail that came back, and two claims never overlap.
func TestTheMachineKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := webhook()
		o.Profile = rapid.SampledFrom(delivery.Profiles).Draw(t, "profile")
		o.Channel = rapid.SampledFrom(delivery.Channels).Draw(t, "channel")
		if rapid.Bool().Draw(t, "gated") {
			o.Gate, o.Deadline = delivery.Parts, noon.Add(180*time.Second)
		}
		now := noon
		d := delivery.Plan(o, now)
		claims := 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(4*time.Hour)).Draw(t, "pause")))
			if rapid.Bool().Draw(t, "soon") && d.NextAt.After(now) {
				now = d.NextAt
			}
			before := d
			jitter := rapid.Float64Range(0, 0.999).Draw(t, "jitter")
			outcome := rapid.SampledFrom([]delivery.Outcome{ok, broken, no, {Class: "http_429", Retry: true, RetryAfter: now.Add(30 * time.Minute)}}).Draw(t, "outcome")
			claim := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "claim")
			var err error
			what := rapid.SampledFrom([]string{"take", "settle", "lost", "time up", "arrived", "cancel", "put off", "bounce", "reached", "misconfigured"}).Draw(t, "what")
			switch what {
			case "take":
				d, err = d.Take(claim, time.Minute, now)
				if err == nil {
					claims++
					if before.NextAt.After(now) {
						t.Fatalf("taken before %s", before.NextAt)
					}
				}
			case "settle":
				d, err = d.Settle(claim, outcome, jitter, now)
			case "lost":
				d, err = d.Lost(jitter, now)
			case "time up":
				d, err = d.TimeUp(now)
			case "arrived":
				d = d.Arrived(rapid.SampledFrom(delivery.Parts).Draw(t, "part"), now)
			case "cancel":
				d, err = d.Cancel("x", now)
			case "put off":
				d, err = d.PutOff(now.Add(time.Minute))
			case "bounce":
				d, err = d.Returned(delivery.Bounced, now)
			case "reached":
				d, err = d.Reached("ses", now)
			case "misconfigured":
				d, err = d.Misconfigured("template", now)
			}
			if err != nil {
				d = before // a refusal leaves what the caller has
				continue
			}
			switch {
			case before.State != d.State && !slices.Contains(delivery.Next[before.State], d.State) && !(what == "misconfigured" && before.State == delivery.Waiting):
				t.Fatalf("%s: %s became %s", what, before.State, d.State)
			case d.Attempts != claims || d.Attempts > o.Profile.Attempts():
				t.Fatalf("%s: %d attempts after %d claims of %d", what, d.Attempts, claims, o.Profile.Attempts())
			case d.MessageID != o.MessageID:
				t.Fatalf("%s: message id %s", what, d.MessageID)
			case d.Final() != !d.FinishedAt.IsZero(), d.State == delivery.Dead && d.Reason == "":
				t.Fatalf("%s: %+v", what, d)
			case d.State == delivery.Retrying && outcome.RetryAfter.After(d.NextAt) && what == "settle" && !outcome.OK && before.State == delivery.Sending:
				t.Fatalf("due at %s although asked to wait until %s", d.NextAt, outcome.RetryAfter)
			case (d.State == delivery.Scheduled || d.State == delivery.Retrying || d.State == delivery.Waiting) && d.NextAt.IsZero():
				t.Fatalf("%s: nothing wakes a %s one", what, d.State)
			}
		}
	})
}
