// Package template reads template.yaml as the local stack needs it: every
// intrinsic resolved, every name physical. Its one rule: what it does not know
// is an error that names the place, never a guess, so that nothing runs locally
// that CloudFormation would read otherwise. It knows no emulator and starts nothing.
package template

import (
	"fmt"
	"os"
	"time"

	"gopkg.in/yaml.v3"
)

// Account and Region are the emulator's account and the region of all local resources.
const (
	Account = "000000000000"
	Region  = "eu-central-1"
)

// Options say for which stack the template is read.
type Options struct {
	Stack      string            // stack name, first part of all physical names: "askpro-local"
	Endpoint   string            // base of the AWS endpoint, "http://127.0.0.1:4566": queue URLs begin with it
	Parameters map[string]string // over the template's defaults
}

// System is the resolved template.
type System struct {
	Options
	Table     Table
	Bucket    Bucket
	Bus       Bus
	Queues    []Queue
	Functions []Function
	Sources   []Source
	Rules     []Rule
	Roles     []Role
	Mail      string              // the verified sender domain
	MailSets  map[string][]string // SES configuration sets, and which sending events they tell the default bus: delivery, bounce, …
	Scanned   []string            // prefixes of the bucket's keys whose objects GuardDuty scans when they are uploaded
}

// Function is one Lambda. Its physical name is the name of its folder under functions/.
type Function struct {
	LogicalID string
	Name      string
	Timeout   time.Duration
	MemoryMB  int
	Env       map[string]string
	Role      Role // the function's own role
	Routes    []Route
	Schedules []Schedule
}

// Route of the HTTP API: POST /webhooks/retell/{route}/tools.
type Route struct{ Method, Path string }

// Schedule wakes a function at a fixed distance.
type Schedule struct{ Every time.Duration }

// Role is what a session may do. Documents are IAM policy documents with all values resolved, as encoding/json would decode them.
type Role struct {
	LogicalID string
	Name      string
	ARN       string
	Trust     map[string]any
	Documents []map[string]any
}

// Queue is an SQS queue. RedriveTo is the name of its dead-letter queue, "" if it has none.
type Queue struct {
	LogicalID  string
	Name       string
	URL        string
	ARN        string
	Visibility time.Duration
	Retention  time.Duration
	RedriveTo  string
	MaxReceive int
}

// Source feeds a function from a queue or the table's stream.
type Source struct {
	LogicalID      string
	Function       string // name of the function
	Queue          string // name of the queue, or
	Stream         bool   // the table's stream
	BatchSize      int
	Concurrency    int // 0: no limit
	ReportFailures bool
	Filters        []map[string]any // event patterns, any of which lets a record pass; none: all pass
	Retries        int              // stream: tries after the first; -1 endless
	Bisect         bool
	OnFailure      string // stream: name of the queue that gets what could not be handled
}

// Rule sends events of a bus to queues. Default tells the account's own bus, where AWS's services speak.
type Rule struct {
	LogicalID string
	Name      string
	Default   bool
	Pattern   map[string]any
	Targets   []Target
}

// Target of a rule. Raw is the template's target for those who create it.
type Target struct {
	ID    string
	Queue string // name
	ARN   string
	Raw   map[string]any
}

// Table is the one table.
type Table struct {
	Name, ARN  string
	Properties map[string]any // as AWS::DynamoDB::Table
	TTL        string         // attribute
}

// Bucket is the one bucket.
type Bucket struct{ Name, ARN string }

// Bus is the event bus.
type Bus struct{ Name, ARN string }

// FunctionNamed returns a function by its folder's name.
func (s *System) FunctionNamed(name string) (Function, bool) {
	for _, f := range s.Functions {
		if f.Name == name {
			return f, true
		}
	}
	return Function{}, false
}

// QueueNamed returns a queue by its physical name or its short one: default, notifications, sync, events-dead, default-dead, ….
func (s *System) QueueNamed(name string) (Queue, bool) {
	for _, q := range s.Queues {
		if q.Name == name || q.Short() == name {
			return q, true
		}
	}
	return Queue{}, false
}

// Short is how people call the queue: DefaultQueue is default, SyncDeadQueue is sync-dead.
func (q Queue) Short() string { return short(q.LogicalID) }

// RoleByARN returns a role, a function's own ones included.
func (s *System) RoleByARN(arn string) (Role, bool) {
	for _, r := range s.Roles {
		if r.ARN == arn {
			return r, true
		}
	}
	return Role{}, false
}

// Read resolves the template in a file.
func Read(file string, o Options) (*System, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return Parse(raw, o)
}

// Parse resolves a template.
func Parse(raw []byte, o Options) (*System, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	var top struct {
		Parameters map[string]struct {
			Default *string `yaml:"Default"`
		} `yaml:"Parameters"`
		Resources map[string]struct {
			Type       string    `yaml:"Type"`
			Properties yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
		Globals struct {
			Function yaml.Node `yaml:"Function"`
		} `yaml:"Globals"`
	}
	if err := doc.Decode(&top); err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	r := &resolver{o: o, types: map[string]string{}, parameters: map[string]string{}, raw: map[string]yaml.Node{}}
	for name, p := range top.Parameters {
		if v, ok := o.Parameters[name]; ok {
			r.parameters[name] = v
		} else if p.Default != nil {
			r.parameters[name] = *p.Default
		} else {
			return nil, fmt.Errorf("template parameter %s has no value and no default", name)
		}
	}
	for id, res := range top.Resources {
		r.types[id] = res.Type
		r.raw[id] = res.Properties
	}
	return r.system(&top.Globals.Function)
}
