package sms

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/askpro/gateway/internal/notify"
)

// KindReceipt is the message that brings the provider's word on a text message: its body is the event's detail.
const KindReceipt = "sms.receipt"

// contextRef is where a message's Ref comes back.
const contextRef = "ref"

// fates of the provider's final events (docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-types.html).
// A carrier that took a message without saying whether it arrived (TEXT_SUCCESSFUL), and one that never said anything
// (TEXT_UNKNOWN), tell us nothing that we do not know.
var fates = map[string]notify.Fate{
	"TEXT_DELIVERED": notify.Reached,
	"TEXT_INVALID":   notify.Returned, "TEXT_INVALID_MESSAGE": notify.Returned, "TEXT_UNREACHABLE": notify.Returned, "TEXT_CARRIER_UNREACHABLE": notify.Returned,
	"TEXT_BLOCKED": notify.Returned, "TEXT_CARRIER_BLOCKED": notify.Returned, "TEXT_PROTECT_BLOCKED": notify.Returned, "TEXT_SPAM": notify.Returned, "TEXT_TTL_EXPIRED": notify.Returned,
}

// ReadReceipt reads what the provider says became of a text message
// (docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-format.html); false where it tells nothing new.
func ReadReceipt(body []byte) (notify.Receipt, bool, error) {
	var e struct {
		EventType  string            `json:"eventType"`
		MessageID  string            `json:"messageId"`
		Context    map[string]string `json:"context"`
		Price      float64           `json:"totalMessagePrice"` // US dollars
		CarrierFee float64           `json:"totalCarrierFee"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return notify.Receipt{}, false, fmt.Errorf("read the provider's word on a text message: %w", err)
	}
	r := notify.Receipt{
		Ref: e.Context[contextRef], Channel: notify.SMS, Fate: fates[e.EventType], ForGood: e.EventType == "TEXT_INVALID", ProviderID: e.MessageID,
		Cost: int64(math.Round((e.Price + e.CarrierFee) * 1e6)),
	}
	return r, r.Fate != "", nil
}
