package inbox

import (
	"io"
	"log"
	"time"

	"github.com/emersion/go-smtp"
)

// maxMail is what a letter may weigh: SES's own limit.
const maxMail = 40 << 20

// SMTP makes a server that delivers here: plain, without login, for a listener on this machine. The caller serves and
// closes it:
//
//	server := box.SMTP()
//	go server.Serve(listener)
//	defer server.Close()
func (b *Inbox) SMTP() *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{box: b}, nil }))
	s.Domain, s.Network = "inbox.localhost", "tcp"
	s.MaxMessageBytes, s.MaxRecipients, s.EnableSMTPUTF8 = maxMail, 50, true
	s.ReadTimeout, s.WriteTimeout = time.Minute, time.Minute
	s.ErrorLog = log.New(io.Discard, "", 0) // a client that hangs up is its own affair
	return s
}

// session is one connection's letter.
type session struct {
	box  *Inbox
	from string
	to   []string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error { s.from = from; return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = append(s.to, to); return nil }

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	_, err = s.box.receiveMail("smtp", s.from, s.to, raw)
	switch err {
	case nil:
		return nil
	case errRefused:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: err.Error()}
	}
	return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: err.Error()}
}

func (s *session) Reset() { s.from, s.to = "", nil }

func (s *session) Logout() error { return nil }
