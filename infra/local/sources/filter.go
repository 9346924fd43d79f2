package sources

import (
	"encoding/json"
	"slices"

	"github.com/askpro/gateway/infra/local/pattern"
)

// pass tells whether any of the patterns fits a record; without patterns, all pass.
func pass(patterns []map[string]any, record json.RawMessage) bool {
	var r map[string]any
	if len(patterns) == 0 || json.Unmarshal(record, &r) != nil {
		return true // what is no record, the function shall see
	}
	return slices.ContainsFunc(patterns, func(p map[string]any) bool { return pattern.Match(p, r) })
}
