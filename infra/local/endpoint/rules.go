package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/infra/local/emulator"
	"github.com/askpro/gateway/infra/local/pattern"
	"github.com/askpro/gateway/infra/local/template"
	"github.com/askpro/gateway/internal/ident"
)

// The default bus is played here: AWS's services alone may speak on it, and the emulator's rules do not read paths into lists.

// defaultRules are the template's rules on the account's own bus; one that is written in a way that tell does not know is an error.
func defaultRules(s *template.System) ([]template.Rule, error) {
	var list []template.Rule
	for _, r := range s.Rules {
		if !r.Default {
			continue
		}
		if err := pattern.Known(r.Pattern); err != nil {
			return nil, fmt.Errorf("rule %s: %w", r.LogicalID, err)
		}
		for _, t := range r.Targets {
			if x := object(t.Raw["InputTransformer"]); text(x["InputTemplate"]) == "" || strings.Contains(text(x["InputTemplate"]), `"<`) {
				return nil, fmt.Errorf("rule %s: on the default bus a target has an InputTemplate, its variables without quotes", r.LogicalID)
			}
		}
		list = append(list, r)
	}
	return list, nil
}

// tell hands an event of an AWS service to the queues that the default bus's rules name for it. It wakes nobody: AWS tells
// of a message after it has answered who sent it.
func (e *Endpoint) tell(ctx context.Context, source, kind string, detail map[string]any) error {
	now := e.Now().UTC()
	raw, err := json.Marshal(map[string]any{
		"version": "0", "id": ident.New(now), "detail-type": kind, "source": source, "account": template.Account, "region": template.Region,
		"time": now.Format(time.RFC3339), "resources": []any{}, "detail": detail,
	})
	if err != nil {
		return err
	}
	var event map[string]any
	if err := json.Unmarshal(raw, &event); err != nil {
		return err
	}
	for _, r := range e.rules {
		if !pattern.Match(r.Pattern, event) {
			continue
		}
		for _, t := range r.Targets {
			body, err := transform(object(t.Raw["InputTransformer"]), event)
			if err != nil {
				return fmt.Errorf("rule %s: %w", r.LogicalID, err)
			}
			q, ok := e.System.QueueNamed(t.Queue)
			if !ok {
				return fmt.Errorf("rule %s: no queue %s", r.LogicalID, t.Queue)
			}
			in := map[string]any{"QueueUrl": q.URL, "MessageBody": body, "MessageGroupId": text(object(t.Raw["SqsParameters"])["MessageGroupId"])}
			if err := emulator.Call(ctx, e.Emulator, "sqs", "AmazonSQS.SendMessage", in, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

var variable = regexp.MustCompile(`<[A-Za-z0-9_]+>`)

// transform writes a target's input. A variable that leads nowhere is an error here: AWS would write nothing in its place.
func transform(x, event map[string]any) (string, error) {
	paths := object(x["InputPathsMap"])
	var failed []error
	body := variable.ReplaceAllStringFunc(text(x["InputTemplate"]), func(name string) string {
		path := text(paths[strings.Trim(name, "<>")])
		v, ok := at(event, path)
		if !ok {
			failed = append(failed, fmt.Errorf("%s: the event has no %q", name, path))
		}
		raw, err := json.Marshal(v)
		failed = append(failed, err)
		return string(raw)
	})
	if err := errors.Join(failed...); err != nil {
		return "", err
	}
	if !json.Valid([]byte(body)) {
		return "", fmt.Errorf("its template makes no JSON: %s", body)
	}
	return body, nil
}

var step = regexp.MustCompile(`\.([A-Za-z0-9_-]+)|\[([0-9]+)\]`)

// at follows a path like $.detail.mail.tags.company[0].
func at(v any, path string) (any, bool) {
	rest, ok := strings.CutPrefix(path, "$")
	for ok && rest != "" {
		m := step.FindStringSubmatchIndex(rest)
		if m == nil || m[0] != 0 {
			return nil, false
		}
		if m[2] >= 0 {
			v, ok = object(v)[rest[m[2]:m[3]]]
		} else {
			var i int
			_, _ = fmt.Sscan(rest[m[4]:m[5]], &i) // digits
			if list := array(v); i < len(list) {
				v = list[i]
			} else {
				ok = false
			}
		}
		rest = rest[m[1]:]
	}
	return v, ok
}

// The fates that a Mailbox may have for a message that it took; empty: its reader got it.
const (
	Bounce    = "bounce"   // its address takes nothing
	Complaint = "complain" // it was there, and its reader complained
)

// mailEvents tells what SES would of a letter (docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html),
// as far as its configuration set asks for it.
func (e *Endpoint) mailEvents(ctx context.Context, set string, tags map[string]any, id, from string, to []string, fate string) error {
	now := e.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	tags["ses:configuration-set"] = []string{set}
	var people []map[string]string
	for _, x := range to {
		people = append(people, map[string]string{"emailAddress": x})
	}
	event := func(kind, name string, what map[string]any) error {
		if !slices.Contains(e.System.MailSets[set], kind) {
			return nil
		}
		what["timestamp"] = now
		mail := map[string]any{"timestamp": now, "messageId": id, "source": from, "sendingAccountId": template.Account, "destination": to, "tags": tags}
		return e.tell(ctx, "aws.ses", name, map[string]any{"eventType": strings.ToUpper(kind[:1]) + kind[1:], "mail": mail, kind: what})
	}
	if fate == Bounce {
		return event("bounce", "Email Bounced", map[string]any{"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": people})
	}
	err := event("delivery", "Email Delivered", map[string]any{"recipients": to, "processingTimeMillis": 500, "smtpResponse": "250 ok"})
	if fate == Complaint {
		err = errors.Join(err, event("complaint", "Email Complaint Received", map[string]any{"complainedRecipients": people, "complaintFeedbackType": "abuse"}))
	}
	return err
}

// textEvent tells what End User Messaging would of a text message
// (docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-format.html).
func (e *Endpoint) textEvent(ctx context.Context, id, from, to, kind string, about map[string]string, fate string) error {
	now := e.Now().UnixMilli()
	event, status := "TEXT_DELIVERED", "DELIVERED"
	if fate == Bounce {
		event, status = "TEXT_INVALID", "INVALID"
	}
	return e.tell(ctx, "aws.sms-voice", "Text Message Delivery Status Updated", map[string]any{
		"eventType": event, "eventVersion": "1.0", "eventTimestamp": now, "isFinal": true, "originationPhoneNumber": from, "destinationPhoneNumber": to, "isoCountryCode": "DE",
		"messageId": id, "messageRequestTimestamp": now, "messageEncoding": "GSM", "messageType": kind, "messageStatus": status, "context": about,
		"totalMessageParts": 1, "totalMessagePrice": 0.0755, "totalCarrierFee": 0.0,
	})
}

// received answers with a message's id, after its provider's events were told.
func received(id string, err error) *answer {
	if err != nil {
		return jsonError(http.StatusInternalServerError, "InternalServerException", err.Error())
	}
	return jsonAnswer(map[string]string{"MessageId": id})
}
