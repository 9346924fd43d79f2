package lambdakit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// post sends one signed request with the function's own role. Its answer is at most 1 MB.
func (e Env) post(ctx context.Context, service, url string, header map[string]string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	creds, err := e.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, creds, req, hex.EncodeToString(sum[:]), service, e.Region, time.Now()); err != nil {
		return nil, err
	}
	resp, err := e.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, &Refused{Service: service, Status: resp.StatusCode, Body: answer}
	}
	return answer, nil
}

// Refused is an answer of AWS that says no.
type Refused struct {
	Service string
	Status  int
	Body    []byte
}

func (r *Refused) Error() string {
	return fmt.Sprintf("%s answered %d: %s", r.Service, r.Status, r.Body[:min(len(r.Body), 300)])
}

// Service of AWS that is called without a client of the SDK, by its JSON protocol 1.0: Name signs, Host is the first part of
// its address, Endpoint ends the variable with another address (AWS_ENDPOINT_URL_…), Target begins its operations' names.
type Service struct{ Name, Host, Endpoint, Target string }

// Call asks a service for an operation with the function's own role. A refusal is a *Refused.
func (e Env) Call(ctx context.Context, s Service, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	answer, err := e.post(ctx, s.Name, e.url(s.Endpoint, s.Host), map[string]string{
		"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": s.Target + "." + operation,
	}, body)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

// Post asks a service that speaks REST with JSON, at a path, with the function's own role. A refusal is a *Refused.
func (e Env) Post(ctx context.Context, s Service, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	answer, err := e.post(ctx, s.Name, strings.TrimSuffix(e.url(s.Endpoint, s.Host), "/")+path, map[string]string{"Content-Type": "application/json"}, body)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

// Passing tells whether a refusal may be none in a moment: a fault of the service's, or too much at once.
func (r *Refused) Passing() bool {
	return r.Status >= 500 || r.Status == http.StatusTooManyRequests || bytes.Contains(r.Body, []byte("Throttl"))
}
