package template

import (
	"slices"
	"strings"
	"sync"
)

// Kind is what stands behind a path.
type Kind int

// The kinds.
const (
	Any      Kind = iota // a custom field: text, number, yes or no, list of texts
	Text                 // string
	Line                 // string: what has one line in every ticket system, so it gets one
	Link                 // string: a URL that AskPro made
	Number               // int, int64, float64
	Bool                 // bool
	Time                 // time.Time
	Texts                // []string
	Segments             // []Segment
	Fields               // map[string]any: all custom fields
)

// Segment is one thing that was said.
type Segment struct {
	Role string `json:"role"`
	Text string `json:"text"`
}

// Path is one name that templates may use.
type Path struct {
	Name string
	Kind Kind
}

// Paths is the one list of what a template about a case may speak of (§9.3). Beside it there are case.custom.<key> and var.<name>.
var Paths = []Path{
	{"case.number", Line}, {"case.subject", Line}, {"case.description", Text}, {"case.type", Text}, {"case.status", Text}, {"case.priority", Text},
	{"case.urgency", Text}, {"case.impact", Text}, {"case.category", Line}, {"case.created_at", Time}, {"case.source", Text}, {"case.tags", Texts},
	{"case.custom", Fields}, {"case.external_reference", Line},
	{"customer.name", Line}, {"customer.company", Line}, {"customer.phone", Line}, {"customer.email", Line}, {"customer.location", Line},
	{"call.duration", Number}, {"call.caller_number", Line}, {"call.service_number", Line}, {"call.called_company", Line}, {"call.branch", Line},
	{"context.problem_since", Text}, {"context.others_affected", Bool}, {"context.use_case_category", Text}, {"context.use_case_detail", Text},
	{"sla.response_due", Time}, {"sla.resolution_due", Time}, {"sla.is_overdue", Bool}, {"sla.is_at_risk", Bool},
	{"enrichment.state", Text}, {"enrichment.enriched_at", Time}, {"enrichment.segment_count", Number}, {"enrichment.character_count", Number},
	{"enrichment.customer_match", Text},
	{"ai.summary", Text}, {"ai.confidence", Number},
	{"audio.url", Link}, {"audio.has_audio", Bool}, {"audio.duration", Number}, {"audio.expires_at", Time},
	{"transcript.text", Text}, {"transcript.truncated", Bool}, {"transcript.length", Number}, {"transcript.segments", Segments},
	{"admin_url", Link}, {"timestamp", Time},
	{"event.name", Text}, {"event.sequence", Number}, {"event.partial", Texts}, {"event.is_test", Bool},
	{"event.status_from", Text}, {"event.status_to", Text}, {"event.pending_reason", Text},
}

const (
	customPrefix = "case.custom."
	varPrefix    = "var."
)

var kinds = sync.OnceValue(func() map[string]Kind {
	m := make(map[string]Kind, len(Paths))
	for _, p := range Paths {
		m[p.Name] = p.Kind
	}
	return m
})

// kind of a path; false if nobody knows it.
func (s Schema) kind(path string) (Kind, bool) {
	if k, ok := s.listed(path); ok {
		return k, true
	}
	if key, ok := strings.CutPrefix(path, customPrefix); ok {
		return Any, s.Paths == nil && key != "" && !strings.Contains(key, ".") && (s.Custom == nil || s.Custom(key))
	}
	if name, ok := strings.CutPrefix(path, varPrefix); ok {
		_, known := s.Vars[name]
		return Text, known
	}
	return Any, false
}

func (s Schema) listed(path string) (Kind, bool) {
	if s.Paths == nil {
		k, ok := kinds()[path]
		return k, ok
	}
	i := slices.IndexFunc(s.Paths, func(p Path) bool { return p.Name == path })
	if i < 0 {
		return Any, false
	}
	return s.Paths[i].Kind, true
}

// Unknown lists the values whose path nobody knows: whoever fills a template has misspelt them.
func (v Values) Unknown() []string {
	var out []string
	for path := range v {
		if _, ok := kinds()[path]; !ok {
			out = append(out, path)
		}
	}
	return out
}
