package voice

import (
	"sync"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/intent"
	"github.com/askpro/gateway/internal/mode"
	"github.com/askpro/gateway/internal/tenant"
)

// detectors keeps one detector for each company's newest words.
type detectors struct {
	mu sync.Mutex
	by map[tenant.ID]*ownDetector
}

type ownDetector struct {
	config  int
	service int64
	*intent.Detector
}

// mostDetectors in one process.
const mostDetectors = 200

func (d *detectors) of(t tenant.ID, c *company.Config, service *desk.Configuration) *intent.Detector {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o := d.by[t]; o != nil && o.config == c.Version && o.service == service.Version {
		return o.Detector
	}
	if d.by == nil || len(d.by) >= mostDetectors {
		d.by = map[tenant.ID]*ownDetector{}
	}
	d.by[t] = &ownDetector{c.Version, service.Version, intent.New(desk.Words(service, c))}
	return d.by[t].Detector
}

func (x *turn) detect(utterance string) intent.Result {
	return x.desk.words.of(x.t, x.config, x.cases).Detect(utterance)
}

// detection is what a call's mode is told of a result.
func detection(r intent.Result) mode.Detection {
	return mode.Detection{Intent: string(r.Intent), Confidence: r.Confidence, Keywords: r.Keywords}
}

// detectIntent tells the agent whether the caller wants an appointment or has something to report (§3.4). The second time
// that it stays unsure, the company's fallback counts.
func (x *turn) detectIntent() (Reply, error) {
	said := x.args["utterance"]
	for _, other := range []string{x.args["text"], x.request.Utterance} {
		if said == "" {
			said = other
		}
	}
	if said == "" {
		return answer("need_utterance", say.needUtterance, goOn, nil), nil
	}
	r := x.detect(said)
	pin := x.mode()
	if x.session.Gateway != nil && !pin.Decided() {
		if pin.Utterance == "" {
			pin.Utterance = firstLetters(said, longestUtterance)
		}
		pin = pin.Heard(detection(r), x.now)
		x.session.Gateway = &pin
	}
	recommended := intent.Clarify
	if pin.Decided() {
		recommended = string(pin.Mode)
	}
	data := map[string]any{
		"intent": r.Intent, "confidence": r.Confidence, "keywords": r.Keywords, "explanation": r.Explanation(), "recommended_mode": recommended,
	}
	switch {
	case recommended == intent.Clarify:
		return answer("clarify", say.clarify, goOn, data), nil
	case recommended == string(mode.ServiceDesk):
		return answer("detected", say.wantsDesk, desk.CollectIssue, data), nil
	}
	return answer("detected", say.wantsAppointment, goOn, data), nil
}
