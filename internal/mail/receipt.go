package mail

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/tenant"
)

// KindReceipt is the message that brings SES's word on a letter: its body is the event, as SES publishes it.
const KindReceipt = "mail.receipt"

// tag travels with a letter and comes back with what SES says of it: letters, digits, _ and -, at most 256
// (docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageTag.html).
type tag struct{ Name, Value string }

// What the tags are called; the template's rules read the first two.
const (
	tagCompany = "company"
	tagQueue   = "queue"
	tagRef     = "ref" // in base64url
)

func tags(t tenant.ID, queue, ref string) []tag {
	return []tag{{tagCompany, t.String()}, {tagQueue, queue}, {tagRef, base64.RawURLEncoding.EncodeToString([]byte(ref))}}
}

// ReadReceipt reads what SES says became of a letter (docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html).
// A bounce is told only when SES has given up: for good because of the address (Permanent), or because nothing helped.
func ReadReceipt(body []byte) (notify.Receipt, error) {
	var e struct {
		EventType string `json:"eventType"`
		Mail      struct {
			MessageID string              `json:"messageId"`
			Tags      map[string][]string `json:"tags"`
		} `json:"mail"`
		Bounce struct {
			Type string `json:"bounceType"`
		} `json:"bounce"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return notify.Receipt{}, fmt.Errorf("read SES's word on a letter: %w", err)
	}
	r := notify.Receipt{Channel: notify.Email, ProviderID: e.Mail.MessageID}
	switch e.EventType {
	case "Delivery":
		r.Fate = notify.Reached
	case "Bounce":
		r.Fate, r.ForGood = notify.Returned, e.Bounce.Type == "Permanent"
	case "Reject":
		r.Fate = notify.Returned
	case "Complaint":
		r.Fate = notify.Unwanted
	default:
		return r, fmt.Errorf("SES says %q of a letter: its configuration set does not ask for that", e.EventType)
	}
	values := e.Mail.Tags[tagRef]
	if len(values) != 1 {
		return r, fmt.Errorf("SES says %q of a letter with %d refs", e.EventType, len(values))
	}
	ref, err := base64.RawURLEncoding.DecodeString(values[0])
	if err != nil {
		return r, fmt.Errorf("SES says %q of a letter whose ref is none of ours: %w", e.EventType, err)
	}
	r.Ref = string(ref)
	return r, nil
}
