package dispatch_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/notify"
)

// dies puts a Delivery that is given up beside the case, and gives the fact that tells of it.
func (w *world) dies(d delivery.Delivery) {
	w.mu.Lock()
	d.ID, d.CaseID, d.State, d.FinishedAt, d.Version = ident.Derive("dead", fmt.Sprint(len(w.deliveries))), caseID, delivery.Dead, w.now, 1
	d.Fallback = true // it is alone: nothing follows it
	w.deliveries[d.ID] = d
	w.mu.Unlock()
	w.give("delivery.dead.v1", event.DeliveryDead{DeliveryFact: event.DeliveryFact{CaseID: caseID, DeliveryID: d.ID}})
}

// wakes runs the digest's timer as often as it is due until a time, a minute after each other as the schedule does.
func (w *world) wakes(t *testing.T, until time.Time) {
	t.Helper()
	for ; !w.clock().After(until); w.run(t, w.clock().Add(time.Minute)) {
		w.mu.Lock()
		at := w.digest.value.WakeAt()
		due := !at.IsZero() && !w.now.Before(at)
		w.mu.Unlock()
		if due {
			_ = w.TellDigest(t.Context(), us) // what goes wrong comes again with the timer
		}
	}
}

// digests are the letters that are one, without the alerts.
func (w *world) digests() []notify.Letter {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.letters), func(l notify.Letter) bool { return !strings.Contains(l.Subject, "Zusammenfassung") })
}

func refused(to string) delivery.Delivery {
	return delivery.Delivery{OutputID: "out", Channel: delivery.Webhook, Destination: to, LastErrorClass: "http_401", Reason: delivery.Permanent}
}

func TestWhatFailedInAnHourIsToldTogetherOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(w *world, t *testing.T)
		want []string // subjects, with the address
	}{
		{"nothing failed", func(*world, *testing.T) {}, nil},
		{"one, heard three times, for each address by itself", func(w *world, _ *testing.T) {
			w.conf.Gateway.AlertEmails = []string{"a@kunde.example", "b@kunde.example"}
			w.dies(refused(url))
			w.queue = append(w.queue, w.queue[0], w.queue[0])
		}, []string{"a@kunde.example Eine Zustellung gescheitert", "b@kunde.example Eine Zustellung gescheitert"}},
		{"heard once more after it was told", func(w *world, t *testing.T) {
			w.dies(refused(url))
			again := w.queue[0]
			w.wakes(t, noon.Add(2*time.Hour))
			w.give(again.Kind, again.Body)
		}, []string{"alarm@kunde.example Eine Zustellung gescheitert"}},
		{"three of one hour and one of the next", func(w *world, t *testing.T) {
			for range 3 {
				w.dies(refused(url))
			}
			w.wakes(t, noon.Add(70*time.Minute))
			w.dies(refused(url))
		}, []string{"alarm@kunde.example 3 Zustellungen gescheitert", "alarm@kunde.example Eine Zustellung gescheitert"}},
		{"no alerts are wanted", func(w *world, _ *testing.T) {
			w.conf.Gateway.Alerts = false
			w.dies(refused(url))
		}, nil},
		{"nor any more when it would be told", func(w *world, t *testing.T) {
			w.dies(refused(url))
			w.run(t, noon.Add(time.Minute))
			w.conf.Gateway.Alerts = false
			w.wakes(t, noon.Add(2*time.Hour))
			w.conf.Gateway.Alerts = true
		}, nil},
		{"a mailbox that takes nothing keeps nobody else from it", func(w *world, _ *testing.T) {
			w.conf.Gateway.AlertEmails = []string{"weg@kunde.example", "b@kunde.example"}
			w.mailFails = func(l notify.Letter) error {
				if l.To == "weg@kunde.example" {
					return notify.ErrAddress
				}
				return nil
			}
			w.dies(refused(url))
		}, []string{"b@kunde.example Eine Zustellung gescheitert"}},
		{"a mail server that is away for an hour", func(w *world, t *testing.T) {
			w.dies(refused(url))
			w.run(t, noon.Add(time.Minute))
			w.mailFails = func(notify.Letter) error { return errDown }
			w.wakes(t, noon.Add(2*time.Hour))
			w.mailFails = nil
		}, []string{"alarm@kunde.example Eine Zustellung gescheitert"}},
		{"more than anybody counts", func(w *world, _ *testing.T) {
			for range 230 {
				w.dies(refused(url))
			}
		}, []string{"alarm@kunde.example Mehr als 200 Zustellungen gescheitert"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, hooks(url))
			tt.do(w, t)
			w.wakes(t, w.clock().Add(3*time.Hour))
			var got []string
			for _, l := range w.digests() {
				got = append(got, l.To+" "+strings.TrimPrefix(l.Subject, "[ALERT] Zusammenfassung: "))
				if n := strings.Count(l.Text, "TKT-2026-00042: "); n > 50 {
					t.Errorf("it lists %d", n)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%q, not %q", got, tt.want)
			}
			if d := w.digest.value; d.Telling != 0 || !d.WakeAt().IsZero() {
				t.Errorf("it never comes to rest: %+v", d)
			}
		})
	}
}

// TestKilledAnywhereAFailureIsInOneDigest lets three deaths and their two digests go wrong at each operation, before it and
// after it. A letter that went out twice is the same letter.
func TestKilledAnywhereAFailureIsInOneDigest(t *testing.T) {
	t.Parallel()
	ops := 0
	for fault := 0; fault <= ops; fault++ {
		w := newWorld(t, hooks(url))
		w.faultAt = fault
		for n := range 2 {
			w.dies(refused(fmt.Sprintf("%s/%d", url, n)))
		}
		w.wakes(t, noon.Add(90*time.Minute))
		w.dies(refused(url + "/2"))
		w.wakes(t, noon.Add(4*time.Hour))
		if fault == 0 {
			ops = w.ops
		}
		byKey := map[string]string{}
		for _, l := range w.digests() {
			if was, ok := byKey[l.Key]; ok && was != l.Text {
				t.Errorf("fault at %d of %d: %s says two things", fault, ops, l.Key)
			}
			byKey[l.Key] = l.Text
		}
		for n := range 3 {
			in := 0
			for _, text := range byKey {
				in += strings.Count(text, fmt.Sprintf("/hook/%d", n))
			}
			if in != 1 {
				t.Errorf("fault at %d of %d: failure %d is in %d digests: %v", fault, ops, n, in, byKey)
			}
		}
		if len(byKey) != 2 {
			t.Errorf("fault at %d of %d: %d digests", fault, ops, len(byKey))
		}
	}
	if ops < 30 {
		t.Errorf("only %d operations: the walk has seen too little", ops)
	}
}

func TestOthersWhoAreFasterLoseNoFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hooks(url))
	w.refuse["digest"] = 5
	w.dies(refused(url))
	w.dies(refused(url))
	w.run(t, noon.Add(time.Minute))
	w.refuse["digest"] = 2
	w.wakes(t, noon.Add(3*time.Hour))
	if all := w.digests(); len(all) != 1 || !strings.Contains(all[0].Subject, "2 Zustellungen") {
		t.Errorf("%d digests", len(all))
	}
}

// TestTheDigestIsAsItWasRead keeps its text: `make golden` rewrites it.
func TestTheDigestIsAsItWasRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, both("it@kunde.example", url))
	w.dies(delivery.Delivery{OutputID: "out", Channel: delivery.Webhook, Destination: url + "?token=geheim", LastErrorClass: "http_500", Reason: delivery.Exhausted})
	w.run(t, noon.Add(7*time.Minute))
	w.dies(delivery.Delivery{OutputID: "out", Channel: delivery.Email, Destination: "it@kunde.example", LastErrorClass: "address_refused", Reason: delivery.Permanent})
	w.run(t, noon.Add(20*time.Minute))
	w.dies(delivery.Delivery{Channel: delivery.Email, LastErrorClass: "output_missing", Reason: delivery.ConfigError})
	w.run(t, noon.Add(30*time.Minute))
	w.dies(delivery.Delivery{OutputID: "out", Channel: delivery.Webhook, Destination: url, LastErrorClass: delivery.Gone, Reason: delivery.Permanent})
	w.wakes(t, noon.Add(61*time.Minute))
	all := w.digests()
	if len(all) != 1 {
		t.Fatalf("%d digests", len(all))
	}
	is := fmt.Sprintf("To: %s\nFrom: %s\nSubject: %s\n\n%s", all[0].To, all[0].FromName, all[0].Subject, all[0].Text)
	file := filepath.Join("../../testdata/texts", "dispatch_digest.txt")
	if os.Getenv("ASKPRO_GOLDEN") == "write" {
		if err := os.WriteFile(file, []byte(is), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != is {
		t.Errorf("%s is not what is sent now: run make golden and read the diff aloud\n%s", file, is)
	}
	for _, person := range []string{"Muster", "it@kunde.example", "geheim"} {
		if strings.Contains(all[0].Text+all[0].HTML, person) {
			t.Errorf("it names %s", person)
		}
	}
}
