package inbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // letters in other character sets
	"github.com/emersion/go-message/mail"
)

// Mail is a letter.
type Mail struct {
	ID          string            `json:"id"`
	ReceivedAt  time.Time         `json:"received_at"`
	Via         string            `json:"via"`                 // ses or smtp
	Encrypted   bool              `json:"encrypted,omitempty"` // smtp: inside TLS
	Login       string            `json:"login,omitempty"`     // smtp: the name it was handed in with
	Sender      string            `json:"sender"`              // of the envelope
	From        string            `json:"from"`                // of the header
	To          []string          `json:"to"`                  // of the envelope: who gets it
	Subject     string            `json:"subject"`
	MessageID   string            `json:"message_id"`
	Headers     map[string]string `json:"headers"` // as they came, undecoded; the first of several
	Text        string            `json:"text"`
	HTML        string            `json:"html"`
	Attachments []Attachment      `json:"attachments"`
}

// Attachment is a file, or a form of the letter that is neither text nor HTML (a calendar entry).
type Attachment struct {
	Name        string `json:"name,omitempty"`
	ContentType string `json:"content_type"` // with its method, if it has one
	Text        string `json:"text"`         // empty if it is none
	Bytes       int    `json:"bytes"`
}

// parse reads a letter and its parts.
func parse(raw []byte) (Mail, error) {
	reader, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil && !message.IsUnknownCharset(err) {
		return Mail{}, err
	}
	m := Mail{Headers: map[string]string{}, Attachments: []Attachment{}}
	for fields := reader.Header.Fields(); fields.Next(); {
		if _, has := m.Headers[fields.Key()]; !has {
			m.Headers[fields.Key()] = fields.Value()
		}
	}
	if m.Subject, err = reader.Header.Subject(); err != nil {
		return m, err
	}
	if m.MessageID, err = reader.Header.MessageID(); err != nil {
		return m, err
	}
	from, err := reader.Header.AddressList("From")
	if err != nil {
		return m, fmt.Errorf("its sender: %w", err)
	}
	if len(from) == 0 {
		return m, errors.New("it has no sender")
	}
	m.From = from[0].String()
	for {
		part, err := reader.NextPart()
		if err == io.EOF {
			return m, nil
		}
		if err != nil && !message.IsUnknownCharset(err) {
			return m, err
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			return m, err
		}
		m.add(part.Header, body)
	}
}

// add puts a part where it belongs: the first text and the first HTML are the letter, everything else hangs on it.
func (m *Mail) add(header mail.PartHeader, body []byte) {
	h := message.Header{}
	inline, name := false, ""
	switch x := header.(type) {
	case *mail.InlineHeader:
		h, inline = x.Header, true
	case *mail.AttachmentHeader:
		h = x.Header
		name, _ = x.Filename()
	}
	kind, params, _ := h.ContentType() // one that cannot be read is shown as it is
	switch {
	case inline && kind == "text/plain" && m.Text == "":
		m.Text = string(body)
	case inline && kind == "text/html" && m.HTML == "":
		m.HTML = string(body)
	default:
		a := Attachment{Name: name, ContentType: kind, Bytes: len(body)}
		if method := params["method"]; method != "" {
			a.ContentType += "; method=" + method
		}
		if utf8.Valid(body) {
			a.Text = string(body)
		}
		m.Attachments = append(m.Attachments, a)
	}
}
