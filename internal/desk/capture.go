package desk

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/company"
)

// Capture is what a call told of a case so far, exactly as it came, before anything is judged. It is stored first (§2.4), so
// that nothing a caller said is ever lost. Once a case was made of it, CaseID and Number say which.
type Capture struct {
	CallID  string     `json:"-"`
	Said    []Said     `json:"said"`
	FirstAt time.Time  `json:"first_at"`
	FiledAt *time.Time `json:"filed_at,omitempty"`
	CaseID  string     `json:"case_id,omitempty"`
	Number  Number     `json:"number,omitzero"`
	// Confirms: the caller was told that a confirmation comes by mail.
	Confirms bool `json:"confirms,omitempty"`
	Tries    int  `json:"tries,omitempty"` // of the recovery, that failed
	// WordsUntil is when what was said is gone: a day after the call, or after it became a case. Nil as long as a case is owed:
	// that must be settled first, however long it takes.
	WordsUntil *time.Time `json:"words_until,omitempty"`
	// Counts is what remains of the words: how often each tool said something.
	Counts map[string]int `json:"counts,omitempty"`
}

// At is a capture as it may be read at an instant: expired words are gone at once, even if nobody has removed them yet.
func (c Capture) At(now time.Time) Capture {
	if c.WordsUntil == nil || now.Before(*c.WordsUntil) {
		return c
	}
	if c.Counts == nil {
		c.Counts = map[string]int{}
		for _, s := range c.Said {
			c.Counts[s.Tool]++
		}
	}
	c.Said = nil
	return c
}

// Settled tells whether no case is owed for what was said: there is one, or there will be none.
func (c Capture) Settled() bool { return c.WordsUntil != nil || c.CaseID != "" }

// Said is one tool call's arguments, and what the signed call told beside them.
type Said struct {
	Tool     string    `json:"tool"`
	Args     string    `json:"args"` // JSON, as it was sent
	BranchID string    `json:"branch_id,omitempty"`
	Caller   string    `json:"caller,omitempty"` // E.164, empty when withheld
	At       time.Time `json:"at"`
}

// Limits of a capture: together they stay below what an item may hold. Longer arguments are cut, which leaves room for more
// than a description's 20,000 letters.
const (
	MostSaid    = 14
	MostSaidLen = 24_000
)

// Tools that say something of a case.
const (
	CollectIssue = "collect_issue_details"
	Categorize   = "categorize_request"
	RouteTicket  = "route_ticket"
	Finalize     = "finalize_ticket"
)

// Finished tells whether the caller said all they wanted to say: a case is owed.
func (c Capture) Finished() bool {
	return slices.ContainsFunc(c.Said, func(s Said) bool { return s.Tool == RouteTicket || s.Tool == Finalize })
}

// Reports tells whether anything was said that makes a case.
func (c Capture) Reports() bool {
	return slices.ContainsFunc(c.Said, func(s Said) bool { return s.Tool != Categorize })
}

// Complete tells whether a case is owed now: the caller finished, and said what it is about.
func (c Capture) Complete() bool {
	f := c.Fields()
	return c.Finished() && f["problem_description"]+f["description"] != ""
}

// From tells which branch was rung, and by whom, as the signed call said it; empty when the number was withheld.
func (c Capture) From() (branchID, caller string) {
	for _, s := range c.Said {
		if s.BranchID != "" {
			return s.BranchID, s.Caller
		}
	}
	return "", ""
}

// Fields are the arguments of all tool calls together; what was said later counts, but silence takes nothing back.
func (c Capture) Fields() map[string]string {
	fields := map[string]string{}
	for _, s := range c.Said {
		var args map[string]any
		if json.Unmarshal([]byte(s.Args), &args) != nil {
			continue
		}
		for name, v := range args {
			if text := strings.TrimSpace(said(v)); text != "" {
				fields[name] = text
			}
		}
	}
	return fields
}

// said is a model's argument as text: it may be of any type.
func said(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// Raw is all that was said, for people, when nothing better can be made of it.
func (c Capture) Raw() string {
	var lines []string
	for _, s := range c.Said {
		lines = append(lines, s.Args)
	}
	return strings.Join(lines, "\n")
}

// KeepCapture is how long words are kept after the call, or after they became a case (§2.4, §15); then only counts are.
const KeepCapture = 24 * time.Hour

// Facts are what is known of the call besides what the caller said.
type Facts struct {
	Now       time.Time
	Loc       *time.Location
	CallID    string
	CallStart time.Time
	BranchID  string
	Caller    string // E.164, empty when withheld
	Customer  string
	// Since reads "seit heute Morgen" relative to the start of the call; nil where it says no instant.
	Since func(words string, now time.Time, loc *time.Location) (at *time.Time, formatted string)
	// Email and Phone read what is spoken as an address and a number (E.164); empty where it is none. Then the words are kept.
	Email, Phone func(words string) string
}

// Settings are the company's, as far as building a case needs them.
type Settings struct {
	Matrix     Matrix
	Categories Categories
	Fields     Schema
	Type       Type
	Priority   Level
}

// Build makes a case from what was captured (§2.5). It never fails: what cannot be understood is kept as text.
func Build(c Capture, f Facts, s Settings) Case {
	fields := c.Fields()
	get := func(names ...string) string {
		for _, n := range names {
			if v := strings.TrimSpace(fields[n]); v != "" {
				return v
			}
		}
		return ""
	}
	var parts []string
	for _, name := range []string{"problem_description", "description", "additional_info"} {
		if said := get(name); said != "" && !slices.Contains(parts, said) {
			parts = append(parts, said)
		}
	}
	text := strings.Join(parts, "\n\n")
	if text == "" {
		text = c.Raw()
	}
	x := Case{
		BranchID: f.BranchID, CallID: f.CallID, CustomerID: f.Customer, Text: cut(text, MaxText), Subject: Subject(get("subject"), text),
		Impact: Normal, Urgency: Normal, Status: New, Source: Voice, CreatedAt: f.Now, UpdatedAt: f.Now, CreatedBy: "voice",
		Contact: Contact{Name: cut(get("customer_name"), 150), Company: cut(get("customer_company"), 150), Email: cut(get("customer_email"), 255), Location: cut(get("customer_location"), 150)},
	}
	x.Contact.Email = understood(f.Email, x.Contact.Email)
	x.Contact.Phone, x.Contact.PhoneSource = understood(f.Phone, cut(get("customer_phone"), 100)), "agent"
	if x.Contact.Phone == "" {
		x.Contact.Phone, x.Contact.PhoneSource = f.Caller, "call_record"
	}
	if x.Contact.Phone == "" {
		x.Contact.PhoneSource = ""
	}
	x.Captured = Captured{UseCase: cut(get("use_case_category"), 100), UseCaseDetail: cut(get("use_case_detail"), 1000), Since: cut(get("problem_since"), 250), FinalizedAt: &f.Now}
	if x.Captured.Since != "" && f.Since != nil {
		x.Captured.SinceAt, x.Captured.SinceFormatted = f.Since(x.Captured.Since, f.CallStart, f.Loc)
	}
	x.Captured.Others, x.Captured.OthersWords = Others(get("others_affected"))
	x.categorise(get, text, s)
	x.judge(c, get, text, s)
	if rest := x.hear(s.SchemaOf(x.CategoryID), fields); rest != "" {
		x.Text = cut(strings.TrimSpace(cut(text, MaxText-min(utf8.RuneCountInString(rest)+2, MaxText/2))+"\n\n"+rest), MaxText)
	}
	return x
}

// categorise takes the slug that was given, else what the keywords say, else the default (§2.5.5).
func understood(read func(string) string, words string) string {
	if read != nil && words != "" {
		if s := read(words); s != "" {
			return s
		}
	}
	return words
}

func (c *Case) categorise(get func(...string) string, text string, s Settings) {
	category, ok := s.Categories.BySlug(get("category_slug", "use_case_category"))
	if given, is := s.Categories.ByID(get("category_id")); is && given.Active {
		category, ok = given, true
	}
	if !ok {
		var sure bool
		category, c.Candidates, sure = s.Categories.Classify(strings.Join([]string{get("subject"), text, get("use_case_detail")}, " "))
		if !sure {
			category, _ = s.Categories.Fallback()
		}
	}
	c.CategoryID = category.ID
	c.Type = s.Type
	if chainType, _ := s.Categories.Inherited(category.ID, func(k Category) string { return string(k.Type) }); chainType != "" {
		c.Type = Type(chainType)
	}
	if said := strings.ToLower(get("case_type")); said != "" {
		c.Type, _ = ReadType(said)
	}
	if c.Type == "" {
		c.Type = Incident
	}
	for _, d := range []struct {
		level *Level
		of    func(Category) string
	}{{&c.Impact, func(k Category) string { return string(k.Impact) }}, {&c.Urgency, func(k Category) string { return string(k.Urgency) }}} {
		if v, _ := s.Categories.Inherited(category.ID, d.of); v != "" {
			*d.level = Level(v)
		}
	}
	c.GroupID, _ = s.Categories.Inherited(category.ID, func(k Category) string { return k.GroupID })
}

// judge sets impact, urgency and priority from what was said (§2.5.3–4). Signals raise, they never lower.
func (c *Case) judge(from Capture, get func(...string) string, text string, s Settings) {
	if said := strings.ToLower(get("priority")); said != "" { // sets both where they are absent
		level, _ := ReadLevel(said)
		c.Impact, c.Urgency = level, level
	}
	for name, level := range map[string]*Level{"impact": &c.Impact, "urgency": &c.Urgency} {
		if said := strings.ToLower(get(name)); said != "" {
			*level, _ = ReadLevel(said)
		}
	}
	if c.Captured.Others != nil && *c.Captured.Others {
		c.Impact = raise(c.Impact, High)
	}
	if Security(strings.Join([]string{get("subject"), text, get("use_case_detail"), from.Raw()}, " "), get("use_case_detail")) {
		c.Impact, c.Urgency = Critical, Critical
	}
	c.Prioritise(s.Matrix)
}

// Subject is the one that was given, else the first 80 letters of the text, cut at a word.
func Subject(given, text string) string {
	if given = strings.Join(strings.Fields(given), " "); given != "" {
		return cut(given, MaxSubject)
	}
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= subjectLength {
		return text
	}
	short := cut(text, subjectLength)
	if i := strings.LastIndexByte(short, ' '); i > 0 {
		short = short[:i]
	}
	return strings.TrimRight(short, " ,;:.–-")
}

const subjectLength = 80

func cut(s string, letters int) string {
	if utf8.RuneCountInString(s) <= letters {
		return s
	}
	return string([]rune(s)[:letters])
}

// Others reads whether others are affected; nil and the words where that stays open (§2.5.3).
func Others(said string) (affected *bool, words string) {
	yes, no := true, false
	switch strings.ToLower(strings.TrimSpace(said)) {
	case "":
		return nil, ""
	case "ja", "yes", "true", "1", "wahr":
		return &yes, ""
	case "nein", "no", "false", "0", "falsch":
		return &no, ""
	}
	return nil, cut(said, 250)
}

// signals are the words of §2.5.4, folded; they also count inside a compound ("Ransomwareangriff").
var signals = []string{"ransomware", "erpressung", "verschluesselungstrojaner", "datenleck", "datenabfluss", "gehackt", "kompromittiert", "extortion", "data leak", "breach"}

// Security tells whether a text speaks of an attack, or the call flow said so.
func Security(text, useCaseDetail string) bool {
	if strings.Contains(strings.ReplaceAll(strings.ToLower(useCaseDetail), " ", ""), "escalation=critical") {
		return true
	}
	folded := " " + company.Fold(text) + " "
	return slices.ContainsFunc(signals, func(s string) bool {
		if s == "breach" || s == "gehackt" { // "gehackt" as a word of its own: Gehacktes is minced meat
			return strings.Contains(folded, " "+s+" ")
		}
		return strings.Contains(folded, s)
	})
}
