package desk

import (
	"fmt"
	"slices"

	"github.com/askpro/gateway/internal/sla"
)

// Level of impact, urgency or priority.
type Level = sla.Priority

// The levels, highest first.
const (
	Critical = sla.Critical
	High     = sla.High
	Normal   = sla.Normal
	Low      = sla.Low
)

// ReadLevel reads a level; false for anything else, with Normal.
func ReadLevel(s string) (Level, bool) {
	for _, l := range sla.Priorities {
		if string(l) == s {
			return l, true
		}
	}
	return Normal, false
}

// rank is 0 for critical and 3 for low; what is unknown counts as normal.
func rank(l Level) int {
	if i := slices.Index(sla.Priorities[:], l); i >= 0 {
		return i
	}
	return slices.Index(sla.Priorities[:], Normal)
}

// raise gives the higher of two levels: signals raise, they never lower (§2.5).
func raise(l, to Level) Level {
	if rank(to) < rank(l) {
		return to
	}
	return l
}

// Matrix gives the priority of an impact (row) and an urgency (column), in the order critical, high, normal, low.
type Matrix [4][4]Level

// DefaultMatrix is that of §4.4.
func DefaultMatrix() Matrix {
	return Matrix{
		{Critical, Critical, High, High},
		{Critical, High, High, Normal},
		{High, High, Normal, Low},
		{High, Normal, Low, Low},
	}
}

// Of is the priority of an impact and an urgency.
func (m Matrix) Of(impact, urgency Level) Level { return m[rank(impact)][rank(urgency)] }

// Check refuses a matrix in which raising impact or urgency lowers the priority, or that holds something else than levels.
func (m Matrix) Check() error {
	for i := range m {
		for j := range m[i] {
			if _, ok := ReadLevel(string(m[i][j])); !ok {
				return fmt.Errorf("impact %s, urgency %s: %q is no priority", sla.Priorities[i], sla.Priorities[j], m[i][j])
			}
			if i > 0 && m[i][j].Above(m[i-1][j]) {
				return fmt.Errorf("urgency %s: raising the impact from %s to %s would lower the priority", sla.Priorities[j], sla.Priorities[i], sla.Priorities[i-1])
			}
			if j > 0 && m[i][j].Above(m[i][j-1]) {
				return fmt.Errorf("impact %s: raising the urgency from %s to %s would lower the priority", sla.Priorities[i], sla.Priorities[j], sla.Priorities[j-1])
			}
		}
	}
	return nil
}

// Override is a priority that somebody set against the matrix, with the reason; it stays until it is removed.
type Override struct {
	Priority Level  `json:"priority"`
	Reason   string `json:"reason"`
	By       string `json:"by,omitempty"`
}

// Prioritise sets a case's priority from the matrix, or from the override that stands.
func (c *Case) Prioritise(m Matrix) {
	if c.Override.Priority != "" {
		c.Priority = c.Override.Priority
		return
	}
	c.Priority = m.Of(c.Impact, c.Urgency)
}
