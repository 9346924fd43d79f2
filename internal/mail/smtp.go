package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"code.dny.dev/ssrf"
	gomail "github.com/wneessen/go-mail"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/tenant"
)

// Letters takes every letter to the mail server it is for: the company's own where it has one, else ours.
type Letters struct {
	Ours *SES
	Own  *SMTP
}

// SendLetter hands a letter over.
func (x Letters) SendLetter(ctx context.Context, t tenant.ID, l notify.Letter) (string, error) {
	if l.Server != nil {
		return x.Own.SendLetter(ctx, t, l)
	}
	return x.Ours.SendLetter(ctx, t, l)
}

// Secrets resolves references; *lambdakit.Secrets does.
type Secrets interface {
	Get(ctx context.Context, refs ...string) ([]string, error)
}

// SMTP hands letters to companies' own mail servers. It speaks to none without TLS, and to none inside our own network: the
// address is the company's word.
type SMTP struct {
	secrets Secrets
	dialer  *net.Dialer
	now     func() time.Time
	roots   *x509.CertPool // nil: the machine's
}

const (
	connectWithin = 10 * time.Second
	answerWithin  = 20 * time.Second
)

// NewSMTP makes the sender. local also allows servers on this machine, which only the local stack wants.
func NewSMTP(secrets Secrets, local bool, now func() time.Time) *SMTP {
	options := []ssrf.Option{ssrf.WithAnyPort()}
	if local {
		options = append(options, ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.0/8")))
	}
	return &SMTP{secrets: secrets, now: now, dialer: &net.Dialer{Timeout: connectWithin, Control: ssrf.New(options...).Safe}}
}

// SendLetter hands a letter over; the id is its Message-ID.
func (s *SMTP) SendLetter(ctx context.Context, _ tenant.ID, l notify.Letter) (string, error) {
	msg, err := compose(l, l.Server.From, s.now())
	if err != nil {
		return "", err
	}
	client, err := s.client(ctx, *l.Server)
	if err != nil {
		return "", fmt.Errorf("the company's mail server: %w", err)
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return "", fmt.Errorf("speak to the company's mail server: %w", err)
	}
	// A server that hangs up after it took the letter has taken it.
	defer client.CloseWithSMTPClient(conn) //nolint:errcheck
	if err := client.SendWithSMTPClient(conn, msg); err != nil && !msg.IsDelivered() {
		return "", refusal(err)
	}
	return messageID(l.Key, l.Server.From), nil
}

func (s *SMTP) client(ctx context.Context, server company.SMTPServer) (*gomail.Client, error) {
	_, domain, _ := strings.Cut(server.From, "@")
	options := []gomail.Option{
		gomail.WithPort(server.Port), gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithTLSConfig(&tls.Config{ServerName: server.Host, MinVersion: tls.VersionTLS12, RootCAs: s.roots}),
		gomail.WithTimeout(answerWithin), gomail.WithHELO(domain), gomail.WithDialContextFunc(s.dialer.DialContext), gomail.WithoutRset(), gomail.WithoutNoop(),
	}
	if server.User != "" {
		login, err := s.secrets.Get(ctx, server.User, server.Password)
		if err != nil {
			return nil, err
		}
		if len(login) != 2 {
			return nil, errors.New("its user or its password has no value")
		}
		// Both are sent inside TLS alone: without it there is no conversation at all.
		options = append(options, gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthPlain, gomail.SMTPAuthLogin), gomail.WithUsername(login[0]), gomail.WithPassword(login[1]))
	}
	return gomail.NewClient(server.Host, options...)
}

// refusal tells a mailbox that does not exist or takes nothing (RFC 3463: 5.1.x, 5.2.1) from everything that may pass or is
// for people to put right.
func refusal(err error) error {
	var send *gomail.SendError
	if errors.As(err, &send) && send.Reason == gomail.ErrSMTPRcptTo && !send.IsTemp() {
		if code := send.EnhancedStatusCode(); strings.HasPrefix(code, "5.1.") || code == "5.2.1" {
			return fmt.Errorf("%w: %s", notify.ErrAddress, code)
		}
	}
	return fmt.Errorf("hand a letter to the company's mail server: %w", err)
}
