package template

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// ignored are the resources that have no meaning on one machine. The queue and bucket policies speak of other accounts and
// of transport; infra's tests read them.
var ignored = map[string]bool{
	"AWS::SQS::QueuePolicy": true, "AWS::S3::BucketPolicy": true, "AWS::Serverless::HttpApi": true,
}

func (r *resolver) system(globals *yaml.Node) (*System, error) {
	s := &System{Options: r.o, MailSets: map[string][]string{}}
	global, err := r.object(globals, "Globals.Function")
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(r.types)) {
		node := r.raw[id]
		p, err := r.object(&node, id)
		if err != nil {
			return nil, err
		}
		switch kind := r.types[id]; kind {
		case "AWS::DynamoDB::Table":
			s.Table = r.table(id, p)
		case "AWS::S3::Bucket":
			s.Bucket = Bucket{r.name(id), "arn:aws:s3:::" + r.name(id)}
		case "AWS::Events::EventBus":
			arn, _ := r.attribute(id, "Arn", id)
			s.Bus = Bus{r.name(id), arn}
		case "AWS::SES::EmailIdentity":
			s.Mail = text(p["EmailIdentity"])
		case "AWS::SES::ConfigurationSet":
			s.MailSets[r.name(id)] = s.MailSets[r.name(id)] // one that tells nothing is known, too
		case "AWS::SES::ConfigurationSetEventDestination":
			set, types := mailEvents(p)
			s.MailSets[set] = append(s.MailSets[set], types...)
		case "AWS::GuardDuty::MalwareProtectionPlan":
			bucket := object(object(p["ProtectedResource"])["S3Bucket"])
			for _, prefix := range list(bucket["ObjectPrefixes"]) {
				s.Scanned = append(s.Scanned, text(prefix))
			}
			if len(s.Scanned) == 0 {
				return nil, fmt.Errorf("resource %s: it names no prefixes; the local stack scans no whole bucket", id)
			}
		case "AWS::SQS::Queue":
			s.Queues = append(s.Queues, r.queue(id, p))
		case "AWS::IAM::Role":
			s.Roles = append(s.Roles, r.role(id, p))
		case "AWS::Events::Rule":
			s.Rules = append(s.Rules, r.rule(id, p))
		case "AWS::Lambda::EventSourceMapping":
			source, err := r.source(id, p)
			if err != nil {
				return nil, err
			}
			s.Sources = append(s.Sources, source)
		case "AWS::Serverless::Function":
			f, err := r.function(id, p, global)
			if err != nil {
				return nil, err
			}
			s.Functions = append(s.Functions, f)
			s.Roles = append(s.Roles, f.Role)
		default:
			if !ignored[kind] {
				return nil, fmt.Errorf("resource %s: type %s is not known to the local stack", id, kind)
			}
		}
	}
	return s, nil
}

func (r *resolver) object(n *yaml.Node, at string) (map[string]any, error) {
	v, err := r.value(n, at)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s: a map was expected", at)
	}
	return m, nil
}

func (r *resolver) table(id string, p map[string]any) Table {
	arn, _ := r.attribute(id, "Arn", id)
	return Table{Name: r.name(id), ARN: arn, Properties: p, TTL: text(object(p["TimeToLiveSpecification"])["AttributeName"])}
}

func (r *resolver) queue(id string, p map[string]any) Queue {
	url, _ := r.ref(id, id)
	arn, _ := r.attribute(id, "Arn", id)
	q := Queue{LogicalID: id, Name: r.name(id), URL: text(url), ARN: arn, Visibility: seconds(p["VisibilityTimeout"], 30), Retention: seconds(p["MessageRetentionPeriod"], 345600)}
	if redrive := object(p["RedrivePolicy"]); len(redrive) > 0 {
		q.RedriveTo, q.MaxReceive = resource(text(redrive["deadLetterTargetArn"])), number(redrive["maxReceiveCount"], 1)
	}
	return q
}

func (r *resolver) role(id string, p map[string]any) Role {
	arn, _ := r.attribute(id, "Arn", id)
	role := Role{LogicalID: id, Name: r.name(id), ARN: arn, Trust: plain(object(p["AssumeRolePolicyDocument"]))}
	for _, policy := range list(p["Policies"]) {
		role.Documents = append(role.Documents, plain(object(object(policy)["PolicyDocument"])))
	}
	return role
}

func (r *resolver) rule(id string, p map[string]any) Rule {
	rule := Rule{LogicalID: id, Name: r.name(id), Default: p["EventBusName"] == nil, Pattern: plain(object(p["EventPattern"]))}
	for _, t := range list(p["Targets"]) {
		target := object(t)
		rule.Targets = append(rule.Targets, Target{ID: text(target["Id"]), ARN: text(target["Arn"]), Queue: resource(text(target["Arn"])), Raw: plain(target)})
	}
	return rule
}

// mailEvents are the sending events that a configuration set tells the default bus: the one bus that SES speaks on.
func mailEvents(p map[string]any) (set string, types []string) {
	to := object(p["EventDestination"])
	if to["Enabled"] == true && to["EventBridgeDestination"] != nil {
		for _, x := range list(to["MatchingEventTypes"]) {
			types = append(types, strings.ToLower(text(x)))
		}
	}
	return text(p["ConfigurationSetName"]), types
}

func (r *resolver) source(id string, p map[string]any) (Source, error) {
	s := Source{
		LogicalID: id, Function: text(p["FunctionName"]), BatchSize: number(p["BatchSize"], 10), Retries: number(p["MaximumRetryAttempts"], -1),
		Concurrency: number(object(p["ScalingConfig"])["MaximumConcurrency"], 0), Bisect: p["BisectBatchOnFunctionError"] == true,
		ReportFailures: slices.Contains(list(p["FunctionResponseTypes"]), any("ReportBatchItemFailures")),
		OnFailure:      resource(text(object(object(p["DestinationConfig"])["OnFailure"])["Destination"])),
	}
	for _, f := range list(object(p["FilterCriteria"])["Filters"]) {
		var pattern map[string]any
		if err := json.Unmarshal([]byte(text(object(f)["Pattern"])), &pattern); err != nil {
			return s, fmt.Errorf("%s: its filter is no JSON: %w", id, err)
		}
		s.Filters = append(s.Filters, pattern)
	}
	switch arn := text(p["EventSourceArn"]); {
	case strings.HasPrefix(arn, "arn:aws:sqs:"):
		s.Queue = resource(arn)
	case strings.Contains(arn, ":table/") && strings.Contains(arn, "/stream/"):
		s.Stream = true
	default:
		return s, fmt.Errorf("%s: source %s is not known to the local stack", id, arn)
	}
	return s, nil
}

func (r *resolver) function(id string, p, global map[string]any) (Function, error) {
	pick := func(name string) any {
		if v, ok := p[name]; ok {
			return v
		}
		return global[name]
	}
	f := Function{LogicalID: id, Name: r.name(id), Timeout: seconds(pick("Timeout"), 3), MemoryMB: number(pick("MemorySize"), 128), Env: map[string]string{}}
	for _, from := range []map[string]any{global, p} {
		for k, v := range object(object(from["Environment"])["Variables"]) {
			f.Env[k] = text(v)
		}
	}
	roleName := r.o.Stack + "-" + id + "Role"
	f.Role = Role{LogicalID: id + "Role", Name: roleName, ARN: "arn:aws:iam::" + Account + ":role/" + roleName}
	for _, d := range list(p["Policies"]) {
		doc, ok := d.(map[string]any)
		if !ok || doc["Statement"] == nil {
			return f, fmt.Errorf("%s: a policy that is no inline document: the local stack judges calls by the documents alone", id)
		}
		f.Role.Documents = append(f.Role.Documents, plain(doc))
	}
	events := object(p["Events"])
	for _, name := range slices.Sorted(maps.Keys(events)) {
		e := object(events[name])
		q := object(e["Properties"])
		switch kind := text(e["Type"]); kind {
		case "HttpApi":
			f.Routes = append(f.Routes, Route{text(q["Method"]), text(q["Path"])})
		case "Schedule", "ScheduleV2":
			every, err := rate(text(q["Schedule"]))
			if err != nil {
				return f, fmt.Errorf("%s.Events.%s: %w", id, name, err)
			}
			f.Schedules = append(f.Schedules, Schedule{every})
		default:
			return f, fmt.Errorf("%s.Events.%s: type %s is not known to the local stack", id, name, kind)
		}
	}
	return f, nil
}

func rate(s string) (time.Duration, error) {
	var n int
	var unit string
	if _, err := fmt.Sscanf(strings.TrimSuffix(s, ")"), "rate(%d %s", &n, &unit); err != nil {
		return 0, fmt.Errorf("schedule %q: only rate(…) is known to the local stack", s)
	}
	switch strings.TrimSuffix(unit, "s") {
	case "minute":
		return time.Duration(n) * time.Minute, nil
	case "hour":
		return time.Duration(n) * time.Hour, nil
	case "day":
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return 0, fmt.Errorf("schedule %q: the unit is minute, hour or day", s)
}

func object(v any) map[string]any { m, _ := v.(map[string]any); return m }

func list(v any) []any { l, _ := v.([]any); return l }

func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func number(v any, otherwise int) int {
	if n, ok := v.(int); ok {
		return n
	}
	return otherwise
}

func seconds(v any, otherwise int) time.Duration {
	return time.Duration(number(v, otherwise)) * time.Second
}

// resource is the last part of an ARN.
func resource(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }

// plain gives a document the types that encoding/json would, so that readers meet one kind of number.
func plain(m map[string]any) map[string]any {
	raw, err := json.Marshal(m)
	if err != nil {
		return m
	}
	var out map[string]any
	if json.Unmarshal(raw, &out) != nil {
		return m
	}
	return out
}
