package endpoint_test

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/askpro/gateway/infra/local/endpoint"
)

const roles = "arn:aws:iam::000000000000:role/askpro-local-"

// assume asks for a role's session; fields are further form fields.
func assume(role string, fields map[string]string) request {
	form := url.Values{"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "RoleArn": {roles + role}, "RoleSessionName": {"company-A"}}
	for k, v := range fields {
		form.Set(k, v)
	}
	return request{service: "sts", body: form.Encode()}
}

func tag(key, value string) map[string]string {
	return map[string]string{"Tags.member.1.Key": key, "Tags.member.1.Value": value}
}

func session(t *testing.T, r reply) endpoint.Credentials {
	t.Helper()
	var x struct {
		Result struct {
			Credentials struct {
				AccessKeyID     string `xml:"AccessKeyId"`
				SecretAccessKey string
				SessionToken    string
			}
		} `xml:"AssumeRoleResult"`
	}
	if err := xml.Unmarshal([]byte(r.body), &x); err != nil || r.status != http.StatusOK {
		t.Fatalf("%d %s %v", r.status, r.body, err)
	}
	return endpoint.Credentials(x.Result.Credentials)
}

func TestASessionIsItsCompanys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := session(t, w.do(t, w.as(t, "work-sync"), assume("TenantWriteRole", tag("company", "A"))))
	for pk, code := range map[string]string{"COMPANY#A": "", "COMPANY#A#CALL#1": "", "COMPANY#AB": "AccessDeniedException", "COMPANY#B": "AccessDeniedException", "DIRECTORY#ROUTE#demo": "AccessDeniedException"} {
		if got := w.do(t, a, dynamo("GetItem", `{"TableName":"`+w.system.Table.Name+`","Key":{"pk":{"S":"`+pk+`"}}}`)); got.code != code {
			t.Errorf("%s: %d %s", pk, got.status, got.body)
		}
	}
	if got := w.do(t, a, assume("TenantWriteRole", tag("company", "B"))); got.code != "AccessDenied" {
		t.Errorf("a session became another company's: %d %s", got.status, got.body)
	}
	var rows []endpoint.Row
	w.control(t, http.MethodGet, "calls", "", &rows)
	for _, r := range rows { // what a session does counts for the function that opened it
		if company := map[bool]string{true: "A"}[r.Service == "dynamodb" || r.Denied > 0]; r.Function != "work-sync" || r.Company != company {
			t.Errorf("counted as %+v", r)
		}
	}
}

func TestWhoGetsASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	company := tag("company", "A")
	more := func(key, value string) map[string]string {
		m := tag("company", "A")
		m[key] = value
		return m
	}
	for _, tt := range []struct {
		name, who string
		q         request
		code      string
	}{
		{"for a company", "work-sync", assume("TenantWriteRole", company), ""},
		{"for reading", "hook-retell-inbound", assume("TenantReadRole", company), ""},
		{"for fifteen minutes", "work-sync", assume("TenantWriteRole", more("DurationSeconds", "900")), ""},
		{"for two hours, which a chain may not", "work-sync", assume("TenantWriteRole", more("DurationSeconds", "7200")), "ValidationError"},
		{"a role that the function may not take", "hook-retell-inbound", assume("TenantWriteRole", company), "AccessDenied"},
		{"a function that may take none", "stream-outbox", assume("TenantReadRole", company), "AccessDenied"},
		{"another function's role", "work-sync", assume("WorkDefaultRole", company), "AccessDenied"},
		{"no role", "work-sync", assume("NoRole", company), "AccessDenied"},
		{"no tag", "work-sync", assume("TenantWriteRole", nil), "AccessDenied"},
		{"an empty tag", "work-sync", assume("TenantWriteRole", tag("company", "")), "AccessDenied"},
		{"another tag", "work-sync", assume("TenantWriteRole", tag("role", "A")), "AccessDenied"},
		{"a second tag", "work-sync", assume("TenantWriteRole", map[string]string{"Tags.member.1.Key": "company", "Tags.member.1.Value": "A", "Tags.member.2.Key": "x", "Tags.member.2.Value": "y"}), "AccessDenied"},
		{"a session policy, which nobody would judge", "work-sync", assume("TenantWriteRole", more("Policy", "{}")), "ValidationError"},
		{"a session without a name", "work-sync", assume("TenantWriteRole", more("RoleSessionName", "")), "ValidationError"},
		{"another call", "work-sync", request{service: "sts", body: "Action=GetSessionToken"}, "AccessDenied"},
	} {
		if got := w.do(t, w.as(t, tt.who), tt.q); got.code != tt.code || (tt.code == "") != (got.status == http.StatusOK) {
			t.Errorf("%s: %d %s", tt.name, got.status, got.body)
		}
	}
}

func TestASessionEndsAndTheProcessDoesNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.as(t, "work-sync")
	a := session(t, w.do(t, who, assume("TenantWriteRole", tag("company", "A"))))
	w.Expire()
	if got := w.do(t, a, transaction(w)); got.code != "ExpiredTokenException" {
		t.Errorf("%d %s", got.status, got.body)
	}
	session(t, w.do(t, who, assume("TenantWriteRole", tag("company", "A"))))
}

func TestEverybodyMayAskWhoTheyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q := request{service: "sts", body: "Action=GetCallerIdentity&Version=2011-06-15"}
	for want, who := range map[string]endpoint.Credentials{
		":assumed-role/askpro-local-StreamOutboxRole/stream-outbox": w.as(t, "stream-outbox"),
		":assumed-role/askpro-local-TenantWriteRole/company-A":      session(t, w.do(t, w.as(t, "work-sync"), assume("TenantWriteRole", tag("company", "A")))),
		"<Arn>arn:aws:iam::000000000000:root</Arn>":                 admin,
	} {
		if got := w.do(t, who, q); got.status != http.StatusOK || !strings.Contains(got.body, want) || !strings.Contains(got.body, "<Account>000000000000</Account>") {
			t.Errorf("%s: %d %s", want, got.status, got.body)
		}
	}
}
