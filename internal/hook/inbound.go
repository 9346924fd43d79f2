package hook

import (
	"encoding/json"
	"net/http"

	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/voice"
)

// KindPrefetch is the work of fetching a branch's usual slots while the telephone rings; its body is a Prefetch.
const KindPrefetch = "prefetch"

// Prefetch names the branch that is being rung.
type Prefetch struct {
	BranchID string `json:"branch_id"`
}

// Inbound answers who shall take a call, and with what words its prompt is filled. Nothing is created.
type Inbound struct {
	Gate  *Gate
	Cards voice.Cards
	Queue Queue
	Read  func(body []byte) (caller, ours string, err error)
}

// AlarmUnknownNumber: a call came for a number that is nobody's.
const AlarmUnknownNumber = "unknown_number"

// ServeHTTP never fails after a valid signature: an empty answer lets the agent that is bound to the number speak.
func (i *Inbound) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route, body, ok := i.Gate.let(w, r)
	if !ok {
		return
	}
	caller, ours, err := i.Read(body)
	if err != nil {
		http.Error(w, "The body is not JSON.", http.StatusBadRequest)
		return
	}
	nobody := map[string]any{"call_inbound": struct{}{}}
	ctx := r.Context()
	known, foreign, err := i.Gate.owns(ctx, route, ours)
	if foreign {
		refuse(w)
		return
	}
	if err != nil || !known {
		i.Gate.Alarm(ctx, AlarmUnknownNumber, route.Company.String())
		lambdakit.AnswerJSON(w, http.StatusOK, nobody)
		return
	}
	ring, ok, err := voice.Ring(ctx, i.Cards, route.Company, i.Gate.Now(), caller, ours)
	if err != nil || !ok {
		lambdakit.Log(ctx).Error("inbound", "outcome", "answered without us", "error", err)
		i.Gate.Alarm(ctx, AlarmUnknownNumber, route.Company.String())
		lambdakit.AnswerJSON(w, http.StatusOK, nobody)
		return
	}
	i.prefetch(r, route.Company.String(), ring.BranchID)
	answer := map[string]any{"dynamic_variables": ring.Variables, "metadata": map[string]string{"company": route.Slug}}
	if ring.AgentID != "" {
		answer["override_agent_id"] = ring.AgentID
	}
	lambdakit.AnswerJSON(w, http.StatusOK, map[string]any{"call_inbound": answer})
}

// prefetch asks for the branch's usual slots; without them the first availability is only slower.
func (i *Inbound) prefetch(r *http.Request, company, branchID string) {
	body, err := json.Marshal(Prefetch{BranchID: branchID})
	if err == nil {
		err = i.Queue.Send(r.Context(), lambdakit.Work{Kind: KindPrefetch, Company: company, At: i.Gate.Now(), Body: body}, 0)
	}
	if err != nil {
		lambdakit.Log(r.Context()).Warn("inbound", "outcome", "no prefetch", "error", err)
	}
}
