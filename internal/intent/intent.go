// Package intent tells what somebody on the phone wants, by the first thing they say: an appointment, or the service desk (a
// fault, a complaint, papers, a question about something they have). Its one rule: who is not sure says so, because a wrong
// booking costs more than a question; and every answer names the words it rests on.
//
// Two readers listen. The lists are the specification's floor: few words, whose sums anybody can check. The model hears
// the rest: inflections, compounds, synonyms, and what a sentence does with its words. It was learned from the corpus in
// testdata/intents by `go run ./internal/intent/cmd/train`. How they come to one answer is decide.
//
// It knows no call, no configuration record and no language switch: both languages always apply.
package intent

import "math"

// Intent is what a caller wants.
type Intent string

// The intents. Unknown: nothing that was said speaks for either.
const (
	Unknown     Intent = "unknown"
	Appointment Intent = "appointment"
	ServiceDesk Intent = "service_desk"
)

// Clarify is recommended in place of an intent when the caller has to be asked.
const Clarify = "clarify"

// DefaultThreshold is the confidence from which a decision stands, unless a company chose another.
const DefaultThreshold = 0.75

// Word is one of a company's own words: of a category (ServiceDesk), or the name of a service and its synonyms (Appointment).
// Text has the forms of a list entry: a word, words in a row, *ending, x … y.
type Word struct {
	Text   string
	Intent Intent
	Weight float64 // 0 is 1
}

// Detector detects with a company's words. It is safe for concurrent use; make one per configuration.
type Detector struct {
	own   lists
	model func() *model
}

// New returns a detector that knows a company's own words beside the lists. A word that can never match, or says nothing about
// what it stands for, is left out.
func New(own []Word) *Detector {
	d := &Detector{model: learned}
	for _, w := range own {
		e, ok := parseEntry(w.Text)
		if !ok || w.Weight < 0 || math.IsNaN(w.Weight) || math.IsInf(w.Weight, 0) {
			continue
		}
		weight := w.Weight
		if weight == 0 {
			weight = 1
		}
		e.own = true
		switch w.Intent {
		case Appointment:
			e.a = ownWords * weight
		case ServiceDesk:
			e.s = ownWords * weight
		default:
			continue
		}
		d.own.add(e)
	}
	return d
}

// Trained is a detector with another model than the embedded one, and no company's words. The training command judges models by it.
func Trained(modelText string) (*Detector, error) {
	m, err := readModel(modelText)
	if err != nil {
		return nil, err
	}
	return &Detector{model: func() *model { return m }}, nil
}

// Result of a detection. A and S are the sums of the lists, whoever decided.
type Result struct {
	Intent     Intent
	Confidence float64  // a margin from 0 to 1, three decimals
	Keywords   []string // entries of the lists and words that carried the decision, normalised
	A, S       float64
	Evidence   []Evidence // the strongest first
}

// Decided tells whether the result stands at a threshold.
func (r Result) Decided(threshold float64) bool {
	return r.Intent != Unknown && r.Confidence >= threshold
}

// Recommended mode at a threshold: the intent, or Clarify.
func (r Result) Recommended(threshold float64) string {
	if r.Decided(threshold) {
		return string(r.Intent)
	}
	return Clarify
}

// Detect reads an utterance.
func (d *Detector) Detect(utterance string) Result {
	tokens := split(utterance)
	t := d.tally(tokens)
	r := Result{Intent: Unknown, A: t.a, S: t.s}
	if len(tokens) == 0 {
		return r
	}
	o := d.model().read(tokens, &t)
	r.Intent, r.Confidence = decide(t, o)
	r.explain(tokens, t, o)
	if len(r.Evidence) == 0 { // many letters that mean nothing may add up: what no word speaks for is not decided
		r.Intent, r.Confidence = Unknown, 0
	}
	return r
}

// Likely is what the model alone thinks: the probabilities of the two intents. The rest is neither.
func (d *Detector) Likely(utterance string) (appointment, service float64) {
	tokens := split(utterance)
	t := d.tally(tokens)
	o := d.model().read(tokens, &t)
	return o.a, o.s
}

// Where the two readers meet. Chosen by cross-validation over topics (testdata/intents/README.md).
const (
	// sharpness raises the model's odds so that the default threshold, seven to one, falls where the decisions taken are right
	// often enough.
	sharpness = 3.0
	// agrees is how likely the model has to find what the lists decided, and how many times as likely as the opposite. It need not
	// be sure of it: lists that heard one side only are good evidence.
	agrees      = 0.3
	agreesTimes = 4
	// opposes is how likely the model has to find the opposite to stand against a company's own words.
	opposes = 0.8
	// overrules is how likely the model has to find an intent for which lists that heard both are not asked.
	overrules = 0.9
)

// decide makes one answer of two readings. Lists that heard one side only stand, unless the model does not find that likely.
// Lists that heard both stand, unless the model is very sure. Otherwise the model speaks. What the lists heard is told even
// when it decides nothing; so is nothing.
func decide(t tally, o odds) (Intent, float64) {
	likely, p := ServiceDesk, o.s
	if o.a > o.s {
		likely, p = Appointment, o.a
	}
	confidence := marginOf(p)
	if t.intent != Unknown {
		listed, opposite := o.of(t.intent), o.of(t.intent.opposite())
		switch {
		case t.both():
			if p < overrules {
				return t.intent, t.margin
			}
		case listed >= agrees && listed >= agreesTimes*opposite, t.own && opposite < opposes:
			return t.intent, max(t.margin, marginOf(listed))
		case likely == t.intent || confidence == 0:
			return t.intent, marginOf(listed)
		}
	}
	if confidence == 0 {
		return Unknown, 0
	}
	return likely, confidence
}

// marginOf a probability is that of its odds, sharpened: (w−l)/(w+l) as of the lists' sums.
func marginOf(p float64) float64 {
	w, l := math.Pow(p, sharpness), math.Pow(1-p, sharpness)
	return round3(max(0, (w-l)/(w+l)))
}

func (i Intent) opposite() Intent {
	if i == Appointment {
		return ServiceDesk
	}
	return Appointment
}

// Margin is the lists' verdict on two sums, evidence taken for granted: who has more, and by how much of the whole. A negative sum
// counts as nothing; a tie is the desk's, because a wrong case costs less than a wrong booking.
func Margin(a, s float64) (Intent, float64) {
	w, l, winner := s, max(a, 0), ServiceDesk
	if a > s {
		w, l, winner = a, max(s, 0), Appointment
	}
	if w <= 0 {
		return Unknown, 0
	}
	return winner, round3((w - l) / (w + l))
}

func round3(x float64) float64 { return math.Round(x*1000) / 1000 }
