// Package operator is how the commands of those who run AskPro reach a stack: the local one unless the environment names
// another. Its one rule: it uses the operator's own credentials and takes no role of a function. It knows no command.
package operator

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/user"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

// Ports of a local stack (design §6).
type Ports struct{ FrontDoor, Partners, Inbox, AWS, Emulator int }

// PortsFrom reads PORT_BASE; without it the ports that everybody remembers.
func PortsFrom(base string) (Ports, error) {
	if base == "" {
		return Ports{3000, 3001, 3002, 4566, 4567}, nil
	}
	n, err := strconv.Atoi(base)
	if err != nil || n < 1024 || n > 65530 {
		return Ports{}, fmt.Errorf("PORT_BASE=%s is no port between 1024 and 65530", base)
	}
	return Ports{n, n + 1, n + 2, n + 3, n + 4}, nil
}

// Key is the local stack's for operators: everything is allowed, nothing counted.
const Key = "local-admin"

// Stack is one deployment as an operator sees it.
type Stack struct {
	Stage  string
	API    string // base of the webhook URLs
	Calcom string
	Retell string // base of its REST API, local only
	Inbox  string // base of the receivers, local only
	Table  string
	Bucket string
	Name   string // of the CloudFormation stack
	Env    lambdakit.Env
	Ports  Ports // local only
	Local  bool
	Now    func() time.Time
}

// Open finds the stack that the environment means. With ASKPRO_STACK_NAME it is a deployed one, described by TABLE_NAME,
// BUCKET_NAME, API_URL, STAGE and the operator's AWS_… credentials; else the local one at PORT_BASE.
func Open() (*Stack, error) {
	if name := os.Getenv("ASKPRO_STACK_NAME"); name != "" {
		return deployed(name)
	}
	ports, err := PortsFrom(os.Getenv("PORT_BASE"))
	if err != nil {
		return nil, err
	}
	return Local(ports), nil
}

// Local is the stack at some ports of this machine.
func Local(p Ports) *Stack {
	endpoint := fmt.Sprintf("http://127.0.0.1:%d", p.AWS)
	s := &Stack{
		Stage: "local", Name: "askpro-local", API: fmt.Sprintf("http://127.0.0.1:%d", p.FrontDoor),
		Calcom: fmt.Sprintf("http://127.0.0.1:%d/v2", p.Partners), Retell: fmt.Sprintf("http://127.0.0.1:%d/retell", p.Partners),
		Inbox: fmt.Sprintf("http://127.0.0.1:%d", p.Inbox), Table: "askpro-local-Table", Bucket: "askpro-local-bucket",
		Ports: p, Local: true, Now: time.Now,
		Env: lambdakit.Env{Region: "eu-central-1", HTTP: &http.Client{Timeout: 20 * time.Second, Transport: lambdakit.NewTransport()}, Base: endpoint,
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: Key, SecretAccessKey: Key, Source: "local operator"}, nil
			})},
	}
	return s
}

type deployment struct {
	Table  string `env:"TABLE_NAME"`
	Bucket string `env:"BUCKET_NAME"`
	API    string `env:"API_URL"`
	Stage  string `env:"STAGE"`
	Calcom string `env:"CALCOM_BASE_URL" default:"https://api.cal.com/v2"`
	Region string `env:"AWS_REGION"`
	Key    string `env:"AWS_ACCESS_KEY_ID"`
}

func deployed(name string) (*Stack, error) {
	d, err := lambdakit.Load[deployment]()
	if err != nil {
		return nil, fmt.Errorf("for the deployed stack %s: %w", name, err)
	}
	return &Stack{Stage: d.Stage, Name: name, API: d.API, Calcom: d.Calcom, Table: d.Table, Bucket: d.Bucket, Env: lambdakit.FromEnvironment(), Now: time.Now}, nil
}

// For gives the operator's own credentials for every company.
func (s *Stack) For(tenant.ID) aws.CredentialsProvider { return s.Env.Credentials }

// By is who runs a command, as the audit trail names them: the login on their machine, once for all that one run does.
func (s *Stack) By() audit.By {
	by := audit.By{Actor: event.Actor{Kind: "operator"}, RequestID: ident.New(s.Now())}
	if u, err := user.Current(); err == nil {
		by.Actor.ID = u.Username
	}
	return by
}

// Store opens the table.
func (s *Stack) Store() *store.Table { return store.Open(s.Env, s, s.Table, s.Now) }

// Directory opens the directory.
func (s *Stack) Directory() *store.Directory { return store.OpenDirectory(s.Env, s.Table) }

// Company finds the company of a webhook route.
func (s *Stack) Company(ctx context.Context, route string) (tenant.ID, error) {
	r, err := s.Directory().Route(ctx, route)
	if err != nil {
		return tenant.ID{}, fmt.Errorf("company %s: %w", route, err)
	}
	return r.Company, nil
}

// Queue is a queue's URL by its short name ("default", "sync-dead"), local stack only.
func (s *Stack) Queue(logicalID string) string {
	return s.Env.Base + "/000000000000/" + s.Name + "-" + logicalID
}
