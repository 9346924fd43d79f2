package casework_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/desk"
)

func TestCustomFieldsFitTheirCategoryWheneverOneOfThemChanges(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.service.Categories[0].Fields = desk.Schema{{Key: "geraet", Label: "Gerät", Type: desk.TextField, Required: true}, {Key: "anzahl", Label: "Anzahl", Type: desk.IntegerField}}
	o.service.Categories[1].Fields = desk.Schema{{Key: "anzahl", Label: "Anzahl", Type: desk.IntegerField}}
	// A case of a call is made although something required was not said and something does not fit.
	c := o.reported(t, "call_1", map[string]string{"problem_description": "Geht nicht", "custom_fields": `{"anzahl": "ein paar"}`})
	if c.Custom != nil || !strings.HasSuffix(c.Text, "Anzahl: ein paar (keine ganze Zahl)") || c.CategoryID != "any" {
		t.Fatalf("%+v", c)
	}
	edit := func(e casework.Edit) (desk.Case, []string) {
		t.Helper()
		c, err := o.keeper.Edit(t.Context(), us, c.ID, 0, anna, e)
		var invalid *desk.InvalidFields
		var wrong []string
		if errors.As(err, &invalid) {
			for _, p := range invalid.Problems {
				wrong = append(wrong, p.Field)
			}
		} else if err != nil {
			t.Fatal(err)
		}
		return c, wrong
	}
	o.told()
	subject, vpn := "Drucker", "vpn"
	if _, wrong := edit(casework.Edit{Subject: &subject}); len(wrong) > 0 {
		t.Errorf("what has nothing to do with the fields asks for %q", wrong)
	}
	_, wrong := edit(casework.Edit{Fields: map[string]string{"anzahl": "x", "farbe": "rot"}})
	wants(t, "wrong", wrong, "custom_fields.anzahl", "custom_fields.farbe", "custom_fields.geraet")
	o.told()
	c, wrong = edit(casework.Edit{Fields: map[string]string{"anzahl": "3", "geraet": "HP"}})
	wants(t, "wrong", wrong)
	if !maps.Equal(c.Custom, map[string]string{"anzahl": "3", "geraet": "HP"}) {
		t.Errorf("%v", c.Custom)
	}
	for _, f := range o.Facts() {
		if !strings.Contains(f.Detail, `[{"field":"custom_fields.anzahl"},{"field":"custom_fields.geraet"}]`) {
			t.Errorf("%s", f.Detail)
		}
	}
	_, wrong = edit(casework.Edit{CategoryID: &vpn})
	wants(t, "the new category has no such field", wrong, "custom_fields.geraet")
	c, wrong = edit(casework.Edit{CategoryID: &vpn, Fields: map[string]string{"geraet": ""}})
	wants(t, "wrong", wrong)
	if c.CategoryID != "vpn" || !maps.Equal(c.Custom, map[string]string{"anzahl": "3"}) {
		t.Errorf("%s, %v", c.CategoryID, c.Custom)
	}
}
