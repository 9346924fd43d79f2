// Package sources wakes the functions of the local stack: queues, the table's stream, schedules, as template.yaml says. Its
// one rule: time is the stack's clock, so that a message whose invocation failed waits until that clock reaches its time;
// receive counts and redrive stay the emulator's. It knows no function's work.
package sources

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/askpro/gateway/infra/local/pattern"
	"github.com/askpro/gateway/infra/local/template"
)

// Options of the sources.
type Options struct {
	System   *template.System
	Emulator string                 // base URL
	Now      func() time.Time       // the stack's clock
	Changed  func() <-chan struct{} // it was set
	Invoke   func(ctx context.Context, function string, payload []byte) ([]byte, error)
	Release  func(ctx context.Context) error // sends delayed messages whose time has come
	Report   func(format string, a ...any)   // tells a person what went wrong, but for invocations: the host does
}

// Sources are all sources of a system.
type Sources struct {
	Options
	queues    []*queue
	stream    *stream
	schedules []*schedule
	tick      sync.Mutex
	paused    sync.RWMutex // held for reading by who polls
	serving   sync.WaitGroup
}

// New makes the sources; Run starts them. What the template asks for and is not simulated here is an error.
func New(o Options) (*Sources, error) {
	s := &Sources{Options: o}
	for _, x := range o.System.Sources {
		if err := known(x); err != nil {
			return nil, fmt.Errorf("%s: %w", x.LogicalID, err)
		}
		if x.Stream {
			s.stream = &stream{of: s, source: x, nudge: newNudge()}
			continue
		}
		q, ok := o.System.QueueNamed(x.Queue)
		if !ok {
			return nil, fmt.Errorf("%s: the queue %s is not in the template", x.LogicalID, x.Queue)
		}
		s.queues = append(s.queues, newQueue(s, x, q))
	}
	for _, f := range o.System.Functions {
		for _, at := range f.Schedules {
			s.schedules = append(s.schedules, &schedule{of: s, function: f.Name, every: at.Every})
		}
	}
	return s, nil
}

func known(x template.Source) error {
	if x.Stream {
		for _, f := range x.Filters {
			if err := pattern.Known(f); err != nil {
				return err
			}
		}
		return nil
	}
	if len(x.Filters) > 0 {
		return fmt.Errorf("filters on a queue are not known to the local stack")
	}
	if x.BatchSize > 10 {
		return fmt.Errorf("a batch of %d messages: the local stack receives at most 10 at once", x.BatchSize)
	}
	return nil
}

// Who writes nudges; these only bound the time when nobody did.
const (
	quiet  = time.Second           // between polls of a source
	minute = 50 * time.Millisecond // between looks at the clock
	rest   = 5 * time.Millisecond  // at least, after a poll that found nothing: nudges come in swarms
)

// Run serves until ctx ends and all that was begun is done.
func (s *Sources) Run(ctx context.Context) {
	var loops sync.WaitGroup
	for _, q := range s.queues {
		loops.Go(func() { s.loop(ctx, q.nudge, q.poll) })
	}
	if s.stream != nil {
		loops.Go(func() { s.loop(ctx, s.stream.nudge, s.stream.poll) })
	}
	loops.Go(func() { s.watch(ctx) })
	loops.Wait()
	s.serving.Wait()
}

// loop polls again at once while there is something, else when nudged or after a while.
func (s *Sources) loop(ctx context.Context, nudged nudge, poll func(context.Context) (more bool)) {
	for ctx.Err() == nil {
		s.paused.RLock()
		more := poll(ctx)
		s.paused.RUnlock()
		if more {
			continue
		}
		pause(ctx, rest)
		select {
		case <-ctx.Done():
		case <-nudged:
		case <-time.After(quiet):
		}
	}
}

// watch looks at the clock now and then, and when it is set.
func (s *Sources) watch(ctx context.Context) {
	for ctx.Err() == nil {
		changed := s.Changed()
		s.paused.RLock()
		s.Tick(ctx)
		s.paused.RUnlock()
		select {
		case <-ctx.Done():
		case <-changed:
		case <-time.After(minute):
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Pause stops polling until resume is called. What runs already runs on.
func (s *Sources) Pause() (resume func()) {
	s.paused.Lock()
	return s.paused.Unlock
}

// nudge wakes a loop; one is as good as many.
type nudge chan struct{}

func newNudge() nudge { return make(nudge, 1) }

func (n nudge) give() {
	select {
	case n <- struct{}{}:
	default:
	}
}

// Nudge wakes who reads what a service was given: the table's stream for dynamodb, else the queue of that name, or all
// without one. Every poll costs the emulator about what a write does, and a phone call writes many times.
func (s *Sources) Nudge(service, queue string) {
	if service == "dynamodb" {
		if s.stream != nil {
			s.stream.nudge.give()
		}
		return
	}
	for _, q := range s.queues {
		if queue == "" || queue == q.queue.Name {
			q.nudge.give()
		}
	}
}

// Tick does what the clock asks for: delayed messages, failed ones whose time has come, schedules.
func (s *Sources) Tick(ctx context.Context) {
	s.tick.Lock()
	defer s.tick.Unlock()
	if err := s.Release(ctx); err != nil && ctx.Err() == nil {
		s.Report("delayed messages: %v", err)
	}
	for _, q := range s.queues {
		q.release(ctx)
	}
	for _, x := range s.schedules {
		x.fire(ctx)
	}
}

// Left says what still has to be done now; nothing means that no source has anything, unless a function that runs makes it.
func (s *Sources) Left(ctx context.Context) []string {
	s.Tick(ctx)
	var left []string
	if s.stream != nil {
		left = append(left, s.stream.left(ctx)...)
	}
	for _, q := range s.queues {
		left = append(left, q.left(ctx)...)
	}
	for _, x := range s.schedules {
		if x.running.Load() {
			left = append(left, "the schedule of "+x.function)
		}
	}
	return left
}

// Forget drops what is remembered of messages, the stream and the schedules: the emulator was emptied.
func (s *Sources) Forget() {
	s.tick.Lock()
	defer s.tick.Unlock()
	for _, q := range s.queues {
		q.forget()
	}
	if s.stream != nil {
		s.stream.forget()
	}
	for _, x := range s.schedules {
		x.last = 0
	}
}
