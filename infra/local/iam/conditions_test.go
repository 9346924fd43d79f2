package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/askpro/gateway/infra/local/iam"
)

// judge evaluates statements for x:Do on arn:aws:x:r:1:thing.
func judge(t *testing.T, statements string, context map[string][]string) iam.Decision {
	t.Helper()
	return iam.Evaluate(document(t, `{"Statement": [`+statements+`]}`), iam.Request{Action: "x:Do", Resource: "arn:aws:x:r:1:thing", Context: context})
}

// with is a statement with one condition.
func with(effect, operator, key, want string) string {
	return fmt.Sprintf(`{"Effect": %q, "Action": "x:*", "Resource": "*", "Condition": {%q: {%q: %s}}}`, effect, operator, key, want)
}

func TestAConditionHoldsAsTheUserGuideSays(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::1:role/askpro-One"
	for _, tt := range []struct {
		operator, want string
		got            []string // nil: the key is not part of the request
		holds          bool
	}{
		{"StringEquals", `"a"`, []string{"a"}, true},
		{"StringEquals", `["b", "a"]`, []string{"a"}, true},
		{"StringEquals", `"a*"`, []string{"ab"}, false},
		{"StringEquals", `"a"`, nil, false},
		{"StringEqualsIfExists", `"a"`, nil, true},
		{"StringEqualsIfExists", `"a"`, []string{"b"}, false},
		{"StringNotEquals", `"a"`, []string{"b"}, true},
		{"StringNotEquals", `["a", "b"]`, []string{"b"}, false},
		{"StringNotEquals", `"a"`, nil, true}, // a negation holds without the key
		{"StringLike", `"a?c*"`, []string{"abcde"}, true},
		{"StringLike", `"a?c"`, []string{"ac"}, false},
		{"StringNotLike", `"a*"`, []string{"b"}, true},
		{"StringNotLike", `"a*"`, []string{"ab"}, false},
		{"ArnLike", `"arn:aws:iam::1:role/askpro-*"`, []string{role}, true},
		{"ArnLike", `"arn:aws:iam::2:role/askpro-*"`, []string{role}, false},
		{"ArnLike", `"arn:aws:*:role/askpro-One"`, []string{role}, false}, // a wildcard stays within its part
		{"Bool", `"true"`, []string{"true"}, true},
		{"Bool", `false`, []string{"false"}, true},
		{"Bool", `"true"`, []string{"false"}, false},
		{"Null", `"true"`, nil, true},
		{"Null", `"true"`, []string{}, true},
		{"Null", `"true"`, []string{"a"}, false},
		{"Null", `"false"`, []string{"a"}, true},
		{"ForAllValues:StringLike", `["a", "a#*"]`, []string{"a", "a#b"}, true},
		{"ForAllValues:StringLike", `["a", "a#*"]`, []string{"a", "ab"}, false},
		{"ForAllValues:StringLike", `["a", "a#*"]`, []string{}, true}, // why Null stands beside it
		{"ForAllValues:StringLike", `["a", "a#*"]`, nil, true},
		{"ForAnyValue:StringLike", `"a*"`, []string{"b", "ab"}, true},
		{"ForAnyValue:StringLike", `"a*"`, []string{}, false},
		{"ForAnyValue:StringLike", `"a*"`, nil, false},
	} {
		context := map[string][]string{}
		if tt.got != nil {
			context["x:key"] = tt.got
		}
		if got := judge(t, with("Allow", tt.operator, "x:Key", tt.want), context); got.Allowed != tt.holds {
			t.Errorf("%s %s of %q: holds %t (%s)", tt.operator, tt.want, tt.got, got.Allowed, got.Reason)
		}
	}
}

func TestADenyWithANegationHoldsWithoutTheKey(t *testing.T) {
	t.Parallel()
	everything := `{"Effect": "Allow", "Action": "*", "Resource": "*"}, `
	if got := judge(t, everything+with("Deny", "StringNotEquals", "x:Key", `"ours"`), nil); got.Allowed {
		t.Error("the deny was passed by leaving the key out")
	}
}

func TestAnUnknownOperatorDeniesWhateverStandsBesideIt(t *testing.T) {
	t.Parallel()
	for range 20 { // maps have no order
		got := judge(t, `{"Effect": "Allow", "Action": "*", "Resource": "*"},
			{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"x:key": "other"}, "IpAddress": {"aws:sourceip": "10.0.0.0/8"}}}`,
			map[string][]string{"x:key": {"a"}})
		if got.Allowed || !strings.Contains(got.Reason, "IpAddress") {
			t.Fatalf("%+v", got)
		}
	}
}

func TestAResourcesWildcardStaysWithinItsPart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, resource string
		fits              bool
	}{
		{"*", "arn:aws:x:r:1:thing", true},
		{"arn:aws:x:*", "arn:aws:x:r:1:thing", true}, // missing parts are wildcards
		{"arn:aws:x:*:*:thing/*", "arn:aws:x:r:1:thing/a/b:c", true},
		{"arn:aws:x:*:thing", "arn:aws:x:r:1:thing", false},
		{"arn:aws:x:r:1:thing", "arn:aws:x:r:1:thingy", false},
		{"arn:aws:x:r:1:thin?", "arn:aws:x:r:1:thing", true},
	} {
		d := document(t, `{"Statement": {"Effect": "Allow", "Action": "X:do", "Resource": "`+tt.pattern+`"}}`)
		if got := iam.Evaluate(d, iam.Request{Action: "x:Do", Resource: tt.resource}); got.Allowed != tt.fits {
			t.Errorf("%s against %s: %t", tt.pattern, tt.resource, got.Allowed)
		}
	}
}

func TestARoleTrustsWhomItsDocumentNames(t *testing.T) {
	t.Parallel()
	const root = "arn:aws:iam::1:root"
	allow := `{"Effect": "Allow", "Principal": {"AWS": "` + root + `"}, "Action": ["sts:AssumeRole", "sts:TagSession"],
		"Condition": {"StringLike": {"aws:RequestTag/company": "?*"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["company"]}}}`
	for _, tt := range []struct {
		name, statements, action string
		tags                     map[string]string
		want                     bool
	}{
		{"with the tag company", allow, "sts:AssumeRole", map[string]string{"company": "A"}, true},
		{"without a tag", allow, "sts:AssumeRole", nil, false},
		{"with an empty tag", allow, "sts:AssumeRole", map[string]string{"company": ""}, false},
		{"with one tag more", allow, "sts:AssumeRole", map[string]string{"company": "A", "role": "admin"}, false},
		{"another action", allow, "sts:SetSourceIdentity", map[string]string{"company": "A"}, false},
		{"another account", strings.Replace(allow, "::1:", "::2:", 1), "sts:AssumeRole", map[string]string{"company": "A"}, false},
		{"denied to all", allow + `, {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}`, "sts:AssumeRole", map[string]string{"company": "A"}, false},
		{"denied to others", allow + `, {"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::2:root"}, "Action": "*"}`, "sts:AssumeRole", map[string]string{"company": "A"}, true},
		{"a form that is not known", allow + `, {"Effect": "Deny", "NotPrincipal": {"AWS": "` + root + `"}, "Action": "*"}`, "sts:AssumeRole", map[string]string{"company": "A"}, false},
	} {
		context := map[string][]string{}
		for k, v := range tt.tags {
			context["aws:requesttag/"+k] = []string{v}
			context["aws:tagkeys"] = append(context["aws:tagkeys"], k)
		}
		got := iam.Trusts(document(t, `{"Statement": [`+tt.statements+`]}`)[0], root, iam.Request{Action: tt.action, Context: context})
		if got.Allowed != tt.want {
			t.Errorf("%s: trusted %t (%s)", tt.name, got.Allowed, got.Reason)
		}
	}
}
