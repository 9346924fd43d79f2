package subscribe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/tenant"
)

// Alert writes the mails that an endpoint's owner is owed. Each is struck off after it was sent: who dies between the two
// writes it again under the same key.
func (w *Webhooks) Alert(ctx context.Context, t tenant.ID, endpointID string) error {
	sent := map[string]bool{}
	for range tries {
		state, err := w.Store.EndpointState(ctx, t, endpointID)
		if err != nil {
			return err
		}
		e, conf, err := w.endpoint(ctx, t, endpointID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		to := conf.Gateway.AlertEmails
		nobody := err != nil || !conf.Gateway.Alerts || len(to) == 0
		for _, owed := range state.Owed {
			if nobody || sent[owed.ID] {
				continue
			}
			if err := w.Mailer.Alert(ctx, t, alertMail(e, owed, to)); err != nil {
				return fmt.Errorf("tell of an endpoint: %w", err)
			}
			sent[owed.ID] = true
		}
		state.Owed = nil
		step := &Step{EndpointID: endpointID, State: &state, ClearTimers: []ledger.Timer{timer(endpointID, alertTimer, w.Now())}}
		if err = w.Store.CommitEndpoint(ctx, t, step); !ledger.ConflictOn(err, "state") {
			return err
		}
	}
	return fmt.Errorf("tell of an endpoint: %w", ErrBusy)
}

var reasons = map[delivery.Disabling]string{
	delivery.DisabledFailing: "Seit fünf Tagen ist keine Zustellung gelungen.",
	delivery.DisabledGone:    "Der Empfänger hat mit dem Status 410 (Gone) geantwortet: Er möchte keine Ereignisse mehr erhalten.",
	delivery.DisabledBlocked: "Die Adresse verweist auf ein Ziel, das AskPro aus Sicherheitsgründen nicht aufruft (blocked_address).",
}

// alertMail is what an owner reads.
func alertMail(e output.Endpoint, a Alert, to []string) Mail {
	name := plain(e.Description)
	if name == "" {
		name = plain(e.Slug)
	}
	since := a.Since.In(company.Berlin()).Format("02.01.2006, 15:04") + " Uhr"
	var subject string
	var text []string
	switch a.Notice {
	case delivery.StartsFailing:
		subject = "Webhook „" + name + "“: Zustellungen schlagen fehl"
		text = []string{
			"mehrere Nachrichten hintereinander konnten nicht an Ihren Webhook zugestellt werden. AskPro versucht es weiter.",
			"Gelingt bis fünf Tage nach Beginn (" + since + ") keine Zustellung, schalten wir den Webhook ab und bewahren neue Ereignisse 14 Tage lang auf.",
		}
	case delivery.StillFailing:
		subject = "Webhook „" + name + "“: Seit drei Tagen keine Zustellung"
		text = []string{
			"seit dem " + since + " konnte keine Nachricht an Ihren Webhook zugestellt werden.",
			"Gelingt in den nächsten zwei Tagen keine Zustellung, schalten wir den Webhook ab und bewahren neue Ereignisse 14 Tage lang auf.",
		}
	case delivery.IsDisabled:
		subject = "Webhook „" + name + "“ wurde abgeschaltet"
		text = []string{
			"wir haben Ihren Webhook abgeschaltet. " + reasons[a.Reason],
			"Neue Ereignisse bewahren wir 14 Tage lang auf. Sobald der Empfänger wieder bereit ist, können Sie den Webhook einschalten und wählen, " +
				"ob die aufbewahrten Ereignisse nachgesendet werden.",
		}
	}
	text = slices.Insert(text, 0, "Guten Tag,")
	text = append(text, "Webhook: "+name+"\nAdresse: "+plain(e.URL), "Ihr AskPro")
	return Mail{Key: "endpoint/" + a.ID, To: to, Subject: subject, Text: strings.Join(text, "\n\n") + "\n"}
}

// plain is one line of what somebody typed.
func plain(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
	}), " ")
	if cut, was := cut(s, 200); was {
		return cut + "…"
	}
	return s
}
