// Package sms hands text messages to AWS End User Messaging (pinpoint-sms-voice-v2). Its one rule: a message is one
// message, in the alphabet of package gsm; it never becomes several that are paid one by one. It knows no appointment: a
// notify.Text is complete.
package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/askpro/gateway/internal/gsm"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/tenant"
)

// Sender sends with the function's own role.
type Sender struct {
	env   lambdakit.Env
	stage string
}

// Open makes the sender of a stage: the provider speaks to all stages of an account at once, and each hears its own.
func Open(env lambdakit.Env, stage string) *Sender { return &Sender{env, stage} }

var service = lambdakit.Service{Name: "sms-voice", Host: "sms-voice", Endpoint: "PINPOINT_SMS_VOICE_V2", Target: "PinpointSMSVoiceV2"}

// request of SendTextMessage (docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html).
type request struct {
	DestinationPhoneNumber string
	OriginationIdentity    string
	MessageBody            string
	MessageType            string
	Context                map[string]string // comes back with what the provider says of the message
	TimeToLive             int               // seconds
}

// waits is how long the provider tries: a confirmation that comes a day later helps nobody.
const waits = 12 * 60 * 60

// SendText hands a message over; it returns the provider's id. The API takes no token that would make a second sending the
// same one: the ref in its Context says so to people who compare.
func (s *Sender) SendText(ctx context.Context, t tenant.ID, m notify.Text) (string, error) {
	if n, ok := gsm.Length(m.Body); !ok || n > gsm.Single || m.Body == "" {
		return "", fmt.Errorf("a text message of %d septets (alphabet kept: %t) is not sent: one has 1 to %d", n, ok, gsm.Single)
	}
	var answer struct {
		MessageID string `json:"MessageId"`
	}
	err := s.env.Call(ctx, service, "SendTextMessage", request{
		DestinationPhoneNumber: m.To, OriginationIdentity: m.From, MessageBody: m.Body, MessageType: "TRANSACTIONAL",
		Context: map[string]string{"stage": s.stage, "company": t.String(), contextRef: m.Ref}, TimeToLive: waits,
	}, &answer)
	if err != nil {
		return "", refusal(err)
	}
	return answer.MessageID, nil
}

// unwanted are the provider's reasons that lie with the number: its owner has asked for no messages, or it cannot have any.
var unwanted = map[string]bool{
	"DESTINATION_PHONE_NUMBER_OPTED_OUT": true, "DESTINATION_COUNTRY_BLOCKED": true, "COUNTRY_NOT_ENABLED": true,
	"DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION": true, "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE": true,
}

// refusal keeps the number and the text out of what is logged.
func refusal(err error) error {
	var refused *lambdakit.Refused
	if !errors.As(err, &refused) {
		return fmt.Errorf("hand a text message to the provider: %w", err)
	}
	var why struct {
		Type   string `json:"__type"`
		Reason string
	}
	_ = json.Unmarshal(refused.Body, &why) // an answer that is no JSON has no reason
	code := why.Type[strings.LastIndexByte(why.Type, '#')+1:]
	if unwanted[why.Reason] {
		return fmt.Errorf("%w: %s", notify.ErrAddress, why.Reason)
	}
	return fmt.Errorf("hand a text message to the provider: %d %s %s", refused.Status, code, why.Reason)
}
