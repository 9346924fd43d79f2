package template_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/askpro/gateway/infra/local/template"
)

func read(t *testing.T) *template.System {
	t.Helper()
	s, err := template.Read("../../../template.yaml", template.Options{Stack: "askpro-local", Endpoint: "http://127.0.0.1:4566", Parameters: map[string]string{"Stage": "local"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheTemplateIsReadWhole(t *testing.T) {
	t.Parallel()
	s := read(t)
	if len(s.Functions) != 12 {
		t.Errorf("%d functions, wanted 12", len(s.Functions))
	}
	tools, ok := s.FunctionNamed("hook-retell-tools")
	if !ok {
		t.Fatal("hook-retell-tools is missing")
	}
	if tools.Env["TABLE_NAME"] != s.Table.Name || tools.Env["STAGE"] != "local" || tools.Env["GATEWAY"] != "on" {
		t.Errorf("environment %v", tools.Env)
	}
	if len(tools.Routes) != 2 || len(tools.Role.Documents) != 1 {
		t.Errorf("routes %v, %d documents", tools.Routes, len(tools.Role.Documents))
	}
	if tools.Timeout.Seconds() != 10 {
		t.Errorf("timeout %s", tools.Timeout)
	}
	if len(s.Sources) != 5 || len(s.Queues) != 9 || len(s.Rules) != 8 || !slices.Contains(s.MailSets["askpro-local-MailSet"], "bounce") || !slices.Equal(s.Scanned, []string{"attachments/"}) {
		t.Errorf("%d sources, %d queues, %d rules, mail sets %v, scanned %v", len(s.Sources), len(s.Queues), len(s.Rules), s.MailSets, s.Scanned)
	}
	if q, ok := s.QueueNamed("sync"); !ok || q.RedriveTo == "" || q.URL != "http://127.0.0.1:4566/000000000000/askpro-local-SyncQueue" {
		t.Errorf("sync queue %+v", q)
	}
	if _, ok := s.QueueNamed("sync-dead"); !ok {
		t.Error("sync-dead is missing")
	}
	if timers, _ := s.FunctionNamed("cron-timers"); len(timers.Schedules) != 1 || timers.Schedules[0].Every.Minutes() != 1 {
		t.Errorf("schedules %v", timers.Schedules)
	}
}

func TestWhatIsUnknownIsAnErrorThatNamesThePlace(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{
		"Bad.X":                    "Resources: {Bad: {Type: 'AWS::SQS::Queue', Properties: {X: {'Fn::Join': ['', []]}}}}",
		"Bad.Y":                    "Resources: {Bad: {Type: 'AWS::SQS::Queue', Properties: {Y: !GetAtt A.B}}}",
		"type AWS::Foo":            "Resources: {Bad: {Type: 'AWS::Foo', Properties: {}}}",
		"Ref to Nobody":            "Resources: {Bad: {Type: 'AWS::SQS::Queue', Properties: {Z: {Ref: Nobody}}}}",
		"parameter P has no value": "Parameters: {P: {Type: String}}",
	} {
		_, err := template.Parse([]byte(doc), template.Options{})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
