package endpoint_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/askpro/gateway/infra/local/endpoint"
	"github.com/askpro/gateway/infra/local/template"
)

// world is an endpoint before an emulator that notes what reaches it and answers what a test wants.
type world struct {
	*endpoint.Endpoint
	system *template.System
	url    string
	mu     sync.Mutex
	now    time.Time
	reply  func(target string, body []byte) (int, string)
	fate   string // of what is sent
	record record
}

// record is what came of the calls.
type record struct {
	calls  []seen
	mails  []mail
	texts  []string
	killed []string
	nudged []string // services, with the queue if it is one
}

func (w *world) saw() record {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.record
}

type seen struct {
	target, path string
	body         []byte
	header       http.Header
}

type mail struct {
	from string
	to   []string
	raw  string
}

// ReceiveSES is the world's letter box.
func (w *world) ReceiveSES(from string, to []string, raw []byte) (id, fate string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.record.mails = append(w.record.mails, mail{from, to, string(raw)})
	return "mail-1", w.fate, nil
}

// ReceiveSMS is where the world's text messages end.
func (w *world) ReceiveSMS(from, to, text string) (id, fate string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.record.texts = append(w.record.texts, from+" "+to+" "+text)
	return "text-1", w.fate, nil
}

// Now is the stack's clock.
func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), reply: func(string, []byte) (int, string) { return http.StatusOK, "{}" }}
	var err error
	w.system, err = template.Read("../../../template.yaml", template.Options{Stack: "askpro-local", Endpoint: "http://127.0.0.1:4566", Parameters: map[string]string{"Stage": "local"}})
	if err != nil {
		t.Fatal(err)
	}
	behind := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		target := r.Header.Get("X-Amz-Target")
		w.mu.Lock()
		w.record.calls = append(w.record.calls, seen{target, r.URL.Path, body, r.Header})
		status, answer := w.reply(target, body)
		w.mu.Unlock()
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, answer)
	}))
	t.Cleanup(behind.Close)
	w.Endpoint, err = endpoint.New(endpoint.Options{
		System: w.system, Emulator: behind.URL, Mailbox: w,
		Now: w.Now,
		Kill: func(process string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.record.killed = append(w.record.killed, process)
		},
		Nudge: func(service, queue string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.record.nudged = append(w.record.nudged, strings.TrimSpace(service+" "+queue))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/_local/", w.Controls())
	mux.Handle("/", w.Endpoint)
	front := httptest.NewServer(mux)
	t.Cleanup(front.Close)
	w.url = front.URL
	return w
}

// reached lists the targets (or paths) of the calls that the emulator saw.
func (w *world) reached() (list []string) {
	for _, c := range w.saw().calls {
		list = append(list, strings.TrimPrefix(c.target+c.path, "/"))
	}
	return list
}

// as is the credentials of a function's process.
func (w *world) as(t *testing.T, function string) endpoint.Credentials {
	t.Helper()
	f, ok := w.system.FunctionNamed(function)
	if !ok {
		t.Fatalf("no function %s", function)
	}
	return w.Issue(f.Role, f.Name, "process-1")
}

// tenant is the credentials of a company's session.
func (w *world) tenant(t *testing.T, role, company string) endpoint.Credentials {
	t.Helper()
	for _, r := range w.system.Roles {
		if r.LogicalID == role {
			return w.Session(r, company)
		}
	}
	t.Fatalf("no role %s", role)
	return endpoint.Credentials{}
}

var admin = endpoint.Credentials{AccessKeyID: endpoint.AdminKey, SecretAccessKey: endpoint.AdminSecret}

// request makes a signed call: service "s3" with "PUT /bucket/key", or a JSON service with its target; change, if any,
// spoils it after signing.
type request struct {
	service, target string
	header          map[string]string
	body            string
	change          func(r *http.Request)
}

type reply struct {
	status int
	code   string // of an error, in JSON or XML
	body   string
	err    error // the connection was dropped
}

func (w *world) do(t *testing.T, c endpoint.Credentials, q request) reply {
	t.Helper()
	method, path, isPath := strings.Cut(q.target, " ")
	if !isPath {
		method, path = http.MethodPost, "/"
	}
	r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	if !isPath && q.service != "sts" {
		r.Header.Set("X-Amz-Target", q.target)
		r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	}
	if q.service == "sts" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range q.header {
		r.Header.Set(name, value)
	}
	sum := sha256.Sum256([]byte(q.body))
	hash := hex.EncodeToString(sum[:])
	if q.service == "s3" {
		r.Header.Set("X-Amz-Content-Sha256", hash)
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = q.service == "s3" })
	creds := aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
	if err := signer.SignHTTP(t.Context(), creds, r, hash, q.service, template.Region, time.Now()); err != nil {
		t.Fatal(err)
	}
	if q.change != nil {
		q.change(r)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return reply{err: err}
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{err: err}
	}
	return reply{status: resp.StatusCode, code: codeOf(raw), body: string(raw)}
}

func codeOf(raw []byte) string {
	var j struct {
		Type string `json:"__type"`
	}
	if json.Unmarshal(raw, &j) == nil {
		return j.Type[strings.LastIndexByte(j.Type, '#')+1:]
	}
	var x struct {
		Code  string
		Inner string `xml:"Error>Code"`
	}
	_ = xml.Unmarshal(raw, &x) // no XML: no code
	return x.Code + x.Inner
}

// dynamo is a DynamoDB call.
func dynamo(operation, body string) request {
	return request{service: "dynamodb", target: "DynamoDB_20120810." + operation, body: body}
}

// control makes a call of the controls.
func (w *world) control(t *testing.T, method, path, body string, out any) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.url+"/_local/"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if out != nil {
		if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
			t.Fatal(err)
		}
	}
	return resp.StatusCode
}
