package german

// place puts a clock time into the right half of the day (§8.3, rule 10).
func place(r reading, part int) (TimeOfDay, Error) {
	if r.minutes < 0 || r.minutes >= 24*60 {
		return NoTime, ErrInvalidTime
	}
	h, m := r.minutes/60, r.minutes%60
	at := func(h int) (TimeOfDay, Error) { return TimeOfDay(h*60 + m), "" }
	no := func() (TimeOfDay, Error) { return NoTime, ErrContradiction }
	switch part {
	case partEarly, partMorning, partForenoon:
		if h > 12 || (h == 12 && part != partForenoon) {
			return no()
		}
		return at(h)
	case partNoon:
		switch {
		case h >= 11 && h <= 14:
			return at(h)
		case !r.literal && (h == 1 || h == 2):
			return at(h + 12)
		}
		return no()
	case partAfternoon, partEvening, partLate:
		switch {
		case h >= 13:
			return at(h)
		case r.literal:
			return no()
		case h == 12:
			if part == partAfternoon {
				return at(12)
			}
			return no()
		}
		return at(h + 12)
	case partNight, partNights:
		switch {
		case h >= 22 || h <= 5:
			return at(h)
		case !r.literal && (h == 10 || h == 11):
			return at(h + 12)
		case !r.literal && h == 12:
			return at(0)
		}
		return no()
	}
	if !r.literal && h >= 1 && h <= 6 {
		h += 12
	}
	return at(h)
}

// resolve makes a time and a window of what was said.
func (c *clock) resolve() (at TimeOfDay, window Window, has bool, err Error) {
	at, window = NoTime, Window{TimeFrom: NoTime, TimeTo: NoTime}
	marker := -1
	for _, p := range c.parts[:c.partCount] {
		if marker >= 0 && marker != p {
			if !((marker == partEarly) != (p == partEarly)) { // "morgens früh" says one thing
				return NoTime, window, false, ErrContradiction
			}
			if marker != partEarly {
				continue
			}
		}
		marker = p
	}
	if c.at != nil {
		if at, err = place(*c.at, marker); err != "" {
			return NoTime, window, false, err
		}
	}
	if c.after != nil || c.before != nil {
		has = true
		if window, err = c.between(marker); err != "" {
			return NoTime, window, false, err
		}
	}
	switch {
	case c.around && at != NoTime:
		return at, Window{TimeFrom: max(0, at-30), TimeTo: min(24*60, at+30)}, true, ""
	case at == NoTime && !has && marker >= 0:
		w := partWindows[marker]
		if c.half != 0 && w[1] != NoTime { // "am späten Nachmittag": its second half
			if middle := (w[0] + w[1]) / 2; c.half == early {
				w[1] = middle
			} else {
				w[0] = middle
			}
		}
		return NoTime, Window{TimeFrom: w[0], TimeTo: w[1]}, true, ""
	}
	return at, window, has, ""
}

// between places both ends of a window; an end that would come before its start is in the other half of the day.
func (c *clock) between(marker int) (Window, Error) {
	w := Window{TimeFrom: NoTime, TimeTo: NoTime}
	var err Error
	if c.after != nil {
		if w.TimeFrom, err = place(*c.after, marker); err != "" {
			return w, err
		}
	}
	if c.before != nil {
		if w.TimeTo, err = place(*c.before, marker); err != "" {
			return w, err
		}
	}
	if w.TimeFrom != NoTime && w.TimeTo != NoTime && w.TimeTo <= w.TimeFrom {
		if c.before.literal || w.TimeTo >= 12*60 {
			return w, ErrContradiction
		}
		w.TimeTo += 12 * 60
	}
	return w, ""
}

// result puts day and time together.
func (p *parser) result() Result {
	switch {
	case p.err != "":
		return failed(p.err)
	case !p.day.any && !p.time.any:
		return failed(ErrUnparseable)
	}
	at, window, hasWindow, err := p.time.resolve()
	if err != "" {
		return failed(err)
	}
	r := Result{Time: at, Window: window, HasWindow: hasWindow}
	if !hasWindow {
		r.Window = Window{TimeFrom: NoTime, TimeTo: NoTime}
	}
	if p.day.any {
		if p.day.elapsed > 0 && p.day.durDays+p.day.durWeeks+p.day.durMon == 0 {
			return p.elapsed(r)
		}
		d := p.ref.resolve(&p.day)
		switch d.err {
		case "", ErrPastDate, ErrTooFar, ErrWeekdayMismatch:
			r.Err = d.err
		case ErrAmbiguous:
			r := failed(ErrAmbiguous)
			r.Candidates = [2]Reading{{d.candidates[0], at}, {d.candidates[1], at}}
			return r
		default:
			return failed(d.err)
		}
		r.Date = d.date
		if d.isRange {
			r.HasWindow = true
			r.Window.From, r.Window.To = d.from, d.to
		}
		if d.err == ErrWeekdayMismatch {
			r.Candidates = [2]Reading{{d.candidates[0], at}, {d.candidates[1], at}}
		}
	}
	if !r.HasWindow {
		r.Window = Window{}
	}
	p.night(&r)
	p.check(&r)
	return r
}

// elapsed is "in zwei Stunden": so much later on the clock of the world, to the minute.
func (p *parser) elapsed(r Result) Result {
	if r.Time != NoTime || r.HasWindow || p.day.relative || p.day.weekday != 0 || p.day.dom != 0 {
		return failed(ErrContradiction)
	}
	then := p.ref.now.Add(minutes(p.day.elapsed)).In(p.ref.loc)
	r.Date, r.Time, r.Window = DateOf(then, p.ref.loc), TimeOfDay(then.Hour()*60+then.Minute()), Window{}
	r.Err = p.ref.judge(r.Date, false)
	return r
}

// night moves "Freitagnacht um eins" to the next date: the night of a day ends on the next.
func (p *parser) night(r *Result) {
	if !p.time.night || r.Date.IsZero() || r.Time == NoTime || r.Time > 5*60+59 {
		return
	}
	if r.Date == p.ref.today && p.ref.minute < 5*60 && r.Time > p.ref.minute {
		return // said in the very night
	}
	r.Date = r.Date.AddDays(1)
	if r.Err == ErrPastDate {
		r.Err = p.ref.judge(r.Date, false)
	}
}

// check finds times that do not exist and times that are over.
func (p *parser) check(r *Result) {
	if r.Date.IsZero() {
		if r.HasWindow && r.Window.To == p.ref.today && r.Err == "" && r.Window.TimeTo != NoTime && r.Window.TimeTo <= p.ref.minute {
			r.Err = ErrPastTime
		}
		return
	}
	if r.Time != NoTime {
		at := r.Date.At(r.Time, p.ref.loc)
		if TimeOfDay(at.Hour()*60+at.Minute()) != r.Time { // the clocks skip it
			*r = Result{Date: r.Date, Time: NoTime, Err: ErrInvalidTime}
			return
		}
		if r.Err == "" && !at.After(p.ref.now) {
			r.Err = ErrPastTime
		}
		return
	}
	if r.Err == "" && r.Date == p.ref.today && r.HasWindow && r.Window.TimeTo != NoTime && r.Window.TimeTo <= p.ref.minute {
		r.Err = ErrPastTime
	}
}
