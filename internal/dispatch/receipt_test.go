package dispatch_test

import (
	"errors"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/output"
)

// mailed is a world whose case went to one address by mail, and the receipt that names it.
func mailed(t *testing.T) (*world, notify.Receipt) {
	t.Helper()
	w := newWorld(t, mails("it@kunde.example"))
	w.created()
	w.run(t, noon.Add(time.Minute))
	if len(w.letters) != 1 || w.letters[0].Ref == "" || one(t, w.of(delivery.Email)).State != delivery.Sent {
		t.Fatalf("%+v", w.letters)
	}
	return w, notify.Receipt{Ref: w.letters[0].Ref, Channel: notify.Email, ProviderID: "ses-1"}
}

func TestWhatTheMailServiceSaysOfACasesMail(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		said    []notify.Receipt
		state   delivery.State
		reason  delivery.Reason
		reached bool
		silent  bool
		alerts  int
		summary delivery.Summary
	}{
		{"delivered", []notify.Receipt{{Fate: notify.Reached}, {Fate: notify.Reached}}, delivery.Sent, "", true, false, 0, delivery.AllSent},
		{"there is no such mailbox", []notify.Receipt{{Fate: notify.Returned, ForGood: true}, {Fate: notify.Returned, ForGood: true}}, delivery.Dead, delivery.Bounced, false, true, 1, delivery.AllFailed},
		{"the mailbox stayed full", []notify.Receipt{{Fate: notify.Returned}}, delivery.Dead, delivery.Bounced, false, false, 1, delivery.AllFailed},
		{"called spam", []notify.Receipt{{Fate: notify.Reached}, {Fate: notify.Unwanted}}, delivery.Dead, delivery.Complained, true, true, 1, delivery.AllFailed},
		{"in the wrong order", []notify.Receipt{{Fate: notify.Returned, ForGood: true}, {Fate: notify.Reached}}, delivery.Dead, delivery.Bounced, false, true, 1, delivery.AllFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, r := mailed(t)
			for _, said := range tt.said {
				r.Fate, r.ForGood = said.Fate, said.ForGood
				if err := w.Hear(t.Context(), us, r); err != nil {
					t.Fatal(err)
				}
			}
			w.run(t, noon.Add(2*time.Minute))
			x := one(t, w.of(delivery.Email))
			if x.State != tt.state || x.Reason != tt.reason || x.DeliveredAt.IsZero() == tt.reached || w.cases[caseID].Delivered != tt.summary {
				t.Errorf("%+v, the case: %s", x, w.cases[caseID].Delivered)
			}
			if alerts := len(w.letters) - 1; alerts != tt.alerts || w.told("delivery.dead.v1") != tt.alerts {
				t.Errorf("%d alerts", alerts)
			}
			o, _ := w.conf.Output("out")
			if got := o.Mail.Returned; (len(got) == 1) != tt.silent || tt.silent && (got[0].Address != "it@kunde.example" || got[0].Reason != tt.reason) {
				t.Errorf("gets nothing more: %+v", got)
			}
		})
	}
}

func TestNothingMoreGoesToAnAddressThatGaveAMailBack(t *testing.T) {
	t.Parallel()
	o := mails("weg@kunde.example", "it@kunde.example")
	o.Mail.Returned = append(o.Mail.Returned, returned("Weg@kunde.example"))
	w := newWorld(t, o)
	w.created()
	w.run(t, noon.Add(time.Minute))
	if x := one(t, w.of(delivery.Email)); x.Destination != "it@kunde.example" {
		t.Errorf("went to %s", x.Destination)
	}
	o.Mail.Returned = append(o.Mail.Returned, returned("it@kunde.example"))
	w = newWorld(t, o)
	w.created()
	w.run(t, noon.Add(time.Minute))
	if x := one(t, w.of(delivery.Email)); x.Reason != delivery.ConfigError || len(w.letters) != 1 || w.letters[0].To != "alarm@kunde.example" {
		t.Errorf("nobody is left: %+v, %+v", x, w.letters)
	}
}

// TestALostAnswerIsNotRepeatedOnceTheMailServiceSaysThatItIsThere, whatever happened to the attempt.
func TestALostAnswerIsNotRepeatedOnceTheMailServiceSaysThatItIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mails("it@kunde.example"))
	var ref string
	w.mailFails = func(l notify.Letter) error { ref = l.Ref; return errors.New("no answer") }
	w.created()
	w.run(t, noon.Add(time.Second))
	if x := one(t, w.of(delivery.Email)); x.State != delivery.Retrying {
		t.Fatalf("%+v", x)
	}
	w.mailFails = nil
	if err := w.Hear(t.Context(), us, notify.Receipt{Ref: ref, Channel: notify.Email, Fate: notify.Reached, ProviderID: "ses-1"}); err != nil {
		t.Fatal(err)
	}
	w.run(t, noon.Add(time.Hour))
	if x := one(t, w.of(delivery.Email)); x.State != delivery.Sent || x.ProviderMessageID != "ses-1" || len(w.letters) != 0 || w.cases[caseID].Delivered != delivery.AllSent {
		t.Errorf("%+v, %d letters", x, len(w.letters))
	}
}

// TestAFaultAtAnyStepLosesNoReceipt: whatever fails while a mail's return is written down, in the end it is dead, its address
// silent, the case's summary right and the alert told once.
func TestAFaultAtAnyStepLosesNoReceipt(t *testing.T) {
	t.Parallel()
	for fault := 1; ; fault++ {
		w, r := mailed(t)
		r.Fate, r.ForGood = notify.Returned, true
		w.ops, w.faultAt = 0, fault
		failed := false
		for range 3 {
			if err := w.Hear(t.Context(), us, r); err == nil {
				break
			}
			failed = true
		}
		w.faultAt = 0
		w.run(t, noon.Add(10*time.Minute))
		o, _ := w.conf.Output("out")
		if x := one(t, w.of(delivery.Email)); x.Reason != delivery.Bounced || len(o.Mail.Returned) != 1 || w.cases[caseID].Delivered != delivery.AllFailed || len(w.letters) != 2 {
			t.Fatalf("fault %d: %+v, silent %v, the case %s, %d letters", fault, x, o.Mail.Returned, w.cases[caseID].Delivered, len(w.letters))
		}
		if !failed {
			if fault < 8 {
				t.Fatalf("only %d steps", fault)
			}
			return
		}
	}
}

func TestReceiptsOfNothing(t *testing.T) {
	t.Parallel()
	w, _ := mailed(t)
	for _, ref := range []string{"", "delivery/x", "APPOINTMENT/a1/confirmed#0#email#customer", "delivery/" + caseID + "/gone"} {
		if err := w.Hear(t.Context(), us, notify.Receipt{Ref: ref, Fate: notify.Reached}); err == nil {
			t.Errorf("%q was heard", ref)
		}
	}
}

func returned(address string) output.Returned {
	return output.Returned{Address: address, Reason: delivery.Bounced, At: noon}
}
