package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/subscribe"
)

// TestOnlyFactsAreToldToEndpoints: our own work is named like the facts, and says nothing that an endpoint could be told.
func TestOnlyFactsAreToldToEndpoints(t *testing.T) {
	t.Parallel()
	for _, names := range output.Subscribable {
		for _, name := range names {
			if !subscribe.Subscribable(name) {
				t.Errorf("%s is a fact that nobody would be told of", name)
			}
		}
	}
	own := 0
	for _, kind := range slices.Concat(casework.Handles, dispatch.Handles, subscribe.Handles) {
		if strings.HasSuffix(kind, ".v1") {
			continue
		}
		own++
		if subscribe.Subscribable(kind) {
			t.Errorf("%s is no fact", kind)
		}
	}
	if own == 0 {
		t.Error("no own work was looked at")
	}
}
