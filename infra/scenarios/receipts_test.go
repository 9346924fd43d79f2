package scenarios_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
)

// fares tells the inbox what becomes of messages to an address.
func fares(t *testing.T, s *stacktest.Stack, path, to, mode string) {
	t.Helper()
	if status := s.Do(t, http.MethodPost, s.Mailbox("faults"), nil, map[string]any{"path": path, "to": to, "mode": mode}, nil); status != http.StatusNoContent {
		t.Fatal(status)
	}
}

// confirmation is how the message to the customer stands that an appointment is confirmed.
func confirmation(t *testing.T, c *stacktest.Company, appointmentID string) notify.Delivery {
	t.Helper()
	list, err := c.Store().Deliveries(t.Context(), c.ID, ledger.OfAppointment, appointmentID)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if d.Event == notify.Confirmed && d.Recipient == string(notify.Customer) {
			return d
		}
	}
	t.Fatalf("nobody told the customer: %+v", list)
	return notify.Delivery{}
}

func TestWhatBecameOfAMessageStandsWithIt(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	for _, tt := range []struct {
		name       string
		sender     bool   // the company has one for text messages
		mail, text string // how they fare
		status     notify.Status
		via        notify.Channel
		mails      int
		texts      int
	}{
		{"delivered", true, "", "", notify.Delivered, notify.Email, 1, 0},
		{"its reader complains", true, "complain", "", notify.Delivered, notify.Email, 1, 0},
		{"it comes back and goes as a text message", true, "bounce", "", notify.Delivered, notify.SMS, 1, 1},
		{"both come back", true, "bounce", "bounce", notify.Bounced, notify.SMS, 1, 1},
		{"it comes back, and there is no other way", false, "bounce", "", notify.Bounced, notify.Email, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var members []string
			if tt.sender {
				members = append(members, "sms_sender: Testsalon")
			}
			c := s.NewCompanyWith(t, members)
			if tt.mail != "" {
				fares(t, s, "mail", c.ErikaMail, tt.mail)
			}
			if tt.text != "" {
				fares(t, s, "sms", c.Erika, tt.text)
			}
			r := booked(t, c.Ring(c.Erika), "Schnitt", c.Day(t, 2), "11 Uhr", "Erika Test")
			for range 2 { // a receipt that is quicker than what is written of its message is looked at again; a text message has one, too
				c.Idle(t)
				s.Advance(t, "1m")
			}
			c.Idle(t)
			d := confirmation(t, c, r.Text("appointment_id"))
			if mails, texts := c.Mails(t, c.ErikaMail), c.Texts(t, c.Erika); d.Status != tt.status || d.Via != tt.via || len(mails) != tt.mails || len(texts) != tt.texts {
				t.Errorf("%+v, %d letters, %d text messages", d, len(mails), len(texts))
			}
			if paid := d.CostMicroUSD > 0; paid != (tt.texts > 0) || !strings.HasPrefix(d.ProviderID, "local-") {
				t.Errorf("cost %d, the provider's id %q", d.CostMicroUSD, d.ProviderID)
			}
			if n := s.Depth(t, "NotificationsDeadQueue"); n != 0 {
				t.Errorf("%d messages were put aside", n)
			}
		})
	}
}

func TestACasesMailThatComesBackIsDeadAndItsAddressGetsNothingMore(t *testing.T) {
	t.Parallel()
	s := stacktest.Shared(t)
	c := opensDesk(t, s, false, hybrid)
	to := "it@" + c.Slug + ".example"
	fares(t, s, "mail", to, "bounce")
	byMail := func(d delivery.Delivery) bool { return d.Channel == delivery.Email }
	_, caseID := c.reports(t, nil)
	c.Idle(t)
	if d := c.way(t, caseID, byMail); d.State != delivery.Dead || d.Reason != delivery.Bounced || d.Destination != to {
		t.Errorf("%+v", d)
	}
	if got := c.theCase(t, caseID); got.Delivered != delivery.PartlyFailed || len(c.got(t)) != 1 {
		t.Errorf("the case: %s, %d webhooks", got.Delivered, len(c.got(t)))
	}
	if alerts := c.Mails(t, "alarm@"+c.Slug+".example"); len(alerts) != 1 || !strings.HasPrefix(alerts[0].Subject, "[ALERT] Zustellung gescheitert") {
		t.Errorf("alerts %+v", alerts)
	}

	conf, err := c.Store().Desk(t.Context(), c.ID)
	if err != nil || len(conf.Outputs) != 1 {
		t.Fatalf("%+v, %v", conf, err)
	}
	if o := conf.Outputs[0]; o.Version != 2 || len(o.Mail.Returned) != 1 || o.Mail.Returned[0].Address != to || o.Mail.Returned[0].Reason != delivery.Bounced {
		t.Errorf("version %d, gets nothing more: %+v", o.Version, o.Mail.Returned)
	}
}
