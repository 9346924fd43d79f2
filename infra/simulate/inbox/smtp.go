package inbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// maxMail is what a letter may weigh: SES's own limit.
const maxMail = 40 << 20

// Login is a name with which letters may be handed in.
type Login struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// SMTP makes a server that delivers here, for a listener on this machine. With a certificate it offers STARTTLS, and inside
// of it AUTH for the names of POST /_sim/logins. The caller serves and closes it:
//
//	server := box.SMTP(nil)
//	go server.Serve(listener)
//	defer server.Close()
func (b *Inbox) SMTP(certificate *tls.Certificate) *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{box: b, conn: c}, nil }))
	s.Domain, s.Network = "inbox.localhost", "tcp"
	s.MaxMessageBytes, s.MaxRecipients, s.EnableSMTPUTF8 = maxMail, 50, true
	s.ReadTimeout, s.WriteTimeout = time.Minute, time.Minute
	s.ErrorLog = log.New(io.Discard, "", 0) // a client that hangs up is its own affair
	if certificate != nil {
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12}
	}
	return s
}

// Certificate makes one that signs itself, for this machine's names, and the PEM of it that a client must be told to trust.
func Certificate() (certificate tls.Certificate, trust []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate, nil, err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return certificate, nil, err
	}
	// TLS stays on the machine's time, whatever the stack's clock says.
	shape := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "AskPro local stack"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 1, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	raw, err := x509.CreateCertificate(rand.Reader, shape, shape, key.Public(), key)
	if err != nil {
		return certificate, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), nil
}

// session is one connection's letter.
type session struct {
	box   *Inbox
	conn  *smtp.Conn
	login string
	from  string
	to    []string
}

// AuthMechanisms are offered inside TLS only: go-smtp sees to that.
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth takes a name of the inbox with its password.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if !s.box.mayLogin(Login{user, password}) {
			return smtp.ErrAuthFailed
		}
		s.login = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error { s.from = from; return nil }

// Rcpt takes every address but those of nobody@…: they show what a mail server says of a mailbox it does not have.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if len(to) > 7 && to[:7] == "nobody@" {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "there is no such mailbox"}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	_, encrypted := s.conn.TLSConnectionState()
	_, _, err = s.box.receiveMail(envelope{via: "smtp", from: s.from, to: s.to, encrypted: encrypted, login: s.login}, raw)
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

func (b *Inbox) mayLogin(l Login) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	password, known := b.logins[l.User]
	return known && password == l.Password
}

func (b *Inbox) addLogin(l Login) error {
	if l.User == "" || l.Password == "" {
		return errors.New("a login has user and password")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.logins[l.User] = l.Password
	return nil
}
