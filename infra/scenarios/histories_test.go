package scenarios_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/askpro/gateway/infra/histories"
	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/infra/local/template"
	"github.com/askpro/gateway/infra/simulate/calcom"
	calcomedge "github.com/askpro/gateway/internal/calcom"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/retell"
	"github.com/askpro/gateway/internal/store"
)

// sampled is how many orders are played on the stack; seed chooses them.
const (
	sampled = 200
	seed    = 20261124
	abreast = 6 // of them at a time: callers do not wait for ever
)

// TestASampleOfOrdersEndsOnTheStackAsInProcess plays the recorded histories on the running stack, each order for a company
// of its own, and wants the end that the same messages have in process when they arrive in order. All orders move
// forward together, because they share the clock: everything before, then their first messages, their second ones, ….
func TestASampleOfOrdersEndsOnTheStackAsInProcess(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	began := time.Now()
	var orders []*played
	synctest.Test(t, func(t *testing.T) { orders = sample(t, s) }) // in process no load of the machine counts
	first := slices.MinFunc(orders, func(a, b *played) int { return a.h.Begin().Compare(b.h.Begin()) })
	s.SetClock(t, first.h.Begin().Format(time.RFC3339), true)
	each(orders, func(p *played) { p.enter(t) })
	for _, at := range instants(orders) { // the clock stands still between them
		s.SetClock(t, at.Format(time.RFC3339), true)
		s.Idle(t) // what the time brings comes before what is done at it
		each(orders, func(p *played) { p.happen(t, at) })
		s.Idle(t)
	}
	for k := range histories.MostMessages + 1 {
		each(orders, func(p *played) { p.arrive(t, k) })
		s.Idle(t)
	}
	for _, at := range ticks(orders) {
		s.SetClock(t, at.Format(time.RFC3339), true)
		s.Idle(t)
	}
	now := s.Clock(t)
	each(orders, func(p *played) { p.compare(t, now) })
	for _, q := range described(t, s).Queues {
		if n := s.Depth(t, q.LogicalID); n > 0 {
			t.Errorf("%d messages are left in %s", n, q.Short())
		}
	}
	t.Logf("%d orders on the stack in %.1f s", len(orders), time.Since(began).Seconds())
}

func described(t *testing.T, s *stacktest.Stack) *template.System {
	t.Helper()
	sys, err := template.Read(filepath.Join(s.Root, "template.yaml"), template.Options{Stack: s.Name, Endpoint: s.Env.Base, Parameters: map[string]string{"Stage": "local"}})
	if err != nil {
		t.Fatal(err)
	}
	return sys
}

// played is one order on the stack, with a salon of its own, and beside it the same history in process, from which the
// bodies of messages come that the calendar or our queues would have sent.
type played struct {
	s     *stacktest.Stack
	h     *histories.History
	order []int
	names histories.Names
	file  string // of the salon
	world *histories.World
	want  string
	ticks []time.Time
	now   time.Time         // the stack's
	made  *strings.Replacer // ids that were made up: from those in process to those on the stack
}

func sample(t *testing.T, s *stacktest.Stack) (all []*played) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	sys := described(t, s)
	folder := filepath.Join(s.Root, "testdata/histories")
	for i := range sampled {
		n := histories.Names{Slug: fmt.Sprintf("salon%03d", i), Salon: fmt.Sprintf("+49303000%04d", i), Erika: fmt.Sprintf("+49151300%05d", i), Max: fmt.Sprintf("+49152300%05d", i)}
		recorded, err := histories.Load(folder, n)
		if err != nil {
			t.Fatal(err)
		}
		recorded = slices.DeleteFunc(recorded, func(h histories.History) bool { return h.Open != "" })
		h := &recorded[i%len(recorded)]
		p := &played{s: s, h: h, names: n, order: histories.Nth(len(h.Messages), random.IntN(histories.Orders(len(h.Messages))))}
		file, text, err := histories.Salon(folder, n)
		if err != nil {
			t.Fatal(err)
		}
		p.file = text
		if p.world, err = histories.NewWorld(sys, file, n, h.Begin()); err == nil {
			if err = p.world.Prepare(h); err == nil {
				p.want, p.ticks, err = p.world.InOrder(h)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// each does something for all orders, some at a time.
func each(orders []*played, do func(*played)) {
	var wait sync.WaitGroup
	room := make(chan struct{}, abreast)
	for _, p := range orders {
		wait.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			do(p)
		})
	}
	wait.Wait()
}

// instants at which something happened or was done before the messages arrive, and that one.
func instants(orders []*played) (all []time.Time) {
	for _, p := range orders {
		all = append(append(all, p.world.Before()...), p.h.At.Time)
		for _, step := range p.h.Before {
			all = append(all, step.At.Time)
		}
	}
	return sorted(all)
}

func ticks(orders []*played) (all []time.Time) {
	for _, p := range orders {
		all = append(all, p.ticks...)
	}
	return sorted(all)
}

func sorted(all []time.Time) []time.Time {
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}

// enter makes the salon known to the stack and to Cal.com. Webhooks that the messages wait for are not sent by themselves.
func (p *played) enter(t *testing.T) {
	slug := p.names.Slug
	secrets := map[string]string{
		"ssm:/askpro/local/retell/" + slug + "/webhook": "key_" + slug, "ssm:/askpro/local/calcom/" + slug + "/api-key": "cal_" + slug,
		"ssm:/askpro/local/calcom-webhook/" + slug + "/secret": "whsec_" + slug,
	}
	p.post(t, p.s.Local("company"), nil, map[string]any{"file": p.file, "secrets": secrets}, nil)
	if slices.ContainsFunc(p.h.Messages, func(m histories.Step) bool { return m.Webhook != "" }) {
		p.post(t, p.s.Sim("faults"), nil, calcom.Fault{Operation: "webhook", Company: slug, Mode: "drop", Times: -1}, nil)
	}
}

// post sends JSON and insists on success; the answer goes to out, unless it is nil.
func (p *played) post(t *testing.T, url string, header map[string]string, body, out any) {
	if status := p.s.Do(t, http.MethodPost, url, header, body, out); status/100 != 2 {
		t.Errorf("%s, %s answered %d", p.names.Slug, url, status)
	}
}

// happen plays the steps of an instant before the messages.
func (p *played) happen(t *testing.T, at time.Time) {
	p.now = at
	for _, step := range p.h.Before {
		switch {
		case !step.At.Equal(at):
		case step.Tool != nil:
			var answer stacktest.Reply
			if p.hook(t, "tools", []byte(step.Tool), &answer); answer.Status != step.Wants {
				t.Errorf("%s, %s: before, the tool answered %s, wanted %s", p.names.Slug, p.h.Name, answer.Status, step.Wants)
			}
		case step.Event != nil:
			p.hook(t, "events", []byte(step.Event), nil)
		default:
			p.inCalendar(t, *step.Calendar)
		}
	}
}

// hook brings a body to one of the hooks, signed as its partner would.
func (p *played) hook(t *testing.T, which string, body []byte, out any) {
	slug := p.names.Slug
	if which == "calcom" {
		p.post(t, p.s.API+"/webhooks/calcom/"+slug, map[string]string{calcomedge.Header: calcomedge.Sign("whsec_"+slug, body)}, body, out)
		return
	}
	p.post(t, p.s.API+"/webhooks/retell/"+slug+"/"+which, map[string]string{retell.Header: retell.Sign("key_"+slug, body, p.now)}, body, out)
}

func (p *played) inCalendar(t *testing.T, d histories.Doing) {
	slug := p.names.Slug
	if d.Fault != nil {
		f := *d.Fault
		f.Company = slug
		p.post(t, p.s.Sim("faults"), nil, f, nil)
		return
	}
	uid := ""
	if d.Of > 0 {
		list := p.bookings(t)
		if d.Of > len(list) {
			t.Errorf("%s, %s: there is no booking %d in the calendar", slug, p.h.Name, d.Of)
			return
		}
		uid = list[d.Of-1].UID
	}
	if verb := map[string]string{"confirmed": "confirm", "declined": "decline"}[d.Action]; verb != "" {
		p.post(t, p.s.Calcom+"/bookings/"+uid+"/"+verb, map[string]string{"Authorization": "Bearer cal_" + slug, "cal-api-version": "2024-08-13"}, map[string]any{}, nil)
		return
	}
	p.post(t, p.s.Sim("bookings"), nil, calcom.Behind{Company: slug, Service: d.Service, Staff: d.Staff, Start: d.Start, UID: uid, Action: d.Action, Webhook: true}, nil)
}

func (p *played) bookings(t *testing.T) (list []calcom.Shown) {
	p.s.Do(t, http.MethodGet, p.s.Sim("bookings?company="+p.names.Slug), nil, nil, &list)
	return list
}

// arrive brings the k-th message of the order, if there is one.
func (p *played) arrive(t *testing.T, k int) {
	if p.made == nil {
		p.made = p.madeUp(t)
	}
	if k >= len(p.order) {
		return
	}
	m, err := p.world.Arriving(p.order[k])
	if err != nil {
		t.Error(err)
		return
	}
	body := p.made.Replace(string(m.Body))
	switch m.To {
	case "tools":
		p.ask(t, []byte(body))
	case "events", "calcom":
		p.hook(t, m.To, []byte(body), nil)
	default: // our own work
		client := sqs.New(sqs.Options{Region: p.s.Env.Region, Credentials: p.s.Env.Credentials, HTTPClient: p.s.Env.HTTP, BaseEndpoint: p.s.Env.Endpoint("SQS")})
		url := p.s.Queue(strings.ToUpper(m.To[:1]) + m.To[1:] + "Queue")
		if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body}); err != nil {
			t.Error(err)
		}
	}
}

// ask brings a tool call in. A machine under load may take longer over it than a caller waits, which is no question of the
// order: it is asked again then, as everything may come twice.
func (p *played) ask(t *testing.T, body []byte) {
	var answer stacktest.Reply
	for try := 0; !answer.OK && try < 3; try++ {
		p.hook(t, "tools", body, &answer)
	}
}

// madeUp pairs what was made up in process with what was made up on the stack: bookings in the order they were made,
// appointments by their start.
func (p *played) madeUp(t *testing.T) *strings.Replacer {
	var pairs []string
	here, there := p.world.Bookings(), p.bookings(t)
	ours, err := p.world.AppointmentIDs()
	if err != nil {
		t.Error(err)
	}
	scene := p.world.Scene(p.h)
	at := p.h.At.Time
	theirs, err := p.s.Store().AppointmentIDs(t.Context(), scene.Tenant, scene.Config.Branches[0].ID, at.AddDate(-1, 0, 0), at.AddDate(1, 0, 0), 100)
	if err != nil || len(here) != len(there) || len(ours) != len(theirs) {
		t.Errorf("%s, %s: %d bookings and %d appointments on the stack, %d and %d in process; %v", p.names.Slug, p.h.Name, len(there), len(theirs), len(here), len(ours), err)
		return strings.NewReplacer()
	}
	for i := range here {
		pairs = append(pairs, here[i].UID, there[i].UID, fmt.Sprint(here[i].ID), fmt.Sprint(there[i].ID))
	}
	for i := range ours {
		pairs = append(pairs, ours[i], theirs[i])
	}
	return strings.NewReplacer(pairs...)
}

// compare reads the end and compares it with the one in process.
func (p *played) compare(t *testing.T, now time.Time) {
	x := p.world.Scene(p.h)
	x.Bookings, x.Now = p.bookings(t), now
	for _, who := range []string{"hof", "erika", "anna", "mario"} {
		for _, m := range p.s.Mails(t, who+"@"+p.names.Slug+".example") {
			x.Letters = append(x.Letters, letterOf(m))
		}
	}
	table := store.Open(p.s.Env, p.s, p.s.Table, func() time.Time { return now })
	got, err := histories.End(t.Context(), table, x)
	if err != nil {
		t.Error(err)
		return
	}
	if d := histories.Differ(p.want, got); d != "" {
		t.Errorf("%s as %s: %s\n(- in process, in order, + on the stack)\n%s", p.h.Name, p.names.Slug, p.h.Arrival(p.order), d)
	}
}

func letterOf(m stacktest.Mail) histories.Letter {
	l := histories.Letter{To: cmp.Or(m.To...), Subject: m.Subject, Text: m.Text}
	for _, a := range m.Attachments {
		if !strings.HasSuffix(a.Name, ".ics") {
			continue
		}
		at := func(name string) time.Time {
			local, _ := time.ParseInLocation("20060102T150405", property(a.Text, name), company.Berlin())
			return local
		}
		l.Invite = &histories.Invite{Method: property(a.Text, "METHOD"), UID: property(a.Text, "UID"), Start: at("DTSTART"), End: at("DTEND")}
		_, _ = fmt.Sscan(property(a.Text, "SEQUENCE"), &l.Invite.Sequence)
	}
	return l
}

// property of a calendar entry: the last of its name, because the zone's come first.
func property(ics, name string) (value string) {
	for line := range strings.Lines(strings.ReplaceAll(ics, "\r\n ", "")) {
		key, v, _ := strings.Cut(strings.TrimSpace(line), ":")
		if key == name || strings.HasPrefix(key, name+";") {
			value = v
		}
	}
	return value
}
