// Package preset holds what is known of other systems: how a ticket system or a messenger wants a case. A preset is data,
// a file in presets/ each; its one rule: what it contains is judged like what a company writes, and read by the same
// engine. It knows no company's secrets and sends nothing.
package preset

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/template"
	"github.com/askpro/gateway/internal/webhook"
)

// Target is the system that a preset speaks to.
type Target string

// Targets is the one list of them.
var Targets = []Target{"jira", "servicenow", "otrs", "zendesk", "slack", "teams", "custom"}

// Group sorts presets in lists.
type Group string

// Groups is the one list of them.
var Groups = []Group{"ticketing", "messaging", "custom"}

// Format says how the payload's texts are read by the receiver.
type Format string

// The formats.
const (
	JSON  Format = "json"
	Slack Format = "slack"
)

// Preset is a way to another system. Those of the system cannot be changed; a company changes its copy.
type Preset struct {
	Slug          string                       `json:"slug"`
	Name          string                       `json:"name"`
	Description   string                       `json:"description"`
	Target        Target                       `json:"target"`
	Group         Group                        `json:"group"`
	Version       int                          `json:"version"`
	DocsURL       string                       `json:"docs_url"`
	Auth          webhook.AuthType             `json:"auth"`
	Format        Format                       `json:"format"`
	Setup         string                       `json:"setup"`
	SendUpdates   bool                         `json:"send_updates"` // the output's default: a ticket system would make a second ticket of an update
	ReferencePath string                       `json:"reference_path,omitempty"`
	Variables     []Variable                   `json:"variables,omitempty"`
	Maps          map[string]map[string]string `json:"maps,omitempty"`
	Headers       []webhook.Header             `json:"headers,omitempty"` // values are templates of one line
	Payload       json.RawMessage              `json:"payload"`
	SampleAnswer  json.RawMessage              `json:"sample_answer,omitempty"`
	System        bool                         `json:"-"`
}

// Variable is what a company has to say before a preset works: a project key, a queue.
type Variable struct {
	Name     string `json:"name"`
	Label    string `json:"label"`
	Required bool   `json:"required,omitempty"`
	Default  string `json:"default,omitempty"`
}

//go:embed presets
var files embed.FS

// System lists the presets that every company has, by slug.
func System() ([]Preset, error) {
	once.Do(func() { system, broken = read() })
	return system, broken
}

var (
	once   sync.Once
	system []Preset
	broken error
)

func read() ([]Preset, error) {
	entries, err := files.ReadDir("presets")
	if err != nil {
		return nil, fmt.Errorf("list the presets: %w", err)
	}
	var all []Preset
	for _, e := range entries {
		raw, err := files.ReadFile("presets/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("read the presets: %w", err)
		}
		p := Preset{System: true}
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, fmt.Errorf("read preset %s: %w", e.Name(), err)
		}
		all = append(all, p)
	}
	return all, nil
}

// Named finds a system preset.
func Named(slug string) (Preset, bool) {
	all, _ := System()
	i := slices.IndexFunc(all, func(p Preset) bool { return p.Slug == slug })
	if i < 0 {
		return Preset{}, false
	}
	return all[i], true
}

// Settings are an output's: the values of variables and what is mapped otherwise.
type Settings struct {
	Vars   map[string]string
	Maps   map[string]map[string]string
	Custom func(key string) bool // the custom fields of the output's categories; nil: any
}

// Rendering is a preset with an output's settings, ready to be filled.
type Rendering struct {
	payload *template.Template
	headers []header
}

type header struct {
	name  string
	value *template.Template
}

// Schema is what the preset's templates may speak of.
func (p Preset) Schema(s Settings) template.Schema {
	schema := template.Schema{Vars: map[string]template.Variable{}, Maps: map[string]map[string]string{}, Custom: s.Custom}
	for _, v := range p.Variables {
		value := s.Vars[v.Name]
		if value == "" {
			value = v.Default
		}
		schema.Vars[v.Name] = template.Variable{Value: value, Required: v.Required}
	}
	for name, m := range p.Maps {
		schema.Maps[name] = maps.Clone(m)
		maps.Copy(schema.Maps[name], s.Maps[name])
	}
	return schema
}

// Ready makes a preset ready. The error is template.Problems: a missing variable, or a mistake in a company's copy.
func (p Preset) Ready(s Settings) (*Rendering, error) {
	schema := p.Schema(s)
	mode := template.JSON
	if p.Format == Slack {
		mode = template.Slack
	}
	r := &Rendering{}
	var err error
	if r.payload, err = template.Parse(mode, string(p.Payload), schema); err != nil {
		return nil, err
	}
	for _, h := range p.Headers {
		value, err := template.Parse(template.Header, h.Value, schema)
		if err != nil {
			return nil, &FieldError{"headers", fmt.Errorf("%s: %w", h.Name, err)}
		}
		r.headers = append(r.headers, header{h.Name, value})
	}
	return r, nil
}

// Render fills payload and headers. The error is a template.Problem.
func (r *Rendering) Render(v template.Values, zone *time.Location) (body []byte, headers []webhook.Header, err error) {
	text, err := r.payload.Render(v, zone)
	if err != nil {
		return nil, nil, err
	}
	for _, h := range r.headers {
		value, err := h.value.Render(v, zone)
		if err != nil {
			return nil, nil, err
		}
		headers = append(headers, webhook.Header{Name: h.name, Value: value})
	}
	return []byte(text), headers, nil
}

// Uses tells whether the payload speaks of a path, so that an output need not wait for what it does not send.
func (r *Rendering) Uses(path string) bool { return r.payload.Uses(path) }

// What Check refuses beside template.Problems and webhook.HeaderProblem.
var (
	ErrField    = errors.New("it is missing, too long or of no known value")
	ErrVariable = errors.New("a variable has no name, two owners or no use")
)

// FieldError says which field of a preset is wrong. Its cause is one of the above, or the template's with line and column.
type FieldError struct {
	Field string
	Cause error
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Cause.Error() }

// Unwrap is the cause.
func (e *FieldError) Unwrap() error { return e.Cause }

// Limits of a company's own preset: it is kept with every version of an output that it fills.
const (
	maxName    = 150
	maxSlug    = 41
	maxText    = 5_000
	maxPayload = 50_000
	maxOthers  = 50 // variables, maps
)

// Check judges a company's copy on save, and the system's in a test.
func (p Preset) Check() error {
	for _, f := range []struct {
		name string
		bad  bool
	}{
		{"slug", !isSlug(p.Slug)}, {"name", p.Name == "" || utf8.RuneCountInString(p.Name) > maxName}, {"version", p.Version < 1}, {"target", !slices.Contains(Targets, p.Target)},
		{"group", !slices.Contains(Groups, p.Group)}, {"auth", !slices.Contains(webhook.AuthTypes, p.Auth)}, {"format", p.Format != JSON && p.Format != Slack},
		{"description", len(p.Description) > maxText}, {"setup", len(p.Setup) > maxText}, {"docs_url", p.DocsURL != "" && (!strings.HasPrefix(p.DocsURL, "https://") || len(p.DocsURL) > 500)},
		{"payload", len(p.Payload) > maxPayload}, {"sample_answer", len(p.SampleAnswer) > maxPayload || len(p.SampleAnswer) > 0 && !json.Valid(p.SampleAnswer)},
		{"variables", len(p.Variables) > maxOthers}, {"maps", len(p.Maps) > maxOthers},
	} {
		if f.bad {
			return &FieldError{f.name, ErrField}
		}
	}
	if err := delivery.CheckPath(p.ReferencePath); err != nil {
		return &FieldError{"reference_path", err}
	}
	filled := Settings{Vars: map[string]string{}}
	for _, v := range p.Variables {
		if _, twice := filled.Vars[v.Name]; v.Name == "" || v.Label == "" || twice {
			return &FieldError{"variables", fmt.Errorf("%q: %w", v.Name, ErrVariable)}
		}
		filled.Vars[v.Name] = "x"
	}
	r, err := p.Ready(filled)
	if err != nil {
		var known *FieldError
		if errors.As(err, &known) {
			return err
		}
		return &FieldError{"payload", err}
	}
	for _, v := range p.Variables {
		used := r.payload.Uses("var." + v.Name)
		for _, h := range r.headers {
			used = used || h.value.Uses("var."+v.Name)
		}
		if !used {
			return &FieldError{"variables", fmt.Errorf("%q: %w", v.Name, ErrVariable)}
		}
	}
	var fixed []webhook.Header
	for _, h := range p.Headers {
		fixed = append(fixed, webhook.Header{Name: h.Name, Value: "x"})
	}
	if err := webhook.CheckHeaders(webhook.Auth{Type: webhook.AuthNone}, fixed); err != nil {
		return &FieldError{"headers", err}
	}
	return nil
}

// isSlug tells how presets, as what else a company names, are called.
func isSlug(s string) bool {
	return s != "" && len(s) <= maxSlug && s[0] != '-' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// Equal tells whether two saves of a preset say the same; how often it was saved does not count.
func (p Preset) Equal(other Preset) bool {
	other.Version = p.Version
	return reflect.DeepEqual(p, other)
}
