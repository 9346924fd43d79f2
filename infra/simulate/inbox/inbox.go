// Package inbox is where everything ends that the local stack sends to people: letters as SES takes them, webhooks as a
// company's tool would receive them. Its one rule: what arrives is shown as it came, parsed by a library that is not the
// one that wrote it. It knows no sender.
package inbox

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // letters in other character sets
	"github.com/emersion/go-message/mail"
)

// Mail is a letter.
type Mail struct {
	ID          string            `json:"id"`
	ReceivedAt  time.Time         `json:"received_at"`
	From        string            `json:"from"`
	To          []string          `json:"to"`
	Subject     string            `json:"subject"`
	MessageID   string            `json:"message_id"`
	Headers     map[string]string `json:"headers"`
	Text        string            `json:"text"`
	HTML        string            `json:"html"`
	Attachments []Attachment      `json:"attachments"`
}

// Attachment is a file or another form of the letter.
type Attachment struct {
	Name        string `json:"name,omitempty"`
	ContentType string `json:"content_type"`
	Text        string `json:"text"`
}

// Webhook is a request that a receiver got.
type Webhook struct {
	ReceivedAt time.Time         `json:"received_at"`
	Path       string            `json:"path"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
	Answered   int               `json:"answered"`
}

// Messages is everything that arrived, in order.
type Messages struct {
	Mails    []Mail    `json:"mails"`
	Webhooks []Webhook `json:"webhooks"`
}

// Fault says how the receivers answer. Path "" fits all webhooks; "mail" is the mail service.
type Fault struct {
	Path   string `json:"path"`
	Mode   string `json:"mode"` // status, hang; for mail: refuse
	Status int    `json:"status,omitempty"`
	Times  int    `json:"times,omitempty"` // 0: until cleared
}

// Inbox keeps what arrived.
type Inbox struct {
	now    func() time.Time
	mu     sync.Mutex
	got    Messages
	faults []*Fault
	number int
}

// New makes an empty inbox.
func New(now func() time.Time) *Inbox { return &Inbox{now: now, got: empty()} }

func empty() Messages { return Messages{Mails: []Mail{}, Webhooks: []Webhook{}} }

// ReceiveSES takes a letter as SES's SendEmail hands it over.
func (b *Inbox) ReceiveSES(from string, to []string, raw []byte) (string, error) {
	if f := b.fault("mail"); f != nil {
		return "", fmt.Errorf("the mail service is made to refuse (%s)", f.Mode)
	}
	m, err := parse(raw)
	if err != nil {
		return "", fmt.Errorf("that is no letter: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.number++
	m.ID, m.ReceivedAt, m.To = fmt.Sprintf("local-%06d", b.number), b.now(), to
	b.got.Mails = append(b.got.Mails, m)
	return m.ID, nil
}

// Messages returns what arrived; to narrows mails to a recipient.
func (b *Inbox) Messages(to string) Messages {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := empty()
	for _, m := range b.got.Mails {
		for _, address := range m.To {
			if to == "" || strings.EqualFold(address, to) {
				out.Mails = append(out.Mails, m)
				break
			}
		}
	}
	out.Webhooks = append(out.Webhooks, b.got.Webhooks...)
	return out
}

// Clear forgets everything, faults too.
func (b *Inbox) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got, b.faults = empty(), nil
}

func (b *Inbox) fault(path string) *Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, f := range b.faults {
		if f.Path != path && (f.Path != "" || path == "mail") {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				b.faults = append(b.faults[:i:i], b.faults[i+1:]...)
			}
		}
		return f
	}
	return nil
}

func (b *Inbox) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 16<<20))
	if err != nil {
		return
	}
	path, status := "/"+r.PathValue("path"), http.StatusOK
	if f := b.fault(path); f != nil {
		if f.Mode == "hang" {
			<-r.Context().Done()
			return
		}
		status = f.Status
	}
	headers := map[string]string{}
	for name, values := range r.Header {
		headers[name] = strings.Join(values, ", ")
	}
	b.mu.Lock()
	b.got.Webhooks = append(b.got.Webhooks, Webhook{b.now(), path, headers, string(body), status})
	b.mu.Unlock()
	w.WriteHeader(status)
}

// parse reads a letter and its parts.
func parse(raw []byte) (Mail, error) {
	reader, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil && !message.IsUnknownCharset(err) {
		return Mail{}, err
	}
	m := Mail{Headers: map[string]string{}, Attachments: []Attachment{}}
	for fields := reader.Header.Fields(); fields.Next(); {
		m.Headers[fields.Key()] = fields.Value()
	}
	if m.Subject, err = reader.Header.Subject(); err != nil {
		return m, err
	}
	if m.MessageID, err = reader.Header.MessageID(); err != nil {
		return m, err
	}
	from, err := reader.Header.AddressList("From")
	if err != nil || len(from) == 0 {
		return m, fmt.Errorf("it has no sender: %w", err)
	}
	m.From = from[0].String()
	for {
		part, err := reader.NextPart()
		if err == io.EOF {
			return m, nil
		}
		if err != nil {
			return m, err
		}
		text, err := io.ReadAll(part.Body)
		if err != nil {
			return m, err
		}
		switch h := part.Header.(type) {
		case *mail.InlineHeader:
			kind, params, _ := h.ContentType()
			switch kind {
			case "text/plain":
				m.Text = string(text)
			case "text/html":
				m.HTML = string(text)
			default:
				if method := params["method"]; method != "" {
					kind += "; method=" + method
				}
				m.Attachments = append(m.Attachments, Attachment{ContentType: kind, Text: string(text)})
			}
		case *mail.AttachmentHeader:
			name, _ := h.Filename()
			kind, _, _ := h.ContentType()
			m.Attachments = append(m.Attachments, Attachment{name, kind, string(text)})
		}
	}
}
