package notify

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/event"
)

var errDown = errors.New("the provider is down")

// onlyErika leaves the customer's message alone.
func onlyErika(w *world, fallback string) {
	w.config.Company.Notifications = []company.NotificationRule{
		{Event: "confirmed", Recipient: "branch", Channel: "email", Disabled: true},
		{Event: "confirmed", Recipient: "customer", Channel: "email", Fallback: fallback},
	}
}

// through hands a fact in as often as it asks for it; it returns the pauses and what is left in the end.
func (w *world) through(t testing.TB, e event.Event, between func(attempt int)) (pauses []string, err error) {
	t.Helper()
	for attempt := 0; attempt < 20; attempt++ {
		again, err := w.tell(t, e, attempt)
		if err != nil || again == 0 {
			return pauses, err
		}
		pauses = append(pauses, again.String())
		w.pass(again)
		if between != nil {
			between(attempt)
		}
	}
	t.Fatal("it never ends")
	return nil, nil
}

func (w *world) only(t testing.TB) Delivery {
	t.Helper()
	if len(w.deliveries) != 1 {
		t.Fatalf("%d deliveries", len(w.deliveries))
	}
	for _, d := range w.deliveries {
		return d
	}
	return Delivery{}
}

func TestAFailedLetterIsTriedAgain(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	w.put(a)
	onlyErika(w, "")
	down := 3
	w.mailFails = func(Letter) error {
		if down--; down >= 0 {
			return errDown
		}
		return nil
	}
	pauses, err := w.through(t, confirmedEvent(a), nil)
	if err != nil || fmt.Sprint(pauses) != "[1m0s 5m0s 15m0s]" || len(w.letters) != 1 {
		t.Errorf("pauses %v, %v, %d letters", pauses, err, len(w.letters))
	}
	if d := w.only(t); d.Status != Sent || d.ProviderID != "mail-id" || d.Tries != 4 || d.Failures != 3 || d.Via != Email {
		t.Errorf("%+v", d)
	}
	w.told(t, confirmedEvent(a)) // and once more: nothing
	if len(w.letters) != 1 {
		t.Errorf("%d letters", len(w.letters))
	}
}

func TestFromTheSecondFailureTheFallbackIsTaken(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	w.put(a)
	onlyErika(w, "sms")
	w.mailFails = func(Letter) error { return errDown }
	pauses, err := w.through(t, confirmedEvent(a), nil)
	if err != nil || fmt.Sprint(pauses) != "[1m0s]" || len(w.texts) != 1 || len(w.letters) != 0 {
		t.Errorf("pauses %v, %v, %d letters, %d text messages", pauses, err, len(w.letters), len(w.texts))
	}
	if d := w.only(t); d.Status != Sent || d.Channel != Email || d.Via != SMS || d.ProviderID != "text-id" {
		t.Errorf("%+v", d)
	}
	w.mailFails = nil
	w.told(t, confirmedEvent(a)) // the mail server is back: the customer has heard already
	if len(w.texts) != 1 || len(w.letters) != 0 {
		t.Errorf("told again: %d letters, %d text messages", len(w.letters), len(w.texts))
	}
}

func TestAMessageIsGivenUpLoudlyAndCanBeAskedForAgain(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	w.put(a)
	onlyErika(w, "sms")
	mails := 0
	w.mailFails = func(Letter) error { mails++; return errDown }
	texts := 0
	w.textFails = func(Text) error { texts++; return errDown }
	pauses, err := w.through(t, confirmedEvent(a), nil)
	if err == nil || len(pauses) != 3 || !errors.Is(err, errDown) || !errors.Is(err, errGivenUp) {
		t.Fatalf("pauses %v, %v", pauses, err)
	}
	if mails < 2 || texts < 2 {
		t.Errorf("%d mails and %d text messages were tried", mails, texts)
	}
	if _, err := w.tell(t, confirmedEvent(a), 4); err == nil { // the queue hands it in again
		t.Error("still down, and no error")
	}
	if d := w.only(t); d.Status != Failed || fmt.Sprint(w.alarms) != "["+AlarmMailFailed+"]" {
		t.Errorf("%+v, alarms %v", d, w.alarms)
	}
	w.mailFails, w.textFails = nil, nil
	w.told(t, confirmedEvent(a)) // a person hands it in again
	if d := w.only(t); d.Status != Sent || len(w.letters)+len(w.texts) != 1 {
		t.Errorf("%+v, %d letters, %d text messages", d, len(w.letters), len(w.texts))
	}
}

func TestACompanyMayWantFewerAttempts(t *testing.T) {
	t.Parallel()
	for retries, want := range map[int]string{0: "[]", 1: "[1m0s]", 3: "[1m0s 5m0s 15m0s]", 9: "[1m0s 5m0s 15m0s]"} {
		w, a := newWorld(t), cut(t)
		w.put(a)
		onlyErika(w, "")
		w.config.Company.Notifications[1].Retries = &retries
		w.mailFails = func(Letter) error { return errDown }
		if pauses, err := w.through(t, confirmedEvent(a), nil); err == nil || fmt.Sprint(pauses) != want {
			t.Errorf("%d: pauses %v, %v", retries, pauses, err)
		}
	}
}

func TestAnAddressThatTakesNothing(t *testing.T) {
	t.Parallel()
	gone := func(Letter) error { return fmt.Errorf("%w: 5.1.1", ErrAddress) }
	t.Run("has no second attempt and wakes nobody", func(t *testing.T) {
		t.Parallel()
		w, a := newWorld(t), cut(t)
		w.put(a)
		onlyErika(w, "")
		w.mailFails = gone
		w.told(t, confirmedEvent(a))
		w.told(t, confirmedEvent(a))
		if d := w.only(t); d.Status != Bounced || d.Tries != 1 || len(w.alarms) != 0 || len(w.skipped) != 1 {
			t.Errorf("%+v, alarms %v, noted %v", d, w.alarms, w.skipped)
		}
	})
	t.Run("lets the fallback in at once", func(t *testing.T) {
		t.Parallel()
		w, a := newWorld(t), cut(t)
		w.put(a)
		onlyErika(w, "sms")
		w.mailFails = gone
		w.told(t, confirmedEvent(a))
		if d := w.only(t); d.Status != Sent || d.Via != SMS || len(w.texts) != 1 {
			t.Errorf("%+v, %d text messages", d, len(w.texts))
		}
	})
}

func TestOneFailureDoesNotRepeatTheOthers(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	w.put(a)
	w.config.Company.SMSSender = ""
	w.mailFails = func(l Letter) error {
		if l.To == mitte {
			return errDown
		}
		return nil
	}
	pauses, err := w.through(t, confirmedEvent(a), func(attempt int) {
		if attempt == 1 {
			w.mailFails = nil
		}
	})
	if err != nil || len(pauses) != 2 || len(w.letters) != 2 {
		t.Errorf("pauses %v, %v, %d letters", pauses, err, len(w.letters))
	}
}

func TestTheSameFactManyTimesAtOnceIsToldOnce(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	w.put(a)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := w.tell(t, confirmedEvent(a), 0); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(w.letters) != 2 {
		t.Errorf("%d letters, wanted one to the customer and one to the branch", len(w.letters))
	}
}

// TestAfterAnUnknownOutcomeTheSameMessageGoesAgain: the process died between the provider's acceptance and our record.
func TestAfterAnUnknownOutcomeTheSameMessageGoesAgain(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	w.put(a)
	onlyErika(w, "")
	w.told(t, confirmedEvent(a))
	d := w.only(t)
	d.Status, d.Until = Processing, w.now.Add(lease)
	w.deliveries[d.Key()] = d
	again, err := w.tell(t, confirmedEvent(a), 0)
	if err != nil || again != lease || len(w.letters) != 1 {
		t.Fatalf("while it may still be under way: again after %s, %v, %d letters", again, err, len(w.letters))
	}
	w.pass(lease)
	w.told(t, confirmedEvent(a))
	if len(w.letters) != 2 || w.letters[0].Key != w.letters[1].Key || w.letters[0].Text != w.letters[1].Text || *w.letters[0].Invite != *w.letters[1].Invite {
		t.Errorf("%+v", w.letters)
	}
}

func TestWhatWasOvertakenIsNotTold(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	w.put(a)
	first := confirmedEvent(a)
	w.config.Company.SMSSender = ""
	w.mailFails = func(Letter) error { return errDown }
	if again, err := w.tell(t, first, 0); err != nil || again == 0 {
		t.Fatalf("again after %s, %v", again, err)
	}
	b := calledOff(t, w, "customer", booking.Change{Via: "phone", WithinPolicy: true})
	w.put(b)
	w.mailFails = nil
	w.pass(time.Minute)
	w.told(t, cancelledEvent(b, "customer"))
	if again, err := w.tell(t, first, 1); err != nil || again != 0 {
		t.Fatalf("again after %s, %v", again, err)
	}
	for _, l := range w.letters {
		if strings.Contains(l.Subject, "bestätigung") || strings.Contains(l.Subject, "Neuer") {
			t.Errorf("told after it was cancelled: %s", l.Subject)
		}
	}
	for _, d := range w.deliveries {
		if want := map[Event]Status{Confirmed: Overtaken, Cancelled: Sent}[d.Event]; d.Status != want {
			t.Errorf("%s is %s, wanted %s", d.Name(), d.Status, want)
		}
	}
}

func TestHostileWordsStayWords(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	a.AttendeeName = "Erika\r\nBcc: all@example.de"
	a.Notes = "<img src=x onerror=alert(1)>\u202egnp.exe\x00"
	w.config.Company.Notifications = []company.NotificationRule{{Event: "confirmed", Recipient: "staff", Channel: "sms"}}
	w.put(a)
	w.told(t, confirmedEvent(a))
	for _, l := range w.letters {
		for _, bad := range []string{"\r", "\u202e", "\x00", "\nBcc"} {
			if strings.Contains(l.Text+l.HTML+l.Subject, bad) {
				t.Errorf("%q is in the letter to %s", bad, l.To)
			}
		}
		if strings.Contains(l.HTML, "<img") {
			t.Errorf("markup in the letter to %s", l.To)
		}
	}
	if l := w.letterTo(t, erika); strings.Contains(l.Text, "all@example.de") {
		t.Errorf("a name that carries an address is greeted: %s", l.Text)
	}
	if len(w.texts) != 1 || strings.ContainsAny(w.texts[0].Body, "\r\n") {
		t.Errorf("%+v", w.texts)
	}
}
