package inbox_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/wneessen/go-mail"

	"github.com/askpro/gateway/infra/simulate/inbox"
)

// TestLettersAreHandedInWithTLSAndALogin speaks to the server as a library does that is not the one it is made of.
func TestLettersAreHandedInWithTLSAndALogin(t *testing.T) {
	t.Parallel()
	b, url := start(t)
	certificate, trust, err := inbox.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := b.SMTP(&certificate)
	go server.Serve(listener) //nolint:errcheck // it ends with Close
	t.Cleanup(func() { server.Close() })
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(trust) {
		t.Fatal("the trust is no certificate")
	}
	port := listener.Addr().(*net.TCPAddr).Port
	send := func(to string, options ...mail.Option) error {
		m := mail.NewMsg()
		for _, err := range []error{m.From("termine@salon.example"), m.To(to)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		m.Subject("x")
		m.SetBodyString(mail.TypeTextPlain, "Hallo")
		options = append([]mail.Option{mail.WithPort(port), mail.WithTLSPolicy(mail.TLSMandatory), mail.WithTLSConfig(&tls.Config{ServerName: "127.0.0.1", RootCAs: roots})}, options...)
		client, err := mail.NewClient("127.0.0.1", options...)
		if err != nil {
			t.Fatal(err)
		}
		return client.DialAndSendWithContext(context.Background(), m)
	}
	login := []mail.Option{mail.WithSMTPAuth(mail.SMTPAuthPlain), mail.WithUsername("salon"), mail.WithPassword("geheim")}
	if err := send("erika@example.de", login...); err == nil || !strings.Contains(err.Error(), "535") {
		t.Errorf("a login nobody has entered: %v", err)
	}
	if status := control(t, "POST", url+"/_sim/logins", inbox.Login{User: "salon", Password: "geheim"}, nil); status != http.StatusNoContent {
		t.Fatal(status)
	}
	if err := send("erika@example.de", login...); err != nil {
		t.Fatal(err)
	}
	if err := send("erika@example.de", login[0], login[1], mail.WithPassword("geraten")); err == nil || !strings.Contains(err.Error(), "535") {
		t.Errorf("a wrong password: %v", err)
	}
	if err := send("nobody@example.de", login...); err == nil || !strings.Contains(err.Error(), "550") {
		t.Errorf("a mailbox that is not there: %v", err)
	}
	if err := send("erika@example.de", append(login, mail.WithTLSPolicy(mail.NoTLS))...); err == nil {
		t.Error("a login was taken in plain text")
	}
	got := messages(t, url, "").Mails
	if len(got) != 1 || !got[0].Encrypted || got[0].Login != "salon" || got[0].Via != "smtp" {
		t.Errorf("%+v", got)
	}
}
