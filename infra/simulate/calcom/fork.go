package calcom

import (
	"maps"
	"slices"
)

// Fork makes a second Cal.com with the same bookings, which goes its own way from here. Faults, counted requests and
// webhooks on their way stay behind; the accounts with their event types are the same ones.
func (s *Server) Fork(o Options) *Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	fork := New(o)
	fork.accounts, fork.numbers = maps.Clone(s.accounts), s.numbers
	fork.bookings = make([]*booking, len(s.bookings))
	for i, b := range s.bookings {
		own := *b
		own.history = slices.Clone(b.history)
		fork.bookings[i] = &own
	}
	return fork
}
