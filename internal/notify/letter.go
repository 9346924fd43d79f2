package notify

import (
	"html"
	"strings"
)

// letter is what a mail says, once; it is rendered twice, as text and as a page, so the two cannot differ.
type letter struct {
	title string
	lines []string // paragraphs before the facts
	facts [][2]string
	after []string // paragraphs behind them
	foot  []string
}

func (l letter) text() string {
	var b strings.Builder
	for _, p := range l.lines {
		b.WriteString(p + "\n\n")
	}
	width := 0
	for _, f := range l.facts {
		width = max(width, len([]rune(f[0])))
	}
	for _, f := range l.facts {
		b.WriteString(f[0] + ":" + strings.Repeat(" ", width-len([]rune(f[0]))+1) + f[1] + "\n")
	}
	if len(l.facts) > 0 {
		b.WriteByte('\n')
	}
	for _, p := range l.after {
		b.WriteString(p + "\n\n")
	}
	b.WriteString("-- \n" + strings.Join(l.foot, "\n") + "\n")
	return b.String()
}

// page is readable on a phone and in a dark mailbox; styles are inline, because mail programs drop the others.
func (l letter) page() string {
	e := html.EscapeString
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="de"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>` + e(l.title) + `</title></head>`)
	b.WriteString(`<body style="margin:0;padding:16px;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5"><div style="max-width:560px;margin:0 auto">`)
	b.WriteString(`<h1 style="font-size:20px;line-height:1.3;margin:0 0 16px">` + e(l.title) + `</h1>`)
	for _, p := range l.lines {
		b.WriteString(`<p style="margin:0 0 16px">` + e(p) + `</p>`)
	}
	if len(l.facts) > 0 {
		b.WriteString(`<table role="presentation" style="border-collapse:collapse;margin:0 0 16px">`)
		for _, f := range l.facts {
			b.WriteString(`<tr><td style="padding:4px 16px 4px 0;vertical-align:top;opacity:.75">` + e(f[0]) + `</td><td style="padding:4px 0"><strong>` + e(f[1]) + `</strong></td></tr>`)
		}
		b.WriteString(`</table>`)
	}
	for _, p := range l.after {
		b.WriteString(`<p style="margin:0 0 16px">` + e(p) + `</p>`)
	}
	b.WriteString(`<p style="margin:24px 0 0;font-size:14px;opacity:.75">` + strings.Join(escaped(l.foot), "<br>") + `</p></div></body></html>`)
	return b.String()
}

func escaped(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = html.EscapeString(s)
	}
	return out
}
