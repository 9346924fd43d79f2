package notify

import (
	"html"
	"strings"

	"github.com/askpro/gateway/internal/inert"
)

// sheet is what a letter says, once; it is rendered twice, as text and as a page, so the two cannot differ.
type sheet struct {
	in     Language
	title  string
	lines  []string    // paragraphs before the facts
	facts  [][2]string // a value may have several lines
	after  []string    // paragraphs behind them
	button [2]string   // label and address of what the reader can do
	foot   []string
}

func (l sheet) text() string {
	var b strings.Builder
	for _, p := range l.lines {
		b.WriteString(p + "\n\n")
	}
	width := 0
	for _, f := range l.facts {
		width = max(width, len([]rune(f[0])))
	}
	for _, f := range l.facts {
		pad := strings.Repeat(" ", width-len([]rune(f[0]))+1)
		b.WriteString(f[0] + ":" + pad + strings.ReplaceAll(f[1], "\n", "\n"+strings.Repeat(" ", width+2)) + "\n")
	}
	if len(l.facts) > 0 {
		b.WriteByte('\n')
	}
	for _, p := range l.after {
		b.WriteString(p + "\n\n")
	}
	if l.button[1] != "" {
		b.WriteString(l.button[0] + ":\n" + l.button[1] + "\n\n")
	}
	b.WriteString("-- \n" + strings.Join(l.foot, "\n") + "\n")
	return b.String()
}

// page is readable on a phone and in a dark mailbox; styles are inline, because mail programs drop the others, and no
// colour is set that the reader's own would not go with.
func (l sheet) page() string {
	e := func(s string) string { return strings.ReplaceAll(html.EscapeString(s), "\n", "<br>") }
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="` + l.in.tag() + `"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><title>` + e(l.title) + `</title></head>`)
	b.WriteString(`<body style="margin:0;padding:16px;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5;overflow-wrap:anywhere"><div style="max-width:560px;margin:0 auto">`)
	b.WriteString(`<h1 style="font-size:22px;line-height:1.3;margin:0 0 16px">` + e(l.title) + `</h1>`)
	for _, p := range l.lines {
		b.WriteString(`<p style="margin:0 0 16px">` + e(p) + `</p>`)
	}
	if len(l.facts) > 0 {
		b.WriteString(`<table role="presentation" style="border-collapse:collapse;margin:0 0 16px;width:100%">`)
		for _, f := range l.facts {
			b.WriteString(`<tr><td style="padding:6px 16px 6px 0;vertical-align:top;white-space:nowrap;opacity:.75;border-top:1px solid rgba(128,128,128,.35)">` + e(f[0]) +
				`</td><td style="padding:6px 0;vertical-align:top;width:100%;border-top:1px solid rgba(128,128,128,.35)"><strong>` + e(f[1]) + `</strong></td></tr>`)
		}
		b.WriteString(`</table>`)
	}
	for _, p := range l.after {
		b.WriteString(`<p style="margin:0 0 16px">` + e(p) + `</p>`)
	}
	if l.button[1] != "" {
		b.WriteString(`<p style="margin:24px 0"><a href="` + e(l.button[1]) + `" style="display:inline-block;padding:12px 20px;border-radius:6px;background:#1f5fbf;color:#ffffff;text-decoration:none;font-weight:600">` + e(l.button[0]) + `</a></p>`)
	}
	b.WriteString(`<p style="margin:24px 0 0;font-size:14px;opacity:.75">` + e(strings.Join(l.foot, "\n")) + `</p></div></body></html>`)
	return b.String()
}

// plain is one line of somebody else's text as a letter may show it: no control characters, no line breaks, nothing that
// turns the direction of writing, and not without end.
func plain(s string) string {
	s = inert.Line(s)
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest-1]) + "…"
	}
	return s
}

// longest text that a line shows.
const longest = 300
