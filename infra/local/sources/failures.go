package sources

import (
	"encoding/json"
	"slices"
)

// failures reads which of a batch's items failed, as Lambda does ("Implementing partial batch responses"): an answer
// without any means that none did; one that cannot be understood, or names what was not in the batch, means that all did.
func failures(answer []byte, batch []string) []string {
	var a struct {
		BatchItemFailures []struct{ ItemIdentifier *string }
	}
	if len(answer) > 0 && json.Unmarshal(answer, &a) != nil {
		return batch
	}
	var failed []string
	for _, f := range a.BatchItemFailures {
		if f.ItemIdentifier == nil || !slices.Contains(batch, *f.ItemIdentifier) {
			return batch
		}
		failed = append(failed, *f.ItemIdentifier)
	}
	return failed
}
