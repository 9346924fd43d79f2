package desk

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/output"
)

// Field is one custom field that cases of a category have (§4.1). There are no patterns: a type and a list of choices say
// what people mean, and nobody has to read an expression to understand why a value is refused.
type Field struct {
	Key       string    `json:"key"`
	Label     string    `json:"label"` // as people read it
	Type      FieldType `json:"type"`
	Required  bool      `json:"required,omitempty"`
	MaxLength int       `json:"max_length,omitempty"` // of a text; 0: maxFieldText
	Choices   []string  `json:"choices,omitempty"`    // of a choice
}

// FieldType says what a field holds. A case keeps the value as a text of one form, whatever it was written like.
type FieldType string

// The types: a number as 1.5, an integer as 42, a boolean as true or false, a date as 2026-11-24.
const (
	TextField    FieldType = "text"
	NumberField  FieldType = "number"
	IntegerField FieldType = "integer"
	BooleanField FieldType = "boolean"
	DateField    FieldType = "date"
	ChoiceField  FieldType = "choice"
)

// FieldTypes is the one list of them.
var FieldTypes = []FieldType{TextField, NumberField, IntegerField, BooleanField, DateField, ChoiceField}

// Limits of custom fields.
const (
	maxKey        = 40
	maxLabel      = 100
	maxFieldText  = 1_000
	maxChoices    = 50
	maxFieldValue = 5_000 // of a case whose category has no schema
)

// Schema is what a category's cases may and must say in their custom fields; without one they may say anything.
type Schema []Field

// Misfit says why a value is not one of its field.
type Misfit string

// The misfits.
const (
	UnknownField Misfit = "unknown"
	MissingField Misfit = "missing"
	NoText       Misfit = "text"
	NoNumber     Misfit = "number"
	NoInteger    Misfit = "integer"
	NoBoolean    Misfit = "boolean"
	NoDate       Misfit = "date"
	NoChoice     Misfit = "choice"
)

// misfits in the words of those who write configurations and calls, and of those who read a case.
var misfits = map[Misfit]struct{ say, german string }{
	UnknownField: {"the category has no such field", "kein Feld dieser Kategorie"},
	MissingField: {"it is required", "nicht angegeben"},
	NoText:       {"it is too long", "zu lang"},
	NoNumber:     {"it is no number; write 1000 or 1000,5", "keine Zahl"},
	NoInteger:    {"it is no whole number", "keine ganze Zahl"},
	NoBoolean:    {"it is true or false", "weder ja noch nein"},
	NoDate:       {"it is no date; write 2026-11-24", "kein Datum"},
	NoChoice:     {"it is none of the field's choices", "nicht zur Auswahl"},
}

// Field by its key.
func (s Schema) Field(key string) (Field, bool) {
	if i := slices.IndexFunc(s, func(f Field) bool { return f.Key == key }); i >= 0 {
		return s[i], true
	}
	return Field{}, false
}

// Read sorts values into those that fit, in the form in which a case keeps them, and what is wrong with the others. An empty
// value is none. Without a schema everything fits.
func (s Schema) Read(values map[string]string) (fit map[string]string, misfit map[string]Misfit) {
	fit, misfit = map[string]string{}, map[string]Misfit{}
	for key, v := range values {
		if v = strings.TrimSpace(v); v == "" {
			continue
		}
		f, known := s.Field(key)
		switch {
		case len(s) == 0 && utf8.RuneCountInString(v) > maxFieldValue:
			misfit[key] = NoText
		case len(s) == 0:
			fit[key] = v
		case !known:
			misfit[key] = UnknownField
		default:
			if kept, wrong := f.read(v); wrong != "" {
				misfit[key] = wrong
			} else {
				fit[key] = kept
			}
		}
	}
	for _, f := range s {
		if f.Required && fit[f.Key] == "" && misfit[f.Key] == "" {
			misfit[f.Key] = MissingField
		}
	}
	return fit, misfit
}

// read makes the one form of a value, as people and models write it: "1.000,5" and "ja" are German.
func (f Field) read(v string) (kept string, wrong Misfit) {
	switch f.Type {
	case NumberField:
		n, err := strconv.ParseFloat(decimal(v), 64)
		if err != nil || math.IsNaN(n) || math.Abs(n) > 1e15 || thousands(v) {
			return "", NoNumber
		}
		return strconv.FormatFloat(n, 'f', -1, 64), ""
	case IntegerField:
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return "", NoInteger
		}
		return strconv.FormatInt(n, 10), ""
	case BooleanField:
		yes, _ := Others(v)
		if yes == nil {
			return "", NoBoolean
		}
		return strconv.FormatBool(*yes), ""
	case DateField:
		for _, form := range []string{time.DateOnly, "2.1.2006"} {
			if d, err := time.Parse(form, v); err == nil {
				return d.Format(time.DateOnly), ""
			}
		}
		return "", NoDate
	case ChoiceField:
		if i := slices.IndexFunc(f.Choices, func(c string) bool { return strings.EqualFold(c, v) }); i >= 0 {
			return f.Choices[i], ""
		}
		return "", NoChoice
	}
	most := f.MaxLength
	if most == 0 {
		most = maxFieldText
	}
	if utf8.RuneCountInString(v) > most {
		return "", NoText
	}
	return v, ""
}

// decimal is a German number as computers write it; others stay as they are.
func decimal(v string) string {
	if whole, part, ok := strings.Cut(v, ","); ok {
		return strings.ReplaceAll(whole, ".", "") + "." + part
	}
	return v
}

// thousands tells a number of which nobody knows whether its point groups thousands: 1.500 is two numbers.
func thousands(v string) bool {
	groups := strings.Split(strings.TrimPrefix(v, "-"), ".")
	return len(groups) > 1 && len(groups[0]) <= 3 && !slices.ContainsFunc(groups[1:], func(g string) bool { return len(g) != 3 || strings.Trim(g, "0123456789") != "" })
}

// InvalidFields says what is wrong with custom fields that somebody wants to save, one problem per field.
type InvalidFields struct{ Problems []Problem }

func (e *InvalidFields) Error() string {
	var list []string
	for _, p := range e.Problems {
		list = append(list, p.Error())
	}
	return strings.Join(list, "; ")
}

// SetFields replaces a case's custom fields by values that fit, or says what is wrong with them; then nothing is changed.
func (c *Case) SetFields(s Schema, values map[string]string) error {
	fit, misfit := s.Read(values)
	p := &output.Problems{}
	for _, key := range slices.Sorted(maps.Keys(misfit)) {
		p.Say("custom_fields."+key, "%s", misfits[misfit[key]].say)
	}
	if len(fit) > MaxCustom {
		p.Say("custom_fields", "%d fields; at most %d are allowed", len(fit), MaxCustom)
	}
	for key := range fit {
		if !isKey(key) {
			p.Say("custom_fields."+key, "a field is called by at most %d small letters, digits and _, a letter first", maxKey)
		}
	}
	if len(p.List) > 0 {
		return &InvalidFields{p.List}
	}
	if c.Custom = fit; len(fit) == 0 {
		c.Custom = nil
	}
	return nil
}

// Incomplete lists the required fields that a case does not have: made on the telephone it may lack some.
func (s Schema) Incomplete(c Case) (missing []Field) {
	for _, f := range s {
		if f.Required && c.Custom[f.Key] == "" {
			missing = append(missing, f)
		}
	}
	return missing
}

// hear takes the custom fields of a call, as far as they fit. A caller's words are never lost because of a schema: what does
// not fit is returned for the description, with the reason. What is required and was not said is no reason against a case.
func (c *Case) hear(s Schema, fields map[string]string) (rest string) {
	values, lines := map[string]string{}, []string(nil)
	if said := fields["custom_fields"]; said != "" {
		var given map[string]any
		if json.Unmarshal([]byte(said), &given) != nil {
			lines = append(lines, said) // no fields at all, but words
		}
		for key, v := range given {
			values[key] = saidAs(v)
		}
	}
	for _, f := range s { // an agent may ask for a field by an argument of its own
		if v := fields[f.Key]; v != "" {
			values[f.Key] = v
		}
	}
	fit, misfit := s.Read(values)
	for _, key := range slices.Sorted(maps.Keys(fit)) {
		if !isKey(key) || len(c.Custom) == MaxCustom {
			lines = append(lines, key+": "+fit[key])
			continue
		}
		if c.Custom == nil {
			c.Custom = map[string]string{}
		}
		c.Custom[key] = fit[key]
	}
	for _, key := range slices.Sorted(maps.Keys(misfit)) {
		if misfit[key] == MissingField {
			continue
		}
		name := key
		if f, ok := s.Field(key); ok {
			name = f.Label
		}
		lines = append(lines, fmt.Sprintf("%s: %s (%s)", name, strings.TrimSpace(values[key]), misfits[misfit[key]].german))
	}
	if len(lines) == 0 {
		return ""
	}
	return "Weitere Angaben des Anrufers:\n" + strings.Join(lines, "\n")
}

// saidAs is one value of an object of fields as text.
func saidAs(v any) string {
	if f, ok := v.(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return said(v)
}

// arguments are what tools say of a case by names of their own: no field is called so.
var arguments = []string{
	"subject", "description", "problem_description", "additional_info", "custom_fields", "customer_name", "customer_company", "customer_phone", "customer_email",
	"customer_location", "problem_since", "others_affected", "use_case_category", "use_case_detail", "case_type", "urgency", "impact", "priority", "category_id",
	"category_slug",
}

func isKey(s string) bool {
	return s != "" && len(s) <= maxKey && s[0] >= 'a' && s[0] <= 'z' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// check says everything that is wrong with a schema.
func (s Schema) check(p *output.Problems, below string) {
	if len(s) > MaxCustom {
		p.Say(below, "%d fields; at most %d are allowed", len(s), MaxCustom)
	}
	for i, f := range s {
		say := func(field, format string, a ...any) { p.Say(below+"."+f.Key+"."+field, format, a...) }
		switch {
		case !isKey(f.Key):
			say("key", "%q: it is at most %d small letters, digits and _, a letter first", f.Key, maxKey)
		case slices.Contains(arguments, f.Key):
			say("key", "every case has %s without it", f.Key)
		case slices.ContainsFunc(s[:i], func(x Field) bool { return x.Key == f.Key }):
			say("key", "it stands there twice")
		}
		if f.Label == "" || utf8.RuneCountInString(f.Label) > maxLabel {
			say("label", "a field has a label of at most %d letters", maxLabel)
		}
		if !slices.Contains(FieldTypes, f.Type) {
			say("type", "it is text, number, integer, boolean, date or choice, not %q", f.Type)
		}
		if f.MaxLength != 0 && f.Type != TextField {
			say("max_length", "only a text has one")
		}
		if f.MaxLength < 0 || f.MaxLength > maxFieldText {
			say("max_length", "it is 1 to %d, not %d", maxFieldText, f.MaxLength)
		}
		f.checkChoices(say)
	}
}

func (f Field) checkChoices(say func(field, format string, a ...any)) {
	if (f.Type == ChoiceField) != (len(f.Choices) > 0) || len(f.Choices) > maxChoices {
		say("choices", "a choice, and nothing else, has 1 to %d of them", maxChoices)
	}
	for i, c := range f.Choices {
		if strings.TrimSpace(c) != c || c == "" || utf8.RuneCountInString(c) > maxLabel {
			say("choices", "%q: it has 1 to %d letters and no space around them", c, maxLabel)
		}
		if slices.ContainsFunc(f.Choices[:i], func(x string) bool { return strings.EqualFold(x, c) }) {
			say("choices", "%q stands there twice", c)
		}
	}
}

// Schema of a category: its own, else the nearest parent's (§5.2), and whose it is; nil where none has one.
func (list Categories) Schema(id string) (s Schema, from string) {
	chain, _ := list.chain(id)
	for _, c := range chain {
		if len(c.Fields) > 0 {
			return c.Fields, c.ID
		}
	}
	return nil, ""
}

// SchemaOf a category: its own, else its parents', else the company's.
func (s Settings) SchemaOf(categoryID string) Schema {
	if own, _ := s.Categories.Schema(categoryID); len(own) > 0 {
		return own
	}
	return s.Fields
}
