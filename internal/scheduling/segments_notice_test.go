package scheduling

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/booking"
)

// permed is a world with a confirmed perm on Tuesday at ten.
func permed(t *testing.T) (*world, *Scheduler, string) {
	t.Helper()
	w, s := opened(nil)
	var told []Result
	out, err := s.Book(t.Context(), shop, plan(t, w, &told))
	if err != nil || out.Result != DidBook {
		t.Fatal(out.Result, err)
	}
	w.now = w.now.Add(time.Hour)
	return w, s, out.Appointment.ID
}

// notice is what the calendar sends of a booking as it now is; of an ended one without metadata.
func (w *world) notice(b Booked) Notice {
	n := Notice{Booked: b, SentAt: w.clock(), RescheduleUID: b.RescheduledFrom}
	n.RescheduledTo, n.RescheduledFrom, n.UpdatedAt = "", "", time.Time{}
	if !b.Live() {
		n.Metadata, n.CancelledBy = nil, "anna@example.org"
	}
	return n
}

// hears applies notices; the record must take each twice.
func (w *world) hears(t *testing.T, s *Scheduler, list ...Notice) {
	t.Helper()
	for _, n := range list {
		for range 2 {
			if err := s.Apply(t.Context(), shop, config(), n); err != nil {
				t.Fatalf("%s %s: %v", n.Status, n.UID, err)
			}
		}
	}
}

// moved is a segment moved in the calendar by its host, and what the calendar tells of it.
func (w *world) moved(t *testing.T, a booking.Appointment, key string, by time.Duration) Notice {
	t.Helper()
	x := segment(a, key)
	b, err := w.Reschedule(t.Context(), Account{}, x.UID, x.StartsAt.Add(by), "")
	if err != nil {
		t.Fatal(err)
	}
	return w.notice(b)
}

func (w *world) cancelled(t *testing.T, a booking.Appointment, key string) Notice {
	t.Helper()
	uid := segment(a, key).UID
	if err := w.Cancel(t.Context(), Account{}, uid, ""); err != nil {
		t.Fatal(err)
	}
	return w.notice(*w.byUID(uid))
}

func segment(a booking.Appointment, key string) booking.Segment {
	return a.Segments[slices.IndexFunc(a.Segments, func(x booking.Segment) bool { return x.Key == key })]
}

// busy is what Anna's day holds of the appointment, "10:00-10:50 …".
func (w *world) busy(who, id string) string {
	var list []string
	for k, d := range w.days {
		for _, e := range d.Entries {
			if k.Resource == who && e.Owner == id {
				list = append(list, time.Unix(e.Start, 0).In(here.Location()).Format("15:04-")+time.Unix(e.End, 0).In(here.Location()).Format("15:04"))
			}
		}
	}
	slices.Sort(list)
	return fmt.Sprint(list)
}

func TestOurOwnEchoesChangeNothing(t *testing.T) {
	t.Parallel()
	w, s, id := permed(t)
	before := w.appointments[id].Version
	for _, b := range slices.Backward(slices.Clone(w.bookings)) {
		w.hears(t, s, w.notice(*b))
	}
	if a := w.appointments[id]; a.Version != before || w.count("appointment.confirmed.v1") != 1 {
		t.Errorf("version %d became %d, events %v", before, a.Version, w.events)
	}
}

func TestASegmentMovedAloneIsForPeopleToMend(t *testing.T) {
	t.Parallel()
	w, s, id := permed(t)
	w.hears(t, s, w.moved(t, w.appointments[id], "B", 5*time.Minute))
	a := w.appointments[id]
	if !a.NeedsReview || a.Status != booking.Confirmed || !a.StartsAt.Equal(here.At(day, 10*60)) || w.count("appointment.needs_review.v1") != 1 || w.count("appointment.confirmed.v1") != 1 {
		t.Errorf("it is %s at %s, review %t, events %v", a.Status, a.StartsAt, a.NeedsReview, w.events)
	}
	if got := w.busy("anna", id); got != "[10:00-10:50 11:10-11:15 11:20-11:35]" {
		t.Errorf("Anna is busy %s", got)
	}
	// A second one: the branch knows already.
	w.hears(t, s, w.moved(t, w.appointments[id], "D", 5*time.Minute))
	if w.count("appointment.needs_review.v1") != 1 || w.busy("mario", id) != "[11:40-12:20]" {
		t.Errorf("events %v, Mario is busy %s", w.events, w.busy("mario", id))
	}
	// Both are moved back: all is well again, and the customer never heard of it.
	w.hears(t, s, w.moved(t, w.appointments[id], "B", -5*time.Minute), w.moved(t, w.appointments[id], "D", -5*time.Minute))
	a = w.appointments[id]
	w.whole(t, a, here.At(day, 10*60))
	if a.NeedsReview || w.count("appointment.confirmed.v1") != 1 || a.Sequence != 0 {
		t.Errorf("review %t, sequence %d, events %v", a.NeedsReview, a.Sequence, w.events)
	}
}

// The staff move all four, one after the other as the calendar lets them; the calendar tells of it in any order, and twice, and of some as
// if the old booking had been cancelled.
func TestMovingAllSegmentsMovesTheAppointment(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w, s, id := permed(t)
		by := rapid.SampledFrom([]time.Duration{24 * time.Hour, 2 * time.Hour, -time.Hour}).Draw(r, "by")
		var news []Notice
		var second []func()
		for _, key := range rapid.Permutation([]string{"A", "B", "C", "D"}).Draw(r, "moved") {
			old := *w.byUID(segment(w.appointments[id], key).UID)
			if w.free(old.EventTypeID, old.Start.Add(by), old.End.Add(by), old.UID) {
				news = append(news, w.moved(t, w.appointments[id], key, by))
			} else { // another one is in its way: out of it first, into the evening
				mid := w.moved(t, w.appointments[id], key, 9*time.Hour)
				news = append(news, mid)
				second = append(second, func() {
					b, err := w.Reschedule(t.Context(), Account{}, mid.UID, old.Start.Add(by), "")
					if err != nil {
						r.Fatal(err)
					}
					news = append(news, w.notice(b))
				})
			}
			if rapid.Bool().Draw(r, "the old one is told as cancelled") {
				news = append(news, w.notice(*w.byUID(old.UID)))
			}
		}
		for _, move := range second {
			move()
		}
		news = append(news, rapid.SliceOfN(rapid.SampledFrom(news), 0, 3).Draw(r, "again")...)
		for _, n := range rapid.Permutation(news).Draw(r, "told") {
			if err := s.Apply(t.Context(), shop, config(), n); err != nil {
				r.Fatal(err)
			}
		}
		a := w.appointments[id]
		w.whole(t, a, here.At(day, 10*60).Add(by))
		if a.NeedsReview || a.Sequence != 1 || w.count("appointment.confirmed.v1") != 2 || a.PreviousStartsAt == nil || t.Failed() {
			r.Fatalf("review %t, sequence %d, events %v", a.NeedsReview, a.Sequence, w.events)
		}
	})
}

func TestACancellationThatWasAMoveIsAMove(t *testing.T) {
	t.Parallel()
	w, s, id := permed(t)
	for _, key := range []string{"D", "C", "B", "A"} { // all that is heard of the move are the ends of the old bookings
		old := segment(w.appointments[id], key).UID
		w.moved(t, w.appointments[id], key, 30*time.Minute)
		w.hears(t, s, w.notice(*w.byUID(old)))
	}
	w.whole(t, w.appointments[id], here.At(day, 10*60+30))
	if w.count("appointment.cancelled.v1") != 0 || w.count("appointment.confirmed.v1") != 2 {
		t.Errorf("events %v", w.events)
	}
}

func TestASegmentCancelledAloneIsForPeopleToMend(t *testing.T) {
	t.Parallel()
	w, s, id := permed(t)
	w.hears(t, s, w.cancelled(t, w.appointments[id], "C"))
	a := w.appointments[id]
	if !a.NeedsReview || a.Status != booking.Confirmed || segment(a, "C").SyncStatus != booking.SyncGone || w.count("appointment.needs_review.v1") != 1 {
		t.Errorf("it is %s, review %t, segments %+v, events %v", a.Status, a.NeedsReview, a.Segments, w.events)
	}
	if got := w.busy("anna", id); got != "[10:00-10:50 11:05-11:10]" {
		t.Errorf("Anna is busy %s", got)
	}
	if err := s.moveSegments(t.Context(), forCaller(shop, config()), &a, a.StartsAt.Add(time.Hour), "", Afresh); WhyOf(err) != Gone || w.byUID(segment(a, "A").UID).RescheduledTo != "" {
		t.Errorf("what is torn is moved: %v", err)
	}
	// The others too: then the appointment is cancelled, and the customer hears of it.
	for _, key := range []string{"A", "D", "B"} {
		if w.count("appointment.cancelled.v1") != 0 {
			t.Error("it ended before its last segment")
		}
		w.hears(t, s, w.cancelled(t, w.appointments[id], key))
	}
	w.nowhere(t, w.appointments[id])
	if a := w.appointments[id]; a.CancelledBy != "staff" || a.CancellationSource != "calcom_webhook" || a.NeedsReview || w.count("appointment.cancelled.v1") != 1 {
		t.Errorf("by %s, %s, review %t, events %v", a.CancelledBy, a.CancellationSource, a.NeedsReview, w.events)
	}
}

func TestNewsOfAChangeOfOursIsOurs(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{booking.ToCancel, booking.ToReschedule} {
		w, s, id := permed(t)
		a := w.appointments[id]
		a.Pending = &booking.PendingChange{Kind: kind, StartsAt: a.StartsAt.Add(24 * time.Hour)}
		w.appointments[id] = a
		n := w.moved(t, a, "D", 24*time.Hour)
		if kind == booking.ToCancel {
			n = w.cancelled(t, w.appointments[id], "C")
		}
		w.hears(t, s, n)
		if now := w.appointments[id]; now.Version != a.Version || now.NeedsReview {
			t.Errorf("%s: %+v", kind, now)
		}
	}
}

func TestABookingThatComesAfterTheEndIsCancelled(t *testing.T) {
	t.Parallel()
	w, s := opened(map[int]string{6: "refused"}) // C
	var told []Result
	if _, err := s.Book(t.Context(), shop, plan(t, w, &told)); err != nil {
		t.Fatal(err)
	}
	var a booking.Appointment
	for _, a = range w.appointments {
	}
	w.nowhere(t, a)
	// Its POST was refused to us and booked after all.
	late := w.made(3, segment(a, "C").StartsAt, map[string]string{MetaAppointment: a.ID, MetaSegment: "C"})
	w.hears(t, s, w.notice(*late))
	w.nowhere(t, w.appointments[a.ID])
	// The echoes of those that were taken back are no reason to do anything.
	asked := w.calls
	created := *w.bookings[0]
	created.Status = "accepted"
	w.hears(t, s, w.notice(created))
	if w.calls > asked+4 {
		t.Errorf("%d questions for an old echo", w.calls-asked)
	}
	w.nowhere(t, w.appointments[a.ID])
}

func TestAHostWhoSaysNoWhileTheOthersAreBookedEndsIt(t *testing.T) {
	t.Parallel()
	w, s := opened(map[int]string{6: "unknown"}) // C: the call leaves it to the job
	var told []Result
	if _, err := s.Book(t.Context(), shop, plan(t, w, &told)); err != nil {
		t.Fatal(err)
	}
	var a booking.Appointment
	for _, a = range w.appointments {
	}
	w.hears(t, s, w.cancelled(t, a, "A"))
	w.settle(t, s, a.ID)
	w.nowhere(t, w.appointments[a.ID])
	if w.count("appointment.cancelled.v1") != 1 || w.promises != 1 {
		t.Errorf("events %v, %d promises", w.events, w.promises)
	}
}

// approving is a world whose event types want the host's yes to each segment.
func approving(t *testing.T) (*world, *Scheduler, string) {
	t.Helper()
	w, s := opened(nil)
	w.approves = true
	var told []Result
	out, err := s.Book(t.Context(), shop, plan(t, w, &told))
	if err != nil || out.Result != DidRequest || told[0] != DidRequest {
		t.Fatal(out.Result, told, err)
	}
	a := w.appointments[out.Appointment.ID]
	if a.Status != booking.Pending || a.PendingReason != "host_approval" || w.count("appointment.confirmed.v1") != 0 {
		t.Fatalf("it is %s, %s, events %v", a.Status, a.PendingReason, w.events)
	}
	return w, s, a.ID
}

func TestTheHostsYesToEverySegmentConfirms(t *testing.T) {
	t.Parallel()
	w, s, id := approving(t)
	for i, key := range []string{"B", "A", "D", "C"} {
		b := w.byUID(segment(w.appointments[id], key).UID)
		b.Status = "accepted"
		w.hears(t, s, w.notice(*b))
		if got := w.count("appointment.confirmed.v1"); (got == 1) != (i == 3) {
			t.Errorf("after %s: confirmed %d times", key, got)
		}
	}
	w.whole(t, w.appointments[id], here.At(day, 10*60))
}

func TestTheHostsNoToOneSegmentEndsAll(t *testing.T) {
	t.Parallel()
	w, s, id := approving(t)
	b := w.byUID(segment(w.appointments[id], "C").UID)
	b.Status = "rejected"
	w.hears(t, s, w.notice(*b))
	w.nowhere(t, w.appointments[id])
	if w.count("appointment.cancelled.v1") != 1 || w.appointments[id].CancelledBy != "staff" {
		t.Errorf("events %v", w.events)
	}
}

func TestAnotherHostTakesASegment(t *testing.T) {
	t.Parallel()
	w, s := opened(nil)
	w.instead = map[int64]Host{3: {ID: 2, Name: "Mario Rossi"}} // C is given to Mario
	var told []Result
	out, err := s.Book(t.Context(), shop, plan(t, w, &told))
	if err != nil {
		t.Fatal(err)
	}
	a := w.appointments[out.Appointment.ID]
	if x := segment(a, "C"); x.StaffID != "mario" || x.Resource != "mario" || a.StaffID != "anna" {
		t.Errorf("C is %+v", x)
	}
	if got := w.busy("anna", a.ID) + w.busy("mario", a.ID); got != "[10:00-10:50 11:05-11:10][11:20-11:35 11:35-12:15]" {
		t.Errorf("busy are %s", got)
	}
}
