package dispatch_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/preset"
	"github.com/askpro/gateway/internal/webhook"
)

func TestEveryOptionOfAWebhookReachesItsReceiver(t *testing.T) {
	t.Parallel()
	key := []byte(strings.Repeat("a", 32))
	secret, err := webhook.ParseSecret("whsec_" + base64.StdEncoding.EncodeToString(key))
	if err != nil {
		t.Fatal(err)
	}
	jira := map[string]string{"project_key": "IT"}
	for _, tt := range []struct {
		name   string
		change func(o *output.Output)
		answer string
		state  delivery.State
		header map[string]string
		body   []string
	}{
		{"headers of its own", func(o *output.Output) { o.Hook.Headers = []webhook.Header{{Name: "X-Team", Value: "IT"}} }, "", delivery.Sent, map[string]string{"X-Team": "IT", "Authorization": ""}, nil},
		{"basic", func(o *output.Output) {
			o.Hook.Auth = output.Auth{Type: webhook.AuthBasic, User: "askpro", PasswordRef: "ssm:/p"}
		}, "", delivery.Sent, map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("askpro:geheim"))}, nil},
		{"api key", func(o *output.Output) {
			o.Hook.Auth = output.Auth{Type: webhook.AuthAPIKey, Header: "X-Token", TokenRef: "ssm:/p"}
		}, "", delivery.Sent, map[string]string{"X-Token": "geheim"}, nil},
		{"hmac without a secret", func(o *output.Output) { o.Hook.Auth.Type = webhook.AuthHMAC }, "", delivery.Dead, nil, nil},
		{"a header that is ours", func(o *output.Output) { o.Hook.Headers = []webhook.Header{{Name: "Webhook-Id", Value: "x"}} }, "", delivery.Dead, nil, nil},
		{"no look at the answer", func(o *output.Output) { o.Hook.Semantic = false }, `{"success":false}`, delivery.Sent, nil, nil},
		{"a look at the answer", func(*output.Output) {}, `{"errors":["x"]}`, delivery.Dead, nil, nil},
		{"no transcript", func(o *output.Output) { o.Hook.Transcript = false }, "", delivery.Sent, nil, []string{"!segments"}},
		{"a payload of its own", func(o *output.Output) { o.Hook.Payload = `{"wer":"{{transcript.text}}","rang":"{{event.sequence}}"}` }, "", delivery.Sent, nil, []string{"Anrufer: Der Drucker", `"rang":1`}},
		{"in English", func(o *output.Output) {
			o.Language, o.Hook.Payload = "en", `{"who":"{{transcript.text}}"}`
		}, "", delivery.Sent, nil, []string{"Caller: Der Drucker"}},
		{"Jira with its variables and maps", func(o *output.Output) {
			o.Hook.Preset, o.Hook.Vars, o.Hook.Maps = "jira-cloud", jira, map[string]map[string]string{"priority": {"normal": "Mittel"}}
		}, "", delivery.Sent, nil, []string{`"Bug"`, `"Mittel"`, `"IT"`}},
		{"a preset of the company's own", func(o *output.Output) {
			o.Hook.Preset, o.Hook.Vars = "erp", map[string]string{"mandant": "7"}
			o.Hook.Own = &preset.Preset{
				Slug: "erp", Format: preset.JSON, ReferencePath: "nr", Variables: []preset.Variable{{Name: "mandant", Required: true}}, Headers: []webhook.Header{{Name: "X-Mandant", Value: "{{var.mandant}}"}},
				Payload: json.RawMessage(`{"mandant":"{{var.mandant}}","rang":"{{event.sequence}}"}`),
			}
		}, "", delivery.Sent, map[string]string{"X-Mandant": "7"}, []string{`{"mandant":"7","rang":1}`}},
		{"one that the output has no copy of", func(o *output.Output) { o.Hook.Preset, o.Hook.Own = "erp", &preset.Preset{Slug: "crm"} }, "", delivery.Dead, nil, nil},
		{"ServiceNow with another kind of contact", func(o *output.Output) {
			o.Hook.Preset, o.Hook.ContactType = "servicenow-incident", "monitoring"
		}, "", delivery.Sent, nil, []string{`"contact_type":"monitoring"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, r := receives(t, status(200, tt.answer))
			o := hooks(r.URL)
			tt.change(&o)
			w.save(o)
			w.secrets["ssm:/p"] = "geheim"
			w.callable()
			w.enrich()
			w.created()
			w.run(t, noon.Add(time.Hour))
			d := one(t, w.of(delivery.Webhook))
			if d.State != tt.state {
				t.Fatalf("%s %s", d.State, d.LastErrorClass)
			}
			for _, g := range r.all() {
				for name, want := range tt.header {
					if got := g.header.Get(name); got != want {
						t.Errorf("%s: %s", name, got)
					}
				}
				for _, want := range tt.body {
					if has := strings.Contains(g.body, strings.TrimPrefix(want, "!")); has == strings.HasPrefix(want, "!") {
						t.Errorf("%s: %s", want, g.body)
					}
				}
			}
		})
	}
	t.Run("the old signature", func(t *testing.T) {
		t.Parallel()
		w, r := receives(t, status(200, ""))
		o := hooks(r.URL)
		o.Hook.SigningRef, o.Hook.Legacy = "ssm:/x", true
		w.save(o)
		w.rings["out"] = webhook.Ring{Current: secret}
		w.created()
		w.run(t, noon.Add(time.Hour))
		g := r.all()[0]
		match := false
		for _, k := range [][]byte{key, []byte(secret.Reveal())} { // the receiver knows the secret as text or as bytes
			mac := hmac.New(sha256.New, k)
			mac.Write([]byte(g.body))
			match = match || g.header.Get("X-Signature") == hex.EncodeToString(mac.Sum(nil))
		}
		if !match {
			t.Errorf("X-Signature %q", g.header.Get("X-Signature"))
		}
	})
	t.Run("how often it is tried", func(t *testing.T) {
		t.Parallel()
		for profile, want := range map[delivery.Profile]int{delivery.Never: 1, delivery.Fast: 4, delivery.Long: 8} {
			w, r := receives(t, status(503, ""))
			o := hooks(r.URL)
			o.Retry = profile
			w.save(o)
			w.created()
			w.run(t, noon.Add(30*time.Hour))
			if len(r.all()) != want {
				t.Errorf("%s: %d requests", profile, len(r.all()))
			}
		}
	})
}

func TestAUseOfASecretIsNotedWhereOneSignedAndIsNeverInTheWay(t *testing.T) {
	t.Parallel()
	for _, signs := range []bool{true, false} {
		w, r := receives(t, status(200, ""))
		w.unnoted = errDown
		o := hooks(r.URL)
		if signs {
			secret, err := webhook.NewSecret(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			o.Hook.SigningRef, w.rings["out"] = "ssm:/x", webhook.Ring{Current: secret}
		}
		w.save(o)
		w.created()
		w.run(t, noon.Add(time.Hour))
		if _, err := w.Test(t.Context(), us, "out"); err != nil { // a trial is signed as well
			t.Fatal(err)
		}
		want := map[bool]int{true: 2}[signs]
		if d := one(t, w.of(delivery.Webhook)); d.State != delivery.Sent || len(r.all()) != 2 || len(w.used) != want || len(w.failed) != want {
			t.Errorf("signed: %t; %s, %d requests, noted %v, aside %v", signs, d.State, len(r.all()), w.used, w.failed)
		}
	}
}
