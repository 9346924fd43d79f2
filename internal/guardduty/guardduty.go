// Package guardduty reads what GuardDuty's malware protection says of uploads. Its one rule: what the scanner could not say is no
// word on an object. It knows no queue and no bucket.
package guardduty

import (
	"encoding/json"
	"fmt"

	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/desk"
)

// Kind is of the message that brings GuardDuty's word on an object below attachments/: its body is the event's detail, as
// GuardDuty publishes it.
const Kind = "attachment.scanned"

// Read reads what GuardDuty found in an object
// (docs.aws.amazon.com/guardduty/latest/ug/monitoring-malware-protection-s3-scans-gdu.html). That it could not read it, or failed,
// is no word on the object: the message goes to the dead letters, where somebody sees that the scanner has lost its rights, and
// nobody can fetch the object meanwhile.
func Read(body []byte) (casework.Scan, error) {
	var e struct {
		Object struct {
			Key string `json:"objectKey"`
		} `json:"s3ObjectDetails"`
		Result struct {
			Status string `json:"scanResultStatus"`
		} `json:"scanResultDetails"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return casework.Scan{}, fmt.Errorf("read GuardDuty's word on an object: %w", err)
	}
	s := casework.Scan{Key: e.Object.Key}
	switch e.Result.Status {
	case "NO_THREATS_FOUND":
	case "THREATS_FOUND":
		s.Reason = desk.Infected
	case "UNSUPPORTED": // a password, too many archives in archives, …
		s.Reason = desk.Unscannable
	default:
		return s, fmt.Errorf("GuardDuty says %q of an object: look whether its plan is active and its role can read", e.Result.Status)
	}
	return s, nil
}
