package call

import (
	"strings"
	"time"
	"unicode"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
)

// RealName reads what a model put down as the caller's name, and gives nothing where it is none (§4.3, §6.3): fewer than
// two letters, a placeholder, words that only say when, a wish for somebody ("bei Mario"), the name of our own staff.
func RealName(words string, staff []company.Staff, now time.Time) string {
	name := strings.TrimSpace(words)
	folded := company.Fold(name)
	letters := 0
	for _, r := range name {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	if letters < 2 || len([]rune(name)) > longestName || isPlaceholder(folded) {
		return ""
	}
	switch first, _, _ := strings.Cut(folded, " "); first {
	case "bei", "beim", "zu", "zum", "zur", "mit":
		return ""
	}
	if r := german.Parse(name, now); r.Err != german.ErrUnparseable && len(r.Left) == 0 {
		return ""
	}
	for _, p := range staff {
		if company.Fold(p.Name) == folded {
			return ""
		}
	}
	return name
}

// longestName of §5.3.
const longestName = 150

func isPlaceholder(folded string) bool {
	switch folded {
	case "ja", "nein", "anonymous", "anonym", "unbekannt", "unknown", "gast", "guest", "kunde", "kundin", "customer", "anrufer", "anruferin", "caller",
		"n a", "na", "none", "null", "undefined", "name", "test":
		return true
	}
	return false
}

// ranks of a name's source: a higher one is never overwritten by a lower one (§4.3).
const (
	byTool       = "tool"
	byVariable   = "flow_variable"
	byTranscript = "transcript"
)

// name is who the caller said to be, from the best source there is: what a booking tool accepted, a variable of the flow,
// the analysis of the transcript.
func (c *Call) name(fromTool string) {
	if fromTool == "" && c.NameSource == byTool {
		return // the session that knew it has lapsed
	}
	for _, s := range []struct{ source, name string }{{byTool, fromTool}, {byVariable, c.Heard.VariableName}, {byTranscript, c.Heard.TranscriptName}, {}} {
		if s.name != "" || s.source == "" {
			c.SpokenName, c.NameSource = s.name, s.source
			return
		}
	}
}
