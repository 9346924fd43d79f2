package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/output"
)

// TestOldSamplesOfFactsAreStillUnderstood reads events/<name>.v<n>.json. They
// are never changed, so that a breaking change of an event turns red here.
func TestOldSamplesOfFactsAreStillUnderstood(t *testing.T) {
	t.Parallel()
	facts := map[string]event.Event{}
	for _, fact := range []event.Event{
		event.AppointmentRequested{}, event.AppointmentConfirmed{}, event.AppointmentCancelled{},
		event.AppointmentChangeRequested{}, event.AppointmentNeedsReview{}, event.PolicyViolated{},
		event.CallbackRequested{}, event.CallbackRepeated{}, event.CallbackAssigned{}, event.CallbackEscalated{}, event.CallStarted{}, event.CallContinued{}, event.CallEnded{}, event.CallAnalyzed{}, event.WishUnfulfilled{}, event.GatewayModeResolved{},
		event.CaseCreated{}, event.CaseUpdated{}, event.CaseStatusChanged{}, event.CaseAssigned{}, event.CaseNoteAdded{}, event.CaseMentioned{},
		event.CaseSLAWarning{}, event.CaseSLABreached{}, event.CaseSLAMet{}, event.CaseEscalated{}, event.CaseEnriched{},
		event.CaseEnrichmentTimedOut{}, event.CaseAudioReady{}, event.CaseMerged{}, event.CaseDeleted{}, event.CaseRestored{}, event.CaseLinked{}, event.CaseCustomerLinked{},
		event.DeliveryScheduled{}, event.DeliverySent{}, event.DeliveryFailed{}, event.DeliveryDead{}, event.DeliveryReplayed{},
		event.EndpointFailing{}, event.EndpointDisabled{}, event.EndpointSecretRotated{},
		event.ConfigChanged{},
	} {
		facts[fact.Name()] = fact
	}
	samples, err := filepath.Glob(filepath.Join(root, "events", "*.v[0-9]*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range samples {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sample, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			fact, known := facts[name]
			if !known {
				t.Fatal("no such event any more: somebody may still be sent old ones")
			}
			read := reflect.New(reflect.TypeOf(fact))
			fields := json.NewDecoder(bytes.NewReader(sample))
			fields.DisallowUnknownFields()
			if err := fields.Decode(read.Interface()); err != nil {
				t.Fatal(err)
			}
			written, err := json.Marshal(read.Interface())
			if err != nil {
				t.Fatal(err)
			}
			var before, after map[string]any
			if err := json.Unmarshal(sample, &before); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(written, &after); err != nil {
				t.Fatal(err)
			}
			for field, value := range before {
				if !reflect.DeepEqual(after[field], value) {
					t.Errorf("%s was %v and is read as %v", field, value, after[field])
				}
			}
		})
	}
	for name := range facts {
		if _, err := os.Stat(filepath.Join(root, "events", name+".json")); err != nil {
			t.Errorf("%s has no sample: write one, it stays for ever", name)
		}
	}
}

// mostOfAPattern is what EventBridge takes; a longer one is refused when it is deployed.
const mostOfAPattern = 2048

// TestRulesNameEventsThatExist catches a rule whose pattern nothing will ever match, or which is too long.
func TestRulesNameEventsThatExist(t *testing.T) {
	t.Parallel()
	for id, pattern := range patterns(t) {
		for _, name := range pattern.DetailTypes {
			if _, err := os.Stat(filepath.Join(root, "events", name+".json")); err != nil {
				t.Errorf("rule %s waits for %s, of which there is no sample in events/", id, name)
			}
		}
		written, err := json.Marshal(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if len(written) > mostOfAPattern {
			t.Errorf("the pattern of rule %s has %d characters of %d: write prefixes", id, len(written), mostOfAPattern)
		}
	}
}

// TestWorkGatewayHearsAllThatEndpointsSubscribeTo: a subscription to what nobody hands over would be silent for ever.
func TestWorkGatewayHearsAllThatEndpointsSubscribeTo(t *testing.T) {
	t.Parallel()
	heard := patterns(t)["ToGateway"].DetailTypes
	for _, names := range output.Subscribable {
		for _, name := range names {
			if !slices.Contains(heard, name) {
				t.Errorf("rule ToGateway does not hand over %s", name)
			}
		}
	}
}

// pattern of a rule on the bus.
type pattern struct {
	Source      []string `yaml:"source" json:"source"`
	DetailTypes []string `yaml:"detail-type" json:"detail-type"`
}

// patterns are the template's, by the rule's logical id.
func patterns(t *testing.T) map[string]pattern {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Type       string `yaml:"Type"`
			Properties struct {
				EventBusName any     `yaml:"EventBusName"` // none: the account's own, where AWS speaks
				EventPattern pattern `yaml:"EventPattern"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	rules := map[string]pattern{}
	for id, r := range template.Resources {
		if r.Type == "AWS::Events::Rule" && r.Properties.EventBusName != nil {
			rules[id] = r.Properties.EventPattern
		}
	}
	if len(rules) == 0 {
		t.Fatal("the template has no rules of our bus")
	}
	return rules
}
