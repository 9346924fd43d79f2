// Package histories plays recorded histories of a company in any order of arrival: what the telephone told, what the
// calendar told, what the agent asked and what our own queues and timers had to do. Its one rule: a cause is in the past
// and only its news is late, so every order has to end in the same state with the same letters sent. It plays them
// in process, over the twin of the table; how they run on a stack is for the scenarios.
package histories

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/infra/companyfile"
	"github.com/askpro/gateway/infra/simulate/calcom"
	"github.com/askpro/gateway/internal/company"
)

// History is one recording: what happened Before, in that order, and the Messages that were late and arrive at At in any
// order, one of them perhaps twice.
type History struct {
	Name     string  `json:"-"`
	Says     string  `json:"says"` // what happened, for people
	Before   []Step  `json:"before"`
	At       Instant `json:"at"`
	Messages []Step  `json:"messages"`
	// Open says why the orders of this history do not all end in the same state yet; empty: they do.
	Open string `json:"open,omitempty"`

	calls []string
}

// MostMessages of a history.
const MostMessages = 6

// Step is one thing that happens or arrives: exactly one of Tool, Event, Calendar, Webhook, Job and Timer is set.
type Step struct {
	Name string  `json:"name,omitempty"` // of a message, in reports
	At   Instant `json:"at,omitzero"`    // of what happens before

	Tool  json.RawMessage `json:"tool,omitempty"`  // a tool call as Retell sends it
	Wants string          `json:"wants,omitempty"` // the status it has to be answered with
	Event json.RawMessage `json:"event,omitempty"` // an event as Retell sends it
	// Calendar is done in Cal.com itself; its webhooks arrive at once, except those that the messages wait for.
	Calendar *Doing `json:"calendar,omitempty"`

	Webhook string `json:"webhook,omitempty"` // a trigger: the next such webhook that the calendar sent before
	// Job is "queue kind": the next such work that was made before, or one with this Body.
	Job  string          `json:"job,omitempty"`
	Body json.RawMessage `json:"body,omitempty"`
	// Timer is "queue name": the one that is set of that name, as cron-timers hands it out.
	Timer string `json:"timer,omitempty"`
}

// Doing is what somebody does in the calendar, or what shall go wrong there.
type Doing struct {
	Action  string        `json:"action,omitempty"` // made, moved, cancelled, absent, confirmed, declined
	Of      int           `json:"of,omitempty"`     // which booking, in the order they were made, from 1
	Service string        `json:"service,omitempty"`
	Staff   string        `json:"staff,omitempty"`
	Start   string        `json:"start,omitempty"` // local
	Fault   *calcom.Fault `json:"fault,omitempty"`
}

// Date of all histories: a Tuesday.
const Date = "2026-11-24"

// Instant is a time of day on Date, in Berlin.
type Instant struct{ time.Time }

// UnmarshalJSON reads "15:04" or "15:04:05".
func (i *Instant) UnmarshalJSON(text []byte) (err error) {
	i.Time, err = clock(strings.Trim(string(text), `"`))
	return err
}

func clock(text string) (time.Time, error) {
	if len(text) == len("15:04") {
		text += ":00"
	}
	t, err := time.ParseInLocation(time.DateTime, Date+" "+text, company.Berlin())
	return t.UTC(), err
}

// Names are what a recording leaves open: whose numbers and ids they are.
type Names struct{ Slug, Salon, Erika, Max string }

// Recorded are the names of the salon that the histories were recorded with.
var Recorded = Names{Slug: "hell", Salon: "+493012345670", Erika: "+4915112345678", Max: "+4915212345678"}

func (n Names) fill(text string) string {
	return strings.NewReplacer("$slug", n.Slug, "$salon", n.Salon, "$erika", n.Erika, "$max", n.Max, "$call", "call_"+n.Slug).Replace(text)
}

// Unfill turns the names of a salon back into those that were recorded.
func (n Names) Unfill(text string) string {
	r := Recorded
	if n == r {
		return text
	}
	return strings.NewReplacer(n.Slug, r.Slug, n.Salon, r.Salon, n.Erika, r.Erika, n.Max, r.Max).Replace(text)
}

// milliseconds of Retell: "$ms 08:41:07" becomes a number.
var milliseconds = regexp.MustCompile(`"\$ms ([0-9:]+)"`)

// Load reads the histories of a folder, with the names filled in, in the order of their file names.
func Load(folder string, n Names) ([]History, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	var all []History
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		h, err := parse(raw, n)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		h.Name = strings.TrimSuffix(filepath.Base(file), ".json")
		all = append(all, h)
	}
	return all, nil
}

func parse(raw []byte, n Names) (h History, err error) {
	text := milliseconds.ReplaceAllStringFunc(n.fill(string(raw)), func(m string) string {
		at, wrong := clock(milliseconds.FindStringSubmatch(m)[1])
		if wrong != nil {
			err = wrong
		}
		return strconv.FormatInt(at.UnixMilli(), 10)
	})
	if err != nil {
		return h, err
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&h); err != nil {
		return h, err
	}
	h.hear()
	return h, h.sound()
}

func (h *History) sound() error {
	if len(h.Messages) == 0 || len(h.Messages) > MostMessages {
		return fmt.Errorf("%d messages: a history has 1 to %d", len(h.Messages), MostMessages)
	}
	var names []string
	for _, m := range h.Messages {
		if m.Name == "" || slices.Contains(names, m.Name) {
			return fmt.Errorf("message %q: each needs a name of its own", m.Name)
		}
		names = append(names, m.Name)
	}
	at := time.Time{}
	for i, s := range append(slices.Clone(h.Before), h.Messages...) {
		set := 0
		for _, is := range []bool{s.Tool != nil, s.Event != nil, s.Calendar != nil, s.Webhook != "", s.Job != "", s.Timer != ""} {
			if is {
				set++
			}
		}
		if set != 1 {
			return fmt.Errorf("step %d is %d things, wanted one", i+1, set)
		}
		if i < len(h.Before) {
			if s.At.Before(at) || s.At.After(h.At.Time) {
				return fmt.Errorf("step %d is out of order", i+1)
			}
			at = s.At.Time
		}
	}
	return nil
}

// Salon reads the company's file of a folder, with the names filled in.
func Salon(folder string, n Names) (companyfile.File, string, error) {
	raw, err := os.ReadFile(filepath.Join(folder, "salon.yaml"))
	if err != nil {
		return companyfile.File{}, "", err
	}
	text := n.fill(string(raw))
	f, err := companyfile.Parse([]byte(text), "local")
	return f, text, err
}

// Calls are the ids of the telephone calls that a history speaks of, in order.
func (h *History) Calls() []string { return h.calls }

// Begin is when the history begins.
func (h *History) Begin() time.Time {
	if len(h.Before) > 0 {
		return h.Before[0].At.Time
	}
	return h.At.Time
}

// hear finds them.
func (h *History) hear() {
	for _, s := range append(slices.Clone(h.Before), h.Messages...) {
		for _, raw := range []json.RawMessage{s.Tool, s.Event} {
			var body struct {
				Call struct {
					ID string `json:"call_id"`
				}
			}
			if json.Unmarshal(raw, &body) == nil && body.Call.ID != "" && !slices.Contains(h.calls, body.Call.ID) {
				h.calls = append(h.calls, body.Call.ID)
			}
		}
	}
	slices.Sort(h.calls)
}

// compact is a body without the blanks of the file.
func compact(raw json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}
