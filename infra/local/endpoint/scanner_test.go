package endpoint_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/askpro/gateway/infra/local/endpoint"
	"github.com/askpro/gateway/internal/blob"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/tenant"
)

// signer signs as the functions do that work for a company.
type signer struct{ w *world }

// For is a session of the tenant's write role.
func (s signer) For(t tenant.ID) aws.CredentialsProvider {
	for _, r := range s.w.system.Roles {
		if r.LogicalID == "TenantWriteRole" {
			return signedBy(s.w.Session(r, t.String()))
		}
	}
	return nil
}

// upload links to an upload of a company.
func (w *world) upload(t *testing.T, company, key, kind string, size int64) (url string, header map[string]string) {
	t.Helper()
	b := blob.Open(lambdakit.Env{Region: "eu-central-1", HTTP: http.DefaultClient, Base: w.url}, w.system.Bucket.Name, signer{w})
	url, header, err := b.UploadOf(t.Context(), tenant.Proven(company), key, kind, size, 15*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return url, header
}

// put follows a link.
func put(t *testing.T, url string, header map[string]string, body string) (status int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestALinkToAnUploadTakesWhatItWasMadeForAlone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, key, body string
		header          map[string]string // instead of what came with the link
		status          int
	}{
		{"as it was made", "attachments/A/k/n/1", "four", nil, 200},
		{"more than was said", "attachments/A/k/n/1", "fives", nil, 403},
		{"less than was said", "attachments/A/k/n/1", "two", nil, 403},
		{"another type", "attachments/A/k/n/1", "four", map[string]string{"Content-Type": "text/html"}, 403},
		{"over what lies there", "attachments/A/k/n/1", "four", map[string]string{"If-None-Match": ""}, 403},
		{"with a say in how it is kept", "attachments/A/k/n/1", "four", map[string]string{"X-Amz-Acl": "public-read"}, 403},
		{"where another company's lie", "attachments/B/k/n/1", "four", nil, 403},
		{"where a company's begin like ours", "attachments/AB/k/n/1", "four", nil, 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			url, header := w.upload(t, "A", tt.key, "text/plain", 4)
			for name, value := range tt.header {
				header[name] = value
			}
			if got := put(t, url, header, tt.body); got != tt.status {
				t.Errorf("answered %d", got)
			}
			if n := len(w.reached()); (n > 0) != (tt.status == 200) {
				t.Errorf("%v reached the emulator", w.reached())
			}
		})
	}
}

func TestAnUploadIsScanned(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, key, body, want string }{
		{"harmless", "attachments/A/k/n/1", "Guten Tag", "NO_THREATS_FOUND"},
		{"what every scanner finds", "attachments/A/k/n/1", "x" + string(endpoint.Eicar()), "THREATS_FOUND"},
		{"an archive with a password", "attachments/A/k/n/1", "PK\x03\x04\x14\x00\x09\x00", "UNSUPPORTED"},
		{"a transcript", "companies/A/transcripts/1", string(endpoint.Eicar()), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			url, header := w.upload(t, "A", tt.key, "text/plain", int64(len(tt.body)))
			if got := put(t, url, header, tt.body); got != 200 {
				t.Fatalf("answered %d", got)
			}
			var told string
			for _, c := range w.saw().calls {
				var in struct{ QueueUrl, MessageBody string }
				var m struct {
					Kind string `json:"kind"`
					Key  string `json:"object_key"`
					Body struct {
						Object struct {
							Key string `json:"objectKey"`
						} `json:"s3ObjectDetails"`
						Result struct {
							Status string `json:"scanResultStatus"`
						} `json:"scanResultDetails"`
					} `json:"body"`
				}
				if c.target != "AmazonSQS.SendMessage" {
					continue
				}
				if json.Unmarshal(c.body, &in) != nil || json.Unmarshal([]byte(in.MessageBody), &m) != nil {
					t.Fatal(string(c.body))
				}
				if told = m.Body.Result.Status; m.Kind != "attachment.scanned" || m.Key != tt.key || m.Body.Object.Key != tt.key || !strings.HasSuffix(in.QueueUrl, "GatewayQueue") {
					t.Errorf("%s: %s", in.QueueUrl, in.MessageBody)
				}
			}
			if told != tt.want {
				t.Errorf("told %q", told)
			}
		})
	}
}
