package delivery_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/delivery"
)

func TestTheSummaryOfACase(t *testing.T) {
	t.Parallel()
	in := func(states ...delivery.State) (all []delivery.Delivery) {
		for i, s := range states {
			all = append(all, delivery.Delivery{ID: fmt.Sprint(i), Kind: delivery.Created, State: s})
		}
		return all
	}
	for _, tt := range []struct {
		name string
		all  []delivery.Delivery
		want delivery.Summary
	}{
		{"nothing", nil, delivery.NothingToSend},
		{"only cancelled", in(delivery.Cancelled), delivery.NothingToSend},
		{"all sent", in(delivery.Sent, delivery.Sent, delivery.Cancelled), delivery.AllSent},
		{"a sent mail does not hide a dead webhook", in(delivery.Sent, delivery.Dead), delivery.PartlyFailed},
		{"a retry is due", in(delivery.Retrying), delivery.Pending},
		{"not failed while a retry is due", in(delivery.Dead, delivery.Retrying), delivery.PartlyFailed},
		{"all dead", in(delivery.Dead, delivery.Dead), delivery.AllFailed},
		{"waiting", in(delivery.Sent, delivery.Waiting), delivery.Pending},
		{"a test does not count", []delivery.Delivery{{Kind: delivery.Test, State: delivery.Dead}}, delivery.NothingToSend},
		{"a fallback mail does not count", append(in(delivery.Dead), delivery.Delivery{ID: "f", Kind: delivery.Created, State: delivery.Sent, Fallback: true}), delivery.AllFailed},
		{"a replay stands for the dead one", append(in(delivery.Sent, delivery.Dead), delivery.Delivery{ID: "r", Kind: delivery.Created, State: delivery.Sent, ReplayOf: "1"}), delivery.AllSent},
		{"a replay that is due", append(in(delivery.Sent, delivery.Dead), delivery.Delivery{ID: "r", Kind: delivery.Created, State: delivery.Scheduled, ReplayOf: "1"}), delivery.Pending},
		{"a cancelled replay does not", append(in(delivery.Sent, delivery.Dead), delivery.Delivery{ID: "r", Kind: delivery.Created, State: delivery.Cancelled, ReplayOf: "1"}), delivery.PartlyFailed},
	} {
		if got := delivery.Summarize(tt.all); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestTheSummaryDoesNotDependOnTheOrderAndIsNeverFailedTooEarly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOf(rapid.Custom(func(t *rapid.T) delivery.Delivery {
			return delivery.Delivery{ID: rapid.StringMatching(`[a-e]`).Draw(t, "id"), Kind: delivery.Created, State: rapid.SampledFrom(delivery.States).Draw(t, "state")}
		})).Draw(t, "all")
		got := delivery.Summarize(all)
		shuffled := rapid.Permutation(all).Draw(t, "shuffled")
		if other := delivery.Summarize(shuffled); other != got {
			t.Fatalf("%s, in another order %s", got, other)
		}
		alive := slices.ContainsFunc(all, func(d delivery.Delivery) bool { return !d.Final() })
		if alive && (got == delivery.AllFailed || got == delivery.AllSent) {
			t.Fatalf("%s while one is under way", got)
		}
	})
}

func TestTheFallbackMailGoesOutOncePerCaseAndOutput(t *testing.T) {
	t.Parallel()
	dead := try(t, delivery.Plan(webhook(), noon), no)
	key, ok := delivery.FallbackOf(dead)
	if !ok {
		t.Fatal("a dead webhook has no fallback")
	}
	replay := try(t, must(dead.Replay(delivery.Order{ID: "d2", Profile: delivery.Never}, true, noon)), no)
	if again, ok := delivery.FallbackOf(replay); !ok || again != key {
		t.Errorf("its replay has another key: %s, %s", again, key)
	}
	for name, change := range map[string]func(*delivery.Delivery){
		"alive": func(d *delivery.Delivery) { d.State = delivery.Retrying }, "a mail": func(d *delivery.Delivery) { d.Channel = delivery.Email },
		"a test": func(d *delivery.Delivery) { d.Kind = delivery.Test }, "an event": func(d *delivery.Delivery) { d.Kind = delivery.Event },
		"a change of status": func(d *delivery.Delivery) { d.Kind, d.StatusFrom = delivery.Updated, "open" },
	} {
		d := dead
		change(&d)
		if _, ok := delivery.FallbackOf(d); ok {
			t.Errorf("%s has a fallback", name)
		}
	}
}

func TestFromTheFifthDeathInTenMinutesOnAlertsAreCombined(t *testing.T) {
	t.Parallel()
	var a delivery.Alerts
	var alone bool
	for i := range 4 {
		if a, alone = a.Add(fmt.Sprint(i), noon.Add(time.Duration(i)*time.Minute)); !alone {
			t.Errorf("death %d is not told alone", i+1)
		}
		if _, again := a.Add(fmt.Sprint(i), noon.Add(time.Duration(i)*time.Minute)); again {
			t.Errorf("death %d is told twice", i+1)
		}
	}
	for i := 4; i < 300; i++ {
		if a, alone = a.Add(fmt.Sprint(i), noon.Add(5*time.Minute)); alone {
			t.Errorf("death %d is told alone", i+1)
		}
	}
	if _, ids, _ := a.Flush(noon.Add(14 * time.Minute)); ids != nil {
		t.Error("told before the time")
	}
	a, ids, count := a.Flush(noon.Add(15 * time.Minute))
	if count != 296 || len(ids) != 100 || ids[0] != "4" {
		t.Errorf("told %d of %d", len(ids), count)
	}
	if _, _, again := a.Flush(noon.Add(16 * time.Minute)); again != 0 {
		t.Error("told twice")
	}
	if _, alone = a.Add("later", noon.Add(30*time.Minute)); !alone {
		t.Error("a single death after a quiet time is not told alone")
	}
}
