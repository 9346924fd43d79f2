package inbox

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// Webhook is a request that a receiver got.
type Webhook struct {
	ReceivedAt time.Time         `json:"received_at"`
	Path       string            `json:"path"` // behind /receive
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
	Signature  Verdict           `json:"signature"`
	Answered   int               `json:"answered"` // status; 0: the receiver never answered
}

// maxWebhook is what a webhook may weigh.
const maxWebhook = 16 << 20

// receive takes a webhook as a company's tool would: 200, unless a fault says otherwise.
func (b *Inbox) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	path := "/" + r.PathValue("path")
	f := b.fault(path)
	if f == nil {
		f = &Fault{Mode: "status", Status: http.StatusOK}
	}
	got := Webhook{ReceivedAt: b.now(), Path: path, Headers: map[string]string{}, Body: string(body)}
	for name, values := range r.Header {
		got.Headers[name] = strings.Join(values, ", ")
	}
	if f.Mode == "status" {
		got.Answered = f.Status
	}
	b.mu.Lock()
	got.Signature = verify(b.secretsOf(path), r.Header, body, got.ReceivedAt)
	b.got.Webhooks = append(b.got.Webhooks, got)
	b.mu.Unlock()
	switch f.Mode {
	case "hang": // until the sender gives up
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case "drop":
		panic(http.ErrAbortHandler)
	}
	for name, value := range f.Headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, f.Body) // a sender that has gone needs no answer
}
