package endpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"github.com/askpro/gateway/infra/local/iam"
	"github.com/askpro/gateway/infra/local/template"
)

// targets are the services that name themselves in X-Amz-Target.
var targets = map[string]string{
	"DynamoDB_20120810": "dynamodb", "DynamoDBStreams_20120810": "streams", "AmazonSQS": "sqs", "AWSEvents": "events",
	"AmazonSSM": "ssm", "secretsmanager": "secretsmanager", "PinpointSMSVoiceV2": "sms",
}

// operationOf tells which API a request speaks to. A service or operation that is not known here gets a name all the same:
// no policy allows it.
func operationOf(r *http.Request, body []byte) (service, operation string) {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		prefix, op, _ := strings.Cut(target, ".")
		if service, ok := targets[prefix]; ok {
			return service, op
		}
		return strings.ToLower(prefix), op
	}
	if strings.HasPrefix(r.URL.Path, "/v2/email/") {
		if r.Method == http.MethodPost && r.URL.Path == "/v2/email/outbound-emails" {
			return "ses", "SendEmail"
		}
		return "ses", r.Method + " " + r.URL.Path
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, _ := url.ParseQuery(string(body))
		return "sts", form.Get("Action")
	}
	return "s3", s3Operation(r)
}

var methods = map[string]string{http.MethodGet: "GetObject", http.MethodPut: "PutObject", http.MethodDelete: "DeleteObject", http.MethodHead: "HeadObject"}

// s3Operation knows whole objects; buckets, rights, tags, versions and parts keep the name of their request.
func s3Operation(r *http.Request) string {
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	query.Del("x-id")                         // the SDK names the operation in it
	query.Del("response-content-disposition") // as which file a browser keeps it
	switch op := methods[r.Method]; {
	case op == "" || key == "" || len(query) > 0:
		return r.Method + " " + r.URL.RequestURI()
	case r.Header.Get("X-Amz-Copy-Source") != "":
		return "CopyObject"
	default:
		return op
	}
}

// arn of a resource here; callers may name one by its ARN as well.
func arn(service, kind, name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return "arn:aws:" + service + ":" + template.Region + ":" + template.Account + ":" + kind + name
}

// requests lists the actions a call consists of, as AWS judges them (Service Authorization Reference). It is never empty
// but for GetCallerIdentity, which needs no permission: what names no resource is judged as one on everything.
func (e *Endpoint) requests(c *call) ([]iam.Request, error) {
	if c.service == "sts" && c.operation == "GetCallerIdentity" {
		return nil, nil
	}
	list, err := e.actions(c)
	if err == nil && len(list) == 0 {
		list = []iam.Request{{Action: c.service + ":" + c.operation, Resource: "*"}}
	}
	return list, err
}

func (e *Endpoint) actions(c *call) ([]iam.Request, error) {
	var list []iam.Request
	add := func(action, resource string) {
		list = append(list, iam.Request{Action: c.service + ":" + action, Resource: resource})
	}
	switch c.service {
	case "sts":
		return assumeActions(c)
	case "s3":
		object := "arn:aws:s3:::" + strings.TrimPrefix(c.r.URL.Path, "/")
		switch c.operation {
		case "HeadObject":
			add("GetObject", object)
		case "CopyObject":
			from, err := url.PathUnescape(c.r.Header.Get("X-Amz-Copy-Source"))
			if err != nil {
				return nil, err
			}
			add("GetObject", "arn:aws:s3:::"+strings.TrimPrefix(from, "/"))
			add("PutObject", object)
		default:
			add(c.operation, object)
		}
		return list, nil
	}
	// Maps, not structs: encoding/json would take a field in other letters for the same one, the services do not.
	var in map[string]any
	if err := json.Unmarshal(c.body, &in); err != nil {
		return nil, err
	}
	switch c.service {
	case "dynamodb":
		return e.keys.actions(c.operation, in)
	case "streams":
		return []iam.Request{{Action: "dynamodb:" + c.operation, Resource: e.System.Table.ARN + "/stream/x"}}, nil
	case "sqs":
		queue := text(in["QueueUrl"])
		if queue != "" {
			add(strings.TrimSuffix(c.operation, "Batch"), arn("sqs", "", queue[strings.LastIndexByte(queue, '/')+1:]))
		}
	case "events":
		if c.operation != "PutEvents" {
			break
		}
		for _, x := range array(in["Entries"]) {
			bus := text(object(x)["EventBusName"])
			if bus == "" {
				bus = "default"
			}
			add("PutEvents", arn("events", "event-bus/", bus))
		}
	case "ssm":
		for _, name := range append(array(in["Names"]), in["Name"], in["Path"]) {
			if name := text(name); name != "" {
				add(c.operation, arn("ssm", "parameter/", strings.TrimPrefix(name, "/")))
			}
		}
	case "secretsmanager":
		if id := text(in["SecretId"]); id != "" {
			add(c.operation, arn("secretsmanager", "secret:", id))
		}
	case "sms": // the policies' name for it is another one
		if from := text(in["OriginationIdentity"]); from != "" {
			list = append(list, iam.Request{Action: "sms-voice:" + c.operation, Resource: senderARN(from)})
		}
	case "ses":
		from, err := mail.ParseAddress(text(in["FromEmailAddress"]))
		if err != nil {
			return nil, fmt.Errorf("FromEmailAddress: %w", err)
		}
		add(c.operation, arn("ses", "identity/", from.Address[strings.LastIndexByte(from.Address, '@')+1:]))
		if set := text(in["ConfigurationSetName"]); set != "" {
			add(c.operation, arn("ses", "configuration-set/", set))
		}
	}
	return list, nil
}

// senderARN is an origination identity's: a number of ours, or a name, of which there is one per country (here all of them
// send to Germany).
func senderARN(identity string) string {
	if strings.HasPrefix(identity, "+") || strings.HasPrefix(identity, "phone-") {
		return arn("sms-voice", "phone-number/", identity)
	}
	return arn("sms-voice", "sender-id/", identity+"/DE")
}

func assumeActions(c *call) ([]iam.Request, error) {
	if c.operation != "AssumeRole" {
		return nil, nil
	}
	a, err := assumptionOf(c.body)
	if err != nil {
		return nil, err
	}
	list := []iam.Request{{Action: "sts:AssumeRole", Resource: a.role, Context: a.context()}}
	if len(a.tags) > 0 {
		list = append(list, iam.Request{Action: "sts:TagSession", Resource: a.role, Context: a.context()})
	}
	return list, nil
}

func object(v any) map[string]any { m, _ := v.(map[string]any); return m }

func array(v any) []any { a, _ := v.([]any); return slices.Clone(a) }

func text(v any) string { s, _ := v.(string); return s }

var errOldForm = errors.New("KeyConditions is the old form: use KeyConditionExpression")
