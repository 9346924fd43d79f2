package endpoint

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/askpro/gateway/infra/local/iam"
	"github.com/askpro/gateway/infra/local/template"
)

const accountRoot = "arn:aws:iam::" + template.Account + ":root"

// assumption reads AssumeRole's form.
func assumption(form url.Values) (roleARN string, tags map[string]string) {
	tags = map[string]string{}
	for i := 1; form.Has(fmt.Sprintf("Tags.member.%d.Key", i)); i++ {
		tags[form.Get(fmt.Sprintf("Tags.member.%d.Key", i))] = form.Get(fmt.Sprintf("Tags.member.%d.Value", i))
	}
	return form.Get("RoleArn"), tags
}

// tagContext is what conditions see of the tags asked for.
func tagContext(who caller, tags map[string]string) map[string][]string {
	context := map[string][]string{"aws:principalarn": {who.roleARN}}
	var keys []string
	for k, v := range tags {
		context["aws:requesttag/"+k] = []string{v}
		keys = append(keys, k)
	}
	if keys != nil {
		context["aws:tagkeys"] = keys
	}
	return context
}

// sts answers AssumeRole: the caller's own policies have been judged; here the role's trust is.
func (e *Endpoint) sts(c *call) *answer {
	form, err := url.ParseQuery(string(c.body))
	if err != nil || c.operation != "AssumeRole" {
		return stsError(http.StatusBadRequest, "InvalidAction", "only AssumeRole is known here")
	}
	arn, tags := assumption(form)
	role, ok := e.System.RoleByARN(arn)
	if !ok {
		return stsError(http.StatusForbidden, "AccessDenied", "there is no role "+arn)
	}
	if !c.caller.admin {
		for _, action := range []string{"sts:AssumeRole", "sts:TagSession"} {
			d := iam.Trusts(role.Trust, accountRoot, iam.Request{Action: action, Resource: arn, Context: tagContext(c.caller, tags)})
			if !d.Allowed {
				e.counts.denied(c)
				return stsError(http.StatusForbidden, "AccessDenied", d.Reason)
			}
		}
	}
	creds := e.callers.issue(caller{function: c.caller.function, process: c.caller.process, role: role, roleARN: arn, tags: tags})
	type credentials struct {
		AccessKeyID     string    `xml:"AccessKeyId"`
		SecretAccessKey string    `xml:"SecretAccessKey"`
		SessionToken    string    `xml:"SessionToken"`
		Expiration      time.Time `xml:"Expiration"`
	}
	body, err := xml.Marshal(struct {
		XMLName struct{}    `xml:"AssumeRoleResponse"`
		Creds   credentials `xml:"AssumeRoleResult>Credentials"`
	}{Creds: credentials{creds.AccessKeyID, creds.SecretAccessKey, creds.SessionToken, time.Now().Add(time.Hour).UTC().Truncate(time.Second)}})
	if err != nil {
		return stsError(http.StatusInternalServerError, "InternalFailure", err.Error())
	}
	return &answer{http.StatusOK, http.Header{"Content-Type": {"text/xml"}}, body}
}

func stsError(status int, code, message string) *answer {
	body, _ := xml.Marshal(struct {
		XMLName struct{} `xml:"ErrorResponse"`
		Code    string   `xml:"Error>Code"`
		Message string   `xml:"Error>Message"`
	}{Code: code, Message: message})
	return &answer{status, http.Header{"Content-Type": {"text/xml"}}, body}
}
