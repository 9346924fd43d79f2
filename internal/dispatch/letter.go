package dispatch

import (
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/inert"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/template"
)

// sheet is what a mail says, once; it is rendered twice, as text and as a page, so the two cannot differ.
type sheet struct {
	title    string
	lines    []string
	facts    [][2]string
	sections []section
	links    [][2]string // label and address
	foot     []string
}

// section has a heading, and either paragraphs or who said what.
type section struct {
	heading string
	text    string
	chat    [][2]string
}

func (s sheet) text() string {
	var b strings.Builder
	b.WriteString(s.title + "\n\n")
	for _, p := range s.lines {
		b.WriteString(p + "\n\n")
	}
	width := 0
	for _, f := range s.facts {
		width = max(width, len([]rune(f[0])))
	}
	for _, f := range s.facts {
		b.WriteString(f[0] + ":" + strings.Repeat(" ", width-len([]rune(f[0]))+1) + strings.ReplaceAll(f[1], "\n", "\n"+strings.Repeat(" ", width+2)) + "\n")
	}
	for _, x := range s.sections {
		b.WriteString("\n" + x.heading + "\n")
		if x.text != "" {
			b.WriteString(x.text + "\n")
		}
		for _, c := range x.chat {
			b.WriteString(c[0] + ": " + c[1] + "\n")
		}
	}
	for _, l := range s.links {
		b.WriteString("\n" + l[0] + ":\n" + l[1] + "\n")
	}
	b.WriteString("\n-- \n" + strings.Join(s.foot, "\n") + "\n")
	return b.String()
}

// page is readable on a phone and in a dark mailbox: styles are inline, because mail programs drop the others.
func (s sheet) page() string {
	e := func(s string) string { return strings.ReplaceAll(html.EscapeString(s), "\n", "<br>") }
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="de"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>` + e(s.title) + `</title></head>`)
	b.WriteString(`<body style="margin:0;padding:16px;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5;overflow-wrap:anywhere"><div style="max-width:640px;margin:0 auto">`)
	b.WriteString(`<h1 style="font-size:20px;line-height:1.3;margin:0 0 16px">` + e(s.title) + `</h1>`)
	for _, p := range s.lines {
		b.WriteString(`<p style="margin:0 0 16px">` + e(p) + `</p>`)
	}
	if len(s.facts) > 0 {
		b.WriteString(`<table role="presentation" style="border-collapse:collapse;margin:0 0 16px;width:100%">`)
		for _, f := range s.facts {
			b.WriteString(`<tr><td style="padding:6px 16px 6px 0;vertical-align:top;white-space:nowrap;opacity:.75;border-top:1px solid rgba(128,128,128,.35)">` + e(f[0]) +
				`</td><td style="padding:6px 0;vertical-align:top;width:100%;border-top:1px solid rgba(128,128,128,.35)"><strong>` + e(f[1]) + `</strong></td></tr>`)
		}
		b.WriteString(`</table>`)
	}
	for _, x := range s.sections {
		b.WriteString(`<h2 style="font-size:16px;margin:16px 0 4px">` + e(x.heading) + `</h2>`)
		if x.text != "" {
			b.WriteString(`<p style="margin:0 0 16px">` + e(x.text) + `</p>`)
		}
		for _, c := range x.chat {
			b.WriteString(`<p style="margin:0 0 6px"><span style="opacity:.75">` + e(c[0]) + `:</span> ` + e(c[1]) + `</p>`)
		}
	}
	for _, l := range s.links {
		b.WriteString(`<p style="margin:24px 0"><a href="` + e(l[1]) + `" style="display:inline-block;padding:12px 20px;border-radius:6px;background:#1f5fbf;color:#ffffff;text-decoration:none;font-weight:600">` + e(l[0]) + `</a></p>`)
	}
	b.WriteString(`<p style="margin:24px 0 0;font-size:14px;opacity:.75">` + e(strings.Join(s.foot, "\n")) + `</p></div></body></html>`)
	return b.String()
}

var partWords = map[delivery.Part]string{delivery.Transcript: "Das Transkript", delivery.Recording: "Die Aufnahme"}

const (
	mostOfSubject = 60
	unread        = "Automatisch erstellt. Antworten auf diese E-Mail werden nicht gelesen."
)

// subject of a mail (§9.2). Its parts are others' words: one line each.
func (m material) subject() string {
	prefix := ""
	if m.output.Mail.Template == output.Technical || m.output.Mail.Template == output.Admin {
		switch m.c.Priority {
		case sla.Critical:
			prefix = "[KRITISCH] "
		case sla.High:
			prefix = "[HOCH] "
		}
	} else {
		if m.c.Priority == sla.Critical || m.c.Priority == sla.High {
			prefix = "[DRINGEND] "
		}
		if overdue(m.c.SLA.At(m.now)) {
			prefix += "[SLA!] "
		}
	}
	category := inert.Line(m.category())
	if category != "" {
		category = "[" + category + "] "
	}
	return prefix + category + m.c.Number.String() + ": " + inert.Shorten(inert.Line(m.c.Subject), mostOfSubject)
}

func (m material) when(at time.Time) string { return at.In(m.zone).Format("02.01.2006 15:04") + " Uhr" }

// sheet of a mail in one of our own forms.
func (m material) sheet() sheet {
	c := m.c
	technical := m.output.Mail.Template == output.Technical || m.output.Mail.Template == output.Admin
	s := sheet{title: m.c.Number.String() + ": " + inert.Line(c.Subject)}
	switch {
	case m.of.StatusFrom != "":
		s.lines = append(s.lines, m.moved())
	case m.of.Kind == delivery.Updated:
		s.lines = append(s.lines, "Diese Nachricht ergänzt die zuvor zugestellte zu diesem Vorgang.")
	}
	if m.of.Fallback {
		s.lines = append(s.lines, "Die Übergabe dieses Vorgangs an Ihr System ist gescheitert. Damit er nicht verloren geht, erhalten Sie ihn auf diesem Weg.")
	}
	fact := func(label, value string) {
		if value != "" {
			s.facts = append(s.facts, [2]string{label, value})
		}
	}
	if m.of.StatusFrom != "" && !c.Status.Open() {
		fact("Lösung", inert.Line(c.Resolution))
	}
	fact("Kategorie", inert.Line(m.category()))
	fact("Art", c.Type.Label())
	fact("Priorität", c.Priority.Label())
	fact("Eingegangen", m.when(c.CreatedAt)+" ("+c.Source.Label()+")")
	fact("Name", inert.Line(c.Contact.Name))
	fact("Firma", inert.Line(c.Contact.Company))
	fact("Telefon", inert.Line(c.Contact.Phone))
	fact("E-Mail", inert.Line(c.Contact.Email))
	fact("Ort", inert.Line(c.Contact.Location))
	fact("Problem seit", inert.Line(c.Captured.Since))
	switch {
	case c.Captured.Others != nil && *c.Captured.Others:
		fact("Weitere betroffen", "Ja")
	case c.Captured.Others != nil:
		fact("Weitere betroffen", "Nein")
	default:
		fact("Weitere betroffen", inert.Line(c.Captured.OthersWords))
	}
	if technical {
		fact("Auswirkung", c.Impact.Label())
		fact("Dringlichkeit", c.Urgency.Label())
		fact("Anwendungsfall", inert.Line(c.Captured.UseCase))
		fact("Details", inert.Line(c.Captured.UseCaseDetail))
		status := c.SLA.At(m.now)
		for _, due := range []struct {
			label string
			at    time.Time
		}{{"Reaktion bis", status.Response.DueAt}, {"Lösung bis", status.Resolution.DueAt}} {
			if !due.at.IsZero() {
				fact(due.label, m.when(due.at))
			}
		}
		fact("Externe Referenz", inert.Line(reference(c, m.output.ID)))
	}
	if m.output.Mail.Template == output.Admin {
		fact("Anreicherung", c.Enrichment.State.Label())
		if n := m.seconds(); n > 0 {
			fact("Gesprächsdauer", fmt.Sprintf("%d:%02d min", n/60, n%60))
		}
		fact("Angerufen", inert.Line(m.call.To))
		fact("Gesprächsende", ended(c.Enrichment.Disconnection))
	}
	s.sections = append(s.sections, section{heading: "Beschreibung", text: inert.Lines(c.Text)})
	if m.output.Mail.Summary && m.enriched() && c.Enrichment.Summary != "" {
		s.sections = append(s.sections, section{heading: "Zusammenfassung", text: inert.Lines(c.Enrichment.Summary)})
	}
	if m.output.Mail.Transcript && len(m.said) > 0 {
		kept, cut := cutSegments(m.said, mostInMail)
		x := section{heading: "Gespräch"}
		for _, y := range kept {
			x.chat = append(x.chat, [2]string{speakers["de"][y.Role], inert.Line(y.Text)})
		}
		if cut {
			x.chat = append(x.chat, [2]string{"Hinweis", "Das Gespräch ist länger und hier gekürzt."})
		}
		s.sections = append(s.sections, x)
	}
	for _, p := range m.of.Partial {
		later := "."
		if m.output.SendUpdates {
			later = " und wird nachgereicht."
		}
		part := partWords[p]
		if p == delivery.Transcript && !m.output.Mail.Transcript {
			part = "Die Zusammenfassung des Gesprächs"
		}
		s.lines = append(s.lines, part+" lag beim Versand noch nicht vor"+later)
	}
	if m.audio.there && m.audio.url == "" && len(m.audio.bytes) == 0 {
		s.lines = append(s.lines, "Die Aufnahme des Gesprächs liegt im System.")
	}
	if m.audio.url != "" && m.audio.url != m.admin {
		label := "Aufnahme anhören"
		if !m.audio.expiresAt.IsZero() {
			label += " (bis " + m.when(m.audio.expiresAt) + ")"
		}
		s.links = append(s.links, [2]string{label, m.audio.url})
	}
	if (m.output.Mail.AdminLink || m.output.Mail.Template == output.Admin) && m.admin != "" {
		label := "Vorgang öffnen"
		if m.audio.url == m.admin {
			label = "Vorgang mit Aufnahme öffnen"
		}
		s.links = append(s.links, [2]string{label, m.admin})
	}
	s.foot = []string{inert.Line(m.config.Company.Name), unread}
	return s
}

// moved says what became of a case's status.
func (m material) moved() string {
	is, was := m.c.Status.Label(), desk.Status(m.of.StatusFrom).Label()
	if why := m.c.PendingReason.Label(); why != "" {
		is += " (" + why + ")"
	}
	return "Der Status dieses Vorgangs ist jetzt „" + is + "“, zuvor war er „" + was + "“."
}

// ended says how a call ended, where the telephone's word for it is a usual one.
func ended(word string) string {
	switch word {
	case "user_hangup":
		return "Anrufer hat aufgelegt"
	case "agent_hangup":
		return "Assistent hat aufgelegt"
	case "call_transfer":
		return "Weitergeleitet"
	case "inactivity":
		return "Niemand hat mehr gesprochen"
	}
	return inert.Line(word)
}

func (m material) enriched() bool {
	for _, p := range m.of.Partial {
		if p == delivery.Transcript {
			return false
		}
	}
	return true
}

// letter is the mail of a Delivery. The error is a template.Problem: it will not go away by itself.
func (m material) letter() (notify.Letter, error) {
	l, err := m.written()
	if m.test {
		l.Subject, l.Ref = "[TEST] "+l.Subject, ""
	}
	return l, err
}

func (m material) written() (notify.Letter, error) {
	l := notify.Letter{Key: m.of.MessageID, Ref: refOf(m.of), Server: m.config.Company.SMTP, To: m.of.Destination, FromName: inert.Line(m.config.Company.Name), Subject: m.subject()}
	if m.output.Mail.Template == output.Custom {
		return m.custom(l, m.values())
	}
	s := m.sheet()
	l.Text, l.HTML = s.text(), s.page()
	if m.output.Mail.Template == output.Technical || m.output.Mail.Template == output.Admin {
		payload, err := m.attachedPayload()
		if err != nil {
			return l, err
		}
		name := "case_" + m.c.Number.String() + "_" + m.c.CreatedAt.In(m.zone).Format("20060102T150405") + ".json"
		l.Files = append(l.Files, notify.File{Name: name, Type: "application/json", Body: payload})
	}
	m.attachAudio(&l)
	return l, nil
}

func (m material) attachAudio(l *notify.Letter) {
	if len(m.audio.bytes) > 0 {
		kind := m.c.Recording.Type
		if !strings.HasPrefix(kind, "audio/") {
			kind = "audio/mpeg"
		}
		l.Files = append(l.Files, notify.File{Name: m.c.Number.String() + ".mp3", Type: kind, Body: m.audio.bytes})
	}
}

// attachedPayload is what the output's webhook would be sent, or would be if it had one.
func (m material) attachedPayload() ([]byte, error) {
	r, _, class := readyHook(m.output)
	if class != "" {
		return nil, classError(class)
	}
	body, _, err := r.Render(m.hookValues(), m.zone)
	return body, err
}

// hookValues are the values without what the webhook's side of the output does not give away.
func (m material) hookValues() template.Values {
	v := m.values()
	if !m.output.Hook.Transcript {
		for _, path := range ofTranscript {
			delete(v, path)
		}
	}
	if !m.output.Hook.Recording || !m.conf.Gateway.Audio {
		for _, path := range []string{"audio.url", "audio.expires_at", "audio.duration"} {
			delete(v, path)
		}
		v["audio.has_audio"] = false
	}
	if !m.enriched() {
		delete(v, "ai.summary")
	}
	return v
}

// custom fills a company's own templates; there is no other form to fall back to.
func (m material) custom(l notify.Letter, v template.Values) (notify.Letter, error) {
	f, class := readyMail(m.output)
	if class != "" {
		return l, classError(class)
	}
	if !m.output.Mail.Summary || !m.enriched() {
		delete(v, "ai.summary")
	}
	if !m.output.Mail.AdminLink {
		delete(v, "admin_url")
	}
	if !m.output.Mail.Transcript {
		for _, path := range ofTranscript {
			delete(v, path)
		}
	}
	var err error
	if l.Subject, err = f.subject.Render(v, m.zone); err != nil {
		return l, err
	}
	body, err := f.body.Render(v, m.zone)
	if err != nil {
		return l, err
	}
	if l.Text = body; f.page {
		l.HTML, l.Text = body, textOf(body)
	}
	m.attachAudio(&l)
	return l, nil
}

// classError is a mistake of the configuration that has no place in a template.
type classError delivery.Class

func (e classError) Error() string { return string(e) }

// isPage tells a body that is HTML from one that is text.
func isPage(body string) bool { return strings.HasPrefix(strings.TrimSpace(body), "<") }

// textOf is a page as text, for whoever reads no HTML: what stands between the tags, a line for each block.
func textOf(page string) string {
	var b strings.Builder
	for page != "" {
		before, rest, found := strings.Cut(page, "<")
		b.WriteString(strings.Join(strings.Fields(" "+before+" "), " "))
		if !found {
			break
		}
		tag, after, _ := strings.Cut(rest, ">")
		name := strings.ToLower(strings.Trim(strings.SplitN(tag, " ", 2)[0], "/"))
		switch name {
		case "br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol":
			b.WriteByte('\n')
		case "style", "script", "head":
			if _, behind, ok := strings.Cut(after, "</"+name); ok && !strings.HasPrefix(tag, "/") {
				_, after, _ = strings.Cut(behind, ">")
			}
		default:
			b.WriteByte(' ')
		}
		page = after
	}
	var lines []string
	for line := range strings.SplitSeq(html.UnescapeString(b.String()), "\n") {
		if line = strings.TrimSpace(line); line != "" || len(lines) > 0 && lines[len(lines)-1] != "" {
			lines = append(lines, line)
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n")) + "\n"
}
