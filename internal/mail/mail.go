// Package mail hands letters to Amazon SES, or to a company's own mail server. Its one rule: a letter that is sent twice
// carries the same Message-ID and the same calendar entry, so that nobody has two of anything. It knows no appointment: a
// notify.Letter is complete.
package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/tenant"
)

// SES sends as one verified address. It is called without the SDK's client, whose tables are the largest part of a start-up.
type SES struct {
	env      lambdakit.Env
	from     string
	receipts Receipts
	now      func() time.Time
}

// Receipts say where SES tells what became of letters that wait for a word: Set is the configuration set, Queue the tag by
// which rules on the bus know whose letter it was.
type Receipts struct{ Set, Queue string }

var service = lambdakit.Service{Name: "ses", Host: "email", Endpoint: "SESV2"}

// request of SendEmail (docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html); Data travels in base64.
type request struct {
	FromEmailAddress string
	Destination      struct{ ToAddresses []string }
	Content          struct{ Raw struct{ Data []byte } }

	ConfigurationSetName string `json:",omitempty"`
	EmailTags            []tag  `json:",omitempty"`
}

// Open makes the sender.
func Open(env lambdakit.Env, from string, receipts Receipts, now func() time.Time) *SES {
	return &SES{env, from, receipts, now}
}

// SendLetter hands a letter over, once: a sending of unknown outcome is repeated by its message, with the same ids. It returns
// SES's id.
func (s *SES) SendLetter(ctx context.Context, t tenant.ID, l notify.Letter) (string, error) {
	msg, err := compose(l, s.from, s.now())
	if err != nil {
		return "", err
	}
	var raw bytes.Buffer
	if _, err := msg.WriteTo(&raw); err != nil {
		return "", fmt.Errorf("compose the letter: %w", err)
	}
	in := request{FromEmailAddress: s.from}
	in.Destination.ToAddresses, in.Content.Raw.Data = []string{l.To}, raw.Bytes()
	if l.Ref != "" {
		in.ConfigurationSetName, in.EmailTags = s.receipts.Set, tags(t, s.receipts.Queue, l.Ref)
	}
	var answer struct {
		MessageID string `json:"MessageId"`
	}
	if err := s.env.Post(ctx, service, "/v2/email/outbound-emails", in, &answer); err != nil {
		return "", fmt.Errorf("hand a letter to the mail service: %w", err)
	}
	return answer.MessageID, nil
}

// compose writes a letter as MIME: text, HTML and, where there is an invitation, a calendar entry both as an alternative
// (mail programmes show it) and as a file (people keep it).
func compose(m notify.Letter, from string, now time.Time) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.FromFormat(m.FromName, from); err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	if err := msg.To(m.To); err != nil {
		return nil, fmt.Errorf("recipient: %w", err)
	}
	if m.ReplyTo != "" {
		if err := msg.ReplyTo(m.ReplyTo); err != nil {
			return nil, fmt.Errorf("reply-to: %w", err)
		}
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(now)
	msg.SetMessageIDWithValue(messageID(m.Key, from))
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday replies
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	if m.Invite != nil {
		invite := *m.Invite
		if invite.Organizer == "" { // a request needs one (RFC 5546 §3.2.2)
			invite.Organizer = from
		}
		ics, err := Calendar(invite, now)
		if err != nil {
			return nil, err
		}
		msg.AddAlternativeString(gomail.ContentType("text/calendar; method="+m.Invite.Method), ics)
		if err := msg.AttachReader(m.Invite.File, strings.NewReader(ics), gomail.WithFileContentType("application/ics")); err != nil {
			return nil, fmt.Errorf("attach the calendar entry: %w", err)
		}
	}
	for _, f := range m.Files {
		if err := msg.AttachReader(f.Name, bytes.NewReader(f.Body), gomail.WithFileContentType(gomail.ContentType(f.Type))); err != nil {
			return nil, fmt.Errorf("attach %s: %w", f.Name, err)
		}
	}
	return msg, nil
}

// messageID is the same for the same letter, and tells nothing of its key.
func messageID(key, from string) string {
	sum := sha256.Sum256([]byte(key))
	_, domain, _ := strings.Cut(from, "@")
	return hex.EncodeToString(sum[:16]) + "@" + domain
}
