package dispatch_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/sla"
)

func (w *world) letter(t *testing.T) notify.Letter {
	t.Helper()
	w.created()
	w.run(t, noon.Add(time.Hour))
	if len(w.letters) != 1 {
		t.Fatalf("%d letters: %+v %v", len(w.letters), w.letters, w.failed)
	}
	return w.letters[0]
}

func TestTheSubjectSaysHowUrgentItIs(t *testing.T) {
	t.Parallel()
	long := "Der Drucker im zweiten Stock druckt seit heute Morgen nicht mehr und zeigt Papierstau"
	for _, tt := range []struct {
		name     string
		template output.MailTemplate
		priority desk.Level
		subject  string
		overdue  bool
		want     string
	}{
		{"normal", output.Standard, sla.Normal, "Drucker", false, "[Arbeitsplatz] TKT-2026-00042: Drucker"},
		{"high", output.Standard, sla.High, "Drucker", false, "[DRINGEND] [Arbeitsplatz] TKT-2026-00042: Drucker"},
		{"critical and late", output.Standard, sla.Critical, "Drucker", true, "[DRINGEND] [SLA!] [Arbeitsplatz] TKT-2026-00042: Drucker"},
		{"technical, critical", output.Technical, sla.Critical, "Drucker", true, "[KRITISCH] [Arbeitsplatz] TKT-2026-00042: Drucker"},
		{"admin, high", output.Admin, sla.High, "Drucker", false, "[HOCH] [Arbeitsplatz] TKT-2026-00042: Drucker"},
		{"admin, low", output.Admin, sla.Low, "Drucker", false, "[Arbeitsplatz] TKT-2026-00042: Drucker"},
		{"long", output.Standard, sla.Normal, long, false, "[Arbeitsplatz] TKT-2026-00042: Der Drucker im zweiten Stock druckt seit heute Morgen nicht…"},
		{"with a second header", output.Standard, sla.Normal, "Hallo\r\nBcc: alle@kunde.example", false, "[Arbeitsplatz] TKT-2026-00042: Hallo Bcc: alle@kunde.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := mails("a@kunde.example")
			o.Mail.Template = tt.template
			w := newWorld(t, o)
			c := w.cases[caseID]
			c.Priority, c.Subject = tt.priority, tt.subject
			if tt.overdue {
				c.SLA = sla.Start(noon.Add(-30*24*time.Hour), sla.DefaultPolicy(), tt.priority, sla.DefaultCalendar(""))
			}
			w.cases[caseID] = c
			if got := w.letter(t).Subject; got != tt.want {
				t.Errorf("%s", got)
			}
		})
	}
}

// hostile is a case whose every word is an attack.
func (w *world) hostile() {
	c := w.cases[caseID]
	x := "<script>alert(1)</script>\u202e\x00\"{{case.number}}"
	c.Subject, c.Text, c.Contact = x, x, desk.Contact{Name: x, Company: x, Phone: x, Email: x, Location: x}
	c.Captured = desk.Captured{Since: x, OthersWords: x, UseCase: x, UseCaseDetail: x}
	c.CallID, c.Enrichment = "call_1", desk.Enrichment{State: desk.Enriched, Summary: x, Disconnection: x}
	c.Recording.State = desk.RecordingUnavailable
	w.cases[caseID] = c
	w.said["call_1"] = "Agent: Guten Tag\nUser: " + x + "\nweiter\n"
	w.calls["call_1"] = call.Call{To: x, From: x}
}

func TestWordsOfCallersStayWordsInEveryForm(t *testing.T) {
	t.Parallel()
	for _, form := range []output.MailTemplate{output.Standard, output.Technical, output.Admin, output.Custom} {
		t.Run(string(form), func(t *testing.T) {
			t.Parallel()
			o := mails("a@kunde.example")
			o.Mail.Template, o.Mail.AdminLink = form, true
			o.Mail.Subject, o.Mail.Body = "{{case.number}} {{case.subject}}", "<p>{{case.description}}</p><p>{{ai.summary}}</p><p>{{transcript.text}}</p>"
			w := newWorld(t, o)
			w.hostile()
			l := w.letter(t)
			if strings.Contains(l.HTML, "<script") || !strings.Contains(l.HTML, "&lt;script") || strings.ContainsAny(l.Subject, "\r\n\x00") {
				t.Errorf("%q\n%s", l.Subject, l.HTML)
			}
			if strings.ContainsAny(l.HTML+l.Subject, "\x00\u202e") && form != output.Custom {
				t.Error("characters that are no text")
			}
			if !strings.Contains(l.Text, "alert(1)") || !strings.Contains(l.Text, "{{case.number}}") {
				t.Errorf("%s", l.Text)
			}
		})
	}
}

func TestWhatAMailContainsIsWhatItsOutputSays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(o *output.Output)
		has    []string
		hasNot []string
	}{
		{"all of it", func(o *output.Output) { o.Mail.AdminLink = true }, []string{"Zusammenfassung\nPapierstau", "Anrufer: Der Drucker <b>druckt</b> nicht", "https://admin.example/vorgaenge/TKT-2026-00042", "Störung", "24.11.2026 12:00 Uhr (Telefon)"}, []string{"Auswirkung"}},
		{"no summary", func(o *output.Output) { o.Mail.Summary = false }, []string{"Gespräch"}, []string{"Zusammenfassung"}},
		{"no transcript", func(o *output.Output) { o.Mail.Transcript = false }, []string{"Zusammenfassung"}, []string{"Anrufer", "admin.example"}},
		{"technical", func(o *output.Output) { o.Mail.Template = output.Technical }, []string{"Auswirkung", "Dringlichkeit"}, []string{"Anreicherung"}},
		{"admin", func(o *output.Output) { o.Mail.Template = output.Admin }, []string{"Anreicherung", "admin.example"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := mails("a@kunde.example")
			tt.change(&o)
			w := newWorld(t, o)
			w.callable()
			w.enrich()
			l := w.letter(t)
			for _, s := range tt.has {
				if !strings.Contains(l.Text, s) {
					t.Errorf("%q is missing in\n%s", s, l.Text)
				}
			}
			for _, s := range tt.hasNot {
				if strings.Contains(l.Text, s) || strings.Contains(l.HTML, s) {
					t.Errorf("%q stands in\n%s", s, l.Text)
				}
			}
			if l.FromName != "Beispiel IT" || l.To != "a@kunde.example" || !strings.HasPrefix(l.Key, "msg_") {
				t.Errorf("%+v", l)
			}
		})
	}
}

func TestTheAttachedFileIsTheWebhooksPayload(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(200, ""))
	o := both("a@kunde.example", r.URL)
	o.Mail.Template, o.Mail.Transcript = output.Technical, false
	w.save(o)
	w.callable()
	w.enrich()
	l := w.letter(t)
	if len(l.Files) != 1 || l.Files[0].Name != "case_TKT-2026-00042_20261124T120000.json" || l.Files[0].Type != "application/json" {
		t.Fatalf("%+v", l.Files)
	}
	if got, want := string(l.Files[0].Body), r.all()[0].body; got != want {
		t.Errorf("%s\nis not\n%s", got, want)
	}
}

func TestARecordingGoesWhereItMay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		audio   output.Audio
		form    output.MailTemplate
		bytes   int64
		consent string
		expires time.Duration
		link    string
		file    bool
	}{
		{"not wanted", output.NoAudio, output.Standard, 100, "granted", 0, "", false},
		{"a link for a day", output.AudioLink, output.Standard, 100, "granted", 0, "for=24h0m0s", false},
		{"no longer than it is kept", output.AudioLink, output.Standard, 100, "granted", 2 * time.Hour, "for=2h0m0s", false},
		{"attached", output.Attachment, output.Standard, 100, "granted", 0, "", true},
		{"not to be read whole", output.Attachment, output.Standard, 9 << 20, "granted", 0, "for=24h0m0s", false},
		{"too large to be attached", output.Attachment, output.Standard, 10<<20 + 1, "granted", 0, "for=24h0m0s", false},
		{"admins log in for it", output.AudioLink, output.Admin, 100, "granted", 0, "https://admin.example/vorgaenge/TKT-2026-00042", false},
		{"nobody agreed", output.AudioLink, output.Standard, 100, "unknown", 0, "", false},
		{"refused", output.Attachment, output.Standard, 100, "refused", 0, "", false},
		{"expired", output.AudioLink, output.Standard, 100, "granted", -time.Hour, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := mails("a@kunde.example")
			o.Mail.Audio, o.Mail.Template = tt.audio, tt.form
			w := newWorld(t, o)
			w.callable()
			w.enrich()
			c := w.cases[caseID]
			c.Recording = desk.Recording{State: desk.RecordingStored, Key: "rec/1", Bytes: tt.bytes, Type: "audio/mpeg"}
			if tt.expires != 0 {
				end := noon.Add(tt.expires)
				c.Recording.ExpiresAt = &end
			}
			w.cases[caseID] = c
			w.calls["call_1"] = call.Call{RecordingConsent: tt.consent}
			l := w.letter(t)
			audio := slices.ContainsFunc(l.Files, func(f notify.File) bool { return f.Name == "TKT-2026-00042.mp3" && f.Type == "audio/mpeg" })
			if audio != tt.file || tt.link != "" && !strings.Contains(l.Text, tt.link) || tt.link == "" && strings.Contains(l.Text, "Aufnahme anhören") {
				t.Errorf("attached %v\n%s", audio, l.Text)
			}
		})
	}
}

func TestWithoutAnAddressALetterSaysThatThereIsARecording(t *testing.T) {
	t.Parallel()
	o := mails("a@kunde.example")
	o.Mail.Audio = output.AudioLink
	w := newWorld(t, o)
	w.unlinked = true
	w.callable()
	w.enrich()
	c := w.cases[caseID]
	c.Recording = desk.Recording{State: desk.RecordingStored, Key: "rec/1"}
	w.cases[caseID] = c
	w.calls["call_1"] = call.Call{RecordingConsent: "granted"}
	if l := w.letter(t); !strings.Contains(l.Text, "Die Aufnahme des Gesprächs liegt im System.") || strings.Contains(l.Text, "anhören") {
		t.Error(l.Text)
	}
}

func TestAWebhookHasTheRecordingsLinkForItsTimeAndNothingOfOurs(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(200, ""))
	o := hooks(r.URL)
	o.Hook.Recording, o.AudioMin = true, 90
	w.save(o)
	w.conf.Gateway.Audio = true
	w.callable()
	w.enrich()
	c := w.cases[caseID]
	c.Recording = desk.Recording{State: desk.RecordingStored, Key: "rec/1"}
	w.cases[caseID] = c
	w.calls["call_1"] = call.Call{RecordingConsent: "granted"}
	w.created()
	w.run(t, noon.Add(time.Hour))
	body := r.all()[0].body
	var p map[string]any
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(body, "for=1h30m0s") || !strings.Contains(body, `"expires_at":"2026-11-24T12:30:00Z"`) {
		t.Errorf("%s", body)
	}
	for _, ours := range []string{caseID, "call_1", us.String(), "out"} {
		for name := range p {
			if part := fmt.Sprint(p[name]); strings.Contains(part, ours) && ours != "out" {
				t.Errorf("%s stands in %s", ours, part)
			}
		}
	}
}

func TestATestGoesTheRealWayAndTouchesNothing(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(410, `{"id":"T-1"}`))
	w.save(both("it@kunde.example", r.URL))
	trials, err := w.Test(t.Context(), us, "out")
	if err != nil || len(trials) != 2 {
		t.Fatalf("%+v, %v", trials, err)
	}
	mail, hook := trials[0], trials[1]
	if !mail.OK || !strings.HasPrefix(mail.Subject, "[TEST] ") || len(w.letters) != 1 || w.letters[0].Subject != mail.Subject {
		t.Errorf("%+v", mail)
	}
	name, _, _ := r.all()[0].meta(t)
	if hook.OK || hook.Class != delivery.Gone || hook.Status != 410 || name != "webhook.test" || hook.Curl == "" || hook.Header["X-Event"] != "webhook.test" {
		t.Errorf("%s %+v", name, hook)
	}
	if o, _ := w.conf.Output("out"); len(w.deliveries) != 0 || len(w.events) != 0 || len(w.gates) != 0 || o.Disabled != "" || w.cases[caseID].Version != 1 {
		t.Error("a test left traces")
	}
	if len(w.lines) != 2 {
		t.Errorf("%d lines in the log", len(w.lines))
	}
	for _, l := range w.lines {
		if !l.Test || l.Of != 1 {
			t.Errorf("%+v", l)
		}
	}
}

func TestAPreviewShowsWhatWouldBeSentAndSendsNothing(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(200, ""))
	w.save(both("it@kunde.example", r.URL))
	for _, id := range []string{"", caseID} {
		trials, err := w.Preview(t.Context(), us, "out", id)
		if err != nil || len(trials) != 2 || trials[0].Text == "" || !strings.Contains(trials[1].Body, "TKT-2026-00042") {
			t.Errorf("%+v, %v", trials, err)
		}
	}
	if _, err := w.Preview(t.Context(), us, "out", "somebody else's"); err == nil {
		t.Error("another company's case was shown")
	}
	if len(r.all()) != 0 || len(w.letters) != 0 || len(w.lines) != 0 {
		t.Error("a preview was sent")
	}
	o, _ := w.conf.Output("out")
	o.Hook.Payload = `{"a":"{{case.x}}"}`
	w.save(o)
	if trials, err := w.Preview(t.Context(), us, "out", ""); err != nil || trials[1].Problem != "template_unknown_variable" {
		t.Errorf("%+v, %v", trials, err)
	}
}

func TestAlertsAreToldAloneAndFromTheFifthOnTogether(t *testing.T) {
	t.Parallel()
	w, r := receives(t, status(404, ""))
	w.save(hooks(r.URL))
	for n := range 8 {
		c := w.cases[caseID]
		c.ID, c.Number.Count = fmt.Sprintf("case%d", n), int64(100+n)
		w.cases[c.ID] = c
		w.give("case.created.v1", map[string]string{"case_id": c.ID})
	}
	w.run(t, noon.Add(time.Minute))
	if len(w.letters) != 4 {
		t.Fatalf("%d letters before the ten minutes", len(w.letters))
	}
	w.run(t, noon.Add(time.Hour))
	last := w.letters[len(w.letters)-1]
	if len(w.letters) != 5 || last.Subject != "[ALERT] 4 Zustellungen gescheitert: Ticketsystem" || strings.Count(last.Text, "TKT-2026-") != 4 {
		t.Errorf("%d letters, %s\n%s", len(w.letters), last.Subject, last.Text)
	}
}

func TestAnAlertGoesToSlackTooAndSlackStopsNothing(t *testing.T) {
	t.Parallel()
	for _, code := range []int{200, 500} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			w, r := receives(t, status(code, "ok"))
			w.conf.Gateway.AlertSlack = r.URL
			c := w.cases[caseID]
			c.Subject = "<!channel> <https://boese.example|hier>"
			w.cases[caseID] = c
			w.created() // there is no output
			w.run(t, noon.Add(time.Hour))
			all := r.all()
			if len(all) != 1 || len(w.letters) != 1 || (len(w.failed) > 0) != (code != 200) {
				t.Fatalf("%d requests, %d letters, %v", len(all), len(w.letters), w.failed)
			}
			var m struct{ Text string }
			if err := json.Unmarshal([]byte(all[0].body), &m); err != nil || strings.Contains(m.Text, "<!channel>") || !strings.Contains(m.Text, "&lt;!channel&gt;") {
				t.Errorf("%s", m.Text)
			}
		})
	}
}

func TestADeliveryThatNobodyHearsOfRaisesAnAlarm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, output.Output{})
	w.conf.Gateway.AlertEmails = nil
	w.created()
	w.run(t, noon.Add(time.Hour))
	if !slices.Equal(w.alarms, []string{dispatch.AlarmUnheard}) {
		t.Errorf("%v", w.alarms)
	}
}

func TestAnAddressThatTakesNothingIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err      error
		attempts int
		reason   delivery.Reason
	}{{notify.ErrAddress, 1, delivery.Permanent}, {errDown, 4, delivery.Exhausted}} {
		t.Run(tt.err.Error(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mails("weg@kunde.example"))
			keys := map[string]bool{}
			w.mailFails = func(l notify.Letter) error {
				if l.To != "weg@kunde.example" {
					return nil
				}
				keys[l.Key] = true
				return fmt.Errorf("refused: %w", tt.err)
			}
			w.created()
			w.run(t, noon.Add(time.Hour))
			d := one(t, w.of(delivery.Email))
			if d.State != delivery.Dead || d.Attempts != tt.attempts || d.Reason != tt.reason || len(keys) != 1 {
				t.Errorf("%+v, %d keys", d, len(keys))
			}
			for _, l := range w.lines {
				if !strings.Contains(l.Place, "***@kunde.example") {
					t.Errorf("an address in the log: %s", l.Place)
				}
			}
		})
	}
}

func TestACustomMailIsWhatItsTemplatesSay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, body, text, page string }{
		{"a text", "Vorgang {{case.number}}\n{{case.subject}} <b>", "Vorgang TKT-2026-00042\nDrucker druckt nicht <b>", ""},
		{"a page, and what stands in it", "<h1>{{case.number}}</h1><p>Müller &amp; Co,<br>{{case.subject}}</p><ul><li>eins</li><li>zwei</li></ul>",
			"TKT-2026-00042\n\nMüller & Co,\nDrucker druckt nicht\n\neins\n\nzwei\n", "<h1>TKT-2026-00042</h1><p>Müller &amp; Co,<br>Drucker druckt nicht</p><ul><li>eins</li><li>zwei</li></ul>"},
		{"what the output does not give away", "{{case.number}}{{transcript.text}}{{ai.summary}}{{admin_url}}", "TKT-2026-00042", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := mails("a@kunde.example")
			o.Mail.Template, o.Mail.Subject, o.Mail.Body, o.Mail.Summary, o.Mail.Transcript = output.Custom, "Neu: {{case.subject}}", tt.body, false, false
			w := newWorld(t, o)
			w.callable()
			w.enrich()
			l := w.letter(t)
			if l.Text != tt.text || l.HTML != tt.page || l.Subject != "Neu: Drucker druckt nicht" {
				t.Errorf("%q\n%q\n%q", l.Subject, l.Text, l.HTML)
			}
		})
	}
}
