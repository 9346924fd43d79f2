package guardduty

import (
	"strings"
	"testing"

	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/desk"
)

// word is GuardDuty's, as AWS documents it (docs.aws.amazon.com/guardduty/latest/ug/monitor-with-eventbridge-s3-malware-protection.html).
const word = `{"schemaVersion": "1.0", "scanStatus": "COMPLETED", "resourceType": "S3_OBJECT",
	"s3ObjectDetails": {"bucketName": "b", "objectKey": "attachments/A/k/n/1", "eTag": "ASIAI44QH8DHBEXAMPLE", "versionId": "d41d8cd98f00b204e9800998eEXAMPLE", "s3Throttled": false},
	"scanResultDetails": {"scanResultStatus": "STATUS", "threats": null}}`

func TestWhatTheScannerSays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status string
		want   desk.Rejection
		fails  bool
	}{
		{"NO_THREATS_FOUND", "", false}, {"THREATS_FOUND", desk.Infected, false}, {"UNSUPPORTED", desk.Unscannable, false},
		{"ACCESS_DENIED", "", true}, {"FAILED", "", true}, {"", "", true},
	} {
		got, err := Read([]byte(strings.Replace(word, "STATUS", tt.status, 1)))
		if got != (casework.Scan{Key: "attachments/A/k/n/1", Reason: tt.want}) || (err != nil) != tt.fails {
			t.Errorf("%q: %+v, %v", tt.status, got, err)
		}
	}
	if _, err := Read([]byte(`[]`)); err == nil {
		t.Error("what is no word was read")
	}
}
