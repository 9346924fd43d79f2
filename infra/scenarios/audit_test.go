package scenarios_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/store"
)

// Service desk §2.1, §12, §14.4, §10.4.5, §18: each save of a configuration is in the company's trail and is told; a save that
// changes nothing is in neither; what was refused is in the trail; at night a trail is followed, and a broken one wakes
// somebody.
func TestASavedConfigurationIsInTheTrailAndTheTrailIsFollowedAtNight(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	s.SetClock(t, "2026-11-25T01:00:00Z", false)
	c := s.NewCompany(t, itDesk("service_desk"))
	lines := trail(t, c)
	for _, kind := range []string{"company", "branch", "staff", "service", "phone_number", "gateway", "priority_matrix", "category", "group", "sla_settings", "output"} {
		if !slices.ContainsFunc(lines, func(e audit.Entry) bool {
			return e.Object.Kind == kind && e.Action == audit.Created && e.Actor.Kind == "operator"
		}) {
			t.Errorf("nothing tells of a new %s", kind)
		}
	}
	all, err := json.Marshal(lines)
	if err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{"ssm:/", c.Key, c.Secret, "cal_" + c.Slug} {
		if strings.Contains(string(all), hidden) {
			t.Errorf("the trail holds %q", hidden)
		}
	}
	told, err := c.Store().ConfigEvents(t.Context(), c.ID)
	if err != nil || len(told) != len(lines) {
		t.Errorf("%d lines, %d facts, %v", len(lines), len(told), err)
	}

	load := func(old, new string) {
		t.Helper()
		c.Edit = func(file string) string {
			if !strings.Contains(file, old) {
				t.Fatalf("the file has no %q", old)
			}
			return strings.ReplaceAll(file, old, new)
		}
		c.Load(t, c.Ref("webhook"), nil)
	}
	load("name: Postfach", "name: Postfach") // the same again
	if again := trail(t, c); len(again) != len(lines) {
		t.Errorf("a save that changed nothing left %+v", again[len(lines):])
	}
	load("service@desk.example", "neu@desk.example")
	changed := trail(t, c)
	if n := len(changed) - len(lines); n != 1 {
		t.Fatalf("%d lines of one changed output", n)
	}
	if e := changed[0]; e.Object.Kind != "output" || e.Object.Name != "box" || !slices.Contains(e.Changes, audit.Change{Field: "mail.email_recipients", Before: `["service@desk.example"]`, After: `["neu@desk.example"]`}) {
		t.Errorf("%+v", e)
	}
	told, err = c.Store().ConfigEvents(t.Context(), c.ID)
	if err != nil || len(told) != len(changed) || told[len(told)-1].Name != (event.ConfigChanged{}).Name() || strings.Contains(told[len(told)-1].Detail, "desk.example") {
		t.Errorf("%d facts, %v", len(told), err)
	}
	s.Idle(t) // they leave by the outbox
	c.Edit = func(file string) string {
		return strings.Replace(file, "output_type: email,", `output_type: hybrid, webhook: {url: "https://169.254.169.254/latest", signing_secret: "ssm:/x"},`, 1)
	}
	c.Refused(t)
	refused := trail(t, c)
	if e := refused[0]; len(refused) != len(changed)+1 || e.Action != audit.Refused || !strings.HasPrefix(e.Reason, "outputs.box.hook.url: blocked_address") || strings.Contains(e.Reason, "169.254") {
		t.Errorf("%d lines, the newest %+v", len(refused), e)
	}

	night := func() {
		t.Helper()
		var out any
		s.Do(t, http.MethodPost, s.Local("invoke/cron-rounds"), nil, map[string]string{"detail-type": "Scheduled Event"}, &out)
		s.Idle(t)
	}
	night() // at 02:00
	if n := followed(t, c); n != 0 {
		t.Errorf("followed %d times before it was 03:00", n)
	}
	s.SetClock(t, "2026-11-25T02:05:00Z", false)
	night()
	if n := followed(t, c); n == 0 || alarmed(t, c, "work-default", audit.AlarmBroken) != 0 {
		t.Errorf("followed %d times", n)
	}
	table := dynamodb.New(dynamodb.Options{Region: s.Env.Region, Credentials: s.Env.Credentials, BaseEndpoint: aws.String(s.Env.Base)})
	_, err = table.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: aws.String(s.Table), Key: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: store.AuditCollection(c.ID)}, "sk": &types.AttributeValueMemberS{Value: "ENTRY#000000000001"},
		},
		UpdateExpression: aws.String("SET request_id = :other"), ExpressionAttributeValues: map[string]types.AttributeValue{":other": &types.AttributeValueMemberS{Value: "other"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	night()
	if n := alarmed(t, c, "work-default", audit.AlarmBroken); n == 0 {
		t.Error("a broken trail woke nobody")
	}
}

// trail is a company's, the newest line first; it holds.
func trail(t *testing.T, c *stacktest.Company) (lines []audit.Entry) {
	t.Helper()
	if _, err := audit.Verify(t.Context(), c.Store(), c.ID); err != nil {
		t.Fatal(err)
	}
	for upTo := int64(0); ; {
		page, err := c.Store().AuditTrail(t.Context(), c.ID, upTo, 100)
		if err != nil {
			t.Fatal(err)
		}
		if lines = append(lines, page...); len(page) == 0 || page[len(page)-1].Seq == 1 {
			return lines
		}
		upTo = page[len(page)-1].Seq - 1
	}
}

// followed counts how often the company's trail was followed and held.
func followed(t *testing.T, c *stacktest.Company) (n int) {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(c.Logs, "work-default.log"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, `"msg":"audit trail"`) && strings.Contains(line, c.ID.String()) {
			n++
		}
	}
	return n
}
