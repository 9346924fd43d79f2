package sla

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/german"
)

// InWorkingDays says what a target means on a calendar, as a form shows it: "24 h = 3 Arbeitstage". Where days differ it is
// about so much.
func (h *Hours) InWorkingDays(c Clock, target time.Duration) string {
	text := hours(target)
	total, days, even := time.Duration(0), 0, true
	first := time.Duration(0)
	for _, ranges := range h.week {
		length := time.Duration(0)
		for _, r := range ranges {
			length += time.Duration(r.To-r.From) * time.Minute
		}
		if length == 0 {
			continue
		}
		if days == 0 {
			first = length
		}
		days, total, even = days+1, total+length, even && length == first
	}
	unit := "Arbeitstag"
	if c == AroundTheClock {
		unit, total, days, even = "Tag", 24*time.Hour, 1, true
	}
	if days == 0 {
		return text
	}
	one := total / time.Duration(days)
	tenths := int((target*10 + one/2) / one)
	if tenths < 5 {
		return text // "1 h = 0,1 Arbeitstage" helps nobody
	}
	about := ""
	if !even || time.Duration(tenths)*one != target*10 {
		about = "etwa "
	}
	switch {
	case tenths == 5:
		return text + " = " + about + "ein halber " + unit
	case tenths == 10:
		return text + " = " + about + "1 " + unit
	case tenths%10 == 0:
		return text + " = " + about + strconv.Itoa(tenths/10) + " " + unit + "e"
	}
	return text + " = " + about + fmt.Sprintf("%d,%d", tenths/10, tenths%10) + " " + unit + "e"
}

// hours writes a target: "24 h", "1:30 h", "30 min".
func hours(d time.Duration) string {
	minutes := int(d / time.Minute)
	switch {
	case minutes < 60:
		return strconv.Itoa(minutes) + " min"
	case minutes%60 == 0:
		return strconv.Itoa(minutes/60) + " h"
	}
	return fmt.Sprintf("%d:%02d h", minutes/60, minutes%60)
}

// step of a clock from or to summer time.
func step(d time.Duration) string {
	if d == time.Hour {
		return "eine Stunde"
	}
	return length(d)
}

// length writes an exact time: "3:45 h", with seconds only where there are some.
func length(d time.Duration) string {
	seconds := int64(d.Round(time.Second) / time.Second)
	if seconds%60 == 0 {
		return fmt.Sprintf("%d:%02d h", seconds/3600, seconds/60%60)
	}
	return fmt.Sprintf("%d:%02d:%02d h", seconds/3600, seconds/60%60, seconds%60)
}

// short is a day in a table: "Di 24.11.2026".
func short(d german.Date) string { return german.WeekdayAbbr(d) + " " + german.WriteDateShort(d) }

// clock is a time of day, with seconds only where there are some.
func clock(local time.Time) string {
	if local.Second() == 0 {
		return local.Format("15:04")
	}
	return local.Format("15:04:05")
}

var weekdayAbbrs = [...]string{"Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"}

// WeekInWords writes the weekly hours, days with the same hours together: "Mo–Do 08:00–12:00 und 13:00–17:00, Fr 08:00–12:00".
func (h *Hours) WeekInWords() string {
	var parts []string
	for i := 0; i < len(h.week); {
		j := i + 1
		for j < len(h.week) && slices.Equal(h.week[j], h.week[i]) {
			j++
		}
		if len(h.week[i]) > 0 {
			days := weekdayAbbrs[i]
			if j > i+1 {
				days += "–" + weekdayAbbrs[j-1]
			}
			parts = append(parts, days+" "+rangesInWords(Day{Ranges: h.week[i]}))
		}
		i = j
	}
	if len(parts) == 0 {
		return "keine"
	}
	return strings.Join(parts, ", ")
}

func rangesInWords(d Day) string {
	list := make([]string, len(d.Ranges))
	for i, r := range d.Ranges {
		list[i] = r.From.String() + "–" + r.To.String()
	}
	return german.SpeakList(list, "und")
}

// in a Land: one of them has an article.
func in(land string) string {
	if land == "Saarland" {
		return "im Saarland"
	}
	return "in " + land
}

func noun(g Goal) string {
	if g == Response {
		return "Reaktion"
	}
	return "Lösung"
}
