package inbox_test

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/askpro/gateway/infra/simulate/inbox"
)

var now = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// start runs an inbox and returns it with its address.
func start(t *testing.T) (*inbox.Inbox, string) {
	t.Helper()
	b := inbox.New(func() time.Time { return now })
	server := httptest.NewServer(b.Handler())
	t.Cleanup(server.Close)
	return b, server.URL
}

// control calls the inbox; in is sent as JSON unless nil, the answer read into out unless nil.
func control(t *testing.T, method, url string, in, out any) int {
	t.Helper()
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, &body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if out != nil {
		if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
			t.Fatal(err)
		}
	}
	return resp.StatusCode
}

// messages reads everything that arrived over HTTP.
func messages(t *testing.T, url, query string) (m inbox.Messages) {
	t.Helper()
	control(t, "GET", url+"/_sim/messages"+query, nil, &m)
	return m
}

// letter writes a confirmation with a calendar entry in both of its forms and a picture.
func letter(t *testing.T) []byte {
	t.Helper()
	m := mail.NewMsg()
	for _, err := range []error{m.FromFormat("Salon Mitte · Größe", "termine@salon-mitte.example"), m.To("erika.muster@example.de")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	m.Subject("Ihr Termin: Färben am Dienstag")
	m.SetMessageIDWithValue("01J@askpro.example")
	m.SetBodyString(mail.TypeTextPlain, "Guten Tag, Erika Müßig!")
	m.AddAlternativeString(mail.TypeTextHTML, "<p>Guten Tag, <b>Erika</b>!</p>")
	m.AddAlternativeString("text/calendar; method=REQUEST", "BEGIN:VCALENDAR\r\nSUMMARY:Färben\r\nEND:VCALENDAR\r\n")
	if err := m.AttachReader("termin.ics", strings.NewReader("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"), mail.WithFileContentType("text/calendar")); err != nil {
		t.Fatal(err)
	}
	if err := m.AttachReader("logo.png", bytes.NewReader([]byte{0x89, 'P', 'N', 'G', 0xff, 0})); err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	if _, err := m.WriteTo(&raw); err != nil {
		t.Fatal(err)
	}
	return raw.Bytes()
}

// checkLetter compares what arrived with letter.
func checkLetter(t *testing.T, m inbox.Mail) {
	t.Helper()
	if m.Subject != "Ihr Termin: Färben am Dienstag" || m.MessageID != "01J@askpro.example" || !strings.Contains(m.From, "<termine@salon-mitte.example>") || !m.ReceivedAt.Equal(now) {
		t.Errorf("%+v", m)
	}
	if strings.TrimSpace(m.Text) != "Guten Tag, Erika Müßig!" || !strings.Contains(m.HTML, "<b>Erika</b>") || !strings.Contains(m.Headers["Subject"], "=?UTF-8?") {
		t.Errorf("text %q, html %q, subject as it came %q", m.Text, m.HTML, m.Headers["Subject"])
	}
	var parts []string
	for _, a := range m.Attachments {
		parts = append(parts, a.Name+"|"+a.ContentType)
	}
	if got := strings.Join(parts, " "); got != "|text/calendar; method=REQUEST termin.ics|text/calendar logo.png|image/png" {
		t.Errorf("parts: %s", got)
	} else if !strings.Contains(m.Attachments[0].Text, "SUMMARY:Färben") || m.Attachments[2].Text != "" || m.Attachments[2].Bytes != 6 {
		t.Errorf("%+v", m.Attachments)
	}
}

func TestALetterThatSESTakesIsParsed(t *testing.T) {
	t.Parallel()
	b, url := start(t)
	id, _, err := b.ReceiveSES("bounce@askpro.example", []string{"erika.muster@example.de", "mitte@salon-mitte.example"}, letter(t))
	if err != nil || id != "local-000001" {
		t.Fatalf("%s, %v", id, err)
	}
	got := messages(t, url, "?to=MITTE@salon-mitte.example").Mails
	if len(got) != 1 || got[0].ID != id || got[0].Via != "ses" || got[0].Sender != "bounce@askpro.example" {
		t.Fatalf("%+v", got)
	}
	checkLetter(t, got[0])
	if n := len(messages(t, url, "?to=max@example.de").Mails); n != 0 {
		t.Errorf("%d letters to somebody else", n)
	}
	if _, _, err := b.ReceiveSES("a@askpro.example", []string{"b@example.de"}, []byte("no letter")); err == nil {
		t.Error("what is no letter was taken")
	}
}

func TestALetterBySMTPIsParsed(t *testing.T) {
	t.Parallel()
	b, url := start(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := b.SMTP(nil)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	send := func(raw []byte) error {
		return smtp.SendMail(listener.Addr().String(), nil, "bounce@askpro.example", []string{"erika.muster@example.de"}, raw)
	}
	if err := send(letter(t)); err != nil {
		t.Fatal(err)
	}
	got := messages(t, url, "").Mails
	if len(got) != 1 || got[0].Via != "smtp" || got[0].Sender != "bounce@askpro.example" || len(got[0].To) != 1 || got[0].To[0] != "erika.muster@example.de" {
		t.Fatalf("%+v", got)
	}
	checkLetter(t, got[0])
	if err := send([]byte("Subject: ohne Absender\r\n\r\nHallo")); err == nil || !strings.HasPrefix(err.Error(), "554") {
		t.Errorf("no letter: %v", err)
	}
	control(t, "POST", url+"/_sim/faults", inbox.Fault{Path: "mail", Mode: "refuse", Times: 1}, nil)
	if err := send(letter(t)); err == nil || !strings.HasPrefix(err.Error(), "451") {
		t.Errorf("told to refuse: %v", err)
	}
	if err := send(letter(t)); err != nil {
		t.Errorf("told to refuse once: %v", err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Errorf("a closed server has no error: %v", err)
	}
}

func TestATextMessageArrives(t *testing.T) {
	t.Parallel()
	b, url := start(t)
	control(t, "POST", url+"/_sim/faults", inbox.Fault{Path: "sms", Mode: "refuse", Times: 1}, nil)
	if _, _, err := b.ReceiveSMS("AskPro", "+4915112345678", "x"); err == nil {
		t.Error("it was told to refuse")
	}
	id, _, err := b.ReceiveSMS("AskPro", "+4915112345678", "Ihr Termin: Dienstag, 10 Uhr.")
	if err != nil {
		t.Fatal(err)
	}
	got := messages(t, url, "?to=%2B4915112345678").SMS
	if len(got) != 1 || got[0].ID != id || got[0].Text != "Ihr Termin: Dienstag, 10 Uhr." || !got[0].ReceivedAt.Equal(now) {
		t.Errorf("%+v", got)
	}
}

func TestMessagesCanBeForgotten(t *testing.T) {
	t.Parallel()
	b, url := start(t)
	if _, _, err := b.ReceiveSMS("", "+49", "x"); err != nil {
		t.Fatal(err)
	}
	control(t, "DELETE", url+"/_sim/messages", nil, nil)
	var lists map[string][]any
	control(t, "GET", url+"/_sim/messages", nil, &lists)
	for _, kind := range []string{"mails", "sms", "webhooks"} {
		if list, has := lists[kind]; !has || list == nil || len(list) != 0 {
			t.Errorf("%s: %v, want an empty list", kind, list)
		}
	}
	control(t, "POST", url+"/_sim/faults", inbox.Fault{Path: "sms", Mode: "refuse"}, nil)
	b.Clear()
	if _, _, err := b.ReceiveSMS("", "+49", "x"); err != nil {
		t.Errorf("clearing forgets faults, too: %v", err)
	}
}
