package german

import "github.com/askpro/gateway/internal/holiday"

// when is what a statement about days comes to: a day, or a range of days. An open side is the zero Date.
type when struct {
	date       Date
	from, to   Date
	isRange    bool
	err        Error
	candidates [2]Date
}

const horizonDays = 365

// resolve finds the day that was meant, seen from the reference.
func (ref *reference) resolve(d *said) when {
	if d.from != nil || d.to != nil {
		return ref.between(d)
	}
	today := ref.today
	w := when{}
	fixed, hasFixed, err := ref.fixedDate(d)
	switch {
	case err != "":
		return when{err: err}
	case hasFixed:
		w.date = fixed
	case d.hasNamed:
		w.date, w.err = ref.namedDay(d)
	case d.week > 0:
		return ref.calendarWeek(d)
	case d.relative:
		w.date = today.AddDays(d.days)
	}
	if d.duration {
		return ref.after(d, w)
	}
	if !w.date.IsZero() {
		if d.weekday != 0 && w.date.Weekday() != d.weekday {
			return ref.mismatch(d, w)
		}
		if w.err == "" {
			w.err = ref.judge(w.date, d.year != 0)
		}
		return w
	}
	switch {
	case d.weekday != 0:
		return ref.weekday(d)
	case d.weekend != 0:
		return ref.weekend(d)
	case d.weeks != nil:
		return ref.week(d)
	case d.months != nil, d.month != 0:
		return ref.month(d)
	case d.soon:
		return when{from: today, isRange: true}
	}
	return when{err: ErrUnparseable}
}

// judge tells whether a day is over or too far off.
func (ref *reference) judge(d Date, explicit bool) Error {
	switch off := d.days() - ref.today.days(); {
	case off < 0:
		return ErrPastDate
	case off > horizonDays:
		return ErrTooFar
	}
	return ""
}

// fixedDate finds the day that a day of the month means (§8.3, rule 8).
func (ref *reference) fixedDate(d *said) (Date, bool, Error) {
	switch {
	case d.dom == 0:
		return Date{}, false, ""
	case d.month > 12 || d.dom > 31 || d.month == 0 && d.year != 0:
		return Date{}, false, ErrInvalidDate
	case d.year != 0:
		x := Date{d.year, d.month, d.dom}
		if !x.Valid() {
			return x, false, ErrInvalidDate
		}
		return x, true, ""
	case d.month != 0:
		x, ok := ref.nearYear(func(year int) Date { return Date{year, d.month, d.dom} })
		if !ok {
			return x, false, ErrInvalidDate
		}
		return x, true, ""
	}
	x := Date{ref.today.Year, ref.today.Month, d.dom}
	if d.months != nil {
		x = addMonths(Date{x.Year, x.Month, 1}, *d.months)
		if x.Day = d.dom; !x.Valid() {
			return x, false, ErrInvalidDate
		}
		return x, true, ""
	}
	for !x.Valid() || x.Before(ref.today) {
		if x.Month++; x.Month > 12 {
			x.Month, x.Year = 1, x.Year+1
		}
	}
	return x, true, ""
}

// nearYear is the year rule for days without one: this year's if it is still to come, this year's too if it was at most
// 30 days ago (then it is asked about), else next year's. 29 February waits for its year.
func (ref *reference) nearYear(in func(year int) Date) (Date, bool) {
	x := in(ref.today.Year)
	if !x.Valid() || ref.today.days()-x.days() > 30 {
		x = in(ref.today.Year + 1)
	}
	return x, x.Valid()
}

func (ref *reference) namedDay(d *said) (Date, Error) {
	in := func(year int) Date {
		if d.named >= movable-100 {
			return Date(holiday.Easter(year)).AddDays(d.named - movable)
		}
		return Date{year, d.named / 100, d.named % 100}
	}
	if d.year != 0 {
		return in(d.year), ""
	}
	x, ok := ref.nearYear(in)
	if !ok {
		return x, ErrInvalidDate
	}
	return x, ""
}

func (ref *reference) monday(weeks int) Date {
	return ref.today.AddDays(1 - ref.today.Weekday() + 7*weeks)
}

// next is the first such weekday strictly after today.
func (ref *reference) next(weekday int) Date {
	return ref.today.AddDays(mod(weekday-ref.today.Weekday()-1, 7) + 1)
}

func (ref *reference) weekday(d *said) when {
	w := when{}
	switch {
	case d.weeks != nil:
		w.date = ref.monday(*d.weeks).AddDays(d.weekday - 1)
	case d.how == this:
		w.date = ref.next(d.weekday)
		if ref.today.Weekday() == d.weekday {
			w.date = ref.today
		}
	case d.how == last:
		w.date = ref.next(d.weekday).AddDays(-7)
		if w.date == ref.today {
			w.date = ref.today.AddDays(-7)
		}
	case d.how == next:
		w.date = ref.next(d.weekday)
		if d.far == 2 {
			w.date = w.date.AddDays(7)
		} else if w.date.Before(ref.monday(1)) {
			return when{err: ErrAmbiguous, candidates: [2]Date{w.date, w.date.AddDays(7)}}
		}
	default:
		w.date = ref.next(d.weekday)
	}
	w.err = ref.judge(w.date, false)
	return w
}

// mismatch is a weekday and a date that do not go together: both readings are named, in order.
func (ref *reference) mismatch(d *said, w when) when {
	off := d.weekday - w.date.Weekday()
	switch {
	case off > 3:
		off -= 7
	case off < -3:
		off += 7
	}
	other := w.date.AddDays(off)
	if other.Before(ref.today) {
		other = other.AddDays(7)
	}
	w.err, w.candidates = ErrWeekdayMismatch, [2]Date{other, w.date}
	if w.date.Before(other) {
		w.candidates = [2]Date{w.date, other}
	}
	return w
}

// after is a duration from now, from a day or from a weekday (§8.3, rules 5 and 7).
func (ref *reference) after(d *said, w when) when {
	start := ref.today
	if !w.date.IsZero() {
		start = w.date
	}
	switch {
	case d.weekday != 0 && d.durWeeks > 0 && d.first:
		w.date = ref.monday(d.durWeeks).AddDays(d.weekday - 1)
	case d.weekday != 0 && w.date.IsZero():
		w.date = addMonths(ref.next(d.weekday).AddDays(7*d.durWeeks+d.durDays), d.durMon)
	default:
		w.date = addMonths(start, d.durMon).AddDays(7*d.durWeeks + d.durDays)
	}
	w.err = ref.judge(w.date, false)
	return w
}

// addMonths goes on by months; a day the month lacks becomes its last.
func addMonths(d Date, n int) Date {
	if n == 0 {
		return d
	}
	m := d.Month - 1 + n
	d.Year, d.Month = d.Year+floorDiv(m, 12), mod(m, 12)+1
	d.Day = min(d.Day, daysIn(d.Year, d.Month))
	return d
}

// span cuts a range off at today; one that is over is past.
func (ref *reference) span(from, to Date) when {
	w := when{from: from, to: to, isRange: true}
	switch {
	case !to.IsZero() && to.Before(ref.today):
		w.err = ErrPastDate
		return w
	case !from.IsZero() && from.Before(ref.today):
		w.from = ref.today
	}
	if !w.from.IsZero() && w.from.days()-ref.today.days() > horizonDays {
		w.err = ErrTooFar
	}
	return w
}

func (ref *reference) week(d *said) when {
	monday := ref.monday(*d.weeks)
	switch d.part {
	case anfang:
		return ref.span(monday, monday.AddDays(1))
	case mitte:
		return ref.span(monday.AddDays(1), monday.AddDays(3))
	case ende:
		return ref.span(monday.AddDays(3), monday.AddDays(4))
	}
	return ref.span(monday, monday.AddDays(6))
}

func (ref *reference) weekend(d *said) when {
	weeks := 0
	if d.weeks != nil {
		weeks = *d.weeks
	}
	switch d.weekend {
	case next:
		saturday := ref.monday(0).AddDays(5)
		if ref.today.Before(saturday) {
			return when{err: ErrAmbiguous, candidates: [2]Date{saturday, saturday.AddDays(7)}}
		}
		weeks = 1
	case last:
		weeks = -1
	}
	saturday := ref.monday(weeks).AddDays(5)
	return ref.span(saturday, saturday.AddDays(1))
}

func (ref *reference) month(d *said) when {
	first := Date{ref.today.Year, ref.today.Month, 1}
	switch {
	case d.months != nil:
		first = addMonths(first, *d.months)
	case d.year != 0:
		first = Date{d.year, d.month, 1}
	default:
		first = Date{ref.today.Year, d.month, 1}
		if d.month < ref.today.Month {
			first.Year++
		}
	}
	last := daysIn(first.Year, first.Month)
	from, to := 1, last
	switch d.part {
	case anfang:
		to = 10
	case mitte:
		from, to = 11, 20
	case ende:
		from = 21
	}
	return ref.span(Date{first.Year, first.Month, from}, Date{first.Year, first.Month, to})
}

func (ref *reference) calendarWeek(d *said) when {
	monday := func(year int) Date { // of the ISO week: week 1 holds 4 January
		fourth := Date{year, 1, 4}
		return fourth.AddDays(1 - fourth.Weekday() + 7*(d.week-1))
	}
	year, _ := ref.today.Week()
	if d.year != 0 {
		year = d.year
	} else if monday(year).AddDays(6).Before(ref.today) {
		year++
	}
	start := monday(year)
	if y, week := start.Week(); y != year || week != d.week {
		return when{err: ErrInvalidDate} // the year has no week 53
	}
	if d.weekday == 0 {
		return ref.span(start, start.AddDays(6))
	}
	w := when{date: start.AddDays(d.weekday - 1)}
	w.err = ref.judge(w.date, false)
	return w
}

// between is a range from one day to another; an open side stays open.
func (ref *reference) between(d *said) when {
	var from, to Date
	if d.from != nil {
		a := ref.resolve(d.from)
		if a.err != "" && a.err != ErrPastDate {
			return a
		}
		if from = a.date; a.isRange {
			from = a.from
			if d.excl {
				from = a.to
			}
		}
		if d.excl {
			from = from.AddDays(1)
		}
	}
	if d.to != nil {
		b := ref.resolve(d.to)
		if b.err != "" {
			return b
		}
		if to = b.date; b.isRange {
			to = b.to
			if d.excl {
				to = b.from
			}
		}
		if d.excl {
			to = to.AddDays(-1)
		}
		if !from.IsZero() && to.Before(from) {
			if d.to.weekday != 0 && d.to.dom == 0 { // "Freitag bis Dienstag": the Tuesday after that Friday
				to = to.AddDays(7)
			} else {
				return when{err: ErrContradiction}
			}
		}
	}
	if from == to {
		return when{date: from}
	}
	return ref.span(from, to)
}
