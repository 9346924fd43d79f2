package companyfile

import (
	"slices"

	"github.com/askpro/gateway/internal/notify"
)

// check says what is wrong with one notification.
func (n Notify) check(w *wrong) {
	if !slices.Contains(notify.Events, notify.Event(n.Event)) {
		w.say("notification %q: there is no such event; there are %v", n.Event, notify.Events)
	}
	if !slices.Contains(notify.Recipients, notify.Recipient(n.Recipient)) {
		w.say("notification %s: its recipient is customer, staff or branch, not %q", n.Event, n.Recipient)
	}
	if !slices.Contains(notify.Channels, notify.Channel(n.Channel)) {
		w.say("notification %s: its channel is email or sms, not %q", n.Event, n.Channel)
	}
	if n.Fallback != "" && (n.Fallback == n.Channel || !slices.Contains(notify.Channels, notify.Channel(n.Fallback))) {
		w.say("notification %s: its fallback_channel is the other one of email and sms, not %q", n.Event, n.Fallback)
	}
	if n.Retries != nil && (*n.Retries < 0 || *n.Retries > 3) {
		w.say("notification %s: retry_count is 0 to 3, not %d", n.Event, *n.Retries)
	}
}

// twice finds notifications that say something about the same thing.
func twice(w *wrong, list []Notify) {
	seen := map[Notify]bool{}
	for _, n := range list {
		k := Notify{Branch: n.Branch, Service: n.Service, Staff: n.Staff, Event: n.Event, Recipient: n.Recipient, Channel: n.Channel}
		if seen[k] {
			w.say("notification %s to %s by %s stands there twice", n.Event, n.Recipient, n.Channel)
		}
		seen[k] = true
	}
}
