package histories

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/askpro/gateway/infra/companyfile"
	"github.com/askpro/gateway/infra/local/template"
	"github.com/askpro/gateway/infra/simulate/calcom"
	calcomedge "github.com/askpro/gateway/internal/calcom"
	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/keeper"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/promise"
	"github.com/askpro/gateway/internal/reconcile"
	"github.com/askpro/gateway/internal/scheduling"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/store/twin"
	"github.com/askpro/gateway/internal/tenant"
	"github.com/askpro/gateway/internal/voice"
)

// World is the whole system in process, for one company: the product over the twin of the table, a calendar of its own,
// queues that the rules of the template fill, a mailbox, and a clock that stands still unless it is moved.
type World struct {
	*setting
	now      time.Time
	ticked   time.Time    // when cron-timers last handed timers out
	ticks    *[]time.Time // notes the instants at which something is done
	table    *twin.Table
	calendar *calendar
	waiting  []message  // in the queues, in the order they came
	sending  sync.Mutex // letters go out side by side
	letters  []Letter
	dead     []string      // what ended in a dead-letter queue, and why
	trouble  []string      // faults of ours that a caller heard
	arrived  []int         // how often each of the messages has
	ids      atomic.Uint64 // the last one that was made up
	desk     voice.Desk
	sched    scheduling.Scheduler
	rounds   reconcile.Reconciler
	calls    keeper.Keeper
	promises promise.Keeper
	notifier notify.Notifier
}

// setting is what all worlds of one history share.
type setting struct {
	t        tenant.ID
	config   *company.Config
	secrets  map[string]string
	names    Names
	routes   map[string][]string // detail-type → queues
	every    time.Duration       // between two rounds
	queues   map[string]template.Queue
	messages []message // the history's, as they arrive; filled while it is set up
	wanted   []Step
	before   []time.Time
}

// message is work in a queue, or as it comes from outside: a question of the agent (tool), a webhook of Cal.com (hook).
type message struct {
	queue    string
	tool     []byte
	hook     []byte
	work     lambdakit.Work
	due      time.Time
	receives int
}

// Letter is a message that was sent, by mail or (Subject SMS) as a text.
type Letter struct {
	To, Subject, Text string
	Invite            *Invite
}

// Invite is the calendar entry of a letter.
type Invite struct {
	Method, UID string
	Sequence    int
	Start, End  time.Time
}

// String of an invitation, or of none.
func (i *Invite) String() string {
	if i == nil {
		return ""
	}
	return fmt.Sprintf("%s %s sequence %d, %s to %s", i.Method, i.UID, i.Sequence, i.Start.UTC().Format(time.RFC3339), i.End.UTC().Format(time.RFC3339))
}

const placeholderDomain = "no-mail.askpro.example"

// NewWorld makes the system as the template describes it, with the salon entered and nothing else.
func NewWorld(sys *template.System, file companyfile.File, n Names, at time.Time) (*World, error) {
	config, err := file.Config()
	if err != nil {
		return nil, err
	}
	set := &setting{
		t: tenant.Proven(config.Company.ID), config: config, names: n, routes: map[string][]string{}, queues: map[string]template.Queue{},
		secrets: map[string]string{config.Company.CalcomAPIKey: "cal_" + n.Slug, config.Company.CalcomWebhookSecrets[0]: "whsec_" + n.Slug},
	}
	if err := set.read(sys); err != nil {
		return nil, err
	}
	w := &World{setting: set, now: at}
	w.table = twin.New(w.clock)
	w.table.Enter(config)
	w.calendar = &calendar{world: w}
	cal := calcom.New(w.calendar.options())
	if err := cal.AddCompany(file, set.secrets); err != nil {
		return nil, err
	}
	w.calendar.server = cal
	w.assemble()
	people, err := file.People(at)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		card := &customer.Card{Key: p.Phone, CustomerID: p.ID, Name: p.Name, Email: p.Email}
		if err := w.table.Commit(context.Background(), w.t, &ledger.Step{Card: card, Customer: &p, EmailOf: p.Email}); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// read takes the queues, the rules that fill them and the distance of rounds from the template. Our rules choose by
// detail-type alone.
func (x *setting) read(sys *template.System) error {
	rounds, ok := sys.FunctionNamed("cron-rounds")
	if !ok || len(rounds.Schedules) != 1 {
		return errors.New("the template has no schedule for rounds")
	}
	x.every = rounds.Schedules[0].Every
	names := map[string]string{}
	for _, q := range sys.Queues {
		x.queues[q.Short()], names[q.Name] = q, q.Short()
	}
	for _, rule := range sys.Rules {
		if rule.Default { // AWS's own bus: no provider says anything here
			continue
		}
		types, ok := rule.Pattern["detail-type"].([]any)
		if !ok || len(rule.Pattern) != 2 {
			return fmt.Errorf("rule %s chooses by more than source and detail-type: teach it to the histories", rule.Name)
		}
		for _, one := range types {
			for _, target := range rule.Targets {
				if names[target.Queue] == "gateway" || one == (event.CallEnded{}).Name() {
					continue // nobody here has a service desk, and no end looks at the meters
				}
				x.routes[fmt.Sprint(one)] = append(x.routes[fmt.Sprint(one)], names[target.Queue])
			}
		}
	}
	return nil
}

// Fork makes a second world in which everything stands as it does here; from now on each goes its own way.
func (w *World) Fork() *World {
	f := &World{
		setting: w.setting, now: w.now, ticked: w.ticked, waiting: slices.Clone(w.waiting), letters: slices.Clip(w.letters), dead: slices.Clip(w.dead),
		trouble: slices.Clip(w.trouble), arrived: slices.Clone(w.arrived),
	}
	f.ids.Store(w.ids.Load())
	f.table = w.table.Fork(f.clock)
	f.calendar = &calendar{world: f, of: w.calendar, changed: w.calendar.changed}
	f.assemble()
	return f
}

// assemble wires the product as the functions' main.go do, but for the guard before the calendar: a clock that stands still
// would always find the key's budget spent.
func (w *World) assemble() {
	client := &calcomedge.Client{Base: "http://calendar/v2", HTTP: w.calendar.client(), Secrets: w.setting, Now: w.clock}
	w.sched = scheduling.Scheduler{Store: w.table, Calendar: client, Now: w.clock, NewID: w.newID, PlaceholderDomain: placeholderDomain, Alarm: ignore}
	w.rounds = reconcile.Reconciler{Store: w.table, Scheduler: &w.sched, Calendar: client, Now: w.clock, Alarm: ignore, Sweep: w.sweep}
	w.desk = voice.Desk{Store: w.table, Scheduler: &w.sched, Cases: &casework.Opener{Store: w.table, NewID: w.newID, Alarm: ignore}, Gateway: true, Keep: nowhere, Now: w.clock, NewID: w.newID, Alarm: ignore, MailWorks: true}
	w.calls = keeper.Keeper{Store: w.table, Archive: inTable{}, Telephone: forgetful{}, Now: w.clock, NewID: w.newID, Alarm: ignore}
	w.promises = promise.Keeper{Store: w.table, Now: w.clock, NewID: w.newID}
	w.notifier = notify.Notifier{
		Store: w.table, Mail: w, Texts: w, Now: w.clock, Done: store.ErrSealed, Busy: store.ErrLeased,
		Placeholder: notify.IsPlaceholder(placeholderDomain), Alarm: ignore, Skipped: skipped,
	}
}

// sweep asks for the look for reminders.
func (w *World) sweep(context.Context, tenant.ID) error {
	w.put("notifications", lambdakit.Work{Kind: reconcile.KindSweep, Company: w.t.String(), At: w.now}, 0)
	return nil
}

func ignore(context.Context, string, string) {}

func skipped(context.Context, string, notify.Event, string, string) {}

func (w *World) clock() time.Time { return w.now }

// newID counts from what arrived last, so that a message makes up the same ids whatever came before it.
func (w *World) newID() string {
	var id ulid.ULID
	_ = id.SetTime(ulid.Timestamp(w.now)) // only a time beyond the year 10889 fails
	binary.BigEndian.PutUint64(id[8:], w.ids.Add(1))
	return id.String()
}

// Get resolves references to secrets.
func (x *setting) Get(_ context.Context, refs ...string) ([]string, error) {
	values := make([]string, len(refs))
	for i, ref := range refs {
		values[i] = x.secrets[ref]
	}
	return values, nil
}

// SendLetter is the mail service: it keeps the letter.
func (w *World) SendLetter(_ context.Context, _ tenant.ID, l notify.Letter) (string, error) {
	letter := Letter{To: l.To, Subject: l.Subject, Text: l.Text}
	if i := l.Invite; i != nil {
		letter.Invite = &Invite{i.Method, i.UID, i.Sequence, i.Start, i.End}
	}
	return w.sent(letter, l.Key)
}

// SendText is the provider of text messages: it keeps them too.
func (w *World) SendText(_ context.Context, _ tenant.ID, m notify.Text) (string, error) {
	return w.sent(Letter{To: m.To, Subject: "SMS", Text: m.Body}, m.Key)
}

func (w *World) sent(l Letter, key string) (string, error) {
	w.sending.Lock()
	defer w.sending.Unlock()
	w.letters = append(w.letters, l)
	return key, nil
}

// inTable is an archive that leaves every transcript in the table.
type inTable struct{}

// Keep keeps nothing.
func (inTable) Keep(context.Context, tenant.ID, string, ledger.Transcript) (string, bool, error) {
	return "", false, nil
}

// Drop has nothing to drop.
func (inTable) Drop(context.Context, tenant.ID, string) error { return nil }

// forgetful is Retell asked how a call stands: it knows none.
type forgetful struct{}

// Ask answers that there is no such call.
func (forgetful) Ask(context.Context, []string, string) (keeper.Standing, error) {
	return keeper.Standing{State: keeper.Unknown}, nil
}

// put sends work to a queue.
func (w *World) put(queue string, work lambdakit.Work, after time.Duration) {
	w.waiting = append(w.waiting, message{queue: queue, work: work, due: w.now.Add(after)})
}

// route publishes the facts that were written, as stream-outbox and the rules do. While a history is set up, what its
// messages wait for is kept for them.
func (w *World) route() {
	for _, f := range w.table.Facts() {
		work := lambdakit.Work{Kind: f.Name, Company: f.Company.String(), At: f.At, Body: []byte(f.Detail)}
		for _, queue := range w.routes[f.Name] {
			if !w.keep(func(s Step) bool { return s.Job == queue+" "+f.Name && s.Body == nil }, message{queue: queue, work: work}) {
				w.put(queue, work, 0)
			}
		}
	}
}

// keep takes a message aside for the first step that waits for it.
func (x *setting) keep(waits func(Step) bool, m message) bool {
	for i, s := range x.wanted {
		if x.messages[i].queue == "" && waits(s) {
			x.messages[i] = m
			return true
		}
	}
	return false
}

// drain works on the queues until nothing is due.
func (w *World) drain() error {
	for range 1000 {
		w.route()
		i := slices.IndexFunc(w.waiting, func(m message) bool { return !m.due.After(w.now) })
		if i < 0 {
			return nil
		}
		m := w.waiting[i]
		w.waiting = slices.Delete(w.waiting, i, i+1)
		w.receive(m)
	}
	return fmt.Errorf("the queues do not become empty: %s", w.waiting[0].work.Kind)
}

// receive hands a message to its function; one that fails comes again, and in the end lies in the dead-letter queue.
func (w *World) receive(m message) {
	m.receives++
	err := w.work(m)
	if err == nil {
		return
	}
	q := w.queues[m.queue]
	if m.receives >= q.MaxReceive {
		w.dead = append(w.dead, fmt.Sprintf("%s %s: %v", m.queue, m.work.Kind, err))
		return
	}
	m.due = w.now.Add(q.Visibility)
	w.waiting = append(w.waiting, m)
}

// until lets time pass to an instant: delays end, due timers are handed out on every full minute, as cron-timers does, and
// a round is asked for when the clock comes to its time, once when it passes several.
func (w *World) until(at time.Time) error {
	for range 5000 {
		if err := w.drain(); err != nil {
			return err
		}
		next, timers := w.next()
		if there := next.IsZero() || next.After(at); there {
			if !w.now.Before(at) {
				return nil
			}
			next, timers = at, false
		}
		if err := w.pass(later(next, w.now), timers); err != nil {
			return err
		}
	}
	return fmt.Errorf("it does not come to rest: at %s something is still to be done", w.now)
}

// pass moves the clock on to an instant, at which timers may be due.
func (w *World) pass(to time.Time, timers bool) error {
	round := to.Truncate(w.every).After(w.now)
	w.now = to
	if w.ticks != nil {
		*w.ticks = append(*w.ticks, to)
	}
	if round {
		w.put("sync", lambdakit.Work{Kind: reconcile.KindRound, Company: w.t.String(), At: to}, 0)
	}
	if !timers {
		return nil
	}
	due, err := w.table.Due(context.Background(), to, 1000)
	for _, x := range due {
		m, bad := handed(x, to)
		if err = errors.Join(err, bad); err == nil {
			w.put(m.queue, m.work, 0)
		}
	}
	w.ticked = to
	return err
}

// next is when something is to be done next, zero if never, and whether it is timers that are due then. A timer that is
// still set after it was handed out is handed out again a minute later.
func (w *World) next() (at time.Time, timers bool) {
	if at = w.table.NextDue(); !at.IsZero() {
		timers = true
		at = later(at.Add(time.Minute-1).Truncate(time.Minute), later(w.ticked.Add(time.Minute), w.now.Add(time.Minute-1).Truncate(time.Minute)))
	}
	for _, m := range w.waiting {
		if at.IsZero() || m.due.Before(at) {
			at, timers = m.due, false
		}
	}
	return at, timers
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// handed is how cron-timers hands a due timer to the queue it names.
func handed(x store.Timer, now time.Time) (message, error) {
	body, err := json.Marshal(x.Handed())
	return message{queue: x.Queue, work: lambdakit.Work{Kind: store.KindTimer, Company: x.CompanyID, At: now, Body: body}}, err
}

// nowhere stands for the queue that takes down what the table cannot: nobody here reports a fault.
func nowhere(context.Context, tenant.ID, string, desk.Said) error {
	return errors.New("nobody reads this queue")
}
