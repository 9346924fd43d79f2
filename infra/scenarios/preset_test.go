package scenarios_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"testing"

	"github.com/askpro/gateway/infra/local/stacktest"
)

// ownPreset is a desk with a preset of the company's own and custom fields.
const ownPreset = `
desk:
  gateway: {gateway_enabled: true, gateway_mode: service_desk}
  category_template: it
  custom_fields: [{key: geraet, label: Gerät, required: true}, {key: anzahl, label: Anzahl, type: integer}]
  presets:
    - slug: werkstatt
      name: Werkstatt
      reference_path: auftrag
      value_maps: {art: {incident: Reparatur, "*": Beratung}}
      variables: [{name: kunde, label: Kundennummer, required: true}]
      headers: [{name: X-Kunde, value: "{{var.kunde}}"}]
      payload_template: |
        {"nr": "{{case.number}}", "art": "{{case.type|map:art}}", "geraet": "{{case.custom.geraet}}", "anzahl": "{{case.custom.anzahl?}}", "text": "{{case.description}}"}
  outputs:
    - {slug: tool, name: Tool, output_type: webhook, webhook: {url: "{inbox}/receive/werkstatt", signing_secret: "ssm:/askpro/local/webhook/edv/secret", preset: werkstatt, variables: {kunde: K-1}}}
`

// Service desk §4.1, §9.6: a case reaches the receiver in the shape of the company's own preset, with the custom fields that the
// caller said; what does not fit its field is told all the same.
func TestACaseLeavesInTheShapeOfTheCompanysOwnPreset(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	c := s.NewCompany(t, ownPreset)
	r := c.Ring(c.Erika).Tool(t, "finalize_ticket", map[string]any{
		"problem_description": "Der Drucker klemmt", "case_type": "incident", "custom_fields": map[string]any{"geraet": "HP 4000", "anzahl": "ein paar"},
	})
	if r.Status != "created" {
		t.Fatal(r.Raw)
	}
	s.Idle(t)
	var got struct {
		Webhooks []struct {
			Body    string
			Headers map[string]string
		}
	}
	c.Do(t, http.MethodGet, c.Inbox("messages?path=/werkstatt"), nil, nil, &got)
	if len(got.Webhooks) != 1 {
		t.Fatalf("%d webhooks", len(got.Webhooks))
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(got.Webhooks[0].Body), &body); err != nil {
		t.Fatal(err)
	}
	k := filed(t, c)[0]
	want := map[string]any{
		"nr": k.Number.String(), "art": "Reparatur", "geraet": "HP 4000", "text": "Der Drucker klemmt\n\nWeitere Angaben des Anrufers:\nAnzahl: ein paar (keine ganze Zahl)",
	}
	if !reflect.DeepEqual(body, want) {
		t.Errorf("got %v\nwanted %v", body, want)
	}
	if got.Webhooks[0].Headers["X-Kunde"] != "K-1" {
		t.Errorf("%v", got.Webhooks[0].Headers)
	}
}
