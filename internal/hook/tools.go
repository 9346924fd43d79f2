package hook

import (
	"net/http"

	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/voice"
)

// Tools answers the agent's questions during a call.
type Tools struct {
	Gate *Gate
	Desk *voice.Desk
	Read func(body []byte) (voice.Request, error)
}

// ServeHTTP answers 200 with the envelope of every tool, whatever was asked; only what is not proved is refused.
func (t *Tools) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route, body, ok := t.Gate.let(w, r)
	if !ok {
		return
	}
	q, err := t.Read(body)
	if err != nil {
		http.Error(w, "The body is not JSON.", http.StatusBadRequest)
		return
	}
	if _, foreign, err := t.Gate.owns(r.Context(), route, q.OurNumber); foreign {
		refuse(w)
		return
	} else if err != nil {
		// The number's entry could not be read: the company's own configuration knows its numbers too.
		lambdakit.Log(r.Context()).Warn("tool", "outcome", "number not looked up", "error", err)
	}
	reply := t.Desk.Handle(r.Context(), route.Company, q)
	l := lambdakit.Log(r.Context()).With("company", route.Company.String(), "tool", q.Tool, "call", q.CallID, "status", reply.Status)
	if cause := reply.Cause(); cause != nil {
		l.Error("tool", "outcome", "failed", "error", cause)
	} else {
		l.Info("tool", "outcome", "answered")
	}
	lambdakit.AnswerJSON(w, http.StatusOK, reply.JSON())
}
