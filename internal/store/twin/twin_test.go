package twin_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/store/storetest"
	"github.com/askpro/gateway/internal/store/twin"
	"github.com/askpro/gateway/internal/tenant"
)

func TestTheTwinKeepsThePromisesOfAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(_ *testing.T, now func() time.Time) storetest.Subject {
		s := twin.New(now)
		enter := func(_ context.Context, c *company.Config) error { s.Enter(c); return nil }
		return storetest.Subject{Store: s, Enter: enter, Due: s.Due, Seen: func(*testing.T, func() bool) {}}
	})
}

// operators are what only those ask who enter a company or look at one; products do not.
var operators = []string{"SaveConfig", "AddCustomer"}

func TestTheTwinAnswersEverythingThatTheTableDoes(t *testing.T) {
	t.Parallel()
	table, twin := reflect.TypeFor[*store.Table](), reflect.TypeFor[*twin.Table]()
	for i := range table.NumMethod() {
		m := table.Method(i)
		got, ok := twin.MethodByName(m.Name)
		switch {
		case slices.Contains(operators, m.Name):
		case !ok:
			t.Errorf("the twin has no %s: write it, and a case for it in storetest", m.Name)
		case signature(got.Type) != signature(m.Type):
			t.Errorf("%s is %s at the table, %s at its twin", m.Name, signature(m.Type), signature(got.Type))
		}
	}
}

// signature of a method without its receiver.
func signature(f reflect.Type) string {
	var in, out []reflect.Type
	for i := 1; i < f.NumIn(); i++ {
		in = append(in, f.In(i))
	}
	for i := range f.NumOut() {
		out = append(out, f.Out(i))
	}
	return reflect.FuncOf(in, out, f.IsVariadic()).String()
}

var (
	us   = tenant.Proven("01H00000000000000000000000")
	noon = time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)
)

func at(now time.Time) func() time.Time { return func() time.Time { return now } }

func TestAForkGoesItsOwnWay(t *testing.T) {
	t.Parallel()
	s := twin.New(at(noon))
	card := &customer.Card{Key: "+49", Name: "Erika"}
	commit(t, s, &ledger.Step{Card: card})
	fork := s.Fork(at(noon.Add(time.Hour)))
	card.Name = "Berta"
	commit(t, s, &ledger.Step{Card: card})
	known, err := fork.Gather(t.Context(), us, ledger.Ask{Card: "+49"})
	if err != nil || known.Card.Name != "Erika" {
		t.Errorf("the fork reads %+v, %v", known.Card, err)
	}
	card.Version = 1
	commit(t, fork, &ledger.Step{Card: card}) // over what it holds, not over what the first one has
}

func TestFactsAreTakenOnceAndOnlyOfWhatWasWritten(t *testing.T) {
	t.Parallel()
	s := twin.New(at(noon))
	fact := event.CallStarted{Head: event.Head{ID: "e1", CompanyID: us.String(), At: noon}, CallID: "c1"}
	commit(t, s, &ledger.Step{Events: []event.Event{fact}})
	refused := &ledger.Step{Card: &customer.Card{Key: "+49", Version: 2}, Events: []event.Event{fact}}
	if err := s.Commit(t.Context(), us, refused); !ledger.ConflictOn(err, "card") {
		t.Fatal(err)
	}
	facts := s.Facts()
	if len(facts) != 1 || facts[0].Name != fact.Name() || facts[0].ID != "e1" || facts[0].Company != us || !facts[0].At.Equal(noon) {
		t.Errorf("%+v", facts)
	}
	if again := s.Facts(); len(again) != 0 {
		t.Errorf("taken twice: %+v", again)
	}
}

func TestATwinFailsWhenItIsToldTo(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	for name, tt := range map[string]struct {
		done   bool
		stands string
	}{"before it is done": {false, ""}, "after it is done: the answer is lost": {true, "Erika"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := twin.New(at(noon))
			s.Fault = func(method string) *twin.Fault {
				if method == "Commit" {
					return &twin.Fault{Err: down, Done: tt.done}
				}
				return nil
			}
			if err := s.Commit(t.Context(), us, &ledger.Step{Card: &customer.Card{Key: "+49", Name: "Erika"}}); !errors.Is(err, down) {
				t.Fatal(err)
			}
			known, err := s.Gather(t.Context(), us, ledger.Ask{Card: "+49"})
			if err != nil || known.Card.Name != tt.stands {
				t.Errorf("%q stands there, %v", known.Card.Name, err)
			}
		})
	}
}

func TestTablesThatHoldTheSameHaveTheSameSum(t *testing.T) {
	t.Parallel()
	sum := func(steps ...*ledger.Step) uint64 {
		s := twin.New(at(noon))
		for _, step := range steps {
			commit(t, s, step)
		}
		return s.Sum()
	}
	card := func(name string, version int) *ledger.Step {
		return &ledger.Step{Card: &customer.Card{Key: "+49", Name: name, Version: version, Upcoming: []customer.Upcoming{{AppointmentID: "a"}}}}
	}
	other := &ledger.Step{Appointments: []*booking.Appointment{{ID: "a", StartsAt: noon}}, SetTimers: []ledger.Timer{{Kind: ledger.OfCall, About: "c", DueAt: noon}}}
	want := sum(card("Erika", 0))
	if got := sum(card("Berta", 0), card("Erika", 1)); got != want {
		t.Error("another way to the same card is another sum")
	}
	if sum(card("Berta", 0)) == want || sum() == want || sum(card("Erika", 0), other) == want {
		t.Error("something else has the same sum")
	}
}

func TestAnEndedContextIsNotServed(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := twin.New(at(noon)).Commit(ctx, us, &ledger.Step{Card: &customer.Card{Key: "+49"}}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func commit(t *testing.T, s *twin.Table, step *ledger.Step) {
	t.Helper()
	if err := s.Commit(t.Context(), us, step); err != nil {
		t.Fatal(err)
	}
}
