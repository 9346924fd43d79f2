package desk_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
)

// device is a schema with a field of each type.
var device = desk.Schema{
	{Key: "seriennummer", Label: "Seriennummer", Type: desk.TextField, Required: true, MaxLength: 12},
	{Key: "preis", Label: "Preis", Type: desk.NumberField},
	{Key: "anzahl", Label: "Anzahl", Type: desk.IntegerField},
	{Key: "garantie", Label: "Noch Garantie", Type: desk.BooleanField},
	{Key: "gekauft", Label: "Gekauft am", Type: desk.DateField},
	{Key: "ort", Label: "Standort", Type: desk.ChoiceField, Choices: []string{"Büro", "Lager"}},
}

func TestAValueFitsItsFieldOrNot(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		key, value, kept string
		misfit           desk.Misfit
	}{
		{"seriennummer", " SN-1 ", "SN-1", ""}, {"seriennummer", "1234567890123", "", desk.NoText},
		{"preis", "1.5", "1.5", ""}, {"preis", "1.000,50", "1000.5", ""}, {"preis", "-3", "-3", ""}, {"preis", "drei", "", desk.NoNumber}, {"preis", "NaN", "", desk.NoNumber},
		{"preis", "inf", "", desk.NoNumber}, {"preis", "1.500", "", desk.NoNumber}, {"preis", "1.500.000", "", desk.NoNumber},
		{"anzahl", "42", "42", ""}, {"anzahl", "+7", "7", ""}, {"anzahl", "4.2", "", desk.NoInteger}, {"anzahl", "1.000", "", desk.NoInteger},
		{"garantie", "Ja", "true", ""}, {"garantie", "false", "false", ""}, {"garantie", "vielleicht", "", desk.NoBoolean},
		{"gekauft", "2026-11-24", "2026-11-24", ""}, {"gekauft", "4.3.2026", "2026-03-04", ""}, {"gekauft", "31.02.2026", "", desk.NoDate}, {"gekauft", "gestern", "", desk.NoDate},
		{"ort", "BÜRO", "Büro", ""}, {"ort", "Keller", "", desk.NoChoice},
		{"farbe", "rot", "", desk.UnknownField},
	} {
		values := map[string]string{"seriennummer": "SN"}
		values[tt.key] = tt.value
		fit, misfit := device.Read(values)
		if fit[tt.key] != tt.kept || misfit[tt.key] != tt.misfit {
			t.Errorf("%s %q: kept %q, %q", tt.key, tt.value, fit[tt.key], misfit[tt.key])
		}
	}
	if _, misfit := device.Read(map[string]string{"anzahl": "1", "seriennummer": "  "}); !maps.Equal(misfit, map[string]desk.Misfit{"seriennummer": desk.MissingField}) {
		t.Errorf("without what is required: %v", misfit)
	}
	if fit, misfit := (desk.Schema)(nil).Read(map[string]string{"a": "b", "empty": " ", "long": strings.Repeat("x", 5001)}); !maps.Equal(fit, map[string]string{"a": "b"}) || misfit["long"] != desk.NoText {
		t.Errorf("without a schema: %v, %v", fit, misfit)
	}
}

// What was kept once is kept the same when it is saved again.
func TestAKeptValueFits(t *testing.T) {
	t.Parallel()
	word := rapid.SampledFrom([]string{"1,5", "1.000,5", "42", "-7", "ja", "nein", "true", "24.12.2026", "2026-12-24", "büro", "Lager", "quatsch", "1e3", "0,1"})
	rapid.Check(t, func(r *rapid.T) {
		values := map[string]string{"seriennummer": "SN"}
		for _, f := range device[1:] {
			values[f.Key] = rapid.OneOf(word, rapid.String()).Draw(r, f.Key)
		}
		fit, _ := device.Read(values)
		again, misfit := device.Read(fit)
		if !maps.Equal(fit, again) || len(misfit) > 0 {
			r.Fatalf("%v became %v, %v", fit, again, misfit)
		}
	})
}

func TestSavedFieldsAreJudgedOneProblemAField(t *testing.T) {
	t.Parallel()
	c := desk.Case{Custom: map[string]string{"seriennummer": "alt"}}
	err := c.SetFields(device, map[string]string{"anzahl": "viele", "farbe": "rot"})
	var invalid *desk.InvalidFields
	if !errors.As(err, &invalid) || len(invalid.Problems) != 3 || invalid.Problems[0].Field != "custom_fields.anzahl" || invalid.Problems[2].Field != "custom_fields.seriennummer" {
		t.Errorf("%v", err)
	}
	if c.Custom["seriennummer"] != "alt" {
		t.Error("what was refused changed something")
	}
	if err := c.SetFields(device, map[string]string{"seriennummer": "SN-1", "anzahl": "3"}); err != nil || !maps.Equal(c.Custom, map[string]string{"seriennummer": "SN-1", "anzahl": "3"}) {
		t.Errorf("%v, %v", c.Custom, err)
	}
	many := map[string]string{}
	for i := range 51 {
		many["k"+strings.Repeat("x", i)] = "1"
	}
	if err := c.SetFields(nil, many); err == nil || !strings.Contains(err.Error(), "51 fields") || strings.Contains(err.Error(), "letter first: ") {
		t.Errorf("more than fifty: %v", err)
	}
	if err := c.SetFields(nil, map[string]string{"Kein Name!": "1"}); !errors.As(err, &invalid) {
		t.Errorf("a key that no template could name: %v", err)
	}
	if err := c.SetFields(nil, nil); err != nil || c.Custom != nil {
		t.Errorf("taken away: %v, %v", c.Custom, err)
	}
}

func TestASchemaIsInherited(t *testing.T) {
	t.Parallel()
	list := categories()
	own := desk.Schema{{Key: "own", Label: "Eigenes", Type: desk.TextField}}
	of := func(id string) *desk.Category {
		return &list[slices.IndexFunc(list, func(c desk.Category) bool { return c.ID == id })]
	}
	of("work").Fields, of("vpn").Fields = device, own
	s := desk.Settings{Categories: list, Fields: desk.Schema{{Key: "firma", Label: "Der Firma", Type: desk.TextField}}}
	for id, want := range map[string]string{"print": "seriennummer", "work": "seriennummer", "vpn": "own", "net": "firma", "": "firma"} {
		if got := s.SchemaOf(id); got[0].Key != want {
			t.Errorf("%q has %q, wanted %q", id, got[0].Key, want)
		}
	}
	if _, from := list.Schema("print"); from != "work" {
		t.Errorf("from %q", from)
	}
}

// heard builds a case of a call about a printer whose category has a schema.
func heard(args map[string]any) desk.Case {
	list := categories()
	for i := range list {
		if list[i].ID == "print" {
			list[i].Fields = device
		}
	}
	args["problem_description"], args["use_case_category"] = "Der Drucker klemmt", "print"
	text, _ := json.Marshal(args)
	return desk.Build(desk.Capture{Said: []desk.Said{{Tool: desk.Finalize, Args: string(text)}}}, desk.Facts{Now: now, Loc: company.Berlin(), CallStart: now, CallID: "call_1"},
		desk.Settings{Matrix: desk.DefaultMatrix(), Categories: list, Type: desk.Incident})
}

func TestASchemaLosesNothingOfACall(t *testing.T) {
	t.Parallel()
	type m = map[string]any
	const head = "Der Drucker klemmt\n\nWeitere Angaben des Anrufers:\n"
	for _, tt := range []struct {
		name   string
		args   m
		custom map[string]string
		text   string
	}{
		{"nothing was asked for", m{}, nil, "Der Drucker klemmt"},
		{"what fits", m{"custom_fields": m{"seriennummer": "SN-1", "anzahl": 3, "garantie": true, "ort": "lager"}},
			map[string]string{"seriennummer": "SN-1", "anzahl": "3", "garantie": "true", "ort": "Lager"}, "Der Drucker klemmt"},
		{"by an argument of its own", m{"seriennummer": "SN-1", "gekauft": "24.12.2025"}, map[string]string{"seriennummer": "SN-1", "gekauft": "2025-12-24"}, "Der Drucker klemmt"},
		{"what does not fit is in the description, and why", m{"custom_fields": m{"seriennummer": "ziemlich lang und unlesbar", "anzahl": "viele", "garantie": "glaube schon", "gekauft": "letztes Jahr", "ort": "Keller", "preis": "teuer", "farbe": "grau"}},
			nil, head + "Anzahl: viele (keine ganze Zahl)\nfarbe: grau (kein Feld dieser Kategorie)\nNoch Garantie: glaube schon (weder ja noch nein)\nGekauft am: letztes Jahr (kein Datum)\n" +
				"Standort: Keller (nicht zur Auswahl)\nPreis: teuer (keine Zahl)\nSeriennummer: ziemlich lang und unlesbar (zu lang)"},
		{"words instead of fields", m{"custom_fields": "Seriennummer SN-1"}, nil, head + "Seriennummer SN-1"},
	} {
		c := heard(tt.args)
		if !maps.Equal(c.Custom, tt.custom) || c.Text != tt.text {
			t.Errorf("%s: %v\n%s", tt.name, c.Custom, c.Text)
		}
		if missing := device.Incomplete(c); (len(missing) == 1) != (tt.custom["seriennummer"] == "") {
			t.Errorf("%s: %v is missing", tt.name, missing)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		given := m{}
		for _, key := range []string{"seriennummer", "anzahl", "ort", "farbe", "Ganz Anderes"} {
			given[key] = rapid.StringMatching(`[a-zäöü0-9]{1,20}`).Draw(r, key)
		}
		c := heard(m{"custom_fields": given})
		for key, v := range given {
			if kept := c.Custom[key]; kept == "" && !strings.Contains(c.Text, v.(string)) {
				r.Fatalf("%s %q is lost: %v, %s", key, v, c.Custom, c.Text)
			}
		}
	})
	long := heard(m{"custom_fields": m{"anzahl": "sehr viele"}, "additional_info": strings.Repeat("x", 23_000)})
	if n := len([]rune(long.Text)); n > desk.MaxText || !strings.HasSuffix(long.Text, "Anzahl: sehr viele (keine ganze Zahl)") {
		t.Errorf("%d letters, ending with %q", n, long.Text[len(long.Text)-40:])
	}
}

func TestASchemaIsCheckedWhenItIsSaved(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		field desk.Field
		wrong string
	}{
		"nothing":             {desk.Field{Key: "ok_1", Label: "Gut", Type: desk.TextField}, ""},
		"a key with capitals": {desk.Field{Key: "Serial", Label: "Nr", Type: desk.TextField}, "Serial.key"},
		"a key of every case": {desk.Field{Key: "subject", Label: "Betreff", Type: desk.TextField}, "subject.key"},
		"a key twice":         {desk.Field{Key: "anzahl", Label: "Anzahl", Type: desk.TextField}, "anzahl.key"},
		"no label":            {desk.Field{Key: "a", Type: desk.TextField}, "a.label"},
		"no such type":        {desk.Field{Key: "a", Label: "A", Type: "color"}, "a.type"},
		"the length of a day": {desk.Field{Key: "a", Label: "A", Type: desk.DateField, MaxLength: 10}, "a.max_length"},
		"too long":            {desk.Field{Key: "a", Label: "A", Type: desk.TextField, MaxLength: 1001}, "a.max_length"},
		"nothing to choose":   {desk.Field{Key: "a", Label: "A", Type: desk.ChoiceField}, "a.choices"},
		"choices of a text":   {desk.Field{Key: "a", Label: "A", Type: desk.TextField, Choices: []string{"x"}}, "a.choices"},
		"a choice twice":      {desk.Field{Key: "a", Label: "A", Type: desk.ChoiceField, Choices: []string{"x", "X"}}, "a.choices"},
	} {
		list := categories()
		list[0].Fields = append(slices.Clone(device), tt.field)
		var got []string
		for _, p := range list.Check() {
			got = append(got, p.Field)
		}
		var want []string
		if tt.wrong != "" {
			want = []string{"categories." + list[0].Slug + ".custom_fields." + tt.wrong}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, wanted %v", name, got, want)
		}
	}
}

func TestATemplateThatMisspellsAFieldIsRefused(t *testing.T) {
	t.Parallel()
	c := office()
	c.Outputs[0].Mail.Template, c.Outputs[0].Mail.Body = "custom", "Gerät {{case.custom.seriennumer}}"
	known := desk.Known{Now: now}
	if list := c.Check(known); len(list) != 0 {
		t.Fatalf("where any field may be: %v", list)
	}
	c.Fields = device
	list := c.Check(known)
	if len(list) != 1 || !strings.HasSuffix(list[0].Field, "mail.body_template") || !strings.Contains(list[0].Text, "line 1, column 9") {
		t.Errorf("%v", list)
	}
	c.Outputs[0].Mail.Body = "Gerät {{case.custom.seriennummer}}"
	if list := c.Check(known); len(list) != 0 {
		t.Errorf("%v", list)
	}
}
