package retell

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/askpro/gateway/internal/phone"
	"github.com/askpro/gateway/internal/voice"
)

// ReadTool reads a tool call. Who calls and whom comes from the signed call object; args are the model's. Only a body
// that is no JSON object is an error.
func ReadTool(body []byte) (voice.Request, error) {
	o, err := read(body)
	if err != nil {
		return voice.Request{}, err
	}
	call := o.object("call")
	sum := sha256.Sum256(body)
	q := voice.Request{Sent: o.text("name"), HasCall: len(call) > 0, Args: args(o["args"]), Delivery: hex.EncodeToString(sum[:8])}
	q.Tool = withoutVersion(q.Sent)
	q.CallID, q.AgentID, q.CallType = call.text("call_id"), call.text("agent_id"), call.text("call_type")
	q.Direction, q.Caller, q.OurNumber = sides(call)
	q.Utterance = firstWords(call)
	return q, nil
}

// firstWords are the first thing that the caller said, as far as the live transcript tells.
func firstWords(call loose) string {
	var spoken []struct{ Role, Content string }
	if json.Unmarshal(call["transcript_object"], &spoken) == nil {
		for _, s := range spoken {
			if s.Role == "user" {
				return strings.TrimSpace(s.Content)
			}
		}
	}
	for line := range strings.Lines(call.text("transcript")) {
		if said, ok := strings.CutPrefix(line, "User: "); ok {
			return strings.TrimSpace(said)
		}
	}
	return ""
}

// sides tells who is on the line: on an inbound call the caller is from_number and our number to_number, on an outbound
// one the other way round. The caller's number is empty when it was withheld.
func sides(call loose) (direction, caller, ours string) {
	from, to := call.text("from_number"), call.text("to_number")
	direction = call.text("direction")
	if direction == "outbound" {
		from, to = to, from
	}
	n, _ := phone.Transmitted(from)
	return direction, string(n), to
}

// args are an object, a string that holds one, or nothing.
func args(raw json.RawMessage) map[string]any {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		raw = json.RawMessage(s)
	}
	var m map[string]any
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}

// withoutVersion strips _v17, which agents' editors append.
func withoutVersion(name string) string {
	if i := strings.LastIndex(name, "_v"); i > 0 {
		if digits := name[i+2:]; digits != "" && strings.Trim(digits, "0123456789") == "" {
			return name[:i]
		}
	}
	return name
}

// ReadInbound reads the webhook of a ringing call: the caller's number, empty if withheld, and ours.
func ReadInbound(body []byte) (caller, ours string, err error) {
	o, err := read(body)
	if err != nil {
		return "", "", err
	}
	call := o.object("call_inbound")
	n, _ := phone.Transmitted(call.text("from_number"))
	return string(n), call.text("to_number"), nil
}
