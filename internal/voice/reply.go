package voice

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// Reply is the envelope of every tool (§5.2). OK is false only for a fault of ours: the agent falls silent on failure
// flags, so "taken" and "not found" are business, with OK true and the result in Status.
type Reply struct {
	OK     bool   `json:"ok"`
	Status string `json:"status"`
	Say    string `json:"say"`
	Data   any    `json:"data,omitempty"`
	Next   string `json:"next,omitempty"`
	raw    []byte // a stored answer, given again word for word
}

// What the agent should do next.
const (
	goOn          = "continue"
	askName       = "ask_name"
	askDate       = "ask_date"
	askTime       = "ask_time"
	askService    = "ask_service"
	chooseOption  = "choose_option"
	confirmNext   = "confirm"
	offerCallback = "offer_callback"
	transferNext  = "transfer"
)

// Limits of an answer (§5.2).
const (
	maxSay   = 300
	maxReply = 4000
)

func answer(status, say, next string, data any) Reply {
	return Reply{OK: true, Status: status, Say: say, Data: data, Next: next}
}

// JSON of the reply, within the limits: a sentence is cut at its end, data that would be too much is left out.
func (r Reply) JSON() []byte {
	if r.raw != nil {
		return r.raw
	}
	r.Say = shorten(r.Say, maxSay)
	b, err := json.Marshal(r)
	if err != nil || utf8.RuneCount(b) > maxReply {
		r.Data = nil
		b, _ = json.Marshal(r)
	}
	return b
}

// shorten cuts a text after its last whole sentence within n letters, else after its last word.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	cut := string([]rune(s)[:n-1])
	for _, end := range []string{". ", "? ", "! "} {
		if i := strings.LastIndex(cut, end); i > n/3 {
			return cut[:i+1]
		}
	}
	if i := strings.LastIndexByte(cut, ' '); i > 0 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, ",;: ") + "."
}

// option is one free time as the agent gets it (§6.1). Times carry the branch's offset.
type option struct {
	OfferID     string `json:"offer_id"`
	StartsAt    string `json:"starts_at"`
	EndsAt      string `json:"ends_at"`
	Date        string `json:"date"`
	Time        string `json:"time"`
	Weekday     string `json:"weekday"`
	ServiceID   string `json:"service_id"`
	ServiceName string `json:"service_name"`
	StaffID     string `json:"staff_id,omitempty"`
	StaffName   string `json:"staff_name,omitempty"`
	PriceCents  int64  `json:"price_cents"`
	Minutes     int    `json:"duration_minutes"`
	Spoken      string `json:"spoken"`
	Description string `json:"description,omitempty"`
	HeldUntil   string `json:"held_until,omitempty"`
}
