package delivery_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/delivery"
)

// pass sends one request through a gate, at once.
func pass(t *testing.T, g delivery.Gate, id string, failed bool, now time.Time) delivery.Gate {
	t.Helper()
	g, _, ok := g.Enter(id, time.Minute, now)
	if !ok {
		t.Fatalf("%s may not enter", id)
	}
	return g.Leave(id, failed, now)
}

func TestTheBreakerOpensAtSeventyPerCentOfTen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		good, bad   int
		every       time.Duration
		opens       bool
		probe       bool // fails
		afterwardsT bool // lets pass after the probe
	}{
		{"nine failures", 0, 9, time.Second, false, false, true},
		{"ten failures", 0, 10, time.Second, true, false, true},
		{"three successes, seven failures", 3, 7, time.Second, true, false, true},
		{"four successes, seven failures", 4, 7, time.Second, false, false, true},
		{"ten failures in ten minutes", 0, 10, time.Minute, false, false, true},
		{"ten failures, and the probe fails", 0, 10, time.Second, true, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var g delivery.Gate
			now := noon
			for i := range tt.good + tt.bad {
				now = now.Add(tt.every)
				g = pass(t, g, fmt.Sprint(i), i >= tt.good, now)
			}
			g, again, ok := g.Enter("next", time.Minute, now)
			if ok == tt.opens {
				t.Fatalf("lets pass: %v", ok)
			}
			if !tt.opens {
				return
			}
			if !again.Equal(now.Add(time.Minute)) {
				t.Errorf("asks to come again at %s", again)
			}
			now = again
			g, _, ok = g.Enter("probe", time.Minute, now)
			if !ok {
				t.Fatal("no probe after a minute")
			}
			if _, _, ok := g.Enter("second", time.Minute, now); ok {
				t.Error("two probes at a time")
			}
			g = g.Leave("probe", tt.probe, now)
			if _, _, ok := g.Enter("after", time.Minute, now); ok != tt.afterwardsT {
				t.Errorf("after the probe: %v", ok)
			}
		})
	}
}

func TestAProbeThatNeverComesBackMakesRoomForAnother(t *testing.T) {
	t.Parallel()
	var g delivery.Gate
	for i := range 10 {
		g = pass(t, g, fmt.Sprint(i), true, noon)
	}
	g, _, ok := g.Enter("first", 10*time.Second, noon.Add(time.Minute))
	if !ok {
		t.Fatal("no probe")
	}
	if _, _, ok := g.Enter("second", time.Minute, noon.Add(69*time.Second)); ok {
		t.Error("a second probe while the first is out")
	}
	if _, _, ok := g.Enter("second", time.Minute, noon.Add(70*time.Second)); !ok {
		t.Error("no second probe")
	}
}

func TestTwoAtATime(t *testing.T) {
	t.Parallel()
	var g delivery.Gate
	g, _, _ = g.Enter("a", time.Minute, noon)
	g, _, ok := g.Enter("b", time.Minute, noon)
	if !ok {
		t.Fatal("no second one")
	}
	if _, again, ok := g.Enter("c", time.Minute, noon); ok || !again.After(noon) {
		t.Errorf("a third one: %v, again at %s", ok, again)
	}
	if _, _, ok := g.Enter("a", time.Minute, noon); !ok {
		t.Error("the same attempt, asked twice, is refused")
	}
	if _, _, ok := g.Leave("a", false, noon).Enter("c", time.Minute, noon); !ok {
		t.Error("nobody takes the free place")
	}
	if _, _, ok := g.Enter("c", time.Minute, noon.Add(time.Minute)); !ok {
		t.Error("dead visitors keep their places")
	}
}

func TestAGateIsAValueAndNeverHoldsForEver(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var g delivery.Gate
		now := noon
		for i := range rapid.IntRange(1, 80).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(20*time.Second)).Draw(t, "pause")))
			before := fmt.Sprintf("%+v", g)
			var next delivery.Gate
			if rapid.Bool().Draw(t, "enter") {
				var again time.Time
				var ok bool
				next, again, ok = g.Enter(fmt.Sprint(i), time.Minute, now)
				if !ok && (!again.After(now) || again.Sub(now) > time.Minute) {
					t.Fatalf("asks to come again at %s, now is %s", again, now)
				}
			} else {
				next = g.Leave(fmt.Sprint(rapid.IntRange(max(0, i-3), i).Draw(t, "who")), rapid.Bool().Draw(t, "failed"), now)
			}
			if after := fmt.Sprintf("%+v", g); after != before {
				t.Fatalf("the old gate changed:\n%s\n%s", before, after)
			}
			g = next
			if len(g.Inside) > 2 || len(g.Tries) > 13 {
				t.Fatalf("%d inside, %d buckets", len(g.Inside), len(g.Tries))
			}
		}
		if _, _, ok := g.Enter("patient", time.Minute, now.Add(2*time.Minute)); !ok {
			t.Fatalf("still closed after two minutes: %+v", g)
		}
	})
}
