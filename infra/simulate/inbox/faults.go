package inbox

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Fault says how what is sent here fares.
type Fault struct {
	Path    string            `json:"path,omitempty"` // a receiver's ("" all of them), or "mail", or "sms"
	Mode    string            `json:"mode"`           // webhooks: status, hang, drop; mail and sms: refuse
	Status  int               `json:"status,omitempty"`
	Headers map[string]string `json:"headers,omitempty"` // of the answer: Retry-After, Location …
	Body    string            `json:"body,omitempty"`
	Times   int               `json:"times,omitempty"` // 0: until cleared
}

// check says what is wrong with a fault.
func (f Fault) check() error {
	services := f.Path == "mail" || f.Path == "sms"
	switch {
	case !services && f.Path != "" && !strings.HasPrefix(f.Path, "/"):
		return fmt.Errorf(`path %q: a receiver's begins with a slash; else it is "mail" or "sms"`, f.Path)
	case services && f.Mode != "refuse":
		return fmt.Errorf("mode %q: mail and sms know refuse", f.Mode)
	case services:
		return nil
	case f.Mode != "status" && f.Mode != "hang" && f.Mode != "drop":
		return fmt.Errorf("mode %q: receivers know status, hang and drop", f.Mode)
	case f.Mode == "status" && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("status %d: mode status answers 200 to 599", f.Status)
	case f.Times < 0:
		return errors.New("times is 0 (until cleared) or more")
	}
	return nil
}

// fault finds the first one that fits a receiver or a service and counts it.
func (b *Inbox) fault(path string) *Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, f := range b.faults {
		all := f.Path == "" && strings.HasPrefix(path, "/")
		if f.Path != path && !all {
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
