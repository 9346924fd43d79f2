package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// hears hands a receipt in until it need not come again.
func (w *world) hears(t *testing.T, r Receipt) {
	t.Helper()
	for range 5 {
		again, err := w.Hear(context.Background(), us, r)
		if err != nil {
			t.Fatal(err)
		}
		if again.After == 0 {
			return
		}
		w.pass(again.After)
	}
	t.Fatal("it comes again and again")
}

// confirmedTo is a world in which a customer was told of an appointment by mail; the fallback is as given.
func confirmedTo(t *testing.T, fallback string) (*world, booking.Appointment, Receipt) {
	t.Helper()
	w, a := newWorld(t), cut(t)
	w.put(a)
	onlyErika(w, fallback)
	w.told(t, confirmedEvent(a))
	d := w.only(t)
	if len(w.letters) != 1 || w.letters[0].Ref != d.Key() || d.Status != Sent {
		t.Fatalf("%d letters, %+v", len(w.letters), d)
	}
	return w, a, Receipt{Ref: w.letters[0].Ref, Channel: Email, ProviderID: "ses-1"}
}

func TestWhatAProviderSaysOfAMessage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		fallback string
		said     []Fate // by mail, in this order
		status   Status
		texts    int
	}{
		{"it was delivered", "", []Fate{Reached}, Delivered, 0},
		{"twice", "sms", []Fate{Reached, Reached}, Delivered, 0},
		{"its reader complained: it was there", "", []Fate{Unwanted}, Delivered, 0},
		{"it came back, and there is no other way", "", []Fate{Returned}, Bounced, 0},
		{"it came back twice, and there is no other way", "", []Fate{Returned, Returned}, Bounced, 0},
		{"it came back and goes by the other way", "sms", []Fate{Returned}, Sent, 1},
		{"it came back twice and goes by the other way once", "sms", []Fate{Returned, Returned}, Sent, 1},
		{"it was delivered and came back after all", "sms", []Fate{Reached, Returned}, Sent, 1},
		{"the two arrive in the wrong order", "sms", []Fate{Returned, Reached}, Sent, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, _, r := confirmedTo(t, tt.fallback)
			for _, r.Fate = range tt.said {
				w.hears(t, r)
			}
			d := w.only(t)
			if d.Status != tt.status || len(w.texts) != tt.texts || len(w.letters) != 1 || len(w.alarms) != 0 {
				t.Errorf("%+v, %d text messages, %d letters", d, len(w.texts), len(w.letters))
			}
			if want := tt.status == Bounced; want != (len(w.skipped) == 1) {
				t.Errorf("noted %v", w.skipped)
			}
		})
	}
}

func TestATextMessageThatComesBackToo(t *testing.T) {
	t.Parallel()
	w, _, r := confirmedTo(t, "sms")
	r.Fate = Returned
	w.hears(t, r)
	w.hears(t, Receipt{Ref: w.texts[0].Ref, Channel: SMS, Fate: Returned, Cost: 75_000})
	if d := w.only(t); d.Status != Bounced || d.CostMicroUSD != 75_000 || len(d.Returned) != 2 || len(w.texts) != 1 || len(w.letters) != 1 {
		t.Errorf("%+v, %d text messages", d, len(w.texts))
	}
}

func TestWhatATextMessageCost(t *testing.T) {
	t.Parallel()
	w, _, r := confirmedTo(t, "sms")
	r.Fate = Returned
	w.hears(t, r)
	w.hears(t, Receipt{Ref: w.texts[0].Ref, Channel: SMS, Fate: Reached, ProviderID: "sms-1", Cost: 75_000})
	if d := w.only(t); d.Status != Delivered || d.Via != SMS || d.ProviderID != "sms-1" || d.CostMicroUSD != 75_000 {
		t.Errorf("%+v", d)
	}
}

func TestALostAnswerIsFoundAgainInTheReceipt(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	w.put(a)
	onlyErika(w, "")
	var ref string
	w.mailFails = func(l Letter) error { ref = l.Ref; return errDown } // it went out, and nobody heard of it
	if again, err := w.tell(t, confirmedEvent(a), 0); err != nil || again == 0 {
		t.Fatalf("%s, %v", again, err)
	}
	w.mailFails = nil
	w.hears(t, Receipt{Ref: ref, Channel: Email, Fate: Reached, ProviderID: "ses-1"})
	w.pass(time.Hour)
	w.told(t, confirmedEvent(a))
	if d := w.only(t); d.Status != Delivered || len(w.letters) != 0 {
		t.Errorf("%+v, sent again %d times", d, len(w.letters))
	}
}

func TestAReceiptThatIsFasterThanOurRecord(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fate   Fate
		status Status
		texts  int
	}{{Reached, Delivered, 0}, {Returned, Sent, 1}} {
		t.Run(string(tt.fate), func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), cut(t)
			w.put(a)
			onlyErika(w, "sms")
			var r Receipt
			var early Again
			w.meanwhile = func(l Letter) {
				var err error
				r = Receipt{Ref: l.Ref, Channel: Email, Fate: tt.fate}
				if early, err = w.Hear(context.Background(), us, r); err != nil {
					t.Error(err)
				}
			}
			w.told(t, confirmedEvent(a))
			if d := w.only(t); d.Status != tt.status || len(w.texts) != tt.texts || early.After > 0 {
				t.Errorf("%+v, %d text messages, asked to come again after %s", d, len(w.texts), early.After)
			}
		})
	}
}

func TestAReceiptWaitsForAnAttemptThatMayGoEitherWay(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	w.put(a)
	onlyErika(w, "sms")
	var ref string
	w.mailFails = func(l Letter) error { ref = l.Ref; return errDown } // it went out, and nobody heard of it
	again, err := w.tell(t, confirmedEvent(a), 0)
	if err != nil {
		t.Fatal(err)
	}
	w.pass(again)
	w.mailFails = func(Letter) error { return errDown }
	w.meanwhile = func(Letter) {
		if early, err := w.Hear(context.Background(), us, Receipt{Ref: ref, Channel: Email, Fate: Returned}); err != nil || early.After != busyPause {
			t.Errorf("again after %s, %v", early.After, err)
		}
	}
	w.told(t, confirmedEvent(a))
	w.hears(t, Receipt{Ref: ref, Channel: Email, Fate: Returned})
	if d := w.only(t); d.Status != Sent || d.Via != SMS || len(w.texts) != 1 {
		t.Errorf("%+v, %d text messages", d, len(w.texts))
	}
}

func TestWhatCameBackTooLateIsNoNews(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		after time.Duration
		moved bool
	}{{"a day later", stillNews, false}, {"it was moved since", time.Hour, true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, a, r := confirmedTo(t, "sms")
			w.pass(tt.after)
			if tt.moved {
				a.Sequence++
				w.put(a)
			}
			r.Fate = Returned
			w.hears(t, r)
			if d := w.only(t); d.Status != Bounced || len(w.texts) != 0 {
				t.Errorf("%+v, %d text messages", d, len(w.texts))
			}
		})
	}
}

func TestAReminderThatComesBackGoesByTheOtherWay(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	w.now = berlinTime(t, "2026-11-23 14:30")
	w.put(a)
	w.remindOf(t, a)
	if len(w.letters) != 1 || len(w.texts) != 0 {
		t.Fatalf("%d letters, %d text messages", len(w.letters), len(w.texts))
	}
	r := Receipt{Ref: w.letters[0].Ref, Channel: Email, Fate: Returned}
	w.hears(t, r)
	w.hears(t, r)
	if len(w.texts) != 1 || !strings.Contains(w.texts[0].Body, "24.11.") || len(w.letters) != 1 {
		t.Errorf("%d letters, text messages %+v", len(w.letters), w.texts)
	}
	if w.appointments[a.ID].ReminderSentAt == nil {
		t.Error("not reminded of")
	}
}

// TestAFaultAtAnyStepLosesNoReceipt lets every operation go wrong, before it did anything and after it did everything.
func TestAFaultAtAnyStepLosesNoReceipt(t *testing.T) {
	t.Parallel()
	for fault := 1; ; fault++ {
		w, _, r := confirmedTo(t, "sms")
		r.Fate = Returned
		w.ops, w.faultAt = 0, fault
		failed := false
		for range 4 {
			again, err := w.Hear(context.Background(), us, r)
			failed = failed || err != nil
			if err == nil && again.After == 0 {
				break
			}
			w.pass(max(again.After, 6*time.Minute)) // as the queue does
		}
		// A text message that went out twice bears one id: its acceptance was not written down.
		if d := w.only(t); d.Status != Sent || len(w.texts) == 0 || len(w.letters) != 1 {
			t.Fatalf("fault %d: %+v, %d text messages", fault, d, len(w.texts))
		}
		for _, m := range w.texts {
			if m.Key != w.texts[0].Key {
				t.Errorf("fault %d: two ids", fault)
			}
		}
		if !failed {
			if fault < 5 {
				t.Fatalf("only %d steps", fault)
			}
			return
		}
	}
}

func TestReceiptsOfNothing(t *testing.T) {
	t.Parallel()
	w, _, r := confirmedTo(t, "")
	for _, ref := range []string{"", "x", "a/b/c", "delivery/c1/d1"} {
		if _, err := w.Hear(context.Background(), us, Receipt{Ref: ref, Channel: Email, Fate: Reached}); err == nil {
			t.Errorf("%q was heard", ref)
		}
	}
	gone := Delivery{Kind: ledger.OfAppointment, About: "gone", Event: Confirmed, Version: "0", Channel: Email, Recipient: "customer"}
	if again, err := w.Hear(context.Background(), us, Receipt{Ref: gone.Key(), Channel: Email, Fate: Reached}); err != nil || again.After != 0 {
		t.Errorf("of a message that is forgotten: %+v, %v", again, err)
	}
	w.Store = down{w.Store}
	if _, err := w.Hear(context.Background(), us, r); !errors.Is(err, errDown) {
		t.Error(err)
	}
}

// down cannot find messages.
type down struct{ Store }

// Delivery fails.
func (down) Delivery(context.Context, tenant.ID, Delivery) (Delivery, bool, error) {
	return Delivery{}, false, errDown
}

func TestANameOfAMessageIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, d := range []Delivery{
		{Kind: ledger.OfAppointment, About: "a1", Event: Reminder, Version: "1.A", Channel: Email, Recipient: "customer"},
		{Kind: ledger.OfCase, About: "c1", Event: "case_note", Version: "01J", Channel: SMS, Recipient: "staff/01KAQ7T5Z0QW8R4N2M6X3C9V1B"},
	} {
		if got, ok := delivered(d.Key()); !ok || fmt.Sprint(got) != fmt.Sprint(d) {
			t.Errorf("%s became %+v", d.Key(), got)
		}
	}
}
