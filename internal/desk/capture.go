package desk

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/company"
)

// Capture is what a call told of a case so far, exactly as it came, before anything is judged. It is stored first (§2.4), so
// that nothing a caller said is ever lost.
type Capture struct {
	CallID      string            `json:"-"`
	Fields      map[string]string `json:"fields,omitempty"`
	Raw         []string          `json:"raw,omitempty"` // the arguments of each tool call, as they were sent
	Categorised map[string]string `json:"categorised,omitempty"`
	FirstAt     time.Time         `json:"first_at"`
	FinalizedAt *time.Time        `json:"finalized_at,omitempty"`
	CaseID      string            `json:"case_id,omitempty"`
	Number      Number            `json:"number,omitzero"`
	BuildBy     *time.Time        `json:"build_by,omitempty"` // set while a case is owed: the recovery builds it then
	Tries       int               `json:"tries,omitempty"`
	Version     int               `json:"-"`
}

// KeepCapture is how long a capture that became no case is kept (§2.4).
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
}

// Settings are the company's, as far as building a case needs them.
type Settings struct {
	Matrix     Matrix
	Categories Categories
	Type       Type
	Priority   Level
}

// Build makes a case from what was captured (§2.5). It never fails: what cannot be understood is kept as text.
func Build(c Capture, f Facts, s Settings) Case {
	get := func(names ...string) string {
		for _, n := range names {
			if v := strings.TrimSpace(c.Fields[n]); v != "" {
				return v
			}
		}
		return ""
	}
	text := get("problem_description", "description", "additional_info")
	if extra := get("additional_info"); extra != "" && extra != text {
		text = strings.TrimSpace(text + "\n\n" + extra)
	}
	if text == "" {
		text = strings.Join(c.Raw, "\n")
	}
	x := Case{
		BranchID: f.BranchID, CallID: f.CallID, CustomerID: f.Customer, Text: cut(text, MaxText), Subject: Subject(get("subject"), text),
		Impact: Normal, Urgency: Normal, Status: New, Source: Voice, CreatedAt: f.Now, UpdatedAt: f.Now, CreatedBy: "voice",
		Contact: Contact{Name: cut(get("customer_name"), 150), Company: cut(get("customer_company"), 150), Email: cut(get("customer_email"), 255), Location: cut(get("customer_location"), 150)},
	}
	x.Contact.Phone, x.Contact.PhoneSource = get("customer_phone"), "agent"
	if x.Contact.Phone == "" {
		x.Contact.Phone, x.Contact.PhoneSource = f.Caller, "call_record"
	}
	if x.Contact.Phone == "" {
		x.Contact.PhoneSource = ""
	}
	x.Captured = Captured{UseCase: cut(get("use_case_category"), 100), UseCaseDetail: cut(get("use_case_detail"), 1000), Since: cut(get("problem_since"), 250), FinalizedAt: c.FinalizedAt}
	if x.Captured.Since != "" && f.Since != nil {
		x.Captured.SinceAt, x.Captured.SinceFormatted = f.Since(x.Captured.Since, f.CallStart, f.Loc)
	}
	x.Captured.Others, x.Captured.OthersWords = Others(get("others_affected"))
	x.categorise(get, text, s)
	x.judge(c, get, text, s)
	return x
}

// categorise takes the slug that was given, else what the keywords say, else the default (§2.5.5).
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
		c.Impact = c.Impact.Raise(High)
	}
	if Security(strings.Join([]string{get("subject"), text, get("use_case_detail"), strings.Join(from.Raw, " ")}, " "), get("use_case_detail")) {
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
