package main

import (
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/lambdakit"
)

// tried measures an attempt that is over, and how long a case's first message took if that was the one that was taken.
func tried(x delivery.Delivery) {
	taken := x.State == delivery.Sent
	lambdakit.Share(lambdakit.DeliveryTaken, taken)
	if taken && x.Kind == delivery.Created && x.ReplayOf == "" && !x.Fallback {
		lambdakit.Measure(lambdakit.DeliverySeconds, x.SentAt.Sub(x.CreatedAt))
	}
}

// waited measures whether a case's waiting for its call ended in time. One that was enriched too late counts as both, which
// only makes the share a little smaller.
func waited(kind string) {
	switch kind {
	case event.CaseEnriched{}.Name():
		lambdakit.Share(lambdakit.EnrichmentTimedOut, false)
	case event.CaseEnrichmentTimedOut{}.Name():
		lambdakit.Share(lambdakit.EnrichmentTimedOut, true)
	}
}
