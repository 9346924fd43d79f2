package hook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/lambdakit"
)

// Queue takes work for later.
type Queue interface {
	Send(ctx context.Context, w lambdakit.Work, delay time.Duration) error
}

// Objects keeps what is too large for a message.
type Objects interface {
	Put(ctx context.Context, key string, body []byte) error
}

// Summary is what the accepting side has to know of a body. Ours is our own number in it, if it names one. A body that
// nothing is to be done about is not Wanted: it is answered and forgotten. Kept is what goes on of it, where that is less
// than the whole.
type Summary struct {
	Wanted bool
	Ours   string
	Kept   []byte
}

// Accept takes a partner's event: proved, written to a queue, answered. The work happens afterwards.
type Accept struct {
	Gate    *Gate
	Kind    string // of the work: retell.event, calcom.webhook
	Prefix  string // of large bodies in the bucket: incoming/retell/
	Read    func(body []byte) (Summary, error)
	Queue   Queue
	Objects Objects
	NewID   func() string
}

// ServeHTTP answers 204 when the event is safe with us.
func (a *Accept) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route, body, ok := a.Gate.let(w, r)
	if !ok {
		return
	}
	seen, err := a.Read(body)
	if err != nil {
		http.Error(w, "The body is not the JSON that was expected.", http.StatusBadRequest)
		return
	}
	_, foreign, err := a.Gate.owns(r.Context(), route, seen.Ours)
	switch {
	case err != nil:
		unavailable(w, r, err)
		return
	case foreign:
		refuse(w)
		return
	case !seen.Wanted:
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if seen.Kept != nil {
		body = seen.Kept
	}
	if err := a.keep(r.Context(), route, body); err != nil {
		unavailable(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a *Accept) keep(ctx context.Context, route company.Route, body []byte) error {
	work, err := lambdakit.NewWork(a.Kind, route.Company, a.Gate.Now(), body)
	if err != nil {
		return err
	}
	if message, err := json.Marshal(work); err != nil {
		return err
	} else if len(message) > lambdakit.MaxMessage {
		key := a.Prefix + a.NewID() + ".json.gz"
		if err := a.Objects.Put(ctx, key, work.Gzip); err != nil {
			return fmt.Errorf("keep a large body: %w", err)
		}
		work.Gzip, work.Object = nil, key
	}
	return a.Queue.Send(ctx, work, 0)
}
