package notify

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/gsm"
	"github.com/askpro/gateway/internal/template"
)

// The limits of a company's templates, of their sources in characters: all of them are in its record.
const (
	maxOwn        = 30
	maxOwnSubject = 200
	maxOwnText    = 5000
)

// maxOptional is how many variables that may be empty a text message's template may have: it is filled with each set of
// them, to find the longest.
const maxOptional = 10

// CheckRules says what is wrong with the language and the templates of a company's notifications, all of it at once.
// A template is judged for every rule that names it, by what can happen to it when it is sent: a text message is filled with
// the longest values there can be, the company's own longest names among them, and with each set of variables that may be
// empty; it is refused when any of these does not go into one message or does not say what it must.
func CheckRules(c *company.Config) []error {
	var wrong []error
	say := func(format string, a ...any) { wrong = append(wrong, fmt.Errorf(format, a...)) }
	seen, read := map[string]bool{}, map[[2]string]bool{}
	if n := len(c.Company.Templates); n > maxOwn {
		say("%d notification templates: there may be %d", n, maxOwn)
	}
	for _, t := range c.Company.Templates {
		if seen[t.Slug] {
			say("notification template %q stands there twice", t.Slug)
		}
		seen[t.Slug] = true
	}
	for _, r := range c.Company.Notifications {
		if r.Language != "" && !slices.Contains(Languages, Language(r.Language)) {
			say("notification %s: its language is de or en, not %q", r.Event, r.Language)
		}
		if r.Template == "" {
			continue
		}
		t, ok := c.Company.Template(r.Template)
		if !ok {
			say("notification %s: there is no notification template %q", r.Event, r.Template)
			continue
		}
		for _, channel := range []Channel{Channel(r.Channel), Channel(r.Fallback)} {
			if channel == "" {
				continue
			}
			read[[2]string{t.Slug, string(channel)}] = true
			for _, err := range checkOwn(c, Event(r.Event), Language(r.Language), channel, t) {
				err = fmt.Errorf("notification template %q, for %s: %w", t.Slug, r.Event, err)
				if !slices.ContainsFunc(wrong, func(e error) bool { return e.Error() == err.Error() }) {
					wrong = append(wrong, err)
				}
			}
		}
	}
	for _, t := range c.Company.Templates {
		if (t.Subject != "" || t.Text != "") && !read[[2]string{t.Slug, string(Email)}] {
			say("notification template %q: no notification by email names it, so nobody would get its subject and text", t.Slug)
		}
		if t.SMS != "" && !read[[2]string{t.Slug, string(SMS)}] {
			say("notification template %q: no notification by sms names it, so nobody would get its sms", t.Slug)
		}
		if t.Subject == "" && t.Text == "" && t.SMS == "" {
			say("notification template %q is empty", t.Slug)
		}
	}
	return wrong
}

// checkOwn judges what a template says by one channel.
func checkOwn(c *company.Config, e Event, l Language, channel Channel, t company.NotificationTemplate) (wrong []error) {
	type part struct {
		name, source string
		mode         template.Mode
		most         int
	}
	parts := []part{{"subject", t.Subject, template.Header, maxOwnSubject}, {"text", t.Text, template.Plain, maxOwnText}}
	if channel == SMS {
		parts = []part{{"sms", t.SMS, template.Plain, maxOwnText}}
	}
	var parsed *template.Template
	for _, p := range parts {
		if strings.TrimSpace(p.source) == "" {
			wrong = append(wrong, fmt.Errorf("%s is missing, which a message by %s needs", p.name, channel))
			continue
		}
		if n := utf8.RuneCountInString(p.source); n > p.most {
			wrong = append(wrong, fmt.Errorf("%s has %d characters, it may have %d", p.name, n, p.most))
			continue
		}
		var err error
		if parsed, err = template.Parse(p.mode, p.source, schema(e)); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", p.name, err))
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	if channel == SMS {
		return checkText(c, e, l, t, parsed)
	}
	for v := range least(e, l) {
		if _, _, err := opening(e, t, v); err != nil {
			return []error{fmt.Errorf("where what may be missing is missing: %w", err)}
		}
	}
	return nil
}

// checkText fills a text message's template with all there can be.
func checkText(c *company.Config, e Event, l Language, t company.NotificationTemplate, parsed *template.Template) []error {
	for i, r := range t.SMS {
		if !unicode.IsSpace(r) && gsm.Text(string(r)) == "" {
			line, column := lineOf(t.SMS, i)
			return []error{fmt.Errorf("sms: %w", template.Problem{Line: line, Column: column, Code: template.BadSyntax, Text: "no text message can show " + string(r)})}
		}
	}
	var optional []variable
	rooms := longestOf(c)
	for _, v := range variables(e) {
		if room, ok := rooms[v.path]; ok {
			v.room = min(v.room, room)
		}
		if v.sample == nil && !v.yes && parsed.Uses(v.path) {
			optional = append(optional, v)
		}
	}
	endLine, endColumn := lineOf(t.SMS, len(t.SMS))
	if len(optional) > maxOptional {
		return []error{fmt.Errorf("sms: %w", template.Problem{Line: endLine, Column: endColumn, Code: template.TooLarge,
			Text: fmt.Sprintf("%d variables that may be empty, %d are enough", len(optional), maxOptional)})}
	}
	longest := 0
	for set := range 1 << len(optional) {
		for _, letter := range []string{"W", "~"} { // the widest letters take two septets, and a filter that counts letters does not see that
			width, _ := gsm.Length(letter)
			for v := range least(e, l) {
				for i, x := range optional {
					if set&(1<<i) != 0 {
						v[x.path] = strings.Repeat(letter, x.room/width)
					}
				}
				text, err := parsed.Render(v, nil)
				if err != nil {
					return []error{fmt.Errorf("sms: %w", err)}
				}
				text = gsm.Text(text)
				n, _ := gsm.Length(text)
				longest = max(longest, n)
				if missing := untold(e, v, text); missing != "" {
					return []error{fmt.Errorf("sms: %w", template.Problem{Line: endLine, Column: endColumn, Code: template.MissingVariable, Text: missing})}
				}
				if n == 0 {
					return []error{fmt.Errorf("sms: where what may be missing is missing: %w", errNothing)}
				}
			}
		}
	}
	if longest > gsm.Single {
		return []error{fmt.Errorf("sms: %w", template.Problem{Line: endLine, Column: endColumn, Code: template.TooLarge,
			Text: fmt.Sprintf("up to %d characters, one message has %d", longest, gsm.Single)})}
	}
	return nil
}

// untold is what a text message about an event must say and this one does not; empty: it says all.
func untold(e Event, v template.Values, text string) string {
	lists := needed(e)
	for _, list := range lists {
		if !slices.ContainsFunc(list, func(path string) bool {
			return !strings.Contains(strings.ToLower(text), strings.ToLower(v[path].(string)))
		}) {
			return ""
		}
	}
	if len(lists) == 0 {
		return ""
	}
	return strings.Join(lists[0], " ")
}

// least are the values that are always there, as long as they come; of those that are yes or nothing it is one at a time.
func least(e Event, l Language) iter.Seq[template.Values] {
	return func(yield func(template.Values) bool) {
		samples, yes := template.Values{}, []string{}
		for _, x := range variables(e) {
			if x.sample != nil {
				samples[x.path] = x.sample[Language(l.tag())]
			}
			if x.yes {
				yes = append(yes, x.path)
			}
		}
		if len(yes) == 0 {
			yield(samples)
			return
		}
		for _, path := range yes {
			v := maps.Clone(samples)
			if v[path] = true; !yield(v) {
				return
			}
		}
	}
}

// longestOf is how many septets the longest of a company's own names take.
func longestOf(c *company.Config) map[string]int {
	rooms := map[string]int{}
	add := func(path, s string) {
		n, _ := gsm.Length(gsm.Text(plain(s)))
		rooms[path] = max(rooms[path], n)
	}
	add("company.name", c.Company.Name)
	for _, b := range c.Branches {
		add("branch.name", b.Name)
		add("branch.phone", b.Phone)
		add("branch.address", strings.Join(about{branch: b}.street(), ", "))
	}
	for _, s := range c.Services {
		for _, path := range []string{"appointment.service", "callback.service"} {
			add(path, s.Name)
			for _, part := range s.Segments {
				add(path, partName(s.Name, part.Name))
			}
		}
	}
	for _, p := range c.Staff {
		add("appointment.staff", p.Name)
		add("callback.assigned", p.Name)
	}
	return rooms
}

// lineOf is a place in a source for people.
func lineOf(source string, offset int) (line, column int) {
	before := source[:offset]
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}
