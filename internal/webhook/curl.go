package webhook

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Curl writes an attempt as a command for a terminal, to be tried by hand. Credentials and signatures are left out: the
// command is copied into tickets and chats.
func Curl(url string, h http.Header, body []byte) string {
	var b strings.Builder
	b.WriteString("curl -X POST " + shell(url))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			if hidden(name) {
				value = "…"
			}
			b.WriteString(" \\\n  -H " + shell(name+": "+value))
		}
	}
	b.WriteString(" \\\n  --data-binary " + shell(string(body)))
	return b.String()
}

// hidden headers may be secret; those that are not are known.
func hidden(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Content-Type", "User-Agent", "Webhook-Id", "Webhook-Timestamp", "X-Ticket-Reference", "X-Event", "X-Delivery-Id", "X-Attempt", "Accept", "Accept-Language":
		return false
	}
	return true
}

// shell quotes for sh: nothing in single quotes means anything, but the quote itself.
func shell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
