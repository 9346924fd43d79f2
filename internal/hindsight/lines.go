package hindsight

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/inert"
	"github.com/askpro/gateway/internal/mode"
)

// shown is how much of an utterance is printed, in letters: enough to judge a list by.
const shown = 80

// names of the modes, for people. An undecided call's caller is asked.
var names = map[mode.Mode]string{mode.Appointment: "Termin", mode.ServiceDesk: "Service-Desk", mode.Undecided: "Rückfrage"}

// Lines are a call for an administrator: when, what it switches to, what was said, and why on either side.
func (v Verdict) Lines() string {
	return fmt.Sprintf("%s  %s  %s → %s (war am Ende %s, %s)\n  „%s“\n  bisher: %s\n  dann:   %s\n\n",
		v.At.In(company.Berlin()).Format("02.01.2006 15:04"), v.CallID, names[v.Is.Mode], names[v.Would.Mode], names[v.Stands], v.StandsBy, inert.Shorten(inert.Line(v.Utterance), shown), v.Is.line(), v.Would.line())
}

func (o Outcome) line() string {
	if o.From != mode.FromIntent && o.Mode != mode.Undecided {
		return "die Worte werden nicht gefragt"
	}
	return fmt.Sprintf("Sicherheit %.3f. %s", o.Confidence, inert.Line(o.Explanation))
}

// Lines are the sums for an administrator.
func (s Totals) Lines() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Anrufe: %d, davon mit Worten: %d\nWürden wechseln: %d%s\n", s.Calls, s.Judged, s.Switched, share(s.Switched, s.Judged))
	for _, m := range slices.SortedFunc(maps.Keys(s.Moves), func(a, b [2]mode.Mode) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }) {
		fmt.Fprintf(&b, "  %s → %s: %d\n", names[m[0]], names[m[1]], s.Moves[m])
	}
	fmt.Fprintf(&b, "Rückfragen: bisher %d%s, dann %d%s\n", s.Unsure[0], share(s.Unsure[0], s.Judged), s.Unsure[1], share(s.Unsure[1], s.Judged))
	return b.String()
}

func share(n, of int) string {
	if of == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d %%)", (100*n+of/2)/of)
}
