package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/manage"
	"github.com/askpro/gateway/internal/tenant"
)

// parameters answers as SSM does.
func parameters(t *testing.T, status int, answer string) *lambdakit.Secrets {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return lambdakit.NewSecrets(lambdakit.Env{Region: "eu-central-1", HTTP: server.Client(), Base: server.URL, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "x"}, nil
	})})
}

func TestALinkIsWrittenWithAddressAndKeyOnly(t *testing.T) {
	t.Parallel()
	const key = "ssm:/askpro/local/manage/key"
	secret := strings.Repeat("geheim", 6)
	stored := `{"Parameters":[{"Name":"/askpro/local/manage/key","Value":"` + secret + `"}]}`
	us := tenant.Proven(ident.Derive("company", "demo"))
	a := booking.Appointment{ID: ident.Derive("a"), CustomerID: ident.Derive("c")}
	for _, tt := range []struct {
		name, base, answer string
		status             int
		customer           string
		link, fails        bool
	}{
		{"both", "https://termine.example/t", stored, 200, a.CustomerID, true, false},
		{"no address", "", stored, 200, a.CustomerID, false, false},
		{"no key", "https://termine.example/t", `{"Parameters":[]}`, 200, a.CustomerID, false, false},
		{"nobody's appointment", "https://termine.example/t", stored, 200, "", false, false},
		{"the key cannot be read now", "https://termine.example/t", `{}`, 500, a.CustomerID, false, true},
		{"a key that can be guessed", "https://termine.example/t", `{"Parameters":[{"Name":"/askpro/local/manage/key","Value":"geheim"}]}`, 200, a.CustomerID, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := a
			x.CustomerID = tt.customer
			got, err := links{tt.base, key, parameters(t, tt.status, tt.answer)}.link(t.Context(), us, x)
			if (err != nil) != tt.fails || (got != "") != tt.link {
				t.Fatalf("%q, %v", got, err)
			}
			if tt.link {
				token, _ := strings.CutPrefix(got, tt.base+"/")
				if l, err := manage.Verify(token, []byte(secret)); err != nil || l != (manage.Link{Company: us, Appointment: a.ID, Customer: a.CustomerID}) {
					t.Errorf("%+v, %v", l, err)
				}
			}
		})
	}
}
