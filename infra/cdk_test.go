package main

import (
	"bufio"
	"context"
	"debug/elf"
	"encoding/json"
	"encoding/xml"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/askpro/gateway/infra/build"
)

// mostResources leaves room below CloudFormation's 500 for what operations adds.
const mostResources = 400

func TestMain(m *testing.M) {
	code := m.Run()
	if assembly.dir != "" {
		os.RemoveAll(assembly.dir)
	}
	os.Exit(code)
}

func TestEveryStageSynthesisesWithoutCredentials(t *testing.T) {
	t.Parallel()
	dir := synthesise(t)
	functions, err := functionsIn(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	trial, err := throwAway("trial")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(slices.Clone(stages), trial) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(dir, "askpro-"+s.name+".template.json")
			template := readTemplate(t, file)

			for _, file := range []string{file, filepath.Join(dir, "askpro-"+s.name+"-operations.template.json")} {
				t.Run("cfn-lint has nothing to say of "+filepath.Base(file), func(t *testing.T) {
					t.Parallel()
					run(t, nil, tool(t, "cfn-lint"), "--template", file)
				})
				t.Run("few enough resources are in "+filepath.Base(file), func(t *testing.T) {
					t.Parallel()
					var resources map[string]any
					if err := json.Unmarshal(run(t, nil, tool(t, "python"), "expand.py", file), &resources); err != nil {
						t.Fatal(err)
					}
					t.Logf("%d resources", len(resources))
					if len(resources) >= mostResources {
						t.Errorf("%d resources, of which CloudFormation takes 500: move some to a stack of their own below %d", len(resources), mostResources)
					}
				})
			}
			t.Run("each function has its own binary, for the stage's processor", func(t *testing.T) {
				t.Parallel()
				for id, folder := range functions {
					var code struct{ Key string }
					template.property(t, id, "CodeUri", &code)
					asset := filepath.Join(dir, "asset."+strings.TrimSuffix(code.Key, ".zip"), "bootstrap")
					binary, err := elf.Open(asset)
					if err != nil {
						t.Errorf("functions/%s: %v", folder, err)
						continue
					}
					if want := map[build.Architecture]elf.Machine{build.ARM64: elf.EM_AARCH64, build.X8664: elf.EM_X86_64}[s.architecture]; binary.Machine != want {
						t.Errorf("functions/%s is for %v, wanted %v", folder, binary.Machine, want)
					}
					binary.Close()
				}
			})
			t.Run("each function's log forgets in time", func(t *testing.T) {
				t.Parallel()
				for id := range functions {
					var logging struct{ LogGroup struct{ Ref string } }
					template.property(t, id, "LoggingConfig", &logging)
					var days int
					template.property(t, logging.LogGroup.Ref, "RetentionInDays", &days)
					if days != s.logDays {
						t.Errorf("%s keeps its log for %d days, wanted %d", id, days, s.logDays)
					}
				}
			})
			t.Run("the stage is written down, not asked for", func(t *testing.T) {
				t.Parallel()
				for _, name := range []string{"Stage", "Architecture", "DeletionProtection", "LogLevel"} {
					if _, asked := template.Parameters[name]; asked {
						t.Errorf("parameter %s could still be set to another stage's", name)
					}
				}
				var guarded bool
				template.property(t, "Table", "DeletionProtectionEnabled", &guarded)
				if guarded != (s.name != "trial") {
					t.Errorf("deletion protection of the table is %v: only a throw-away stage is unguarded", guarded)
				}
			})
		})
	}
}

// TestRehearsal deploys stage dev with the real CDK command line to an emulator
// of its own. The emulator creates no routes of a SAM HttpApi, and refuses a
// template with a GuardDuty plan.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	dir := without(t, synthesise(t), "askpro-dev.template.json", "AWS::GuardDuty::MalwareProtectionPlan")
	endpoint := emulator(t)
	account := []string{
		"AWS_ENDPOINT_URL=" + endpoint, "AWS_REGION=eu-central-1", "AWS_DEFAULT_REGION=eu-central-1",
		"AWS_ACCESS_KEY_ID=rehearsal", "AWS_SECRET_ACCESS_KEY=rehearsal",
	}
	run(t, account, "npx", "cdk", "bootstrap", "aws://000000000000/eu-central-1", "--app", dir)
	run(t, account, "npx", "cdk", "deploy", "askpro-dev", "--require-approval", "never", "--progress", "events", "--app", dir)
	simpler := withoutFormulas(t, dir, "askpro-dev-operations")
	run(t, account, "npx", "cdk", "deploy", "askpro-dev-operations", "--exclusively", "--parameters", "askpro-dev-operations:AlarmMail=wache@askpro.example",
		"--require-approval", "never", "--progress", "events", "--app", simpler)

	template := readTemplate(t, filepath.Join(dir, "askpro-dev.template.json"))
	operations := readTemplate(t, filepath.Join(simpler, "askpro-dev-operations.template.json"))
	config := aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(endpoint),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "rehearsal", SecretAccessKey: "rehearsal"}, nil
		}),
	}
	for _, there := range []struct {
		what, kind string
		names      func(t *testing.T) []string
	}{
		{"functions", "AWS::Serverless::Function", func(t *testing.T) []string {
			var answer struct {
				Functions []struct {
					FunctionName, State string
					Architectures       []string
					CodeSize            int
				}
			}
			get(t, endpoint+"/2015-03-31/functions/?MaxItems=1000", &answer)
			var names []string
			for _, f := range answer.Functions {
				if f.State != "Active" || f.CodeSize == 0 || !slices.Equal(f.Architectures, []string{string(build.ARM64)}) {
					t.Errorf("%+v is no function that could run", f)
				}
				names = append(names, f.FunctionName)
			}
			return names
		}},
		{"event source mappings", "AWS::Lambda::EventSourceMapping", func(t *testing.T) []string {
			var answer struct {
				EventSourceMappings []struct{ FunctionArn, State string }
			}
			get(t, endpoint+"/2015-03-31/event-source-mappings/?MaxItems=1000", &answer)
			var names []string
			for _, m := range answer.EventSourceMappings {
				names = append(names, m.FunctionArn)
			}
			return names
		}},
		{"queues", "AWS::SQS::Queue", func(t *testing.T) []string {
			answer, err := sqs.NewFromConfig(config).ListQueues(t.Context(), &sqs.ListQueuesInput{MaxResults: aws.Int32(1000)})
			if err != nil {
				t.Fatal(err)
			}
			return answer.QueueUrls
		}},
		{"the rules of both buses", "AWS::Events::Rule", func(t *testing.T) (names []string) {
			for _, bus := range []string{"askpro-dev-askpro", "default"} {
				answer, err := eventbridge.NewFromConfig(config).ListRules(t.Context(), &eventbridge.ListRulesInput{EventBusName: &bus})
				if err != nil {
					t.Fatal(err)
				}
				for _, rule := range answer.Rules {
					if !strings.Contains(*rule.Name, "-Cron") { // a schedule is a rule, too
						names = append(names, *rule.Name)
					}
				}
			}
			return names
		}},
		{"the table", "AWS::DynamoDB::Table", func(t *testing.T) []string {
			client := dynamodb.NewFromConfig(config)
			answer, err := client.ListTables(t.Context(), &dynamodb.ListTablesInput{})
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range answer.TableNames {
				described, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &name})
				if err != nil {
					t.Fatal(err)
				}
				if got := described.Table; len(got.GlobalSecondaryIndexes) != 2 || got.StreamSpecification == nil || !*got.StreamSpecification.StreamEnabled {
					t.Errorf("table %s has %d indexes and stream %+v", name, len(got.GlobalSecondaryIndexes), got.StreamSpecification)
				}
			}
			return answer.TableNames
		}},
		{"alarms", "AWS::CloudWatch::Alarm", func(t *testing.T) []string {
			var answer struct {
				Names []string `xml:"DescribeAlarmsResult>MetricAlarms>member>AlarmName"`
			}
			query(t, endpoint, "monitoring", url.Values{"Action": {"DescribeAlarms"}, "Version": {"2010-08-01"}, "MaxRecords": {"100"}}, &answer)
			return answer.Names
		}},
		{"the dashboard", "AWS::CloudWatch::Dashboard", func(t *testing.T) []string {
			var answer struct {
				Names []string `xml:"ListDashboardsResult>DashboardEntries>member>DashboardName"`
			}
			query(t, endpoint, "monitoring", url.Values{"Action": {"ListDashboards"}, "Version": {"2010-08-01"}}, &answer)
			return answer.Names
		}},
		{"the one who is woken", "AWS::SNS::Subscription", func(t *testing.T) []string {
			var answer struct {
				Whom []string `xml:"ListSubscriptionsResult>Subscriptions>member>Endpoint"`
			}
			query(t, endpoint, "sns", url.Values{"Action": {"ListSubscriptions"}, "Version": {"2010-03-31"}}, &answer)
			return answer.Whom
		}},
	} {
		t.Run(there.what+" are there", func(t *testing.T) {
			var wanted []string
			for _, resources := range []map[string]resource{template.Resources, operations.Resources} {
				for id, r := range resources {
					if r.Type == there.kind {
						wanted = append(wanted, id)
					}
				}
			}
			if got := there.names(t); len(got) != len(wanted) || len(got) == 0 {
				t.Errorf("%d of %d: %q for %q", len(got), len(wanted), got, wanted)
			}
		})
	}
}

// withoutFormulas returns an assembly like dir with one stack's template, less the alarms over several figures: the emulator
// does not know them.
func withoutFormulas(t *testing.T, dir, stack string) string {
	t.Helper()
	simpler := t.TempDir()
	for _, name := range []string{"manifest.json", "cdk.out", stack + ".assets.json", stack + ".template.json"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == stack+".template.json" {
			var whole map[string]any
			if err := json.Unmarshal(text, &whole); err != nil {
				t.Fatal(err)
			}
			maps.DeleteFunc(whole["Resources"].(map[string]any), func(_ string, r any) bool {
				properties, _ := r.(map[string]any)["Properties"].(map[string]any)
				return properties["Metrics"] != nil
			})
			if text, err = json.Marshal(whole); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(simpler, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return simpler
}

// template is what the tests read of a synthesised one.
type template struct {
	Parameters map[string]any
	Outputs    map[string]struct {
		Value  map[string]any
		Export struct{ Name string }
	}
	Resources map[string]resource
}

type resource struct {
	Type       string
	Properties map[string]json.RawMessage
}

func readTemplate(t *testing.T, file string) template {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var read template
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// property reads a resource's property into out.
func (tp template) property(t *testing.T, resource, name string, out any) {
	t.Helper()
	if err := json.Unmarshal(tp.Resources[resource].Properties[name], out); err != nil {
		t.Errorf("%s of %s: %v", name, resource, err)
	}
}

// assembly is the synthesised app; all tests share one.
var assembly struct {
	sync.Mutex
	dir    string
	failed bool
}

// synthesise runs the real `npx cdk synth` without credentials and returns the folder of the result.
func synthesise(t *testing.T) string {
	t.Helper()
	needNode(t)
	assembly.Lock()
	defer assembly.Unlock()
	if assembly.failed {
		t.Fatal("the app does not synthesise: see the other test")
	}
	if assembly.dir == "" {
		dir, err := os.MkdirTemp("", "askpro-cdk-")
		if err != nil {
			t.Fatal(err)
		}
		assembly.dir, assembly.failed = dir, true
		run(t, nil, "npx", "cdk", "synth", "--quiet", "--context", "stage=trial", "--output", dir)
		assembly.failed = false
	}
	return assembly.dir
}

// without is a synthesised app whose one template has no resources of a kind; the rest of it is the app's own.
func without(t *testing.T, app, file, kind string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	there, err := os.ReadDir(app)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range there {
		if x.Name() == file {
			continue
		}
		if err := os.Symlink(filepath.Join(app, x.Name()), filepath.Join(dir, x.Name())); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(app, file))
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]any
	if err := json.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	resources, _ := whole["Resources"].(map[string]any)
	before := len(resources)
	maps.DeleteFunc(resources, func(_ string, r any) bool { return r.(map[string]any)["Type"] == kind })
	if len(resources) == before {
		t.Errorf("%s has no %s", file, kind)
	}
	text, err = json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// run runs a command in infra/ and returns what it printed. The environment is
// ours without any credentials, plus env.
func run(t *testing.T, env []string, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "AWS_") })
	cmd.Env = append(cmd.Env, "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull,
		"CI=true", "SAM_CLI_TELEMETRY=0", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=1")
	cmd.Env = append(cmd.Env, env...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(name), strings.Join(args, " "), err, out, &complaint)
	}
	return out
}

// tool finds a program in .venv-sam.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, ".venv-sam", "bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: `make setup` installs it", err)
	}
	return path
}

// emulator starts an empty one on a free port and returns its address.
func emulator(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	free.Close()
	cmd := exec.Command(filepath.Join(root, ".venv", "bin", "ministack"))
	cmd.Env = append(os.Environ(), "BIND_HOST=127.0.0.1", "GATEWAY_PORT="+port, "MINISTACK_REGION=eu-central-1")
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: `make setup` installs it", err)
	}
	up := make(chan struct{})
	go func() {
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if strings.Contains(lines.Text(), "Running on http") {
				select {
				case <-up:
				default:
					close(up)
				}
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	select {
	case <-up:
	case <-time.After(time.Minute):
		t.Fatal("the emulator did not start within a minute")
	}
	return "http://" + address
}

func get(t *testing.T, url string, out any) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(out); err != nil {
		t.Fatalf("%s answered %s: %v", url, answer.Status, err)
	}
}

// query asks a service of AWS that answers in XML; nobody checks the signature.
func query(t *testing.T, endpoint, service string, ask url.Values, out any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint+"/", strings.NewReader(ask.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=rehearsal/20261129/eu-central-1/"+service+"/aws4_request, SignedHeaders=host, Signature=none")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := xml.NewDecoder(answer.Body).Decode(out); err != nil {
		t.Fatalf("%s answered %s: %v", service, answer.Status, err)
	}
}

// needNode lets a test pass where Node is not asked for and fails it where it is.
func needNode(t *testing.T) {
	t.Helper()
	if os.Getenv("ASKPRO_STACK_TESTS") != "1" {
		t.Skip("run by `make test`")
	}
	_, err := exec.LookPath("npx")
	switch {
	case err == nil:
	case os.Getenv("ASKPRO_REQUIRE_NODE") == "1":
		t.Fatal("Node is missing (npx): the CDK cannot run")
	default:
		t.Skip("needs Node, which is not here")
	}
}
