package voice

import (
	"time"

	"github.com/askpro/gateway/internal/german"
)

// when is what the caller said about day and time, after the questions that had to be asked were asked.
type when struct {
	day    german.Date // zero: a range of days
	from   german.Date // the range, inclusive
	to     german.Date
	time   german.TimeOfDay // NoTime: none
	window bool
	wFrom  german.TimeOfDay // of the window, NoTime: open
	wTo    german.TimeOfDay
}

func (w when) exact() bool { return w.time != german.NoTime }

// instant of the day and time at the branch.
func (x *turn) instant(w when) time.Time { return x.branch.At(w.day, w.time) }

// understand parses the caller's words for day and time, joined as one phrase (§5.3), and asks back where they do not
// say enough. A missing day is taken only from the day settled earlier in this call.
func (x *turn) understand(date, clock string, needDay bool) (when, *Reply) {
	r, mismatch := x.parse(date, clock)
	if mismatch != nil {
		return when{}, mismatch
	}
	if reply := x.dateProblem(r, date+clock); reply != nil {
		return when{}, reply
	}
	w := when{day: r.Date, time: r.Time, wFrom: german.NoTime, wTo: german.NoTime}
	if r.HasWindow {
		w.from, w.to, w.wFrom, w.wTo = r.Window.From, r.Window.To, r.Window.TimeFrom, r.Window.TimeTo
		w.window = w.wFrom != german.NoTime || w.wTo != german.NoTime
	}
	if w.from.IsZero() != w.to.IsZero() { // an open end is the search's own horizon
		if w.from.IsZero() {
			w.from = x.branch.Day(x.now)
		} else {
			w.to = w.from.AddDays(searchDays)
		}
	}
	if w.day.IsZero() && w.from.IsZero() && x.session.Date != "" {
		if d := german.Parse(x.session.Date, x.now); d.Err == "" && !d.Date.IsZero() {
			w.day = d.Date
			// The words alone were no contradiction; with the day they may be over.
			if w.exact() && !x.instant(w).After(x.now) {
				r.Date = w.day
				r.Err = german.ErrPastTime
				return when{}, x.dateProblem(r, date+clock)
			}
		}
	}
	if needDay && w.day.IsZero() && w.from.IsZero() {
		reply := answer("need_date", say.needDate, askDate, nil)
		if w.exact() {
			reply.Say = fill(say.needDateFor, "time", german.SpeakTime(w.time))
		}
		return when{}, &reply
	}
	return w, nil
}

const searchDays = 14

// parse reads both fields. Where both name a clock time, equal ones count once and different ones are asked about.
func (x *turn) parse(date, clock string) (german.Result, *Reply) {
	loc := x.branch.Location()
	if date != "" && clock != "" {
		a, b := german.ParseIn(date, x.now, loc), german.ParseIn(clock, x.now, loc)
		if a.Err == "" && b.Err == "" && a.Time != german.NoTime && b.Time != german.NoTime {
			if a.Time != b.Time {
				r := answer("need_time", fill(say.whichTime, "one", german.SpeakTime(a.Time), "two", german.SpeakTime(b.Time)), askTime, nil)
				return a, &r
			}
			return a, nil
		}
	}
	switch {
	case date == "":
		date = clock
	case clock != "":
		date += " " + clock
	}
	return german.ParseIn(date, x.now, loc), nil
}

// dateProblem turns what the parser could not accept into one question that repeats what was understood.
func (x *turn) dateProblem(r german.Result, words string) *Reply {
	today := x.branch.Day(x.now)
	reply := func(status, text, next string) *Reply {
		a := answer(status, text, next, x.understood(r))
		return &a
	}
	switch r.Err {
	case "":
		return nil
	case german.ErrAmbiguous:
		one, two := r.Candidates[0], r.Candidates[1]
		if !one.Date.IsZero() && !two.Date.IsZero() && one.Date != two.Date {
			return reply("ambiguous_date", fill(say.ambiguousDates, "one", german.SpeakDate(one.Date, today), "two", german.SpeakDate(two.Date, today)), askDate)
		}
		return reply("ambiguous_date", say.ambiguous, askDate)
	case german.ErrInvalidDate:
		return reply("invalid_date", say.invalidDate, askDate)
	case german.ErrInvalidTime:
		return reply("invalid_time", say.invalidTime, askTime)
	case german.ErrContradiction:
		return reply("contradiction", say.contradiction, askTime)
	case german.ErrPastDate:
		return reply("past_date", fill(say.pastDate, "date", german.SpeakDate(r.Date, today)), askDate)
	case german.ErrPastTime:
		if r.Time == german.NoTime {
			return reply("past_time", say.pastWindow, askTime)
		}
		return reply("past_time", fill(say.pastTime, "time", german.SpeakTime(r.Time)), askDate)
	case german.ErrWeekdayMismatch:
		return reply("weekday_mismatch", x.mismatch(r, today), askDate)
	case german.ErrTooFar:
		return reply("too_far", say.tooFar, askDate)
	}
	if words == "" {
		return nil // nothing was said: the tool asks for what it needs
	}
	return reply("need_date", say.notUnderstood, askDate)
}

// mismatch names both readings: the weekday that was said, and the date that was said.
func (x *turn) mismatch(r german.Result, today german.Date) string {
	one, two := r.Candidates[0].Date, r.Candidates[1].Date
	if one.IsZero() || two.IsZero() || r.Date.IsZero() {
		return fill(say.mismatch, "date", german.WriteDateShort(r.Date), "weekday", german.WeekdayName(r.Date))
	}
	return fill(say.mismatchOf, "date", german.SpeakDate(r.Date, today), "one", german.SpeakDate(one, today), "two", german.SpeakDate(two, today))
}

func (x *turn) understood(r german.Result) map[string]any {
	data := map[string]any{"error": string(r.Err)}
	if !r.Date.IsZero() {
		data["date"] = r.Date.String()
		data["weekday"] = german.WeekdayName(r.Date)
	}
	if r.Time != german.NoTime {
		data["time"] = r.Time.String()
	}
	return data
}
