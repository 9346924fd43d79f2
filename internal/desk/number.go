package desk

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/german"
)

// Number is how people call a case: prefix, year in the company's zone, and a count that begins at 1 each year (§4.2). It
// is unique within the company, grows with time and says nothing about other companies; gaps are allowed.
type Number struct {
	Prefix string `json:"prefix"`
	Year   int    `json:"year"`
	Count  int64  `json:"count"`
}

// YearOf is the year that a case belongs to.
func YearOf(now time.Time, loc *time.Location) int { return now.In(loc).Year() }

// String is TKT-2026-00042.
func (n Number) String() string { return fmt.Sprintf("%s-%d-%05d", n.Prefix, n.Year, n.Count) }

// Spoken is how a number is read out: "T K T zweitausendsechsundzwanzig, Nummer zweiundvierzig".
func (n Number) Spoken() string {
	letters := strings.Join(strings.Split(n.Prefix, ""), " ")
	return letters + " " + german.SpeakNumber(int64(n.Year)) + ", Nummer " + german.SpeakNumber(n.Count)
}

// ReadNumber reads what somebody types into a search: with or without prefix, padding and dashes. Without a year it is
// this year's.
func ReadNumber(s, prefix string, thisYear int) (Number, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	n := Number{Prefix: prefix, Year: thisYear}
	letters := 0
	for letters < len(s) && s[letters] >= 'A' && s[letters] <= 'Z' {
		letters++
	}
	if letters > 0 {
		n.Prefix, s = s[:letters], s[letters:]
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == ' ' || r == '/' })
	switch {
	case len(parts) == 1 && len(parts[0]) > 8: // 202600042
		parts = []string{parts[0][:4], parts[0][4:]}
	case len(parts) > 2 || len(parts) == 0:
		return n, false
	}
	var err error
	if len(parts) == 2 {
		if n.Year, err = strconv.Atoi(parts[0]); err != nil || n.Year < 2000 || n.Year > 9999 {
			return n, false
		}
	}
	n.Count, err = strconv.ParseInt(parts[len(parts)-1], 10, 64)
	return n, err == nil && n.Count > 0
}
