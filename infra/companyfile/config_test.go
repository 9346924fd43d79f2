package companyfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/askpro/gateway/infra/companyfile"
	"github.com/askpro/gateway/internal/company"
)

func TestTheDemoCompaniesAreValid(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"demo", "kanzlei", "edv"} {
		f, err := companyfile.Read(filepath.Join("../../testdata/companies", name+".yaml"), "local")
		if err != nil {
			t.Fatal(err)
		}
		c, err := f.Config()
		if err != nil {
			t.Fatal(err)
		}
		key, services := "ssm:/askpro/local/calcom/"+name+"/api-key", len(c.Services) > 1
		if name == "edv" { // takes cases alone
			key, services = "", len(c.Services) == 0
		}
		if c.Company.CalcomAPIKey != key {
			t.Errorf("key reference %s", c.Company.CalcomAPIKey)
		}
		if len(c.Branches) != 1 || len(c.Numbers) != 1 || !services {
			t.Errorf("%s: %d branches, %d numbers, %d services", name, len(c.Branches), len(c.Numbers), len(c.Services))
		}
	}
}

// secrets are the values that the local stack knows.
func secrets(t *testing.T) (values map[string]string) {
	t.Helper()
	raw, err := os.ReadFile("../../testdata/companies/local-secrets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(string(raw), "{stage}", "local")), &values); err != nil {
		t.Fatal(err)
	}
	return values
}

func TestEverythingThatIsWrongIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	f, err := companyfile.Parse([]byte(`
company: {slug: "Salon Mitte", webhook_route_id: x, retell_api_keys: [key_in_plain_text], calcom_api_key: "ssm:/a", timezone: Mars/Base}
branches: [{slug: a, notification_email: nobody, bundesland: XX, business_hours: {monday: ["9-18"], montag: []}}]
phone_numbers: [{number: "4021", branch: b}]
services: [{slug: s, duration_minutes: 60, composite: true, segments: [{key: A, duration_min: 50}], event_types: [{staff: anna, id: 1}, {staff: anna, id: 1}]}]
`), "local")
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Config()
	if err == nil {
		t.Fatal("it was taken")
	}
	for _, want := range []string{"Salon Mitte", "name is missing", "key_in_plain_text", "Mars/Base", "nobody", "XX", "9-18", "montag", "4021", `no branch "b"`, `no staff "anna"`, "twice", "50 minutes"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing is said of %s", want)
		}
	}
}

func TestTheCompanysOwnWordsAreCheckedOnLoading(t *testing.T) {
	t.Parallel()
	const file = `
company: {slug: a, name: A, webhook_route_id: x, retell_api_keys: ["ssm:/a"], calcom_api_key: "ssm:/b", sms_sender: Salon}
branches: [{slug: mitte, name: Mitte}]
services: [{slug: cut, name: Cut, duration_minutes: 30}]
notifications: [{event: reminder, recipient: customer, channel: email, fallback_channel: sms, language: LANGUAGE, template: bald}]
notification_templates:
  - slug: bald
    subject: Bis {{reminder.day}}!
    text: |
      Hallo {{customer.name}},

      bis {{WHEN}}!
    sms: "Bis {{appointment.when}}!"
`
	load := func(language, when string) (*company.Config, error) {
		f, err := companyfile.Parse([]byte(strings.NewReplacer("LANGUAGE", language, "WHEN", when).Replace(file)), "local")
		if err != nil {
			t.Fatal(err)
		}
		return f.Config()
	}
	c, err := load("en", "appointment.when")
	if err != nil {
		t.Fatal(err)
	}
	rule := c.Company.Notifications[0]
	if tpl, ok := c.Company.Template(rule.Template); !ok || rule.Language != "en" || tpl.Text != "Hallo {{customer.name}},\n\nbis {{appointment.when}}!\n" || tpl.SMS == "" {
		t.Errorf("%+v, %+v", rule, tpl)
	}
	_, err = load("nl", "termin")
	for _, want := range []string{`not "nl"`, `"bald", for reminder: text: line 3, column 7: unknown_variable "termin"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("nothing is said of %s: %v", want, err)
		}
	}
}

func TestNotificationsAreChecked(t *testing.T) {
	t.Parallel()
	const head = `
company: {slug: a, name: A, webhook_route_id: x, retell_api_keys: ["ssm:/a"], calcom_api_key: "ssm:/b", sms_sender: %SENDER%, smtp: {host: mail.a.example, port: %PORT%, from: a@a.example, user: "ssm:/u", password: "ssm:/p"}}
branches: [{slug: mitte, name: Mitte}]
services: [{slug: cut, name: Cut, duration_minutes: 30}]
staff: [{slug: anna, name: Anna, branch: mitte}]
notifications:
`
	parse := func(sender, port, list string) error {
		f, err := companyfile.Parse([]byte(strings.NewReplacer("%SENDER%", sender, "%PORT%", port).Replace(head)+list), "local")
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Config()
		return err
	}
	if err := parse("Salon-1", "587", `
  - {event: reminder, recipient: customer, channel: sms, fallback_channel: email, retry_count: 1}
  - {event: reminder, recipient: customer, channel: sms, service: cut, disabled: true}
  - {event: callback_created, recipient: branch, channel: email, branch: mitte}
  - {event: confirmed, recipient: staff, channel: email, staff: anna}`); err != nil {
		t.Error(err)
	}
	err := parse("12345", "465", `
  - {event: booked, recipient: owner, channel: fax, fallback_channel: fax, retry_count: 4}
  - {event: confirmed, recipient: customer, channel: email, fallback_channel: email}
  - {event: confirmed, recipient: customer, channel: email}
  - {event: confirmed, recipient: customer, channel: email, service: perm}`)
	if err == nil {
		t.Fatal("it was taken")
	}
	for _, want := range []string{"12345", "465", `"booked"`, `"owner"`, `"fax"`, "retry_count", "the other one", "twice", `no service "perm"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing is said of %s: %v", want, err)
		}
	}
}

func TestANameNobodyKnowsIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := companyfile.Parse([]byte("company: {slug: a, sulg: b}"), "local"); err == nil || !strings.Contains(err.Error(), "sulg") {
		t.Errorf("got %v", err)
	}
}
