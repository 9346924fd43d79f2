package subscribe

import (
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/tenant"
)

var nobody tenant.ID

func TestWhatAnOwnerReads(t *testing.T) {
	t.Parallel()
	e := output.Endpoint{ID: "e1", Slug: "crm", Description: "CRM\r\nBcc: alle@example.de\u202e", URL: "https://crm.example.de/hook"}
	since := time.Date(2026, 11, 23, 8, 5, 0, 0, time.UTC)
	const end = "\n\nWebhook: CRM Bcc: alle@example.de\nAdresse: https://crm.example.de/hook\n\nIhr AskPro\n"
	for _, tt := range []struct {
		alert         Alert
		subject, text string
	}{
		{
			Alert{Notice: delivery.StartsFailing, Since: since}, "Webhook „CRM Bcc: alle@example.de“: Zustellungen schlagen fehl",
			"Guten Tag,\n\nmehrere Nachrichten hintereinander konnten nicht an Ihren Webhook zugestellt werden. AskPro versucht es weiter.\n\n" +
				"Gelingt bis fünf Tage nach Beginn (23.11.2026, 09:05 Uhr) keine Zustellung, schalten wir den Webhook ab und bewahren neue Ereignisse 14 Tage lang auf.",
		},
		{
			Alert{Notice: delivery.StillFailing, Since: since}, "Webhook „CRM Bcc: alle@example.de“: Seit drei Tagen keine Zustellung",
			"Guten Tag,\n\nseit dem 23.11.2026, 09:05 Uhr konnte keine Nachricht an Ihren Webhook zugestellt werden.\n\n" +
				"Gelingt in den nächsten zwei Tagen keine Zustellung, schalten wir den Webhook ab und bewahren neue Ereignisse 14 Tage lang auf.",
		},
		{
			Alert{Notice: delivery.IsDisabled, Since: since, Reason: delivery.DisabledFailing}, "Webhook „CRM Bcc: alle@example.de“ wurde abgeschaltet",
			"Guten Tag,\n\nwir haben Ihren Webhook abgeschaltet. Seit fünf Tagen ist keine Zustellung gelungen.\n\n" +
				"Neue Ereignisse bewahren wir 14 Tage lang auf. Sobald der Empfänger wieder bereit ist, können Sie den Webhook einschalten und wählen, " +
				"ob die aufbewahrten Ereignisse nachgesendet werden.",
		},
	} {
		t.Run(string(tt.alert.Notice), func(t *testing.T) {
			t.Parallel()
			got := alertMail(e, tt.alert, []string{"technik@example.de"})
			if got.Subject != tt.subject || got.Text != tt.text+end {
				t.Errorf("%s\n%s", got.Subject, got.Text)
			}
		})
	}
}

// FuzzReadFact: what comes over the bus never breaks the reader, and what it lets through becomes a short, valid body.
func FuzzReadFact(f *testing.F) {
	for _, s := range []string{`{}`, `null`, `[]`, `{"event_id":"a","company_id":"","at":"2026-11-23T08:00:00Z","changes":[{"field":"x"}],"public":true}`} {
		f.Add("case.updated.v1", s)
		f.Add("webhook_endpoint.failing.v1", s)
	}
	f.Fuzz(func(t *testing.T, name, detail string) {
		of, ok, err := readFact(nobody, name, []byte(detail))
		if err != nil || !ok {
			return
		}
		if _, err := of.body(nil); err != nil {
			t.Errorf("no body: %v", err)
		}
	})
}
