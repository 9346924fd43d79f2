package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestEveryFunctionHasASampleEvent keeps events/<function>.json usable for
// `sam local invoke`: each is of the kind its function is woken by.
func TestEveryFunctionHasASampleEvent(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Type       string `yaml:"Type"`
			Properties struct {
				FunctionName struct {
					Ref string `yaml:"Ref"`
				} `yaml:"FunctionName"`
				EventSourceArn struct {
					GetAtt []string `yaml:"Fn::GetAtt"`
				} `yaml:"EventSourceArn"`
				Events map[string]struct {
					Type       string `yaml:"Type"`
					Properties struct {
						Method string `yaml:"Method"`
						Path   string `yaml:"Path"`
					} `yaml:"Properties"`
				} `yaml:"Events"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	wakes := map[string][]string{} // function's logical id → what may stand in its sample
	for id, r := range template.Resources {
		switch r.Type {
		case "AWS::Serverless::Function":
			for _, event := range r.Properties.Events {
				switch event.Type {
				case "HttpApi":
					wakes[id] = append(wakes[id], event.Properties.Method+" "+event.Properties.Path)
				case "Schedule":
					wakes[id] = append(wakes[id], "Scheduled Event")
				}
			}
		case "AWS::Lambda::EventSourceMapping":
			source := map[string]string{"Arn": "aws:sqs", "StreamArn": "aws:dynamodb"}[r.Properties.EventSourceArn.GetAtt[1]]
			wakes[r.Properties.FunctionName.Ref] = append(wakes[r.Properties.FunctionName.Ref], source)
		}
	}
	functions, err := functionsIn(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for id, folder := range functions {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			sample, err := os.ReadFile(filepath.Join(root, "events", folder+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var event struct {
				RouteKey   string
				DetailType string `json:"detail-type"`
				Records    []struct{ EventSource string }
			}
			if err := json.Unmarshal(sample, &event); err != nil {
				t.Fatal(err)
			}
			kinds := []string{event.RouteKey, event.DetailType}
			for _, r := range event.Records {
				kinds = append(kinds, r.EventSource)
			}
			if !slices.ContainsFunc(wakes[id], func(kind string) bool { return slices.Contains(kinds, kind) }) {
				t.Errorf("the sample is %q, but the function is woken by %s", kinds, strings.Join(wakes[id], ", "))
			}
		})
	}
}
