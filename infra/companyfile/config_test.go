package companyfile_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/askpro/gateway/infra/companyfile"
)

func TestTheDemoCompaniesAreValid(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"demo", "kanzlei"} {
		f, err := companyfile.Read(filepath.Join("../../testdata/companies", name+".yaml"), "local")
		if err != nil {
			t.Fatal(err)
		}
		c, err := f.Config()
		if err != nil {
			t.Fatal(err)
		}
		if c.Company.CalcomAPIKey != "ssm:/askpro/local/calcom/"+name+"/api-key" {
			t.Errorf("key reference %s", c.Company.CalcomAPIKey)
		}
		if len(c.Branches) != 1 || len(c.Numbers) != 1 || len(c.Services) < 2 {
			t.Errorf("%s: %d branches, %d numbers, %d services", name, len(c.Branches), len(c.Numbers), len(c.Services))
		}
	}
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

func TestANameNobodyKnowsIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := companyfile.Parse([]byte("company: {slug: a, sulg: b}"), "local"); err == nil || !strings.Contains(err.Error(), "sulg") {
		t.Errorf("got %v", err)
	}
}
