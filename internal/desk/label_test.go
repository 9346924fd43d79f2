package desk_test

import (
	"testing"

	"github.com/askpro/gateway/internal/desk"
)

func TestPeopleReadGermanLabels(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ got, want string }{
		{desk.Incident.Label(), "Störung"}, {desk.Request.Label(), "Anfrage"}, {desk.Inquiry.Label(), "Anliegen"}, {desk.Type("complaint").Label(), ""},
		{desk.New.Label(), "Neu"}, {desk.Opened.Label(), "Offen"}, {desk.Pending.Label(), "Wartend"}, {desk.Resolved.Label(), "Gelöst"},
		{desk.Closed.Label(), "Geschlossen"}, {desk.Status("done").Label(), ""},
		{desk.Voice.Label(), "Telefon"}, {desk.Email.Label(), "E-Mail"}, {desk.Web.Label(), "Portal"}, {desk.API.Label(), "Schnittstelle"},
		{desk.Manual.Label(), "Manuell"}, {desk.Chat.Label(), "Chat"}, {desk.Callback.Label(), "Rückruf"}, {desk.WalkIn.Label(), "Vor Ort"}, {desk.Source("fax").Label(), ""},
		{desk.EnrichmentPending.Label(), "Ausstehend"}, {desk.Enriched.Label(), "Angereichert"}, {desk.TimedOut.Label(), "Unvollständig"}, {desk.Skipped.Label(), "Nicht nötig"},
		{desk.Critical.Label(), "Kritisch"}, {desk.WaitingCustomer.Label(), "Wartet auf Kunde"}, {desk.Scheduled.Label(), "Terminiert"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, wanted %q", tt.got, tt.want)
		}
	}
}
