package inbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Fault says how what is sent here fares.
type Fault struct {
	Path       string            `json:"path,omitempty"` // a receiver's ("" all of them), or "mail", or "sms"
	To         string            `json:"to,omitempty"`   // mail and sms: for this recipient alone
	Mode       string            `json:"mode"`           // one of modes; mail and sms: one of services
	Status     int               `json:"status,omitempty"`
	RetryAfter int               `json:"retry_after,omitempty"` // seconds
	Headers    map[string]string `json:"headers,omitempty"`     // of the answer
	Body       string            `json:"body,omitempty"`        // {"success":false}
	MS         int               `json:"ms,omitempty"`          // of mode delay
	Nth        int               `json:"nth,omitempty"`         // the first it is for, counted from now; 0 is 1
	Times      int               `json:"times,omitempty"`       // 0: until cleared

	seen int
}

// modes of a receiver: it answers with a status; late; never; it does what it is asked and the answer is lost; its
// connection breaks before it has anything; it sends elsewhere; its answer is packed and unpacks to a gibibyte; it is one.
var modes = []string{"status", "delay", "hang", "lost", "reset", "redirect", "bomb", "huge"}

// services' modes: the message is not taken; it is taken and comes back; it is taken, delivered, and its reader complains.
var services = map[string][]string{"mail": {"refuse", "bounce", "complain"}, "sms": {"refuse", "bounce"}}

// check says what is wrong with a fault.
func (f Fault) check() error {
	known, service := services[f.Path]
	switch {
	case f.Times < 0 || f.Nth < 0:
		return errors.New("times is 0 (until cleared) or more, nth the first it is for")
	case !service && f.Path != "" && !strings.HasPrefix(f.Path, "/"):
		return fmt.Errorf(`path %q: a receiver's begins with a slash; else it is "mail" or "sms"`, f.Path)
	case service && !slices.Contains(known, f.Mode):
		return fmt.Errorf("mode %q: %s knows %s", f.Mode, f.Path, strings.Join(known, ", "))
	case service:
		return nil
	case f.To != "":
		return errors.New("to: only mail and sms have recipients")
	case !slices.Contains(modes, f.Mode):
		return fmt.Errorf("mode %q: receivers know %s", f.Mode, strings.Join(modes, ", "))
	case f.Mode == "status" && f.Status == 0, f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("status %d: answers have 200 to 599", f.Status)
	case f.Mode == "redirect" && f.Status != 0 && f.Status/100 != 3:
		return fmt.Errorf("status %d: mode redirect answers 300 to 399", f.Status)
	case (f.Mode == "delay") != (f.MS > 0) || f.MS > longest:
		return fmt.Errorf("ms %d: mode delay waits 1 to %d, others do not", f.MS, longest)
	}
	return nil
}

// longest is what a receiver may wait: more than its senders do.
const longest = 120_000

// fault finds the first one whose turn it is at a receiver or a service. Those behind it do not count what it is used for:
// several for one receiver come one after the other.
func (b *Inbox) fault(path string, to ...string) *Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, f := range b.faults {
		all := f.Path == "" && strings.HasPrefix(path, "/")
		if f.Path != path && !all || f.To != "" && !slices.ContainsFunc(to, func(x string) bool { return strings.EqualFold(x, f.To) }) {
			continue
		}
		if f.seen++; f.seen < f.Nth {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				b.faults = append(b.faults[:i:i], b.faults[i+1:]...)
			}
		}
		return f
	}
	return nil
}

func (b *Inbox) setFault(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, &f)
	return nil
}

func (b *Inbox) clearFaults(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	b.faults = nil
	b.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}
