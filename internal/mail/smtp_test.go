package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/tenant"
)

var (
	us  = tenant.Proven("01KAQ7T5Z0QW8R4N2M6X3C9V1B")
	now = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
)

// provider is a company's mail server, spoken to by a library that is not the one under test.
type provider struct {
	mu       sync.Mutex
	user     string
	letters  []string
	encrypts []bool
	logins   []string
	refuse   *smtp.SMTPError // of the recipient
	hangUp   bool            // after it took the letter, before it says goodbye
	conns    int
}

type conversation struct {
	p     *provider
	conn  *smtp.Conn
	login string
}

func (c *conversation) AuthMechanisms() []string { return []string{sasl.Plain} }
func (c *conversation) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != c.p.user || password != "geheim" {
			return smtp.ErrAuthFailed
		}
		c.login = user
		return nil
	}), nil
}
func (c *conversation) Mail(string, *smtp.MailOptions) error { return nil }
func (c *conversation) Rcpt(string, *smtp.RcptOptions) error {
	if c.p.refuse != nil {
		return c.p.refuse
	}
	return nil
}
func (c *conversation) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	_, encrypted := c.conn.TLSConnectionState()
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.p.letters, c.p.encrypts, c.p.logins = append(c.p.letters, string(raw)), append(c.p.encrypts, encrypted), append(c.p.logins, c.login)
	if c.p.hangUp {
		time.AfterFunc(20*time.Millisecond, func() { c.conn.Close() })
	}
	return err
}
func (c *conversation) Reset()        {}
func (c *conversation) Logout() error { return nil }

// secrets of the tests.
type secrets map[string]string

func (s secrets) Get(_ context.Context, refs ...string) ([]string, error) {
	var out []string
	for _, r := range refs {
		if v := s[r]; v != "" {
			out = append(out, v)
		}
	}
	return out, nil
}

// start runs the provider and gives a sender that trusts it. plain: without STARTTLS.
func start(t *testing.T, p *provider, plain bool) (*SMTP, notify.Letter) {
	t.Helper()
	certified := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(certified.Close)
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		p.mu.Lock()
		p.conns++
		p.mu.Unlock()
		return &conversation{p: p, conn: c}, nil
	}))
	server.Domain, server.ErrorLog = "mail.salon.example", log.New(io.Discard, "", 0)
	if server.AllowInsecureAuth = plain; !plain {
		server.TLSConfig = &tls.Config{Certificates: certified.TLS.Certificates}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener) //nolint:errcheck // it ends with Close
	t.Cleanup(func() { server.Close() })
	s := NewSMTP(secrets{"ssm:/user": p.user, "ssm:/password": "geheim"}, true, func() time.Time { return now })
	s.roots = x509.NewCertPool()
	s.roots.AddCert(certified.Certificate())
	return s, notify.Letter{
		Key: "APPOINTMENT/1/confirmed#0#email#customer", To: "erika@example.de", FromName: "Salon Mitte", Subject: "Färben", Text: "Guten Tag", HTML: "<p>Guten Tag</p>",
		Server: &company.SMTPServer{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, User: "ssm:/user", Password: "ssm:/password", From: "termine@salon.example"},
	}
}

func TestALetterGoesByTheCompanysOwnServer(t *testing.T) {
	t.Parallel()
	p := &provider{user: "salon"}
	s, l := start(t, p, false)
	id, err := s.SendLetter(t.Context(), us, l)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SendLetter(t.Context(), us, l); err != nil {
		t.Fatal(err)
	}
	if len(p.letters) != 2 || !p.encrypts[0] || p.logins[0] != "salon" {
		t.Fatalf("%d letters, encrypted %v, as %v", len(p.letters), p.encrypts, p.logins)
	}
	for _, raw := range p.letters {
		if !strings.Contains(raw, "Message-ID: <"+id+">") || !strings.Contains(raw, "termine@salon.example") || !strings.HasSuffix(id, "@salon.example") {
			t.Errorf("id %s, letter\n%s", id, raw)
		}
	}
}

func TestNothingIsSaidWithoutTLS(t *testing.T) {
	t.Parallel()
	p := &provider{user: "salon"}
	s, l := start(t, p, true) // it would even take a password in plain text
	if _, err := s.SendLetter(t.Context(), us, l); err == nil || !strings.Contains(err.Error(), "STARTTLS") {
		t.Errorf("%v", err)
	}
	if len(p.letters) != 0 {
		t.Error("a letter went out in plain text")
	}
	q := &provider{user: "salon"}
	s, l = start(t, q, false)
	s.roots = x509.NewCertPool() // nobody vouches for it
	if _, err := s.SendLetter(t.Context(), us, l); err == nil || !strings.Contains(err.Error(), "certificate") || len(q.letters) != 0 {
		t.Errorf("%v", err)
	}
}

func TestWhatAMailServerMaySay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		refuse  *smtp.SMTPError
		set     func(p *provider, l *notify.Letter)
		address bool // the address is at fault
		fine    bool
	}{
		{"no such mailbox", &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "erika@example.de unknown"}, nil, true, false},
		{"the mailbox is closed", &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 2, 1}, Message: "closed"}, nil, true, false},
		{"the mailbox is full", &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "full"}, nil, false, false},
		{"it relays nothing for us", &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "relaying denied"}, nil, false, false},
		{"another password", nil, func(p *provider, _ *notify.Letter) { p.user = "other" }, false, false},
		{"a secret without value", nil, func(_ *provider, l *notify.Letter) { l.Server.Password = "ssm:/gone" }, false, false},
		{"it hangs up after it took the letter", nil, func(p *provider, _ *notify.Letter) { p.hangUp = true }, false, true},
		{"no login is wanted", nil, func(_ *provider, l *notify.Letter) { l.Server.User, l.Server.Password = "", "" }, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &provider{user: "salon", refuse: tt.refuse}
			s, l := start(t, p, false)
			if tt.set != nil {
				tt.set(p, &l)
			}
			_, err := s.SendLetter(t.Context(), us, l)
			if (err == nil) != tt.fine || errors.Is(err, notify.ErrAddress) != tt.address {
				t.Errorf("%v", err)
			}
			if err != nil && strings.Contains(err.Error(), "geheim") {
				t.Errorf("%v shows the password", err)
			}
		})
	}
}

func TestOurOwnNetworkIsNoMailServer(t *testing.T) {
	t.Parallel()
	p := &provider{}
	_, l := start(t, p, false)
	s := NewSMTP(secrets{"ssm:/user": "x", "ssm:/password": "x"}, false, func() time.Time { return now })
	for _, host := range []string{l.Server.Host, "169.254.169.254", "10.0.0.1", "192.168.1.1", "[::1]"} {
		l.Server.Host = host
		if _, err := s.SendLetter(t.Context(), us, l); err == nil || !strings.Contains(err.Error(), "prohibited") {
			t.Errorf("%s: %v", host, err)
		}
	}
	if p.conns != 0 {
		t.Error("somebody was spoken to")
	}
}
