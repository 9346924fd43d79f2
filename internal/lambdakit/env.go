package lambdakit

import (
	"context"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Env is what the SDK's clients need, read from Lambda's environment without aws/config, which alone doubles start-up.
type Env struct {
	Region      string
	Credentials aws.CredentialsProvider // the function's own role
	HTTP        *http.Client
	Base        string // another address for all services; empty: what the environment says, or AWS's own
}

// FromEnvironment reads Lambda's variables. Every request ends within 5 s; a caller's context is usually shorter.
func FromEnvironment() Env {
	own := aws.Credentials{
		AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken: os.Getenv("AWS_SESSION_TOKEN"), Source: "Lambda environment",
	}
	return Env{
		Region:      os.Getenv("AWS_REGION"),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return own, nil }),
		HTTP:        &http.Client{Timeout: 5 * time.Second, Transport: NewTransport()},
	}
}

// NewTransport keeps enough connections for a function's parallel requests, so that a warm invocation opens none.
func NewTransport() *http.Transport {
	return &http.Transport{
		DialContext:           (&net.Dialer{Timeout: time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   2 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		MaxIdleConns:          64,
		MaxIdleConnsPerHost:   32,
		IdleConnTimeout:       10 * time.Minute,
		ForceAttemptHTTP2:     true,
	}
}

// Endpoint is another address for a service, from Base, AWS_ENDPOINT_URL_<SERVICE> or AWS_ENDPOINT_URL; nil: AWS's own.
func (e Env) Endpoint(service string) *string {
	if e.Base != "" {
		return &e.Base
	}
	for _, name := range []string{"AWS_ENDPOINT_URL_" + service, "AWS_ENDPOINT_URL"} {
		if v := os.Getenv(name); v != "" {
			return &v
		}
	}
	return nil
}

// url of a service that is called without a client of the SDK.
func (e Env) url(service, host string) string {
	if other := e.Endpoint(service); other != nil {
		return *other + "/"
	}
	return "https://" + host + "." + e.Region + ".amazonaws.com/"
}
