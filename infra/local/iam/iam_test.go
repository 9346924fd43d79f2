package iam_test

import (
	"encoding/json"
	"testing"

	"github.com/askpro/gateway/infra/local/iam"
)

const tenant = `{"Statement": [{"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": ["arn:t", "arn:t/index/list"],
  "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["COMPANY#${aws:PrincipalTag/company}", "COMPANY#${aws:PrincipalTag/company}#*"]},
                "Null": {"dynamodb:LeadingKeys": "false"}}}]}`

func document(t *testing.T, s string) []map[string]any {
	t.Helper()
	var d map[string]any
	if err := json.Unmarshal([]byte(s), &d); err != nil {
		t.Fatal(err)
	}
	return []map[string]any{d}
}

func TestATenantSessionReachesItsOwnKeysOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		action   string
		resource string
		keys     []string
		company  []string
		want     bool
	}{
		{"its own configuration", "dynamodb:GetItem", "arn:t", []string{"COMPANY#A"}, []string{"A"}, true},
		{"its own collection", "dynamodb:Query", "arn:t/index/list", []string{"COMPANY#A#CALLS"}, []string{"A"}, true},
		{"another's", "dynamodb:GetItem", "arn:t", []string{"COMPANY#B"}, []string{"A"}, false},
		{"one whose id begins the same", "dynamodb:GetItem", "arn:t", []string{"COMPANY#AB"}, []string{"A"}, false},
		{"its own and another's together", "dynamodb:GetItem", "arn:t", []string{"COMPANY#A", "COMPANY#B"}, []string{"A"}, false},
		{"no key at all", "dynamodb:Query", "arn:t", nil, []string{"A"}, false},
		{"an empty set of keys", "dynamodb:Query", "arn:t", []string{}, []string{"A"}, false},
		{"no tag", "dynamodb:GetItem", "arn:t", []string{"COMPANY#A"}, nil, false},
		{"an empty tag", "dynamodb:GetItem", "arn:t", []string{"COMPANY#"}, []string{""}, false},
		{"a tag with a wildcard", "dynamodb:GetItem", "arn:t", []string{"COMPANY#B"}, []string{"*"}, false},
		{"an action that is not listed", "dynamodb:Scan", "arn:t", []string{"COMPANY#A"}, []string{"A"}, false},
		{"another index", "dynamodb:Query", "arn:t/index/due", []string{"COMPANY#A"}, []string{"A"}, false},
	} {
		context := map[string][]string{}
		if tt.keys != nil {
			context["dynamodb:leadingkeys"] = tt.keys
		}
		if tt.company != nil {
			context["aws:principaltag/company"] = tt.company
		}
		got := iam.Evaluate(document(t, tenant), iam.Request{Action: tt.action, Resource: tt.resource, Context: context})
		if got.Allowed != tt.want {
			t.Errorf("%s: allowed %t (%s)", tt.name, got.Allowed, got.Reason)
		}
	}
}

func TestADenyWins(t *testing.T) {
	t.Parallel()
	d := document(t, `{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}]}`)
	if !iam.Evaluate(d, iam.Request{Action: "s3:GetObject", Resource: "x"}).Allowed || iam.Evaluate(d, iam.Request{Action: "s3:DeleteObject", Resource: "x"}).Allowed {
		t.Error("a deny does not win, or denies too much")
	}
}

func TestWhatIsUnknownDenies(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		`{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"NumericLessThan": {"a": "1"}}}]}`,
		`{"Statement": [{"Effect": "Allow", "NotAction": "x", "Resource": "*"}]}`,
		`{}`,
	} {
		if got := iam.Evaluate(document(t, s), iam.Request{Action: "a:b", Resource: "c", Context: map[string][]string{"a": {"0"}}}); got.Allowed || got.Reason == "" {
			t.Errorf("%s: %+v", s, got)
		}
	}
}
