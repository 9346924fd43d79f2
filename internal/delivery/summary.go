package delivery

// Summary is how a case's deliveries stand, in one word.
type Summary string

// The summaries.
const (
	NothingToSend Summary = "none"
	Pending       Summary = "pending"
	AllSent       Summary = "sent"
	PartlyFailed  Summary = "partly_failed"
	AllFailed     Summary = "failed"
)

// Summaries is the one list of them.
var Summaries = []Summary{NothingToSend, Pending, AllSent, PartlyFailed, AllFailed}

// Summarize derives the summary from a case's Deliveries. Tests, escalations, cancelled ones and fallback mails do not count; a replay
// stands for the dead one that it replays. It is failed only when nothing of the case can arrive any more.
func Summarize(all []Delivery) Summary {
	replayed := map[string]bool{}
	for _, d := range all {
		if d.ReplayOf != "" && d.State != Cancelled {
			replayed[d.ReplayOf] = true
		}
	}
	count, sent, dead := 0, 0, 0
	for _, d := range all {
		if d.Kind == Test || d.Kind == Event || d.Kind == Escalation || d.Fallback || d.State == Cancelled || d.State == Dead && replayed[d.ID] {
			continue
		}
		count++
		switch d.State {
		case Sent:
			sent++
		case Dead:
			dead++
		}
	}
	switch {
	case count == 0:
		return NothingToSend
	case dead == count:
		return AllFailed
	case dead > 0:
		return PartlyFailed
	case sent == count:
		return AllSent
	}
	return Pending
}

// FallbackOf tells whether a dead Delivery's case goes to the fallback addresses, and under which once-key: one mail per
// case and output, however many replays die. A change of status that nobody took does not: its case has arrived.
func FallbackOf(d Delivery) (onceKey string, ok bool) {
	if d.State != Dead || d.Channel != Webhook || d.Fallback || d.StatusFrom != "" || d.Kind != Created && d.Kind != Updated {
		return "", false
	}
	return "delivery-fallback/" + d.CaseID + "/" + d.OutputID, true
}
