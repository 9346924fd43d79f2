package iam_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/askpro/gateway/infra/local/iam"
	"github.com/askpro/gateway/infra/local/template"
)

// need is an action that a function cannot do without.
type need struct {
	action, resource, key string // key: the leading key, for the table
}

// needs lists, per function, everything it does with its own role. A line of template.yaml that is taken away makes one of
// them fail, and a line that no need asks for is too much.
func needs(s *template.System) map[string][]need {
	queue := func(name string) string { q, _ := s.QueueNamed(name); return q.ARN }
	secret := func(kind string) need {
		return need{action: "ssm:GetParameters", resource: "arn:aws:ssm:eu-central-1:000000000000:parameter/askpro/local/" + kind + "/demo/x"}
	}
	route := need{"dynamodb:GetItem", s.Table.ARN, "DIRECTORY#ROUTE#demo"}
	number := need{"dynamodb:GetItem", s.Table.ARN, "DIRECTORY#NUMBER#+4930"}
	assume := func(role string) []need {
		arn := "arn:aws:iam::000000000000:role/askpro-local-" + role
		return []need{{action: "sts:AssumeRole", resource: arn}, {action: "sts:TagSession", resource: arn}}
	}
	send := func(name string) need { return need{action: "sqs:SendMessage", resource: queue(name)} }
	object := func(action, key string) need { return need{action: action, resource: s.Bucket.ARN + "/" + key} }
	consume := func(name string) []need {
		return []need{{action: "sqs:ReceiveMessage", resource: queue(name)}, {action: "sqs:DeleteMessage", resource: queue(name)}, {action: "sqs:GetQueueAttributes", resource: queue(name)}}
	}
	text := func(sender string) need {
		return need{action: "sms-voice:SendTextMessage", resource: "arn:aws:sms-voice:eu-central-1:000000000000:" + sender}
	}
	letter := func(resource string) need {
		return need{action: "ses:SendEmail", resource: "arn:aws:ses:eu-central-1:000000000000:" + resource}
	}
	stream := s.Table.ARN + "/stream/2026"
	return map[string][]need{
		"hook-retell-inbound": append([]need{route, number, secret("retell"), send("sync")}, assume("TenantReadRole")...),
		"hook-retell-events":  {route, number, secret("retell"), send("default"), object("s3:PutObject", "incoming/retell/1.json.gz")},
		"hook-retell-tools":   append([]need{route, number, secret("retell"), secret("calcom"), send("gateway")}, assume("TenantWriteRole")...),
		"hook-calcom":         {route, secret("calcom-webhook"), send("sync"), object("s3:PutObject", "incoming/calcom/1.json.gz")},
		"web-recording":       append([]need{secret("recording")}, assume("TenantWriteRole")...),
		"work-default":        append(append(consume("default"), secret("retell"), object("s3:GetObject", "incoming/retell/1.json.gz")), assume("TenantWriteRole")...),
		"work-notifications": append(append(consume("notifications"), send("notifications"), letter("identity/"+s.Mail), letter("configuration-set/askpro-local-MailSet"),
			text("sender-id/SalonMitte/DE"), text("phone-number/phone-0123"), secret("smtp"), secret("manage")), assume("TenantWriteRole")...),
		"work-sync": append(append(consume("sync"), send("sync"), send("notifications"), secret("calcom"), object("s3:GetObject", "incoming/calcom/1.json.gz")), assume("TenantWriteRole")...),
		"work-gateway": append(append(consume("gateway"), send("gateway"), letter("identity/"+s.Mail), letter("configuration-set/askpro-local-MailSet"),
			secret("webhook"), secret("smtp"), secret("seal"), secret("recording")), assume("TenantWriteRole")...),
		"stream-outbox": {
			{action: "dynamodb:GetRecords", resource: stream}, {action: "dynamodb:GetShardIterator", resource: stream}, {action: "dynamodb:DescribeStream", resource: stream}, {action: "dynamodb:ListStreams", resource: stream},
			{action: "events:PutEvents", resource: s.Bus.ARN}, send("events-dead"),
		},
		"cron-timers": {{"dynamodb:Query", s.Table.ARN + "/index/due", "DUE#3"}, send("sync"), send("notifications"), send("default"), send("gateway")},
		"cron-rounds": {{"dynamodb:Query", s.Table.ARN, "DIRECTORY#COMPANIES"}, send("sync"), send("default")},
	}
}

func allowed(documents []map[string]any, n need) bool {
	context := map[string][]string{}
	if n.key != "" {
		context["dynamodb:leadingkeys"] = []string{n.key}
	}
	return iam.Evaluate(documents, iam.Request{Action: n.action, Resource: n.resource, Context: context}).Allowed
}

// copied makes documents that can be changed.
func copied(t *testing.T, documents []map[string]any) []map[string]any {
	t.Helper()
	raw, err := json.Marshal(documents)
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func readTemplate(t *testing.T) *template.System {
	t.Helper()
	s, err := template.Read("../../../template.yaml", template.Options{Stack: "askpro-local", Endpoint: "http://127.0.0.1:4566", Parameters: map[string]string{"Stage": "local"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEveryFunctionMayDoWhatItMust(t *testing.T) {
	t.Parallel()
	s := readTemplate(t)
	all := needs(s)
	for _, f := range s.Functions {
		if all[f.Name] == nil {
			t.Errorf("the needs of %s are not listed", f.Name)
		}
		for _, n := range all[f.Name] {
			if !allowed(f.Role.Documents, n) {
				t.Errorf("%s may not %s on %s %s", f.Name, n.action, n.resource, n.key)
			}
		}
	}
}

// TestNoLineOfAPolicyIsSpare takes every statement, action, resource and leading key away in turn: each time some function
// could no longer do what it must.
func TestNoLineOfAPolicyIsSpare(t *testing.T) {
	t.Parallel()
	s := readTemplate(t)
	all := needs(s)
	for _, f := range s.Functions {
		spare := func(what string, documents []map[string]any) {
			if !slices.ContainsFunc(all[f.Name], func(n need) bool { return !allowed(documents, n) }) {
				t.Errorf("%s: nothing needs %s", f.Name, what)
			}
		}
		for i, d := range f.Role.Documents {
			for j, statement := range d["Statement"].([]any) {
				sid := fmt.Sprint(statement.(map[string]any)["Sid"])
				without := copied(t, f.Role.Documents)
				list := without[i]["Statement"].([]any)
				without[i]["Statement"] = append(list[:j:j], list[j+1:]...)
				spare("statement "+sid, without)
				for _, part := range []string{"Action", "Resource"} {
					lines, many := statement.(map[string]any)[part].([]any)
					for k := range lines {
						if !many || len(lines) < 2 {
							continue
						}
						without := copied(t, f.Role.Documents)
						at := without[i]["Statement"].([]any)[j].(map[string]any)
						list := at[part].([]any)
						at[part] = append(list[:k:k], list[k+1:]...)
						spare(fmt.Sprintf("%s %v of %s", part, lines[k], sid), without)
					}
				}
			}
		}
	}
}

func TestNoFunctionMayMore(t *testing.T) {
	t.Parallel()
	s := readTemplate(t)
	all := needs(s)
	for _, f := range s.Functions {
		for other, list := range all {
			for _, n := range list {
				if other == f.Name || slices.Contains(all[f.Name], n) {
					continue
				}
				if allowed(f.Role.Documents, n) {
					t.Errorf("%s may %s on %s, which only %s needs", f.Name, n.action, n.resource, other)
				}
			}
		}
		for _, n := range []need{{"dynamodb:GetItem", s.Table.ARN, "COMPANY#A"}, {"dynamodb:Scan", s.Table.ARN, ""}, {"dynamodb:Query", s.Table.ARN + "/index/list", "COMPANY#A#CALLS"}, {"dynamodb:PutItem", s.Table.ARN, "DIRECTORY#ROUTE#x"}} {
			if allowed(f.Role.Documents, n) {
				t.Errorf("%s may %s on %s %s", f.Name, n.action, n.resource, n.key)
			}
		}
	}
	for _, r := range s.Roles {
		if strings.HasPrefix(r.LogicalID, "Tenant") && allowed(r.Documents, need{"dynamodb:GetItem", s.Table.ARN, "COMPANY#A"}) {
			t.Errorf("%s reads without a company's tag", r.Name)
		}
	}
}
