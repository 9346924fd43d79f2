package lambdakit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// How long a secret's value is kept. A value that is exchanged under the same name is seen after this time at the latest;
// rotation without a gap uses two names.
const (
	secretFor   = 5 * time.Minute
	secretsKept = 1000
	atOnce      = 10 // names in one GetParameters
)

// Secrets resolves references: "ssm:/path/of/parameter" and "secretsmanager:name-or-arn".
type Secrets struct {
	env Env
	mu  sync.Mutex
	by  map[string]secret
}

type secret struct {
	value string
	till  time.Time
}

// NewSecrets makes a resolver with the function's own role.
func NewSecrets(env Env) *Secrets { return &Secrets{env: env, by: map[string]secret{}} }

// ErrNoSecret says that none of the references has a value.
var ErrNoSecret = errors.New("none of the secrets has a value: store them under the names in the company's file")

// Get resolves references in their order. Those without a value are left out, so that a name removed after a rotation
// does no harm; none at all is ErrNoSecret.
func (s *Secrets) Get(ctx context.Context, refs ...string) ([]string, error) {
	now := time.Now()
	s.mu.Lock()
	var missing []string
	for _, ref := range refs {
		if x, ok := s.by[ref]; !ok || now.After(x.till) {
			missing = append(missing, ref)
		}
	}
	s.mu.Unlock()
	if len(missing) > 0 {
		if err := s.fetch(ctx, missing, now); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var values []string
	for _, ref := range refs {
		if v := s.by[ref].value; v != "" {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return nil, ErrNoSecret
	}
	return values, nil
}

func (s *Secrets) fetch(ctx context.Context, refs []string, now time.Time) error {
	var parameters []string
	found := map[string]string{}
	for _, ref := range refs {
		kind, name, _ := strings.Cut(ref, ":")
		switch kind {
		case "ssm":
			parameters = append(parameters, name)
		case "secretsmanager":
			value, err := s.managed(ctx, name)
			if err != nil {
				return err
			}
			found[ref] = value
		default:
			return fmt.Errorf("a secret's reference begins with ssm: or secretsmanager:, not %q", kind)
		}
	}
	for len(parameters) > 0 {
		n := min(len(parameters), atOnce)
		if err := s.parameters(ctx, parameters[:n], found); err != nil {
			return err
		}
		parameters = parameters[n:]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.by)+len(refs) > secretsKept {
		clear(s.by)
	}
	for _, ref := range refs {
		s.by[ref] = secret{found[ref], now.Add(secretFor)}
	}
	return nil
}

func (s *Secrets) parameters(ctx context.Context, names []string, found map[string]string) error {
	body, err := json.Marshal(map[string]any{"Names": names, "WithDecryption": true})
	if err != nil {
		return err
	}
	raw, err := s.env.post(ctx, "ssm", s.env.url("SSM", "ssm"), map[string]string{
		"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.GetParameters",
	}, body)
	if err != nil {
		return fmt.Errorf("read secrets: %w", err)
	}
	var answer struct {
		Parameters []struct{ Name, Value string }
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return fmt.Errorf("read secrets: %w", err)
	}
	for _, p := range answer.Parameters {
		found["ssm:"+p.Name] = p.Value
	}
	return nil
}

func (s *Secrets) managed(ctx context.Context, name string) (string, error) {
	body, err := json.Marshal(map[string]string{"SecretId": name})
	if err != nil {
		return "", err
	}
	raw, err := s.env.post(ctx, "secretsmanager", s.env.url("SECRETS_MANAGER", "secretsmanager"), map[string]string{
		"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.GetSecretValue",
	}, body)
	if err != nil {
		return "", fmt.Errorf("read a secret: %w", err)
	}
	var answer struct{ SecretString string }
	if err := json.Unmarshal(raw, &answer); err != nil {
		return "", fmt.Errorf("read a secret: %w", err)
	}
	return answer.SecretString, nil
}
