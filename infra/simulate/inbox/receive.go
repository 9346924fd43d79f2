package inbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Webhook is a request that a receiver got.
type Webhook struct {
	ReceivedAt time.Time         `json:"received_at"`
	Path       string            `json:"path"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
	Signature  Verdict           `json:"signature"`
	Answered   int               `json:"answered"`            // status; 0: the receiver never answered
	Repeat     bool              `json:"repeat,omitempty"`    // the receiver took its webhook-id before: a good one drops it
	Reference  string            `json:"reference,omitempty"` // the ticket made of it, the same for the same webhook-id; none if it was refused
}

// maxWebhook is what a webhook may weigh.
const maxWebhook = 16 << 20

// receivers are where webhooks are taken. Behind /receive a path is what follows; the others are known by all of theirs.
var receivers = []string{"/receive/", "/webhooks/", "/events/"}

// receive takes a webhook as a company's tool would: 200 with the number of a ticket, unless a fault says otherwise.
func (b *Inbox) receive(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if rest, ok := strings.CutPrefix(path, "/receive/"); ok {
		path = "/" + rest
	}
	f := b.fault(path)
	if f == nil {
		f = &Fault{Mode: "status", Status: http.StatusOK}
	}
	if f.Mode == "reset" { // before anything was taken
		reset(w)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	got := b.keep(r, path, body, f.status())
	f.answer(w, r, got)
}

// keep writes a webhook down.
func (b *Inbox) keep(r *http.Request, path string, body []byte, status int) Webhook {
	got := Webhook{ReceivedAt: b.now(), Path: path, Headers: map[string]string{}, Body: string(body), Answered: status}
	for name, values := range r.Header {
		got.Headers[name] = strings.Join(values, ", ")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	got.Signature = verify(b.secretsOf(path), r.Header, body, got.ReceivedAt)
	got.Repeat, got.Reference = b.known(path, r.Header.Get("Webhook-Id"), status < 300) // 0: nobody heard of it, but it was
	b.got.Webhooks = append(b.got.Webhooks, got)
	return got
}

// known looks for a message that was taken before and for the ticket it was given. One that is taken now gets a new one.
// Called with b.mu held.
func (b *Inbox) known(path, id string, taken bool) (repeat bool, reference string) {
	for _, w := range b.got.Webhooks {
		if id != "" && w.Path == path && w.Headers["Webhook-Id"] == id && w.Reference != "" {
			return true, w.Reference
		}
	}
	if !taken {
		return false, ""
	}
	b.tickets++
	return false, fmt.Sprintf("INBOX-%d", b.tickets)
}

// taken is a receiver's answer when all is well.
func taken(w io.Writer, got Webhook) {
	_ = json.NewEncoder(w).Encode(map[string]string{"id": got.Reference}) // a sender that has gone needs no answer
}
