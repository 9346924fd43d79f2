package dispatch_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/sla"
)

// TestMailsAreAsTheyWereRead keeps every form of a mail as a person has read it: `make golden` rewrites them.
func TestMailsAreAsTheyWereRead(t *testing.T) {
	t.Parallel()
	yes := true
	for _, tt := range []struct {
		name   string
		change func(w *world, o *output.Output)
	}{
		{"standard", func(*world, *output.Output) {}},
		{"standard_without_transcript_yet", func(w *world, _ *output.Output) {
			c := w.cases[caseID]
			c.Enrichment = desk.Enrichment{State: desk.TimedOut}
			w.cases[caseID] = c
			w.now = noon.Add(time.Hour)
		}},
		{"technical", func(_ *world, o *output.Output) { o.Mail.Template = output.Technical }},
		{"admin", func(_ *world, o *output.Output) { o.Mail.Template, o.Mail.Audio = output.Admin, output.AudioLink }},
		{"status_changed", func(w *world, o *output.Output) {
			o.SendStatus = true
			w.created()
			w.save(*o)
			w.run(t, noon.Add(time.Second))
			w.letters = nil
			w.moves(desk.Resolved, "Walze gereinigt, zehn Probeseiten gedruckt")
		}},
		{"alert", func(_ *world, o *output.Output) { o.Active = false }},
		{"alert_gone_and_fallback", func(_ *world, o *output.Output) {
			o.Type, o.Hook.URL, o.Mail.Fallback = output.Webhook, "https://127.0.0.1/", []string{"notfall@kunde.example"}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, _ := receives(t, status(200, ""))
			o := mails("it@kunde.example")
			w.callable()
			w.enrich()
			c := w.cases[caseID]
			c.Priority, c.Contact.Company, c.Contact.Email, c.Contact.Location = sla.High, "Muster GmbH", "e.muster@example.de", "2. OG"
			c.Captured = desk.Captured{Others: &yes, Since: "seit heute Morgen", UseCase: "drucker", UseCaseDetail: "Papierstau"}
			c.SLA = sla.Start(noon, sla.DefaultPolicy(), sla.High, sla.DefaultCalendar(""))
			c.Enrichment.DurationS, c.Enrichment.Disconnection, c.Enrichment.Summary = 184, "user_hangup", "Der Drucker im zweiten Stock hat Papierstau."
			c.Recording = desk.Recording{State: desk.RecordingStored, Key: "rec/1"}
			w.cases[caseID] = c
			w.calls["call_1"] = call.Call{To: "+493012345670", RecordingConsent: "granted"}
			tt.change(w, &o)
			w.save(o)
			w.created()
			w.run(t, w.clock().Add(time.Minute))
			var b strings.Builder
			for _, l := range w.letters {
				fmt.Fprintf(&b, "To: %s\nFrom: %s\nSubject: %s\n", l.To, l.FromName, l.Subject)
				for _, f := range l.Files {
					fmt.Fprintf(&b, "File: %s (%s)\n", f.Name, f.Type)
				}
				fmt.Fprintf(&b, "\n%s\n", l.Text)
			}
			file := filepath.Join("../../testdata/texts", "dispatch_"+tt.name+".txt")
			if os.Getenv("ASKPRO_GOLDEN") == "write" {
				if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if string(want) != b.String() {
				t.Errorf("%s is not what is sent now: run make golden and read the diff aloud\n%s", file, b.String())
			}
			if all := append(w.of(delivery.Email), w.of(delivery.Webhook)...); len(all) == 0 {
				t.Error("nothing was planned")
			}
		})
	}
}
