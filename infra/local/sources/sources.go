// Package sources wakes the functions of the local stack: queues, the table's stream, schedules, as template.yaml says. Its
// one rule: time is the stack's clock, so that a message whose invocation failed waits until that clock reaches its time;
// receive counts and redrive stay the emulator's. It knows no function's work.
package sources

import (
	"context"
	"sync"
	"time"

	"github.com/askpro/gateway/infra/local/template"
)

// Invoke runs a function.
type Invoke func(ctx context.Context, function string, payload []byte) ([]byte, error)

// Options of the sources.
type Options struct {
	System   *template.System
	Emulator string
	Now      func() time.Time
	Changed  func() <-chan struct{} // the stack's clock was set
	Invoke   Invoke
	Release  func(ctx context.Context) error // delayed messages whose time has come
	Report   func(format string, a ...any)   // what a person should see
}

// Sources are all sources of a system.
type Sources struct {
	Options
	queues    []*queue
	stream    *stream
	schedules []*schedule
	tick      sync.Mutex
	paused    sync.RWMutex // held for reading by who polls
	nudges    sync.Mutex
	listeners []chan struct{}
}

// New makes the sources; Run starts them.
func New(o Options) *Sources {
	s := &Sources{Options: o}
	for _, x := range o.System.Sources {
		if x.Stream {
			s.stream = &stream{of: s, source: x}
			continue
		}
		q, _ := o.System.QueueNamed(x.Queue)
		s.queues = append(s.queues, newQueue(s, x, q))
	}
	for _, f := range o.System.Functions {
		for _, at := range f.Schedules {
			s.schedules = append(s.schedules, &schedule{of: s, function: f.Name, every: at.Every})
		}
	}
	return s
}

// quiet is how long a source sleeps when nobody nudges it.
const quiet = 250 * time.Millisecond

// Run serves until ctx ends.
func (s *Sources) Run(ctx context.Context) {
	var wait sync.WaitGroup
	for _, q := range s.queues {
		wait.Go(func() { s.loop(ctx, q.poll) })
	}
	if s.stream != nil {
		wait.Go(func() { s.loop(ctx, s.stream.poll) })
	}
	wait.Go(func() { s.loop(ctx, func(ctx context.Context) bool { s.Tick(ctx); return false }) })
	wait.Wait()
}

// loop polls again at once while there is something, else when nudged, when the clock changes, or after a while.
func (s *Sources) loop(ctx context.Context, poll func(context.Context) (more bool)) {
	nudged := make(chan struct{}, 1)
	s.nudges.Lock()
	s.listeners = append(s.listeners, nudged)
	s.nudges.Unlock()
	timer := time.NewTimer(quiet)
	defer timer.Stop()
	for ctx.Err() == nil {
		s.paused.RLock()
		more := poll(ctx)
		s.paused.RUnlock()
		if more {
			continue
		}
		timer.Reset(quiet)
		select {
		case <-ctx.Done():
		case <-nudged:
		case <-s.Changed():
		case <-timer.C:
		}
	}
}

// Pause stops polling until resume is called.
func (s *Sources) Pause() (resume func()) {
	s.paused.Lock()
	return s.paused.Unlock
}

// Nudge wakes the sources: something was written.
func (s *Sources) Nudge() {
	s.nudges.Lock()
	defer s.nudges.Unlock()
	for _, c := range s.listeners {
		select {
		case c <- struct{}{}:
		default:
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

// Left says what still has to be done now; nothing means idle, as far as the sources know.
func (s *Sources) Left(ctx context.Context) []string {
	s.Tick(ctx)
	var left []string
	if s.stream != nil && s.stream.poll(ctx) {
		left = append(left, "records of the table's stream")
	}
	for _, q := range s.queues {
		left = append(left, q.left(ctx)...)
	}
	return left
}

// Forget drops what is remembered of messages and the stream: the emulator was emptied.
func (s *Sources) Forget() {
	for _, q := range s.queues {
		q.forget()
	}
	if s.stream != nil {
		s.stream.forget()
	}
}

// schedule fires when the stack's clock crosses a multiple of its distance; an advance over several fires once.
type schedule struct {
	of       *Sources
	function string
	every    time.Duration
	last     int64
}

func (x *schedule) fire(ctx context.Context) {
	slot := x.of.Now().UnixNano() / int64(x.every)
	if x.last == 0 || slot < x.last { // started, or the clock was set back
		x.last = slot
	}
	if slot == x.last {
		return
	}
	x.last = slot
	payload := []byte(`{"version":"0","detail-type":"Scheduled Event","source":"aws.events","detail":{},"time":"` + x.of.Now().Format(time.RFC3339) + `"}`)
	if _, err := x.of.Invoke(ctx, x.function, payload); err != nil && ctx.Err() == nil {
		x.of.Report("%s: %v", x.function, err)
	}
}
