package emulator_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/local/emulator"
	"github.com/askpro/gateway/infra/local/template"
)

const root = "../../.."

// running is the emulator of all tests here; each test has resources of its own by its stack's name.
var running struct {
	once     sync.Once
	folder   string
	emulator *emulator.Emulator
	err      error
}

// strange makes the test's program a server that is no emulator.
const strange = "EMULATOR_TEST_STRANGER"

func TestMain(m *testing.M) {
	if os.Getenv(strange) != "" {
		err := http.ListenAndServe("127.0.0.1:"+os.Getenv("GATEWAY_PORT"), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if running.emulator != nil {
		running.emulator.Stop()
	}
	os.RemoveAll(running.folder)
	os.Exit(code)
}

func started(t *testing.T) *emulator.Emulator {
	t.Helper()
	venv := filepath.Join(root, ".venv")
	if _, err := os.Stat(filepath.Join(venv, "installed")); err != nil && os.Getenv("ASKPRO_STACK_TESTS") == "" {
		t.Skip("needs the emulator: run make test")
	}
	running.once.Do(func() {
		if running.folder, running.err = os.MkdirTemp("", "emulator"); running.err == nil {
			running.emulator, running.err = start(venv, running.folder)
		}
	})
	if running.err != nil {
		t.Fatal(running.err)
	}
	return running.emulator
}

// start tries again when another process was faster to take the port.
func start(venv, folder string) (e *emulator.Emulator, err error) {
	for range 5 {
		var l net.Listener
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nil, err
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		if e, err = emulator.Start(context.Background(), emulator.Options{Venv: venv, Port: port, Log: filepath.Join(folder, "emulator.log")}); err == nil {
			return e, nil
		}
	}
	return nil, err
}

var stacks atomic.Int32

// system is a stack of the test's own: its resources have names that no other has.
func system(t *testing.T) *template.System {
	t.Helper()
	s, err := template.Read(filepath.Join(root, "template.yaml"), template.Options{Stack: fmt.Sprintf("stack%d", stacks.Add(1)), Endpoint: "http://127.0.0.1:4566", Parameters: map[string]string{"Stage": "local"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// caller makes calls that must succeed.
func caller(t *testing.T, url string) func(service, target string, in map[string]any, out any) {
	return func(service, target string, in map[string]any, out any) {
		t.Helper()
		if err := emulator.Call(t.Context(), url, service, target, in, out); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWithoutTheProgramItSaysHowToInstallIt(t *testing.T) {
	t.Parallel()
	_, err := emulator.Start(t.Context(), emulator.Options{Venv: t.TempDir(), Log: filepath.Join(t.TempDir(), "log")})
	if err == nil || !strings.Contains(err.Error(), "make setup") {
		t.Errorf("%v", err)
	}
}

// program makes a folder like .venv whose Python is a shell script.
func program(t *testing.T, script string) (venv string) {
	t.Helper()
	venv = t.TempDir()
	if err := os.MkdirAll(filepath.Join(venv, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(venv, "bin", "python3"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return venv
}

func TestWhatIsNotOurEmulatorIsNoStart(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, script string
		port         net.Listener // nil: a free one
		want         string
	}{
		{"a taken port", "exit 0", taken, "PORT_BASE"},
		{"a program that ends", "exit 1", nil, "it ended at once"},
		{"another program that answers on the port", strange + "=1 exec '" + self + "'", nil, "another program"},
	} {
		l := tt.port
		if l == nil {
			if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
				t.Fatal(err)
			}
			l.Close()
		}
		_, err := emulator.Start(t.Context(), emulator.Options{Venv: program(t, tt.script), Port: l.Addr().(*net.TCPAddr).Port, Log: filepath.Join(t.TempDir(), "log")})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestItListensOnThisMachineOnly(t *testing.T) {
	t.Parallel()
	e := started(t)
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		ip := a.(*net.IPNet).IP
		if ip.IsLoopback() || ip.To4() == nil {
			continue
		}
		if c, err := net.Dial("tcp", net.JoinHostPort(ip.String(), e.URL[strings.LastIndexByte(e.URL, ':')+1:])); err == nil {
			c.Close()
			t.Errorf("it answers at %s", ip)
		}
	}
}

func TestEverythingOfTheTemplateIsCreated(t *testing.T) {
	t.Parallel()
	e, s := started(t), system(t)
	if err := emulator.Create(t.Context(), e.URL, s, map[string]string{"/created/secret": "value"}); err != nil {
		t.Fatal(err)
	}
	do := caller(t, e.URL)
	var table struct {
		Table struct {
			GlobalSecondaryIndexes []struct{ IndexName string }
			StreamSpecification    struct{ StreamViewType string }
		}
	}
	do("dynamodb", "DynamoDB_20120810.DescribeTable", map[string]any{"TableName": s.Table.Name}, &table)
	if len(table.Table.GlobalSecondaryIndexes) != 2 || table.Table.StreamSpecification.StreamViewType != "NEW_IMAGE" {
		t.Errorf("the table: %+v", table)
	}
	var ttl struct {
		TimeToLiveDescription struct{ TimeToLiveStatus string }
	}
	do("dynamodb", "DynamoDB_20120810.DescribeTimeToLive", map[string]any{"TableName": s.Table.Name}, &ttl)
	if ttl.TimeToLiveDescription.TimeToLiveStatus == "ENABLED" {
		t.Error("the emulator would delete by its own clock")
	}
	for _, q := range s.Queues {
		var got struct{ Attributes map[string]string }
		do("sqs", "AmazonSQS.GetQueueAttributes", map[string]any{"QueueUrl": e.URL + "/" + template.Account + "/" + q.Name, "AttributeNames": []string{"All"}}, &got)
		if want := fmt.Sprint(int(q.Visibility / time.Second)); got.Attributes["VisibilityTimeout"] != want || got.Attributes["QueueArn"] != q.ARN {
			t.Errorf("queue %s: %v", q.Short(), got.Attributes)
		}
		if to, ok := s.QueueNamed(q.RedriveTo); q.RedriveTo != "" && (!ok || !strings.Contains(got.Attributes["RedrivePolicy"], to.ARN)) {
			t.Errorf("queue %s goes to %q", q.Short(), got.Attributes["RedrivePolicy"])
		}
	}
	var secret struct{ Parameter struct{ Type, Value string } }
	do("ssm", "AmazonSSM.GetParameter", map[string]any{"Name": "/created/secret", "WithDecryption": true}, &secret)
	if secret.Parameter.Type != "SecureString" || secret.Parameter.Value != "value" {
		t.Errorf("the secret: %+v", secret)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, e.URL+"/"+s.Bucket.Name+"/key", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", emulator.Authorization("s3"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("the bucket takes nothing: %s", resp.Status)
	}
}

func TestAnEventReachesTheQueuesOfItsRules(t *testing.T) {
	t.Parallel()
	e, s := started(t), system(t)
	if err := emulator.Create(t.Context(), e.URL, s, nil); err != nil {
		t.Fatal(err)
	}
	do := caller(t, e.URL)
	do("events", "AWSEvents.PutEvents", map[string]any{"Entries": []any{map[string]any{
		"EventBusName": s.Bus.Name, "Source": "askpro", "DetailType": "appointment.requested.v1", "Detail": `{"company_id":"c"}`,
	}}}, nil)
	for name, want := range map[string]int{"sync": 1, "default": 0} {
		q, _ := s.QueueNamed(name)
		var got struct{ Messages []struct{ Body string } }
		do("sqs", "AmazonSQS.ReceiveMessage", map[string]any{"QueueUrl": e.URL + "/" + template.Account + "/" + q.Name, "MaxNumberOfMessages": 10, "WaitTimeSeconds": want}, &got)
		if len(got.Messages) != want {
			t.Errorf("queue %s: %d messages", name, len(got.Messages))
		}
	}
}

func TestASweepDeletesWhatIsOverOnTheClockItIsGiven(t *testing.T) {
	t.Parallel()
	e, s := started(t), system(t)
	if err := emulator.Create(t.Context(), e.URL, s, nil); err != nil {
		t.Fatal(err)
	}
	do, now := caller(t, e.URL), time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC)
	for sk, at := range map[string]string{"over": fmt.Sprint(now.Unix() - 1), "later": fmt.Sprint(now.Unix() + 1), "never": ""} {
		item := map[string]any{"pk": map[string]string{"S": "A"}, "sk": map[string]string{"S": sk}}
		if at != "" {
			item[s.Table.TTL] = map[string]string{"N": at}
		}
		do("dynamodb", "DynamoDB_20120810.PutItem", map[string]any{"TableName": s.Table.Name, "Item": item}, nil)
	}
	left := func() (list []string) {
		t.Helper()
		var out struct {
			Items []map[string]map[string]string
		}
		do("dynamodb", "DynamoDB_20120810.Query", map[string]any{"TableName": s.Table.Name, "KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": map[string]any{":a": map[string]string{"S": "A"}}}, &out)
		for _, item := range out.Items {
			list = append(list, item["sk"]["S"])
		}
		return list
	}
	for _, tt := range []struct {
		at   time.Time
		want string
	}{{now, "[later never]"}, {now.Add(time.Hour), "[never]"}} {
		if err := emulator.Sweep(t.Context(), e.URL, s.Table, tt.at); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(left()); got != tt.want {
			t.Errorf("at %s: %s", tt.at, got)
		}
	}
}

// TestResetEmptiesEverythingAndCreatesAnew has an emulator of its own: it would take the others' resources away.
func TestResetEmptiesEverythingAndCreatesAnew(t *testing.T) {
	t.Parallel()
	started(t) // or skips
	e, err := start(filepath.Join(root, ".venv"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Stop)
	s := system(t)
	secrets := map[string]string{"/reset/secret": "value"}
	if err := emulator.Create(t.Context(), e.URL, s, secrets); err != nil {
		t.Fatal(err)
	}
	do := caller(t, e.URL)
	queue := e.URL + "/" + template.Account + "/" + s.Queues[0].Name
	do("dynamodb", "DynamoDB_20120810.PutItem", map[string]any{"TableName": s.Table.Name, "Item": map[string]any{"pk": map[string]string{"S": "A"}, "sk": map[string]string{"S": "B"}}}, nil)
	do("sqs", "AmazonSQS.SendMessage", map[string]any{"QueueUrl": queue, "MessageBody": "x"}, nil)
	if err := emulator.Reset(t.Context(), e.URL, s, secrets); err != nil {
		t.Fatal(err)
	}
	var scan struct{ Count int }
	do("dynamodb", "DynamoDB_20120810.Scan", map[string]any{"TableName": s.Table.Name}, &scan)
	var got struct{ Messages []any }
	do("sqs", "AmazonSQS.ReceiveMessage", map[string]any{"QueueUrl": queue}, &got)
	if scan.Count != 0 || len(got.Messages) != 0 {
		t.Errorf("left: %d items, %d messages", scan.Count, len(got.Messages))
	}
}
