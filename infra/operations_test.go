package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/askpro/gateway/internal/lambdakit"
)

// synthesised is an alarm as CloudFormation gets it.
type synthesised struct {
	AlarmName, AlarmDescription, Namespace, MetricName, Statistic, TreatMissingData string
	AlarmActions                                                                    []map[string]string
	Dimensions                                                                      []dimension
	EvaluationPeriods, DatapointsToAlarm, Period                                    int
	Threshold                                                                       float64
	Metrics                                                                         []struct {
		Expression string
		MetricStat struct {
			Metric struct {
				Namespace, MetricName string
				Dimensions            []dimension
			}
		}
	}
}

type dimension struct {
	Name  string
	Value any
}

// seen is what an alarm looks at.
type seen struct{ namespace, metric, of, which string }

// sees resolves what an alarm imports from the system's stack to the logical ids there.
func (a synthesised) sees(t *testing.T, system template) (all []seen) {
	t.Helper()
	add := func(namespace, metric string, dimensions []dimension) {
		if len(dimensions) != 1 {
			t.Errorf("%s: %s of %v", a.AlarmName, metric, dimensions)
			return
		}
		which, written := dimensions[0].Value.(string)
		if imported, ok := dimensions[0].Value.(map[string]any); ok {
			for _, o := range system.Outputs {
				if o.Export.Name != imported["Fn::ImportValue"] || o.Export.Name == "" {
					continue
				}
				switch value := o.Value["Fn::GetAtt"].(type) {
				case []any:
					which, written = value[0].(string), true
				default:
					which, written = o.Value["Ref"].(string)
				}
			}
		}
		if !written {
			t.Errorf("%s looks at %v, which is nothing of the system", a.AlarmName, dimensions[0].Value)
		}
		all = append(all, seen{namespace, metric, dimensions[0].Name, which})
	}
	if a.MetricName != "" {
		add(a.Namespace, a.MetricName, a.Dimensions)
	}
	for _, m := range a.Metrics {
		if m.Expression == "" {
			add(m.MetricStat.Metric.Namespace, m.MetricStat.Metric.MetricName, m.MetricStat.Metric.Dimensions)
		}
	}
	return all
}

// TestWhatGoesWrongWakesSomebody compares the alarms that are deployed with what there is to watch: queues and functions of
// the template, and what our code measures and raises.
func TestWhatGoesWrongWakesSomebody(t *testing.T) {
	t.Parallel()
	dir := synthesise(t)
	functions, err := functionsIn(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	work, dead, err := queuesIn(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	measured := measuredIn(t)
	for _, s := range stages {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			system := readTemplate(t, filepath.Join(dir, "askpro-"+s.name+".template.json"))
			operations := readTemplate(t, filepath.Join(dir, "askpro-"+s.name+"-operations.template.json"))
			watched := map[seen]synthesised{}
			names := map[string]bool{}
			for id, r := range operations.Resources {
				if r.Type != "AWS::CloudWatch::Alarm" {
					continue
				}
				var a synthesised
				whole, err := json.Marshal(r.Properties)
				if err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(whole, &a); err != nil {
					t.Fatalf("%s: %v", id, err)
				}
				if len(a.AlarmActions) != 1 || a.AlarmActions[0]["Ref"] != "Alarms" || a.AlarmDescription == "" || len(a.AlarmDescription) > 1024 || a.TreatMissingData != "notBreaching" {
					t.Errorf("%s would wake nobody, or for nothing, or not say what to do: %+v", a.AlarmName, a)
				}
				if names[a.AlarmName] || !strings.HasPrefix(a.AlarmName, "askpro-"+s.name+"-") {
					t.Errorf("the name %q is another alarm's, or another stage's", a.AlarmName)
				}
				names[a.AlarmName] = true
				for _, x := range a.sees(t, system) {
					watched[x] = a
					if x.namespace == lambdakit.Namespace && (x.of != "stage" || x.which != s.name || lambdakit.Alarms[x.metric] == "" && !slices.Contains(measured, x.metric)) {
						t.Errorf("%s looks at %+v, which nobody measures", a.AlarmName, x)
					}
				}
			}
			for name, todo := range lambdakit.Alarms {
				if a := watched[seen{lambdakit.Namespace, name, "stage", s.name}]; a.AlarmDescription != todo || a.Statistic != "Sum" || a.Threshold != 0 || a.DatapointsToAlarm != 1 {
					t.Errorf("nobody is woken at once by %s and told %q: %+v", name, todo, a)
				}
			}
			for _, id := range work {
				if a := watched[seen{"AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", id}]; a.Threshold != 120 {
					t.Errorf("nobody is woken by old messages in %s: %+v", id, a)
				}
			}
			for _, id := range dead {
				if a := watched[seen{"AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", id}]; a.AlarmName == "" || a.Threshold != 0 || a.EvaluationPeriods != 1 || a.Period != 60 {
					t.Errorf("nobody is woken at once by messages in %s: %+v", id, a)
				}
			}
			for id := range functions {
				for _, metric := range []string{"Errors", "Throttles"} {
					if a := watched[seen{"AWS/Lambda", metric, "FunctionName", id}]; a.AlarmName == "" || a.DatapointsToAlarm < 2 {
						t.Errorf("nobody is woken by lasting %s of %s: %+v", metric, id, a)
					}
				}
			}
			for x, above := range map[seen]float64{
				{"AWS/ApiGateway", "5xx", "ApiId", "Api"}:                                1,
				{"AWS/SES", "Reputation.BounceRate", "ses:configuration-set", "MailSet"}: 0.02,
				{lambdakit.Namespace, lambdakit.DeliverySeconds, "stage", s.name}:        180,
				{lambdakit.Namespace, lambdakit.EnrichmentTimedOut, "stage", s.name}:     0.1,
			} {
				if a := watched[x]; a.AlarmName == "" || a.Threshold != above {
					t.Errorf("nobody is woken by %+v above %v: %+v", x, above, a)
				}
			}
			shown := board(t, operations)
			for name := range names {
				if !slices.ContainsFunc(shown.alarms, func(arn string) bool { return strings.HasSuffix(arn, ":alarm:"+name) }) {
					t.Errorf("%s is not on the dashboard", name)
				}
			}
			if len(shown.alarms) != len(names) || len(shown.alarms) > 100 { // CloudWatch shows a hundred
				t.Errorf("%d alarms are on the dashboard, of %d", len(shown.alarms), len(names))
			}
			for _, metric := range measured {
				if !slices.Contains(shown.metrics, metric) {
					t.Errorf("%s is measured, and not on the dashboard", metric)
				}
			}
		})
	}
}

// TestEveryQueueIsReadOrHoldsWhatFailed: jobs once waited in queues that nobody read.
func TestEveryQueueIsReadOrHoldsWhatFailed(t *testing.T) {
	t.Parallel()
	work, dead, err := queuesIn(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	failed := map[string]bool{} // logical ids of queues in which something puts what failed
	var look func(at any, aside bool)
	look = func(at any, aside bool) {
		switch at := at.(type) {
		case map[string]any:
			for name, value := range at {
				if target, ok := value.([]any); ok && aside && name == "Fn::GetAtt" {
					failed[target[0].(string)] = true
				}
				look(value, aside || slices.Contains([]string{"deadLetterTargetArn", "DeadLetterConfig", "OnFailure"}, name))
			}
		case []any:
			for _, value := range at {
				look(value, aside)
			}
		}
	}
	look(doc, false)
	if len(work) == 0 || len(dead) == 0 {
		t.Fatalf("%d queues are read, %d hold what failed", len(work), len(dead))
	}
	for _, id := range dead {
		if !failed[id] {
			t.Errorf("no function reads %s, and nothing that failed is put there", id)
		}
	}
	for _, id := range work {
		if failed[id] {
			t.Errorf("what failed is put into %s, and read from there again", id)
		}
	}
}

// TestOnlyAlarmsSpeakToWhoeverIsWoken: the topic is encrypted, with a key that alarms can use.
func TestOnlyAlarmsSpeakToWhoeverIsWoken(t *testing.T) {
	t.Parallel()
	dir := synthesise(t)
	for _, s := range stages {
		operations := readTemplate(t, filepath.Join(dir, "askpro-"+s.name+"-operations.template.json"))
		var key struct{ Ref string }
		operations.property(t, "Alarms", "KmsMasterKeyId", &key)
		var speak, encrypt struct {
			Statement []struct {
				Effect    string
				Principal map[string]any
				Action    any
				Condition map[string]map[string]any
			}
		}
		operations.property(t, "AlarmsPolicy", "PolicyDocument", &speak)
		operations.property(t, key.Ref, "KeyPolicy", &encrypt)
		if len(speak.Statement) != 1 || len(encrypt.Statement) != 2 {
			t.Fatalf("%s: %+v, %+v", s.name, speak, encrypt)
		}
		for _, st := range append(speak.Statement, encrypt.Statement[1]) {
			if st.Effect != "Allow" || st.Principal["Service"] != "cloudwatch.amazonaws.com" || st.Condition["StringEquals"]["aws:SourceAccount"] == nil {
				t.Errorf("%s: %+v", s.name, st)
			}
		}
		if _, asked := operations.Parameters["AlarmMail"]; !asked {
			t.Errorf("%s: nobody can be named", s.name)
		}
	}
}

// shown is what stands on a dashboard.
type shown struct{ alarms, metrics []string }

// board reads the dashboard of a stack. What CloudFormation puts in is a word here.
func board(t *testing.T, operations template) (s shown) {
	t.Helper()
	var body struct {
		Join []any `json:"Fn::Join"`
	}
	operations.property(t, "Dashboard", "DashboardBody", &body)
	text := ""
	for _, part := range body.Join[1].([]any) {
		if written, ok := part.(string); ok {
			text += written
		} else {
			text += "word"
		}
	}
	var read struct {
		Widgets []struct {
			Properties struct {
				Title, Region string
				Alarms        []string
				Metrics       [][]any
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &read); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, w := range read.Widgets {
		s.alarms = append(s.alarms, w.Properties.Alarms...)
		if w.Properties.Title == "" || len(w.Properties.Alarms)+len(w.Properties.Metrics) == 0 {
			t.Errorf("an empty widget: %+v", w)
		}
		for _, m := range w.Properties.Metrics {
			if len(m) != 5 || w.Properties.Region == "" {
				t.Errorf("%s: %v is no figure of one dimension", w.Properties.Title, m)
				continue
			}
			s.metrics = append(s.metrics, m[1].(string))
		}
	}
	return s
}

// measuredIn are the metrics that our functions write besides alarms: the constants of lambdakit/metrics.go that they use.
func measuredIn(t *testing.T) (names []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "internal", "lambdakit", "metrics.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			for i, id := range spec.Names {
				if text, ok := spec.Values[i].(*ast.BasicLit); ok {
					values[id.Name] = strings.Trim(text.Value, `"`)
				}
			}
		}
		return true
	})
	err = filepath.WalkDir(filepath.Join(root, "functions"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if use, ok := n.(*ast.SelectorExpr); ok {
				if of, ok := use.X.(*ast.Ident); ok && of.Name == "lambdakit" && values[use.Sel.Name] != "" {
					names = append(names, values[use.Sel.Name])
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
