package companyfile_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/companyfile"
	simulated "github.com/askpro/gateway/infra/simulate/calcom"
	"github.com/askpro/gateway/internal/calcom"
)

const perm = `
company: {slug: a, name: A, webhook_route_id: a, retell_api_keys: ["ssm:/k"], calcom_api_key: "ssm:/c", calcom_webhook_secrets: ["ssm:/s"]}
branches: [{slug: mitte}]
staff: [{slug: anna, name: Anna, branch: mitte}, {slug: mario, name: Mario, branch: mitte}]
services: [{slug: perm, name: Perm, duration_minutes: 70, composite: true, composite_mode: segments,
  segments: [{key: A, name: Wickeln, duration_min: 50, gap_after_min: 15}, {key: B, name: Fixieren, duration_min: 5}],
  event_types: [{staff: anna, segment: A, id: 1}, {staff: anna, segment: B, id: 2}, {staff: mario, segment: B, id: 3}]}]
`

type key struct{}

func (key) Get(context.Context, ...string) ([]string, error) { return []string{"cal_a"}, nil }

// checked compares a file with what Cal.com has of another.
func checked(t *testing.T, ours, theirs string) string {
	t.Helper()
	there := simulated.New(simulated.Options{})
	f, err := companyfile.Parse([]byte(theirs), "local")
	if err != nil {
		t.Fatal(err)
	}
	if err := there.AddCompany(f, map[string]string{"ssm:/c": "cal_a"}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(there.Handler())
	t.Cleanup(server.Close)
	if f, err = companyfile.Parse([]byte(ours), "local"); err != nil {
		t.Fatal(err)
	}
	c, err := f.Config()
	if err != nil {
		t.Fatal(err)
	}
	if err := companyfile.Check(t.Context(), c, &calcom.Client{Base: server.URL + "/v2", HTTP: server.Client(), Secrets: key{}, Now: time.Now}); err != nil {
		return err.Error()
	}
	return ""
}

func TestCheckComparesEachSegmentWithItsEventType(t *testing.T) {
	t.Parallel()
	longer := strings.NewReplacer("duration_min: 5}", "duration_min: 10}", "duration_minutes: 70", "duration_minutes: 75").Replace(perm)
	for name, tt := range map[string]struct{ ours, theirs, want string }{
		"the same":                        {perm, perm, ""},
		"a segment of another length":     {perm, longer, "service perm, segment B takes 5 minutes, its event type 2 in Cal.com 10"},
		"of all who do it":                {perm, longer, "its event type 3"},
		"a segment that is nobody's":      {strings.Replace(perm, "{staff: anna, segment: A, id: 1}, ", "", 1), perm, "service perm: nobody at mitte has an event type for the segment A"},
		"an event type that is not there": {perm, strings.Replace(perm, "id: 3", "id: 4", 1), "event type 3"},
	} {
		got := checked(t, tt.ours, tt.theirs)
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, wanted %q", name, got, tt.want)
		}
	}
}

func TestWhatIsWrongWithSegments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ old, wrong, want string }{
		{"key: B", "key: A", `segment key "A"`},
		{"key: B", `key: ""`, `segment key ""`},
		{"duration_min: 5}", "duration_min: 0}", "segment B takes 0 minutes"},
		{"gap_after_min: 15", "gap_after_min: -1", "with -1 after it"},
		{"duration_minutes: 70", "duration_minutes: 60", "take 70 minutes, its duration is 60"},
		{"composite: true, ", "", "needs composite"},
		{"segment: B, id: 3", "segment: C, id: 3", `segment "C"`},
		{"mode: segments", "mode: parts", `"parts"`},
	} {
		if !strings.Contains(perm, tt.old) {
			t.Fatal(tt.old)
		}
		f, err := companyfile.Parse([]byte(strings.Replace(perm, tt.old, tt.wrong, 1)), "local")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Config(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.wrong, err)
		}
	}
	f, _ := companyfile.Parse([]byte(perm), "local")
	if c, err := f.Config(); err != nil || !c.Services[0].InSegments() || len(c.Services[0].EventTypes) != 3 || c.Services[0].EventTypes[2].Segment != "B" {
		t.Errorf("%+v, %v", c, err)
	}
}
