package retell

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// loose is a JSON object of which anything may be missing, null or of another type.
type loose map[string]json.RawMessage

var errNoObject = errors.New("the body is no JSON object")

func read(body []byte) (loose, error) {
	var o loose
	if err := json.Unmarshal(body, &o); err != nil || o == nil {
		return nil, errNoObject
	}
	return o, nil
}

// object of a field; empty when it is anything else.
func (o loose) object(name string) loose {
	var in loose
	if json.Unmarshal(o[name], &in) != nil {
		return nil
	}
	return in
}

// text of a field: a string, or a number or truth value as it stands.
func (o loose) text(name string) string {
	raw := bytes.TrimSpace(o[name])
	if len(raw) == 0 || raw[0] == '{' || raw[0] == '[' || string(raw) == "null" {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

func (o loose) number(name string) (float64, bool) {
	f, err := strconv.ParseFloat(o.text(name), 64)
	return f, err == nil
}

func (o loose) truth(name string) *bool {
	b, err := strconv.ParseBool(o.text(name))
	if err != nil {
		return nil
	}
	return &b
}

// instant of a field in milliseconds since 1970.
func (o loose) instant(name string) *time.Time {
	ms, ok := o.number(name)
	if !ok || ms <= 0 || ms > 1e14 {
		return nil
	}
	t := time.UnixMilli(int64(ms)).UTC()
	return &t
}
