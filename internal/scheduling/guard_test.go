package scheduling_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/scheduling"
	"github.com/askpro/gateway/internal/tenant"
)

// keys keeps the state of keys as the table does: a lease or a trip is granted only over what it was made from.
type keys struct {
	mu     sync.Mutex
	by     map[string]*ledger.KeyState
	broken error
	writes int
}

func (k *keys) state(t tenant.ID, key string) *ledger.KeyState {
	if k.by == nil {
		k.by = map[string]*ledger.KeyState{}
	}
	id := t.String() + "/" + key
	if k.by[id] == nil {
		k.by[id] = &ledger.KeyState{}
	}
	return k.by[id]
}

func copyOf(s *ledger.KeyState) ledger.KeyState {
	out := *s
	out.Past = slices.Clone(s.Past)
	out.Breakers = map[string]ledger.Breaker{}
	for group, b := range s.Breakers {
		out.Breakers[group] = b
	}
	return out
}

// Lease counts.
func (k *keys) Lease(_ context.Context, t tenant.ID, key string, l ledger.Lease) (bool, ledger.KeyState, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.state(t, key)
	k.writes++
	switch {
	case k.broken != nil:
		return false, ledger.KeyState{}, k.broken
	case l.Turn != nil && (s.Tick != l.Turn.Tick || s.Spent != l.Turn.Spent):
		return false, copyOf(s), nil
	case l.Turn != nil:
		s.Tick, s.Past, s.Spent = l.Tick, l.Past, l.Take
		return true, copyOf(s), nil
	case s.Tick != l.Tick, s.Used > l.Most.Used, l.Take.Jobs > 0 && s.Jobs > l.Most.Jobs:
		return false, copyOf(s), nil
	}
	s.Used, s.Jobs = s.Used+l.Take.Used, s.Jobs+l.Take.Jobs
	return true, copyOf(s), nil
}

// Trip compares and sets.
func (k *keys) Trip(_ context.Context, t tenant.ID, key, group string, from, to ledger.Breaker) (bool, ledger.KeyState, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.state(t, key)
	k.writes++
	if k.broken != nil {
		return false, ledger.KeyState{}, k.broken
	}
	if s.Breakers[group] != from {
		return false, copyOf(s), nil
	}
	if s.Breakers == nil {
		s.Breakers = map[string]ledger.Breaker{}
	}
	s.Breakers[group] = to
	return true, copyOf(s), nil
}

// Rest sets the time.
func (k *keys) Rest(_ context.Context, t tenant.ID, key string, until time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.writes++
	k.state(t, key).RestUntil = until
	return nil
}

// calendar answers what it is told to; it counts who asks when.
type calendar struct {
	scheduling.Calendar
	scheduling.Catalogue
	now   func() time.Time
	err   error
	asked []asked
}

type asked struct {
	at  time.Time
	job bool
}

// Booking is the one operation that these tests ask.
func (c *calendar) Booking(_ context.Context, who scheduling.Account, _ string) (scheduling.Booked, error) {
	c.asked = append(c.asked, asked{c.now(), who.Job})
	return scheduling.Booked{}, c.err
}

// Slots is the one of another group.
func (c *calendar) Slots(context.Context, scheduling.Account, int64, time.Time, time.Time, string) ([]time.Time, error) {
	return nil, c.err
}

// world is a clock, the table's keys, a calendar and as many processes as are wanted.
type world struct {
	time     time.Time
	keys     keys
	calendar calendar
	alarms   []string
}

func newWorld() *world {
	w := &world{time: time.Date(2026, 11, 24, 9, 0, 3, 0, time.UTC)}
	w.calendar.now = func() time.Time { return w.time }
	return w
}

func (w *world) process() *scheduling.Guard {
	return &scheduling.Guard{Calendar: &w.calendar, Keys: &w.keys, Now: w.calendar.now, Alarm: func(_ context.Context, name, _ string) { w.alarms = append(w.alarms, name) }}
}

var (
	voice = scheduling.Account{Company: tenant.Proven("C1"), Key: "ssm:/key"}
	job   = scheduling.Account{Company: tenant.Proven("C1"), Key: "ssm:/key", Job: true}
)

func read(g *scheduling.Guard, who scheduling.Account) error {
	_, err := g.Booking(context.Background(), who, "uid")
	return err
}

// untilRefused asks until the guard does not let it any more.
func untilRefused(t *testing.T, g *scheduling.Guard, who scheduling.Account) (n int, refused *scheduling.Refused) {
	t.Helper()
	for n = 0; n < 1000; n++ {
		if err := read(g, who); err != nil {
			if !errors.As(err, &refused) || refused.Why != scheduling.Resting {
				t.Fatal(err)
			}
			return n, refused
		}
	}
	t.Fatal("never refused")
	return 0, nil
}

func TestAKeyHasAHundredRequestsAMinuteAndJobsSixtyOfThem(t *testing.T) {
	t.Parallel()
	w := newWorld()
	if n, _ := untilRefused(t, w.process(), job); n != 60 {
		t.Errorf("jobs got %d requests", n)
	}
	n, refused := untilRefused(t, w.process(), voice)
	if n != 40 {
		t.Errorf("calls got %d requests after the jobs, wanted the other 40", n)
	}
	if wait := refused.Until.Sub(w.time); wait < 50*time.Second || wait > 80*time.Second {
		t.Errorf("the next one is to come in %s", wait)
	}
	w.time = refused.Until
	if n, _ := untilRefused(t, w.process(), voice); n != 100 {
		t.Errorf("%d requests when the minute is over", n)
	}
}

func TestFiftyWarmProcessesDoNotStarveEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for i := range 50 {
		if err := read(w.process(), voice); err != nil {
			t.Fatalf("process %d: %v", i+1, err)
		}
	}
}

func TestWhoAsksMuchLeasesMuch(t *testing.T) {
	t.Parallel()
	w := newWorld()
	g := w.process()
	for range 40 {
		if err := read(g, voice); err != nil {
			t.Fatal(err)
		}
	}
	if w.keys.writes > 8 {
		t.Errorf("40 requests cost %d writes", w.keys.writes)
	}
}

func TestAnotherCompanysBudgetIsItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld()
	g := w.process()
	untilRefused(t, g, voice)
	other := voice
	other.Company = tenant.Proven("C2")
	if err := read(g, other); err != nil {
		t.Error(err)
	}
}

// TestNoMinuteHasMoreThanItsBudget lets processes come and go at any time, also over a clock that was set back.
func TestNoMinuteHasMoreThanItsBudget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		processes := make([]*scheduling.Guard, rapid.IntRange(1, 12).Draw(t, "processes"))
		for i := range processes {
			processes[i] = w.process()
		}
		for range rapid.IntRange(1, 60).Draw(t, "bursts") {
			w.time = w.time.Add(time.Duration(rapid.IntRange(0, 25_000).Draw(t, "pause")) * time.Millisecond)
			who := voice
			if rapid.Bool().Draw(t, "a job") {
				who = job
			}
			g := processes[rapid.IntRange(0, len(processes)-1).Draw(t, "process")]
			for range rapid.IntRange(1, 70).Draw(t, "requests") {
				if read(g, who) != nil {
					break
				}
			}
		}
		for i, from := range w.calendar.asked {
			all, jobs := 0, 0
			for _, x := range w.calendar.asked[i:] {
				if x.at.Sub(from.at) >= time.Minute {
					break
				}
				if all++; x.job {
					jobs++
				}
			}
			if all > 100 || jobs > 60 {
				t.Fatalf("%d requests within a minute, %d of them by jobs", all, jobs)
			}
		}
	})
}

func TestAClockThatWasSetBackBlocksNobody(t *testing.T) {
	t.Parallel()
	w := newWorld()
	untilRefused(t, w.process(), voice)
	w.time = w.time.Add(-24 * time.Hour)
	if err := read(w.process(), voice); err != nil {
		t.Error(err)
	}
}

func TestAKeyRestsAfterA429ForAllProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.calendar.err = &scheduling.Refused{Why: scheduling.Resting, Until: w.time.Add(30 * time.Second), Err: errors.New("429")}
	first := w.process()
	if err := read(first, voice); err == nil {
		t.Fatal("a 429 is no answer")
	}
	w.calendar.err = nil
	n := len(w.calendar.asked)
	for _, g := range []*scheduling.Guard{first, w.process()} {
		if err := read(g, voice); scheduling.WhyOf(err) != scheduling.Resting {
			t.Errorf("asked a resting key: %v", err)
		}
	}
	if len(w.calendar.asked) != n {
		t.Error("the calendar was asked while the key rests")
	}
	w.time = w.time.Add(31 * time.Second)
	if err := read(first, voice); err != nil {
		t.Error(err)
	}
}

func TestAKeyWithNothingLeftRestsForAllProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld()
	first := w.process()
	if err := read(first, voice); err != nil {
		t.Fatal(err)
	}
	first.Spent(t.Context(), voice, w.time.Add(30*time.Second))
	first.Spent(t.Context(), voice, w.time.Add(10*time.Second)) // another answer, which was under way
	n := len(w.calendar.asked)
	w.time = w.time.Add(20 * time.Second)
	for _, g := range []*scheduling.Guard{first, w.process()} {
		if err := read(g, voice); scheduling.WhyOf(err) != scheduling.Resting {
			t.Errorf("asked a resting key: %v", err)
		}
	}
	w.time = w.time.Add(11 * time.Second)
	if err := read(first, voice); err != nil || len(w.calendar.asked) != n+1 {
		t.Errorf("%v, asked %d times", err, len(w.calendar.asked)-n)
	}
}

func TestABreaker(t *testing.T) {
	t.Parallel()
	down := &scheduling.Refused{Why: scheduling.Unknown, Err: errors.New("502")}
	w := newWorld()
	a, b := w.process(), w.process()
	fails := func(g *scheduling.Guard, n int) {
		t.Helper()
		w.calendar.err = down
		for range n {
			if err := read(g, voice); scheduling.WhyOf(err) != scheduling.Unknown {
				t.Fatalf("not asked: %v", err)
			}
		}
		w.calendar.err = nil
	}
	refuses := func(g *scheduling.Guard) {
		t.Helper()
		n := len(w.calendar.asked)
		known := copyOf(w.keys.state(voice.Company, voice.Key)) // as a call reads it with the days
		who := voice
		who.Known = &known
		if err := read(g, who); scheduling.WhyOf(err) != scheduling.Resting || len(w.calendar.asked) != n {
			t.Fatalf("it lets through: %v", err)
		}
	}
	passes := func(g *scheduling.Guard) {
		t.Helper()
		if err := read(g, voice); err != nil {
			t.Fatal(err)
		}
	}
	fails(a, 4)
	passes(a) // an answer ends the row
	fails(a, 4)
	w.calendar.err = &scheduling.Refused{Why: scheduling.Taken, Err: errors.New("409")}
	if err := read(a, voice); scheduling.WhyOf(err) != scheduling.Taken {
		t.Fatal(err)
	}
	fails(a, 3) // a refusal is an answer, too
	fails(b, 2) // the fifth in a row, whoever asked
	refuses(a)
	refuses(b)
	refuses(w.process())
	if _, err := a.Slots(t.Context(), voice, 1, w.time, w.time, ""); err != nil {
		t.Errorf("another group: %v", err)
	}
	other := voice
	other.Company = tenant.Proven("C2")
	if err := read(a, other); err != nil {
		t.Errorf("another company: %v", err)
	}
	w.time = w.time.Add(61 * time.Second)
	fails(a, 1) // the probe fails
	refuses(b)
	w.time = w.time.Add(61 * time.Second)
	known := copyOf(w.keys.state(voice.Company, voice.Key))
	who := voice
	who.Known = &known
	if err := read(b, who); err != nil {
		t.Fatalf("its time is over: %v", err)
	}
	passes(a)
	fails(a, 4) // closed: a row begins anew
	passes(b)
	if !slices.Equal(w.alarms, []string{scheduling.AlarmDown}) {
		t.Errorf("alarms %v, wanted one", w.alarms)
	}
}

func TestOneProbeAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a, b := w.process(), w.process()
	w.calendar.err = &scheduling.Refused{Why: scheduling.Unknown, Err: errors.New("timeout")}
	for range 5 {
		_ = read(a, voice)
	}
	w.calendar.err = nil
	w.time = w.time.Add(61 * time.Second)
	probing := scheduling.Guard{Calendar: during{&w.calendar, func() {
		if err := read(b, voice); scheduling.WhyOf(err) != scheduling.Resting {
			t.Errorf("a second one is let through beside the probe: %v", err)
		}
	}}, Keys: &w.keys, Now: w.calendar.now, Alarm: a.Alarm}
	if err := read(&probing, voice); err != nil {
		t.Fatal(err)
	}
	// A probe that nobody heard of again does not keep the breaker shut.
	w.time = w.time.Add(7 * time.Second)
	if err := read(b, voice); err != nil {
		t.Error(err)
	}
}

// during does something while the calendar is being asked.
type during struct {
	*calendar
	do func()
}

// Booking does it.
func (d during) Booking(ctx context.Context, who scheduling.Account, uid string) (scheduling.Booked, error) {
	d.do()
	return d.calendar.Booking(ctx, who, uid)
}

func TestAnAnswerCostsNoWrite(t *testing.T) {
	t.Parallel()
	w := newWorld()
	g := w.process()
	for range 2 {
		if err := read(g, voice); err != nil {
			t.Fatal(err)
		}
	}
	if w.keys.writes != 1 {
		t.Errorf("a live check and a booking cost %d writes, wanted the lease alone", w.keys.writes)
	}
}

func TestWhatWasReadOfTheKeySavesAnAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld()
	if err := read(w.process(), voice); err != nil {
		t.Fatal(err)
	}
	w.keys.writes = 0
	known := copyOf(w.keys.state(voice.Company, voice.Key))
	who := voice
	who.Known = &known
	if err := read(w.process(), who); err != nil || w.keys.writes != 1 {
		t.Errorf("%d writes, %v", w.keys.writes, err)
	}
}

func TestAGuardThatCannotLookIsOpenForCallsAndShutForJobs(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.keys.broken = errors.New("the table is down")
	if err := read(w.process(), voice); err != nil {
		t.Errorf("a caller is refused: %v", err)
	}
	if !slices.Contains(w.alarms, scheduling.AlarmGuard) {
		t.Errorf("alarms %v", w.alarms)
	}
	if err := read(w.process(), job); scheduling.WhyOf(err) != scheduling.Resting {
		t.Errorf("a job is let through: %v", err)
	}
}
