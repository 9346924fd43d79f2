package endpoint

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/infra/local/iam"
	"github.com/askpro/gateway/infra/local/template"
)

const accountRoot = "arn:aws:iam::" + template.Account + ":root"

// longest is how long a session of a session may live: functions are sessions themselves, and a chain gets one hour.
const longest = time.Hour

// assumption is what AssumeRole is asked for.
type assumption struct {
	role, session string
	tags          map[string]string
	lasts         time.Duration
}

var (
	sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	tagField    = regexp.MustCompile(`^Tags\.member\.\d+\.(Key|Value)$`)
)

// assumptionOf reads AssumeRole's form. What is not known is an error: a session policy that is overlooked would allow more
// than AWS does.
func assumptionOf(body []byte) (assumption, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return assumption{}, err
	}
	a := assumption{role: form.Get("RoleArn"), session: form.Get("RoleSessionName"), tags: map[string]string{}, lasts: longest}
	for name := range form {
		switch {
		case name == "Action" || name == "Version" || name == "RoleArn" || name == "RoleSessionName" || name == "DurationSeconds":
		case tagField.MatchString(name):
			if key, ok := strings.CutSuffix(name, ".Key"); ok {
				a.tags[form.Get(name)] = form.Get(key + ".Value")
			}
		default:
			return a, fmt.Errorf("%s is not known to the local stack", name)
		}
	}
	if !sessionName.MatchString(a.session) {
		return a, errors.New("RoleSessionName has 2 to 64 letters, digits and =,.@-")
	}
	if s := form.Get("DurationSeconds"); s != "" {
		n, err := strconv.Atoi(s)
		if a.lasts = time.Duration(n) * time.Second; err != nil || a.lasts < 15*time.Minute || a.lasts > longest {
			return a, fmt.Errorf("DurationSeconds is 900 to 3600 for a session of a session, not %s", s)
		}
	}
	return a, nil
}

// context is what conditions see of the tags asked for.
func (a assumption) context() map[string][]string {
	context := map[string][]string{}
	for k, v := range a.tags {
		context["aws:requesttag/"+strings.ToLower(k)] = []string{v}
		context["aws:tagkeys"] = append(context["aws:tagkeys"], k)
	}
	return context
}

// trusted judges the role's side of an AssumeRole; the caller's own policies have been judged before.
func (e *Endpoint) trusted(c *call) iam.Decision {
	a, err := assumptionOf(c.body)
	if err != nil {
		return iam.Decision{Reason: err.Error()}
	}
	role, ok := e.System.RoleByARN(a.role)
	if !ok {
		return iam.Decision{Reason: "there is no role " + a.role}
	}
	actions := []string{"sts:AssumeRole"}
	if len(a.tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	for _, action := range actions {
		context := a.context()
		context["aws:principalarn"] = []string{c.caller.role.ARN}
		if d := iam.Trusts(role.Trust, accountRoot, iam.Request{Action: action, Resource: a.role, Context: context}); !d.Allowed {
			return d
		}
	}
	return iam.Decision{Allowed: true}
}

// sts answers AssumeRole and GetCallerIdentity.
func (e *Endpoint) sts(c *call) *answer {
	switch c.operation {
	case "AssumeRole":
		a, err := assumptionOf(c.body)
		if err != nil {
			return refusal("sts", http.StatusBadRequest, "ValidationError", err.Error())
		}
		role, ok := e.System.RoleByARN(a.role)
		if !ok {
			return refusal("sts", http.StatusForbidden, "AccessDenied", "there is no role "+a.role)
		}
		until := time.Now().Add(a.lasts).UTC().Truncate(time.Second)
		creds := e.callers.issue(caller{function: c.caller.function, process: c.caller.process, role: role, session: a.session, tags: a.tags, until: until})
		return xmlAnswer(http.StatusOK, struct {
			XMLName xml.Name  `xml:"https://sts.amazonaws.com/doc/2011-06-15/ AssumeRoleResponse"`
			Key     string    `xml:"AssumeRoleResult>Credentials>AccessKeyId"`
			Secret  string    `xml:"AssumeRoleResult>Credentials>SecretAccessKey"`
			Token   string    `xml:"AssumeRoleResult>Credentials>SessionToken"`
			Until   time.Time `xml:"AssumeRoleResult>Credentials>Expiration"`
			ARN     string    `xml:"AssumeRoleResult>AssumedRoleUser>Arn"`
		}{Key: creds.AccessKeyID, Secret: creds.SecretAccessKey, Token: creds.SessionToken, Until: until, ARN: sessionARN(role, a.session)})
	case "GetCallerIdentity":
		return xmlAnswer(http.StatusOK, struct {
			XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
			ARN     string   `xml:"GetCallerIdentityResult>Arn"`
			Account string   `xml:"GetCallerIdentityResult>Account"`
		}{ARN: c.caller.arn(), Account: template.Account})
	}
	return refusal("sts", http.StatusBadRequest, "InvalidAction", "only AssumeRole and GetCallerIdentity are known to the local stack")
}

func sessionARN(r template.Role, session string) string {
	return "arn:aws:sts::" + template.Account + ":assumed-role/" + r.Name + "/" + session
}
