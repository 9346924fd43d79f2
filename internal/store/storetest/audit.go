package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
)

// anna saves configurations.
var anna = audit.By{Actor: event.Actor{Kind: "operator", ID: "anna"}, RequestID: "request-1"}

// auditCases are what a store promises of the trail.
var auditCases = []testCase{
	{"a company to whom nothing happened has no trail", func(x *try) {
		x.trailed()
	}},
	{"a line is written with what it tells of, or not at all", func(x *try) {
		heard := audit.Entry{By: audit.By{Actor: event.Actor{Kind: "token"}, IP: "198.51.100.7"}, Action: audit.PlayedRecording, Object: audit.Object{Kind: "case", ID: "c1"}, At: x.now}
		x.commit(&ledger.Step{Card: &customer.Card{Key: "+49", Name: "Erika"}, Audit: []audit.Entry{heard}})
		x.refuses(&ledger.Step{Card: &customer.Card{Key: "+49", Name: "Berta", Version: 7}, Audit: []audit.Entry{heard}}, "card")
		heard.Object.ID = "c2"
		x.commit(&ledger.Step{Audit: []audit.Entry{heard, heard}})
		x.trailed("recording.played case c2", "recording.played case c2", "recording.played case c1")
		first, err := x.AuditTrail(x.Context(), x.t, 1, 10)
		x.ok(err)
		heard.Object.ID = "c1"
		want, _ := audit.Head{}.Append([]audit.Entry{heard})
		x.same(first, want)
		next, err := x.AuditTrail(x.Context(), x.t, 2, 1)
		x.ok(err)
		if len(next) != 1 || next[0].Seq != 2 || next[0].Prev != want[0].Hash {
			x.Errorf("a page of one: %+v", next)
		}
	}},
	{"many who write at once lose no line", func(x *try) {
		const writers = 5
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				line := audit.Entry{By: anna, Action: audit.Replayed, Object: audit.Object{Kind: "case", ID: fmt.Sprint(i)}, At: x.now}
				if err := x.Commit(x.Context(), x.t, &ledger.Step{Audit: []audit.Entry{line}}); err != nil {
					x.Error(err)
				}
			})
		}
		all.Wait()
		head, err := audit.Verify(x.Context(), x, x.t)
		if err != nil || head.Seq != writers {
			x.Errorf("%d lines, %v", head.Seq, err)
		}
	}},
	{"a save tells of every object that is different, with its fields, and of nothing else", func(x *try) {
		c := office()
		x.ok(x.SaveDesk(x.Context(), x.t, c, anna))
		x.trailed("config.created sla_settings ", "config.created escalation_rule Liegt", "config.created preset erp", "config.created sla_policy Standard", "config.created output tickets", "config.created priority_matrix ",
			"config.created group first", "config.created gateway ", "config.created custom_fields ", "config.created webhook_endpoint crm", "config.created category vpn", "config.created category netz")
		x.ok(x.SaveDesk(x.Context(), x.t, office(), anna)) // the same once more
		if got := x.desk().Version; got != 1 {
			x.Errorf("version %d after a save that changed nothing", got)
		}
		c = office()
		c.Gateway.Prefix, c.Gateway.AlertSlack = "NEU", "https://hooks.slack.com/services/T1/B1/geheim"
		c.Outputs[0].Mail.To, c.Outputs[0].Hook.SigningRef = []string{"neu@edv.example"}, "ssm:/other"
		c.Categories, c.Rules = c.Categories[:1], nil
		x.ok(x.SaveDesk(x.Context(), x.t, c, anna))
		lines := x.trailed("config.removed escalation_rule Liegt", "config.changed output tickets", "config.changed gateway ", "config.removed category vpn")
		x.same(lines[1].Changes[0], audit.Change{Field: "hook.signing_secret_ref", Before: audit.Hidden, After: audit.Hidden})
		x.same(lines[1].Changes[1], audit.Change{Field: "mail.email_recipients", Before: `["a@edv.example"]`, After: `["neu@edv.example"]`})
		x.same(lines[2].Changes, []audit.Change{{Field: "alert_slack_url", Before: "https://hooks.example.com/", After: "https://hooks.slack.com/services/…/…/…"},
			{Field: "case_number_prefix", Before: "EDV", After: "NEU"}})
		if e := lines[2]; e.Actor != anna.Actor || e.RequestID != "request-1" || e.Object.ID != x.t.String() || !e.At.Equal(x.now) {
			x.Errorf("%+v", e)
		}
		told, err := x.ConfigEvents(x.Context(), x.t)
		x.ok(err)
		var facts []string
		for _, r := range told {
			var e event.ConfigChanged
			x.ok(json.Unmarshal([]byte(r.Detail), &e))
			if e.Sequence == 2 {
				facts = append(facts, e.Kind+" "+strings.Join(e.Fields, ","))
			}
			if r.Name != e.Name() || strings.Contains(r.Detail, "edv.example") || strings.Contains(r.Detail, "NEU") {
				x.Errorf("%s tells a value: %s", r.Name, r.Detail)
			}
		}
		slices.Sort(facts)
		if len(told) != 16 || len(facts) != 4 || facts[2] != "gateway alert_slack_url,case_number_prefix" {
			x.Errorf("%d facts, of the second save %q", len(told), facts)
		}
	}},
	{"of several who save at once each is saved over what another left", func(x *try) {
		x.ok(x.SaveDesk(x.Context(), x.t, office(), anna))
		var all sync.WaitGroup
		for _, prefix := range []string{"EINS", "ZWEI", "DREI"} {
			all.Go(func() {
				c := office()
				c.Gateway.Prefix = prefix
				if err := x.SaveDesk(x.Context(), x.t, c, anna); err != nil {
					x.Error(err)
				}
			})
		}
		all.Wait()
		lines := x.trailed("config.changed gateway ", "config.changed gateway ", "config.changed gateway ")
		for i, e := range lines[:2] {
			if e.Changes[0].Before != lines[i+1].Changes[0].After {
				x.Errorf("%s was saved over %s, not over %s", e.Changes[0].After, e.Changes[0].Before, lines[i+1].Changes[0].After)
			}
		}
		if c := x.desk(); c.Version != 4 || c.Gateway.Prefix != lines[0].Changes[0].After {
			x.Errorf("version %d, %s", c.Version, c.Gateway.Prefix)
		}
	}},
	{"what we change of an output ourselves is told as what a person saves", func(x *try) {
		c := office()
		x.ok(x.SaveDesk(x.Context(), x.t, c, anna))
		off := c.Outputs[0]
		off.Disabled = delivery.DisabledGone
		x.ok(x.ReviseOutput(x.Context(), x.t, off))
		e := x.trailed("config.changed output tickets")[0]
		if e.Actor.Kind != "system" || e.Changes[0] != (audit.Change{Field: "disabled_reason", After: string(delivery.DisabledGone)}) {
			x.Errorf("%+v", e)
		}
	}},
	{"a save that is too large for one transaction is saved whole, with a line for each object", func(x *try) {
		c := office()
		for i := range 90 {
			k := c.Categories[1]
			k.ID, k.Slug = fmt.Sprintf("k%02d", i), fmt.Sprintf("k-%02d", i)
			c.Categories = append(c.Categories, k)
		}
		x.ok(x.SaveDesk(x.Context(), x.t, c, anna))
		head, err := audit.Verify(x.Context(), x, x.t)
		if err != nil || head.Seq != 102 || c.Version != 1 {
			x.Errorf("%d lines, version %d, %v", head.Seq, c.Version, err)
		}
		x.same(len(x.desk().Categories), 92)
	}},
}

// trailed insists on the newest lines, the newest first; of none if there shall be none at all. The chain holds.
func (x *try) trailed(want ...string) []audit.Entry {
	x.Helper()
	lines, err := x.AuditTrail(x.Context(), x.t, 0, max(len(want), 1))
	x.ok(err)
	var got []string
	for _, e := range lines {
		name := e.Object.Name
		if e.Object.Kind == "case" {
			name = e.Object.ID
		}
		got = append(got, string(e.Action)+" "+e.Object.Kind+" "+name)
	}
	if !slices.Equal(got, want) {
		x.Errorf("the newest lines are %q, wanted %q", got, want)
		x.FailNow()
	}
	if _, err := audit.Verify(x.Context(), x, x.t); err != nil {
		x.Error(err)
	}
	return lines
}
