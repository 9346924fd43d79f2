package mail

import (
	"bytes"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	ics "github.com/arran4/golang-ical"
	"github.com/emersion/go-message/mail"

	"github.com/askpro/gateway/internal/notify"
)

var invite = notify.Invite{
	File: "termin.ics",
	UID:  "abc@cal.com", Sequence: 3, Method: "REQUEST", Zone: "Europe/Berlin", Summary: "Dauerwelle bei Salon Mitte", Location: "Salon Mitte, Berlin-Mitte",
	Start: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), End: time.Date(2026, 11, 24, 11, 15, 0, 0, time.UTC),
	Description: "10:00–10:50 Uhr Wickeln\n11:05–11:10 Uhr Fixieren", Organizer: "mitte@salon.example", OrganizerName: "Salon Mitte", Attendee: "erika@example.de", AttendeeName: "Erika Muster",
}

func TestTheCalendarEntrySaysWhatTheLetterSays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		set           func(i *notify.Invite)
		method        string
		status        string
		start, offset string // as written, and what the zone's rules say of it
	}{
		{"in winter", func(*notify.Invite) {}, "REQUEST", "CONFIRMED", "20261124T100000", "+0100"},
		{"in summer", func(i *notify.Invite) { i.Start, i.End = i.Start.AddDate(0, -4, 0), i.End.AddDate(0, -4, 0) }, "REQUEST", "CONFIRMED", "20260724T110000", "+0200"},
		{"cancelled", func(i *notify.Invite) { i.Method = "CANCEL" }, "CANCEL", "CANCELLED", "20261124T100000", "+0100"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := invite
			tt.set(&i)
			text, err := Calendar(i, now)
			if err != nil {
				t.Fatal(err)
			}
			c, err := ics.ParseCalendar(strings.NewReader(text))
			if err != nil || len(c.Events()) != 1 {
				t.Fatalf("%v\n%s", err, text)
			}
			e := c.Events()[0]
			start, err := e.GetStartAt()
			if err != nil || !start.Equal(i.Start) || e.Id() != "abc@cal.com" {
				t.Errorf("start %s, %v, uid %s", start, err, e.Id())
			}
			for _, want := range []string{"METHOD:" + tt.method, "SEQUENCE:3", "STATUS:" + tt.status, "DTSTART;TZID=Europe/Berlin:" + tt.start, "TZOFFSETTO:" + tt.offset, "ORGANIZER;CN=Salon Mitte:mailto:mitte@salon.example", `Wickeln\n11:05`} {
				if !strings.Contains(strings.ReplaceAll(text, "\r\n ", ""), want) {
					t.Errorf("%s is not in\n%s", want, text)
				}
			}
			for _, line := range strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n") {
				if len(line) > 75 || strings.Contains(line, "\n") {
					t.Errorf("RFC 5545 §3.1 allows 75 octets in a line: %q", line)
				}
			}
		})
	}
}

func TestALetterIsComposed(t *testing.T) {
	t.Parallel()
	i := invite
	i.Organizer = ""
	l := notify.Letter{Key: "k", To: "erika@example.de", FromName: "Salon Mitte · Größe", ReplyTo: "mitte@salon.example", Subject: "Färben, Di", Text: "Guten Tag, Erika Müßig!", HTML: "<p>Guten Tag</p>", Invite: &i}
	write := func() string {
		msg, err := compose(l, "termine@askpro.example", now)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := msg.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	r, err := mail.CreateReader(strings.NewReader(write()))
	if err != nil {
		t.Fatal(err)
	}
	subject, _ := r.Header.Subject()
	from, _ := r.Header.AddressList("From")
	reply, _ := r.Header.AddressList("Reply-To")
	id, _ := r.Header.MessageID()
	if subject != l.Subject || from[0].Name != l.FromName || from[0].Address != "termine@askpro.example" || reply[0].Address != l.ReplyTo || r.Header.Get("Auto-Submitted") != "auto-generated" || strings.Contains(id, "k@") {
		t.Errorf("subject %q, from %v, reply to %v, id %s", subject, from, reply, id)
	}
	var kinds []string
	for {
		p, err := r.NextPart()
		if err != nil {
			break
		}
		kinds = append(kinds, p.Header.Get("Content-Type"))
	}
	if got := strings.Join(kinds, " | "); strings.Count(got, "text/calendar; method=REQUEST") != 1 || !strings.Contains(got, "application/ics") || !strings.HasPrefix(got, "text/plain") {
		t.Errorf("parts %s", got)
	}
	again, err := mail.CreateReader(strings.NewReader(write()))
	if err != nil {
		t.Fatal(err)
	}
	if second, _ := again.Header.MessageID(); second != id {
		t.Errorf("sent again it is %s, before %s", second, id)
	}
}

func TestFilesGoWithALetterAsTheyAre(t *testing.T) {
	t.Parallel()
	files := []notify.File{
		{Name: "case_TKT-2026-00042_20261124T101500.json", Type: "application/json", Body: []byte(`{"größe":"ä"}`)},
		{Name: "TKT-2026-00042.mp3", Type: "audio/mpeg", Body: []byte{0xff, 0xfb, 0, 1, '\r', '\n', '.', '\r', '\n'}},
	}
	msg, err := compose(notify.Letter{Key: "k", To: "it@kunde.example", FromName: "Beispiel IT", Subject: "x", Text: "y", HTML: "<p>y</p>", Files: files}, "cases@askpro.example", now)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	r, err := mail.CreateReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	var found []notify.File
	for {
		p, err := r.NextPart()
		if err != nil {
			break
		}
		h, ok := p.Header.(*mail.AttachmentHeader)
		if !ok {
			continue
		}
		name, err := h.Filename()
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := h.ContentType()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, notify.File{Name: name, Type: kind, Body: body})
	}
	if !reflect.DeepEqual(found, files) {
		t.Errorf("%+v", found)
	}
}
