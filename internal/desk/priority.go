package desk

import "fmt"

// Level of impact, urgency or priority.
type Level string

// The levels, highest first.
const (
	Critical Level = "critical"
	High     Level = "high"
	Normal   Level = "normal"
	Low      Level = "low"
)

var levels = [...]Level{Critical, High, Normal, Low}

// ReadLevel reads a level; false for anything else, with Normal.
func ReadLevel(s string) (Level, bool) {
	for _, l := range levels {
		if string(l) == s {
			return l, true
		}
	}
	return Normal, false
}

// rank is 0 for critical and 3 for low; what is unknown counts as normal.
func (l Level) rank() int {
	for i, x := range levels {
		if x == l {
			return i
		}
	}
	return 2
}

// Above tells whether a level is higher than another.
func (l Level) Above(other Level) bool { return l.rank() < other.rank() }

// Raise gives the higher of two levels: signals raise, they never lower (§2.5).
func (l Level) Raise(to Level) Level {
	if to.Above(l) {
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
func (m Matrix) Of(impact, urgency Level) Level { return m[impact.rank()][urgency.rank()] }

// Check refuses a matrix in which raising impact or urgency lowers the priority, or that holds something else than levels.
func (m Matrix) Check() error {
	for i := range m {
		for j := range m[i] {
			if _, ok := ReadLevel(string(m[i][j])); !ok {
				return fmt.Errorf("impact %s, urgency %s: %q is no priority", levels[i], levels[j], m[i][j])
			}
			if i > 0 && m[i][j].Above(m[i-1][j]) {
				return fmt.Errorf("urgency %s: raising the impact from %s to %s would lower the priority", levels[j], levels[i], levels[i-1])
			}
			if j > 0 && m[i][j].Above(m[i][j-1]) {
				return fmt.Errorf("impact %s: raising the urgency from %s to %s would lower the priority", levels[i], levels[j], levels[j-1])
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
