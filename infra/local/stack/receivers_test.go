package stack

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/endpoint"
	"github.com/askpro/gateway/infra/local/template"
	"github.com/askpro/gateway/infra/operator"
	"github.com/askpro/gateway/infra/simulate/inbox"
	"github.com/askpro/gateway/internal/target"
)

func TestFunctionsMayCallTheInboxAndTheTelephoneAndNothingElseHere(t *testing.T) {
	t.Parallel()
	ports := operator.Ports{FrontDoor: 3000, Partners: 3001, Inbox: 3002, AWS: 4566, Emulator: 4567}
	at := operator.Local(ports)
	system, err := template.Read(filepath.Join("../../..", "template.yaml"), template.Options{Stack: at.Name, Endpoint: at.Env.Base, Parameters: map[string]string{"Stage": "local"}})
	if err != nil {
		t.Fatal(err)
	}
	front, err := endpoint.New(endpoint.Options{System: system, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	s := &Stack{Options: Options{Ports: ports}, operator: at, Endpoint: front}
	f, ok := system.FunctionNamed("work-gateway")
	if !ok {
		t.Fatal("work-gateway is missing")
	}
	environment := map[string]string{}
	for _, pair := range s.environment(f, "1") {
		name, value, _ := strings.Cut(pair, "=")
		environment[name] = value
	}
	rules := target.Rules{}.Locally(func(name string) string { return environment[name] })
	for url, may := range map[string]bool{
		at.Inbox + "/webhooks/edv": true, at.Inbox + "/events/edv": true, "https://hooks.example.org/askpro": true,
		at.Retell + "/recordings/call_1.wav": true, at.API + "/webhooks/edv": false, at.Env.Base + "/_local/data": false,
		"http://127.0.0.1:4567/": false, "http://localhost:3002/webhooks/edv": false,
	} {
		if _, err := rules.Parse(url); (err == nil) != may {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestACompanysToolsKnowItsWebhooksSecrets(t *testing.T) {
	t.Parallel()
	got := receivers(map[string]string{
		"ssm:/askpro/local/webhook/edv/secret":           "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"ssm:/askpro/local/webhook/edv/password":         "geheim",
		"ssm:/askpro/local/calcom-webhook/edv/secret":    "whsec_edv_calcom",
		"ssm:/askpro/local/webhook/demo/endpoint/events": "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	})
	slices.SortFunc(got, func(a, b inbox.Secret) int { return cmp.Compare(a.Path, b.Path) })
	want := []inbox.Secret{
		{Path: "/events/demo", Secret: "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, {Path: "/events/edv", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
		{Path: "/webhooks/demo", Secret: "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, {Path: "/webhooks/edv", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}
