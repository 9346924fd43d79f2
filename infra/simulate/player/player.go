package player

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/askpro/gateway/infra/companyfile"
	"github.com/askpro/gateway/infra/operator"
	"github.com/askpro/gateway/internal/phone"
	"github.com/askpro/gateway/internal/retell"
)

// Player plays dialogues against the stack at some ports.
type Player struct {
	Ports operator.Ports
	Root  string // of the repository: the companies' files
	Out   io.Writer
	http  http.Client
}

// New makes a player.
func New(p operator.Ports, root string, out io.Writer) *Player {
	return &Player{Ports: p, Root: root, Out: out, http: http.Client{Timeout: 40 * time.Second}}
}

// PlayFile plays a file's dialogues in their order, from the seeded state on; they share one calendar.
func (p *Player) PlayFile(ctx context.Context, list []Dialogue) (passed, failed int, err error) {
	if err := p.send(ctx, http.MethodDelete, p.local("/_local/data"), nil, nil); err != nil {
		return 0, 0, fmt.Errorf("is the stack running (make run)? %w", err)
	}
	for _, d := range list {
		call, problems, err := p.Play(ctx, d)
		if err != nil {
			return passed, failed, fmt.Errorf("%s: %w", d.Name, err)
		}
		if len(problems) == 0 {
			passed++
			fmt.Fprintf(p.Out, "   ✓ %s  (%s)\n\n", d.Name, call)
			continue
		}
		failed++
		for _, x := range problems {
			fmt.Fprintf(p.Out, "   ✗ %s: %s\n", d.Name, x)
		}
		fmt.Fprintln(p.Out)
	}
	return passed, failed, nil
}

// line is one utterance of the transcript.
type line struct{ role, content string }

// playing is one call on the line.
type playing struct {
	*Player
	Dialogue
	id       string
	from, to string
	key      string
	route    string
	started  time.Time
	records  bool
	lines    []line
	answers  map[int]reply // by turn
	problems []string
}

type reply struct {
	Status string          `json:"status"`
	Say    string          `json:"say"`
	Data   json.RawMessage `json:"data"`
}

// Play plays one dialogue and returns Retell's id of its call and what was not as expected.
func (p *Player) Play(ctx context.Context, d Dialogue) (callID string, problems []string, err error) {
	x := &playing{Player: p, Dialogue: d, answers: map[int]reply{}, id: "call_" + random()}
	if err := x.prepare(ctx); err != nil {
		return x.id, nil, err
	}
	fmt.Fprintf(p.Out, "── %s\n", d.Name)
	if d.About != "" {
		fmt.Fprintf(p.Out, "   %s\n", d.About)
	}
	if err := x.ring(ctx); err != nil {
		return x.id, nil, err
	}
	for i, t := range d.Turns {
		if err := x.turn(ctx, i, t); err != nil {
			return x.id, nil, fmt.Errorf("turn %d: %w", i, err)
		}
	}
	return x.id, x.problems, x.hangUp(ctx)
}

func random() string {
	b := make([]byte, 14)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}

func (x *playing) prepare(ctx context.Context) error {
	f, err := companyfile.Read(filepath.Join(x.Root, "testdata/companies", filepath.Base(x.Company)+".yaml"), "local")
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(filepath.Join(x.Root, "testdata/companies/local-secrets.yaml"))
	if err != nil {
		return err
	}
	var secrets map[string]string
	if err := yaml.Unmarshal(bytes.ReplaceAll(raw, []byte("{stage}"), []byte("local")), &secrets); err != nil {
		return err
	}
	number, err := phone.Parse(f.PhoneNumbers[0].Number)
	if err != nil {
		return err
	}
	x.to, x.key, x.route = string(number), secrets[f.Company.RetellAPIKeys[0]], f.Company.WebhookRouteID
	x.records = f.Company.Recording
	if x.from = "anonymous"; x.FromNumber != nil {
		x.from = *x.FromNumber
	}
	if x.Now != nil {
		now, err := x.clock(ctx)
		if err != nil {
			return err
		}
		if x.Now.Before(now) {
			if err := x.send(ctx, http.MethodDelete, x.local("/_local/sessions?company="+url.QueryEscape(x.route)), nil, nil); err != nil {
				return err
			}
		}
		if err := x.send(ctx, http.MethodPost, x.local("/_local/clock"), map[string]any{"now": x.Now}, nil); err != nil {
			return err
		}
	}
	for _, b := range x.Existing {
		if err := x.send(ctx, http.MethodPost, x.partners("/_sim/bookings"), b, nil); err != nil {
			return fmt.Errorf("existing booking: %w", err)
		}
	}
	x.started, err = x.clock(ctx)
	return err
}

func (x *playing) ring(ctx context.Context) error {
	var answer struct {
		Inbound struct {
			Variables map[string]string `json:"dynamic_variables"`
		} `json:"call_inbound"`
	}
	err := x.signed(ctx, "inbound", map[string]any{"event": "call_inbound", "call_inbound": map[string]any{"from_number": x.from, "to_number": x.to, "agent_id": "agent_local"}}, &answer)
	if err != nil {
		return err
	}
	if err := x.event(ctx, "call_started", map[string]any{"call_status": "ongoing"}); err != nil {
		return err
	}
	x.agent(answer.Inbound.Variables["begruessung"])
	return nil
}

func (x *playing) agent(text string) {
	if text != "" {
		x.lines = append(x.lines, line{"agent", text})
		fmt.Fprintf(x.Out, "   Assistentin: %s\n", text)
	}
}

// call is the call object as Retell sends it, with the transcript so far.
func (x *playing) call(more map[string]any) map[string]any {
	var text strings.Builder
	objects := []any{}
	for _, l := range x.lines {
		who := map[string]string{"agent": "Agent", "user": "User"}[l.role]
		fmt.Fprintf(&text, "%s: %s\n", who, l.content)
		objects = append(objects, map[string]any{"role": l.role, "content": l.content})
	}
	c := map[string]any{
		"call_id": x.id, "call_type": "phone_call", "agent_id": "agent_local", "agent_version": 1, "direction": "inbound", "from_number": x.from, "to_number": x.to,
		"call_status": "ongoing", "start_timestamp": x.started.UnixMilli(), "transcript": text.String(), "transcript_object": objects, "metadata": map[string]any{},
	}
	for k, v := range more {
		c[k] = v
	}
	return c
}

func (x *playing) turn(ctx context.Context, i int, t Turn) error {
	switch {
	case t.Wait != "":
		fmt.Fprintf(x.Out, "   … %s vergehen …\n", t.Wait)
		return x.send(ctx, http.MethodPost, x.local("/_local/clock"), map[string]string{"advance": t.Wait}, nil)
	case t.Sim != "":
		fmt.Fprintf(x.Out, "   (im Kalender: %s)\n", t.Body)
		return x.send(ctx, http.MethodPost, x.partners("/_sim/"+t.Sim), t.Body, nil)
	}
	if said := t.caller(); said != "" {
		x.lines = append(x.lines, line{"user", said})
		fmt.Fprintf(x.Out, "   Anrufer:     %s\n", said)
	}
	args := t.Args
	if args == nil {
		args = json.RawMessage("{}")
	}
	var r reply
	if err := x.signed(ctx, "tools", map[string]any{"name": t.Tool, "call": x.call(nil), "args": args}, &r); err != nil {
		return err
	}
	x.answers[i] = r
	fmt.Fprintf(x.Out, "                [%s → %s]\n", t.Tool, r.Status)
	x.agent(r.Say)
	if t.Expect != nil {
		x.check(i, *t.Expect, r)
	}
	return nil
}

func (x *playing) hangUp(ctx context.Context) error {
	now, err := x.clock(ctx)
	if err != nil {
		return err
	}
	end := map[string]any{
		"call_status": "ended", "end_timestamp": now.UnixMilli(), "duration_ms": now.Sub(x.started).Milliseconds(), "disconnection_reason": "user_hangup",
		"call_cost": map[string]any{"combined_cost": 12.4}, "latency": map[string]any{"e2e": map[string]any{"p50": 1900, "p95": 2600}},
	}
	if x.records {
		end["recording_url"] = x.partners("/retell/recordings/" + x.id + ".wav")
	}
	if err := x.event(ctx, "call_ended", end); err != nil {
		return err
	}
	end["call_analysis"] = map[string]any{"call_summary": x.summary(), "user_sentiment": "Neutral", "in_voicemail": false, "custom_analysis_data": map[string]any{}}
	if err := x.event(ctx, "call_analyzed", end); err != nil {
		return err
	}
	if err := x.send(ctx, http.MethodPost, x.partners("/_sim/calls"), x.call(end), nil); err != nil {
		return err
	}
	var idle struct{ Left []string }
	if err := x.send(ctx, http.MethodGet, x.local("/_local/idle?timeout=20s"), nil, &idle); err != nil {
		x.problems = append(x.problems, "the stack did not come to rest: "+err.Error())
	}
	return nil
}

// summary is what Retell would make of the call.
func (x *playing) summary() string {
	if slices.ContainsFunc(x.Turns, func(t Turn) bool { return t.Tool == "finalize_ticket" || t.Tool == "collect_issue_details" }) {
		return "Der Anrufer meldet ein Anliegen."
	}
	return "Ein Gespräch über einen Termin."
}

func (x *playing) event(ctx context.Context, name string, more map[string]any) error {
	return x.signed(ctx, "events", map[string]any{"event": name, "call": x.call(more)}, nil)
}

func (p *Player) local(path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d%s", p.Ports.AWS, path)
}

func (p *Player) partners(path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d%s", p.Ports.Partners, path)
}

func (p *Player) clock(ctx context.Context) (time.Time, error) {
	var c struct{ Now time.Time }
	err := p.send(ctx, http.MethodGet, p.local("/_local/clock"), nil, &c)
	return c.Now, err
}

// signed posts to one of the company's webhooks as Retell would, on the stack's clock.
func (x *playing) signed(ctx context.Context, what string, body, answer any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	now, err := x.clock(ctx)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/webhooks/retell/%s/%s", x.Ports.FrontDoor, x.route, what), bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(retell.Header, retell.Sign(x.key, raw, now))
	return x.do(req, answer)
}

func (p *Player) send(ctx context.Context, method, url string, body, answer any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	return p.do(req, answer)
}

func (p *Player) do(req *http.Request, answer any) error {
	resp, err := p.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return errors.New(req.URL.Path + " answered " + resp.Status + ": " + strings.TrimSpace(string(raw)))
	}
	if answer == nil || len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, answer)
}
