package company

import "slices"

// InSegments tells whether the service is booked part by part, so that its gaps stay free for others (§12.2). Any other
// service, a composite one in mode block too, is one booking of its whole length.
func (s Service) InSegments() bool { return s.Composite && s.CompositeMode == "segments" }

// Complete tells whether every segment of a service has somebody at a branch who can be booked for it. A service that is
// not complete is not bookable by phone, and never becomes a single booking.
func (c *Config) Complete(branchID string, s Service) bool {
	return !s.InSegments() || len(s.Segments) > 0 && len(c.Undone(branchID, s)) == 0
}

// Undone lists the segments of a service that nobody of a branch can be booked for.
func (c *Config) Undone(branchID string, s Service) []Segment {
	if !s.InSegments() {
		return nil
	}
	doers := c.Doers(branchID, s)
	var undone []Segment
	for _, x := range s.Segments {
		if !slices.ContainsFunc(doers, func(d Doer) bool { return d.Segment == x.Key }) {
			undone = append(undone, x)
		}
	}
	return undone
}

// Offered lists the services of a branch that callers may name, by priority. Bookable are those of them that can be booked.
func (c *Config) Offered(branchID string) []Service {
	var out []Service
	for _, s := range c.Services {
		mapped := slices.ContainsFunc(s.EventTypes, func(e EventType) bool { return (e.Segment != "") == s.InSegments() })
		if s.Active && (mapped || s.InSegments()) && (s.BranchID == "" || s.BranchID == branchID) {
			out = append(out, s)
		}
	}
	sortByPriority(out)
	return out
}
