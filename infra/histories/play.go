package histories

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	simulator "github.com/askpro/gateway/infra/simulate/calcom"
	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/calcom"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/retell"
	"github.com/askpro/gateway/internal/store"
)

// Prepare plays what happened before and stops at the instant at which the messages arrive. Whatever they wait for has
// been taken aside.
func (w *World) Prepare(h *History) error {
	w.ticks = &w.before
	defer func() { w.ticks = nil }()
	w.wanted, w.messages, w.arrived = h.Messages, make([]message, len(h.Messages)), make([]int, len(h.Messages))
	for i, s := range h.Before {
		if err := w.until(s.At.Time); err != nil {
			return fmt.Errorf("before, step %d: %w", i+1, err)
		}
		if err := w.happen(s); err != nil {
			return fmt.Errorf("before, step %d: %w", i+1, err)
		}
		if err := w.drain(); err != nil {
			return fmt.Errorf("before, step %d: %w", i+1, err)
		}
	}
	if err := w.until(h.At.Time); err != nil {
		return err
	}
	for i, s := range h.Messages {
		if w.messages[i].queue != "" {
			continue // made before, and taken aside
		}
		m, err := w.compose(s)
		if err != nil {
			return fmt.Errorf("message %q: %w", s.Name, err)
		}
		w.messages[i] = m
	}
	w.wanted, w.calendar.changed = nil, false
	if len(w.dead)+len(w.trouble) > 0 {
		return fmt.Errorf("before: %v %v", w.dead, w.trouble)
	}
	return nil
}

// happen plays a step of what happened before.
func (w *World) happen(s Step) error {
	switch {
	case s.Calendar != nil:
		return w.calendar.do(*s.Calendar)
	case s.Tool != nil:
		status, err := w.ask(compact(s.Tool))
		if err == nil && s.Wants != "" && status != s.Wants {
			err = fmt.Errorf("the tool answered %s, wanted %s", status, s.Wants)
		}
		return err
	}
	m, err := w.compose(s)
	if err != nil {
		return err
	}
	return w.hear(m)
}

// ask asks a tool as the agent does.
func (w *World) ask(body []byte) (string, error) {
	q, err := retell.ReadTool(body)
	if err != nil {
		return "", err
	}
	reply := w.desk.Handle(context.Background(), w.t, q)
	if cause := reply.Cause(); cause != nil {
		w.trouble = append(w.trouble, fmt.Sprintf("%s: %v", q.Tool, cause))
	}
	return reply.Status, nil
}

// compose makes the message of a step that nothing before has made.
func (w *World) compose(s Step) (message, error) {
	work := lambdakit.Work{Company: w.t.String(), At: w.now}
	switch {
	case s.Tool != nil:
		return message{queue: "tools", tool: compact(s.Tool)}, nil
	case s.Event != nil:
		work.Kind, work.Body = retell.KindEvent, compact(s.Event)
		if _, wanted, _, err := retell.Peek(work.Body); err != nil || !wanted {
			return message{}, fmt.Errorf("nobody wants this event: %v", err)
		}
		return message{queue: "default", work: work}, nil
	case s.Job != "" && s.Body != nil:
		queue, kind, _ := strings.Cut(s.Job, " ")
		body, err := w.concrete(string(s.Body))
		work.Kind, work.Body = kind, body
		return message{queue: queue, work: work}, err
	case s.Webhook != "" && s.Body != nil:
		body, err := w.concrete(string(s.Body))
		return message{queue: "sync", hook: body}, err
	case s.Timer != "":
		return w.timer(s.Timer)
	}
	return message{}, fmt.Errorf("nothing before has made %s%s", s.Webhook, s.Job)
}

// concrete puts the ids of the one appointment where a body says $appointment or $uid, and the branch's for $branch.
func (w *World) concrete(body string) (json.RawMessage, error) {
	if strings.Contains(body, "$appointment") || strings.Contains(body, "$uid") {
		a, err := w.appointment()
		if err != nil {
			return nil, err
		}
		body = strings.NewReplacer("$appointment", a.ID, "$uid", a.UID).Replace(body)
	}
	return compact(json.RawMessage(strings.ReplaceAll(body, "$branch", w.config.Branches[0].ID))), nil
}

func (w *World) appointment() (booking.Appointment, error) {
	ids, err := w.table.AppointmentIDs(context.Background(), w.t, w.config.Branches[0].ID, time.Time{}, w.now.AddDate(1, 0, 0), 2)
	if err != nil || len(ids) != 1 {
		return booking.Appointment{}, fmt.Errorf("there are %d appointments, wanted one: %v", len(ids), err)
	}
	a, _, err := w.table.Appointment(context.Background(), w.t, ids[0])
	return a, err
}

// timer is "queue name", about the one appointment.
func (w *World) timer(which string) (message, error) {
	a, err := w.appointment()
	if err != nil {
		return message{}, err
	}
	queue, name, _ := strings.Cut(which, " ")
	return handed(store.TimerOf(w.t, ledger.Timer{Kind: ledger.OfAppointment, About: a.ID, Queue: queue, Name: name}), w.now)
}

// deliver lets message i arrive, and everything that comes of it at once.
func (w *World) deliver(i int) error {
	m := w.messages[i]
	w.arrived[i]++
	w.countFrom(i+1, w.arrived[i])
	if m.tool != nil {
		if _, err := w.ask(m.tool); err != nil {
			return err
		}
		return w.drain()
	}
	if err := w.hear(m); err != nil {
		return err
	}
	return w.drain()
}

// hear puts a message into its queue; a webhook of Cal.com as hook-calcom leaves it.
func (w *World) hear(m message) error {
	if m.hook != nil {
		_, kept, err := calcom.Condense(m.hook)
		if err != nil || kept == nil {
			return err
		}
		m.work = lambdakit.Work{Kind: calcom.KindWebhook, Company: w.t.String(), At: w.now, Body: kept}
	}
	w.put(m.queue, m.work, 0)
	return nil
}

// countFrom lets ids be counted anew, from a number that is a message's own (0: nobody's), for each time that it arrives.
func (w *World) countFrom(message, time int) { w.ids.Store(uint64(message)<<40 | uint64(time)<<32) }

// Arriving is a message as the outside world would bring it: to the hooks tools, events or calcom, or (our own work) to one
// of the queues.
type Arriving struct {
	To   string
	Body []byte
}

// Arriving is message i of the prepared history.
func (w *World) Arriving(i int) (Arriving, error) {
	switch m := w.messages[i]; {
	case m.tool != nil:
		return Arriving{"tools", m.tool}, nil
	case m.work.Kind == retell.KindEvent:
		return Arriving{"events", m.work.Body}, nil
	case m.hook != nil:
		return Arriving{"calcom", m.hook}, nil
	default:
		body, err := json.Marshal(m.work)
		return Arriving{m.queue, body}, err
	}
}

// Before are the instants at which something was done while the history was prepared.
func (w *World) Before() []time.Time { return w.before }

// Bookings are those in the calendar, in the order they were made.
func (w *World) Bookings() []simulator.Shown { return w.calendar.get().Bookings(w.names.Slug) }

// AppointmentIDs are ours, by their start.
func (w *World) AppointmentIDs() ([]string, error) {
	return w.table.AppointmentIDs(context.Background(), w.t, w.config.Branches[0].ID, w.now.Add(-forever), w.now.Add(forever), 100)
}

// Scene is whose end is read, with everything that is the same wherever the history was played.
func (w *World) Scene(h *History) Scene {
	return Scene{Tenant: w.t, Config: w.config, Names: w.names, Calls: h.Calls(), Now: w.now}
}

// InOrder plays the messages as they stand in the history, each once, and gives the end and the instants at which
// something was done afterwards.
func (w *World) InOrder(h *History) (end string, ticks []time.Time, err error) {
	f := w.Fork()
	for i := range h.Messages {
		if err := f.deliver(i); err != nil {
			return "", nil, err
		}
	}
	f.ticks = &ticks
	end, err = f.end(h)
	return end, ticks, err
}
