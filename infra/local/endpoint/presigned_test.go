package endpoint_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

func TestALinkIsFollowedByAnybodyAsItWasMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	maker, stranger := w.as(t, "work-default"), w.as(t, "hook-retell-events")
	link := func(secret string, at time.Time, key string) string {
		r := httptest.NewRequest(http.MethodGet, w.url+"/"+w.system.Bucket.Name+"/"+key+"?X-Amz-Expires=60&response-content-disposition=attachment&x-id=GetObject", nil)
		url, _, err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).PresignHTTP(t.Context(),
			aws.Credentials{AccessKeyID: maker.AccessKeyID, SecretAccessKey: secret, SessionToken: maker.SessionToken}, r, "UNSIGNED-PAYLOAD", "s3", "eu-central-1", at)
		if err != nil {
			t.Fatal(err)
		}
		return url
	}
	good := link(maker.SecretAccessKey, time.Now(), "incoming/retell/a")
	for _, tt := range []struct {
		name, url string
		status    int
	}{
		{"as it was made", good, 200},
		{"another object", strings.Replace(good, "retell/a", "retell/b", 1), 403},
		{"another secret", link(stranger.SecretAccessKey, time.Now(), "incoming/retell/a"), 403},
		{"for longer", strings.Replace(good, "Expires=60", "Expires=6000", 1), 403},
		{"after its time", link(maker.SecretAccessKey, time.Now().Add(-2*time.Minute), "incoming/retell/a"), 403},
		{"of what its maker may not read", link(maker.SecretAccessKey, time.Now(), "incoming/calcom/a"), 403},
	} {
		resp, err := http.Get(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tt.status {
			t.Errorf("%s: %s", tt.name, resp.Status)
		}
	}
}
