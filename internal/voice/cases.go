package voice

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/mode"
)

// told is what a call said of a case, written down once however often the tool call starts over, and the number that a
// case of it would get.
type told struct {
	said   desk.Capture
	number desk.Number
}

// begin opens the session. What is said of a case is written down at the same time, before anything is judged (§2.4), and
// where a case may come of it, its number is taken: one round trip for all of them.
func (x *turn) begin(what tool) error {
	if what.table != mode.Desk || !x.takesCases() {
		return x.open()
	}
	if x.told != nil {
		return x.beginAgain()
	}
	var all sync.WaitGroup
	var opened error
	all.Go(func() { opened = x.open() })
	err := x.takeDown()
	all.Wait()
	return errors.Join(err, opened)
}

// takeDown writes down what is said, and takes a number where a case may come of it.
func (x *turn) takeDown() error {
	files := x.tool == desk.RouteTicket || x.tool == desk.Finalize
	due := x.now.Add(casework.OwedAfter)
	if !files {
		due = x.now.Add(casework.StillTalking)
	}
	var (
		number sync.WaitGroup
		given  error
		said   = x.says()
		t      = &told{}
	)
	if files {
		number.Go(func() { t.number, given = x.desk.Cases.Number(x, x.t, x.config, x.cases, x.now) })
	}
	var err error
	t.said, err = x.desk.Store.Capture(x, x.t, x.request.CallID, said, due)
	number.Wait()
	if err != nil && t.said.CallID != "" { // it has said too much: this is heard, but no longer kept apart
		t.said.Said, err = append(t.said.Said, said), nil
	}
	if err != nil {
		return err
	}
	x.told = t
	if t.said.CaseID != "" && given == nil && files {
		x.desk.Cases.Numbers.GiveBack(x.t, t.number.Year, t.number.Count)
	}
	return given
}

// beginAgain reads what another one may have changed: the session, and whether there is a case now.
func (x *turn) beginAgain() error {
	said, ok, err := x.desk.Store.Captured(x, x.t, x.request.CallID)
	if err != nil {
		return err
	}
	if ok {
		x.told.said = said
	}
	return x.open()
}

// says is this tool call as it is kept: the arguments as they came, cut only where they are endless.
func (x *turn) says() desk.Said {
	args := x.request.Args
	raw, _ := json.Marshal(args)
	for limit := desk.MostSaidLen; len(raw) > desk.MostSaidLen && limit > 0; limit /= 2 {
		shorter := map[string]any{}
		for name, v := range args {
			if s, ok := v.(string); ok && len(s) > limit {
				v = strings.ToValidUTF8(s[:limit], "")
			}
			if utf8.RuneCountInString(name) <= otherLength && len(shorter) < 40 {
				shorter[name] = v
			}
		}
		raw, _ = json.Marshal(shorter)
	}
	if len(raw) > desk.MostSaidLen {
		raw = raw[:0]
	}
	return desk.Said{Tool: x.tool, Args: string(raw), BranchID: x.branch.ID, Caller: x.request.Caller, At: x.now}
}

// brokenOff is how a tool call ends that broke off after the caller's words were written down: they are told so, and the
// recovery makes the case. Everything else is a fault.
func (x *turn) brokenOff(err error) (Reply, error) {
	if x.told == nil || x.told.said.CaseID != "" && len(x.told.said.Said) == 0 {
		return Reply{}, err
	}
	x.desk.Alarm(x, casework.AlarmCaseFailed, x.t.String())
	return answer("noted", say.noted, goOn, fault{err}), nil
}

func missing(say string, fields ...string) Reply {
	return answer("missing_fields", say, goOn, map[string]any{"fields": fields})
}

// collect takes down what it is about.
func (x *turn) collect() (Reply, error) {
	if x.told.said.CaseID != "" {
		return x.created(x.told.said), nil
	}
	f := x.told.said.Fields()
	var fields []string
	for _, name := range []string{"subject", "description"} {
		if f[name] == "" {
			fields = append(fields, name)
		}
	}
	switch {
	case len(fields) == 1 && fields[0] == "subject":
		return missing(say.needSubject, fields...), nil
	case len(fields) > 0:
		return missing(say.needIssue, fields...), nil
	}
	return answer("saved", say.saved, desk.RouteTicket, nil), nil
}

// mostChoices of categories that are read out.
const mostChoices = 5

// categorize takes down what kind of case it is. A category that the company does not have is asked for.
func (x *turn) categorize() (Reply, error) {
	if x.told.said.CaseID != "" {
		return x.created(x.told.said), nil
	}
	f := x.told.said.Fields()
	slug := f["category_slug"]
	if slug == "" {
		slug = f["category"]
	}
	_, bySlug := x.cases.Categories.BySlug(slug)
	byID, known := x.cases.Categories.ByID(f["category_id"])
	if given := slug + f["category_id"]; given != "" && !bySlug && !(known && byID.Active) {
		var names []string
		choices := []map[string]string{}
		roots := slices.SortedFunc(slices.Values(x.cases.Categories), func(a, b desk.Category) int {
			last := func(c desk.Category) int { // what is for everything else comes last
				if c.Default {
					return 1
				}
				return 0
			}
			return cmp.Or(cmp.Compare(last(a), last(b)), cmp.Compare(a.Sort, b.Sort), cmp.Compare(a.Name, b.Name))
		})
		for _, c := range roots {
			if c.Active && c.ParentID == "" && len(choices) < mostChoices {
				names, choices = append(names, c.Name), append(choices, map[string]string{"category_id": c.ID, "slug": c.Slug, "name": c.Name})
			}
		}
		return answer("unknown_category", fill(say.whichCategory, "list", german.SpeakList(names, "oder")), goOn, map[string]any{"choices": choices}), nil
	}
	return answer("saved", say.saved, desk.RouteTicket, nil), nil
}

// file makes the case of all that the call said: the one of this call, whoever asks how often.
func (x *turn) file() (Reply, error) {
	said := x.told.said
	if said.CaseID != "" {
		return x.created(said), nil
	}
	if f := said.Fields(); f["problem_description"]+f["description"] == "" {
		x.desk.Cases.Numbers.GiveBack(x.t, x.told.number.Year, x.told.number.Count)
		name := "problem_description"
		if x.tool == desk.RouteTicket {
			name = "description"
		}
		return missing(say.needIssue, name), nil
	}
	began := x.now
	if len(said.Said) > 0 {
		began = said.Said[0].At
	}
	facts := casework.Facts(x.branch, x.request.Caller, x.session.Customer, x.request.CallID, began, x.now)
	c := x.desk.Cases.Open(x, x.t, x.config, x.cases, said, facts, x.told.number, &x.step)
	x.session.Case = c.ID
	if casework.IsName(c.Contact.Name) && x.session.Name == "" {
		x.session.Name = c.Contact.Name
	}
	return x.created(*x.step.Filed), nil
}

// created tells the case's number; the answer is the same whenever it is asked again.
func (x *turn) created(of desk.Capture) Reply {
	text := say.caseCreated
	if of.Confirms && x.desk.MailWorks {
		text = say.caseCreatedByMail
	}
	x.session.Case = of.CaseID
	return answer("created", fill(text, "number", of.Number.Spoken()), goOn, map[string]any{"case_number": of.Number.String(), "spoken_number": of.Number.Spoken()})
}
