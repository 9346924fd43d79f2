package german

// said is what was said of a day. Zero fields were not said.
type said struct {
	any      bool
	dom      int // day of the month
	month    int
	year     int
	weekday  int
	how      kind // next, this, coming, last before the weekday
	far      int  // of next: 1, übernächste 2
	relative bool
	days     int // from today
	weeks    *int
	weekend  kind // wochenend, next, …
	months   *int // a month, from this one
	part     kind // anfang, mitte, ende
	monthly  bool // the part is of a month
	duration bool
	durDays  int
	durWeeks int // a duration in whole weeks
	durMon   int
	elapsed  int // minutes
	first    bool
	named    int
	hasNamed bool
	week     int // ISO week
	soon     bool
	from, to *said
	excl     bool // from and to are not part of it: nach, vor
}

// dayClause reads one statement about days: a day, or a range of days.
func (p *parser) dayClause() bool {
	start := p.i
	switch t := p.peek(0); t.kind {
	case von, between:
		p.i++
		if a, ok := p.dayExpression(); ok {
			if p.is(0, until) || p.is(0, und) {
				p.i++
				if b, ok := p.dayExpression(); ok {
					p.rangeOf(a, b)
					return true
				}
			}
		}
	case from, until, before, after:
		p.i++
		if a, ok := p.dayExpression(); ok {
			r := said{any: true, excl: t.kind == before || t.kind == after}
			if t.kind == from || t.kind == after {
				r.from = &a
			} else {
				r.to = &a
			}
			p.merge(r)
			return true
		}
	default:
		if a, ok := p.dayExpression(); ok {
			if p.is(0, until) {
				mark := p.i
				p.i++
				if b, ok := p.dayExpression(); ok {
					p.rangeOf(a, b)
					return true
				}
				p.i = mark
			}
			p.merge(a)
			return true
		}
	}
	p.i = start
	return false
}

// rangeOf makes a range; "vom 10. bis 15. März" says the month once.
func (p *parser) rangeOf(a, b said) {
	if a.dom > 0 && a.month == 0 && b.month > 0 {
		a.month, a.year = b.month, b.year
	}
	p.merge(said{any: true, from: &a, to: &b})
}

// dayExpression reads statements about one day that follow each other: "Freitag, den 17. Oktober".
func (p *parser) dayExpression() (said, bool) {
	var d said
	for p.dayAtom(&d) {
		d.any = true
	}
	return d, d.any
}

// reach is how many little words may stand before what they belong to: it bounds the look ahead of hostile text.
const reach = 6

// dayAtom reads one statement about a day into d.
func (p *parser) dayAtom(d *said) bool {
	start := p.i
	lead := kind(0)
	for ; p.i < len(p.tokens) && p.i < start+reach; p.i++ {
		k := p.peek(0).kind
		if k == am || k == in {
			lead = k
		} else if k != article {
			break
		}
	}
	if p.i < len(p.tokens) && p.dayWord(d, lead) {
		return true
	}
	p.i = start
	return false
}

func (p *parser) dayWord(d *said, lead kind) bool {
	t := p.peek(0)
	switch t.kind {
	case dateLit:
		p.i++
		return p.setDate(d, t.n, t.month, t.year)
	case instant:
		p.i++
		local := t.moment.In(p.ref.loc)
		p.time.set(p, exactly(local.Hour()*60+local.Minute()))
		at := DateOf(t.moment, p.ref.loc)
		return p.setDate(d, at.Day, at.Month, at.Year)
	case relative:
		p.i++
		return p.setRelative(d, t.n)
	case morgen:
		if p.isDayPart(lead) {
			return false
		}
		p.i++
		return p.setRelative(d, 1)
	case weekday:
		p.i++
		return p.setWeekday(d, t.n, 0, 0)
	case next, this, coming, last:
		return p.modified(d, t)
	case ordinal, number:
		return p.dayNumber(d, t, lead)
	case month:
		p.i++
		d.month = t.n
		p.yearAfter(d)
		return true
	case anfang, mitte, ende:
		return p.partOf(d, t.kind)
	case calweek:
		if n := p.peek(1); n.kind == number && n.n >= 1 && n.n <= 53 {
			p.i += 2
			d.week = n.n
			return true
		}
	case wochenend:
		p.i++
		d.weekend = wochenend
		return true
	case named:
		p.i++
		d.named, d.hasNamed = t.n, true
		return true
	case asap:
		p.i++
		d.soon = true
		return true
	}
	return false
}

// isDayPart tells whether "morgen" is the morning: after "am", or after a day.
func (p *parser) isDayPart(lead kind) bool {
	if lead == am {
		return true
	}
	switch p.prev().kind {
	case relative, weekday, early, late, named:
		return true
	}
	return false
}

func (p *parser) setDate(d *said, day, month, year int) bool {
	d.dom, d.month = day, month
	if year != 0 {
		d.year = year
	}
	return true
}

func (p *parser) setRelative(d *said, days int) bool {
	if d.relative && d.days != days {
		p.err = ErrContradiction
	}
	d.relative, d.days = true, days
	return true
}

func (p *parser) setWeekday(d *said, day int, how kind, far int) bool {
	if d.weekday != 0 && d.weekday != day {
		p.err = ErrContradiction
	}
	d.weekday = day
	if how != 0 {
		d.how, d.far = how, far
	}
	return true
}

// modified reads nächste, diese, kommende, letzte before a weekday, a week, a month or a weekend.
func (p *parser) modified(d *said, t token) bool {
	n := 1
	offset := map[kind]int{next: t.n, this: 0, coming: 1, last: -1}[t.kind]
	switch x := p.peek(n); {
	case x.kind == weekday:
		p.i += n + 1
		return p.setWeekday(d, x.n, t.kind, t.n)
	case x.kind == unit && x.n == unitWeek:
		p.i += n + 1
		d.weeks = &offset
		return true
	case x.kind == unit && x.n == unitMonth:
		p.i += n + 1
		d.months = &offset
		return true
	case x.kind == wochenend:
		p.i += n + 1
		d.weekend = t.kind
		return true
	case x.kind == named:
		p.i += n + 1
		d.named, d.hasNamed = x.n, true
		return true
	case x.kind == month:
		p.i += n + 1
		d.month = x.n
		p.yearAfter(d)
		return true
	}
	return false
}

// dayNumber reads a day of the month, with or without its month, and what else begins with a number: durations, weeks.
func (p *parser) dayNumber(d *said, t token, lead kind) bool {
	if lead == in && t.kind == number && p.durationAfterIn(d) {
		return true
	}
	if t.n >= halvesFrom || t.article {
		return false
	}
	isOrdinal := t.kind == ordinal || t.dot
	x := p.peek(1)
	switch {
	case isOrdinal && x.kind == calweek:
		p.i += 2
		d.week = t.n
		return true
	case isOrdinal && x.kind == named && x.n == 1225:
		p.i += 2
		d.named, d.hasNamed = 1224+t.n, true
		return true
	case x.kind == month && (t.digits || isOrdinal || t.n <= 31):
		p.i += 2
		d.dom, d.month = t.n, x.n
		p.yearAfter(d)
		return true
	case isOrdinal && (x.kind == ordinal || x.dot) && x.n <= 12 && (t.kind == ordinal) == (x.kind == ordinal):
		p.i += 2
		d.dom, d.month = t.n, x.n
		p.yearAfter(d)
		return true
	case t.dot, t.kind == ordinal && !p.clockAhead(t):
		p.i++
		d.dom = t.n
		if t.n == 0 {
			p.err = ErrInvalidDate
		}
		return true
	case lead == am && t.digits && x.kind != uhr && x.kind != unit && x.kind != before && x.kind != after && p.tokens[p.i-1].kind == am:
		p.i++
		d.dom = t.n
		return true
	}
	return false
}

// clockAhead tells whether an ordinal is a dialect's hour: "um achte".
func (p *parser) clockAhead(t token) bool {
	switch p.prev().kind {
	case um, gegen, circa:
		return t.n <= 12
	}
	return false
}

// yearAfter reads a year in four digits.
func (p *parser) yearAfter(d *said) {
	if x := p.peek(0); x.kind == number && x.digits && x.n >= 1000 && x.n <= 9999 {
		d.year = x.n
		p.i++
	}
}

// partOf reads Anfang, Mitte, Ende of a week or a month.
func (p *parser) partOf(d *said, part kind) bool {
	n := 1
	for {
		switch p.peek(n).kind {
		case article, in, am, von:
			if p.i+n < len(p.tokens) && n < reach {
				n++
				continue
			}
		}
		break
	}
	offset := 0
	x := p.peek(n)
	switch x.kind {
	case next, this, coming, last:
		offset = map[kind]int{next: x.n, this: 0, coming: 1, last: -1}[x.kind]
		n++
		x = p.peek(n)
	}
	switch {
	case x.kind == unit && x.n == unitWeek:
		d.weeks, d.monthly = &offset, false
	case x.kind == unit && x.n == unitMonth:
		d.months, d.monthly = &offset, true
	case x.kind == month:
		d.month, d.monthly = x.n, true
	default:
		return false
	}
	d.part = part
	p.i += n + 1
	p.yearAfter(d)
	return true
}

// durationAfterIn reads "in zwei Wochen", "in einer halben Stunde", "in zwei Stunden und 30 Minuten".
func (p *parser) durationAfterIn(d *said) bool {
	ok := false
	for {
		t := p.peek(0)
		if t.kind != number {
			return ok
		}
		amount, n := t.n*2, 1 // in halves
		if t.n >= halvesFrom {
			amount = t.n - halvesFrom
		}
		quarter := 0
		switch x := p.peek(1); x.kind {
		case halb:
			amount, n = amount/2, 2
		case viertel:
			quarter, n = 15, 2
		case dreiviert:
			quarter, n = 45, 2
		}
		x := p.peek(n)
		if x.kind != unit || t.n > halvesFrom+100 || (t.n >= 1000 && t.n < halvesFrom) {
			return ok
		}
		if quarter > 0 {
			d.elapsed += quarter
		} else if !d.add(amount, x.n, t.n) {
			return ok
		}
		if !ok && d.weekday == 0 {
			d.first = true
		}
		d.duration, ok = true, true
		p.i += n + 1
		if p.is(0, und) && p.is(1, number) && p.is(2, unit) {
			p.i++
			continue
		}
		return true
	}
}

// add adds a duration of so many halves of a unit.
func (d *said) add(halves, u, spoken int) bool {
	switch u {
	case unitMinute:
		d.elapsed += halves / 2
	case unitHour:
		d.elapsed += halves * 30
	case unitQuarterHour:
		d.elapsed += halves * 15 / 2
	case unitThreeQuarterHour:
		d.elapsed += halves * 45 / 2
	case unitHalfHour:
		d.elapsed += halves * 15
	case unitDay:
		switch {
		case halves%2 != 0:
			return false
		case spoken == 8:
			d.durWeeks++ // acht Tage are a week
		case spoken%7 == 0 && spoken > 7:
			d.durWeeks += spoken / 7
		default:
			d.durDays += halves / 2
		}
	case unitWeek:
		if halves%2 != 0 {
			return false
		}
		d.durWeeks += halves / 2
	case unitMonth:
		if halves%2 != 0 {
			return false
		}
		d.durMon += halves / 2
	}
	return true
}

// merge adds a statement to what was said before; two that exclude each other are a contradiction.
func (p *parser) merge(d said) {
	o := &p.day
	o.any = true
	both := func(a, b int) int {
		if a != 0 && b != 0 && a != b {
			p.err = ErrContradiction
		}
		if b != 0 {
			return b
		}
		return a
	}
	o.dom, o.month, o.year = both(o.dom, d.dom), both(o.month, d.month), both(o.year, d.year)
	if d.duration && !o.duration {
		d.first = o.weekday == 0 && d.first
	}
	o.weekday, o.week = both(o.weekday, d.weekday), both(o.week, d.week)
	if d.how != 0 {
		o.how, o.far = d.how, d.far
	}
	if d.relative {
		if o.relative && o.days != d.days {
			p.err = ErrContradiction
		}
		o.relative, o.days = true, d.days
	}
	if d.weeks != nil {
		o.weeks = d.weeks
	}
	if d.months != nil {
		o.months = d.months
	}
	if d.part != 0 {
		o.part, o.monthly = d.part, d.monthly
	}
	if d.weekend != 0 {
		o.weekend = d.weekend
	}
	if d.duration {
		o.duration, o.first = true, d.first
		o.durDays, o.durWeeks, o.durMon, o.elapsed = o.durDays+d.durDays, o.durWeeks+d.durWeeks, o.durMon+d.durMon, o.elapsed+d.elapsed
	}
	if d.hasNamed {
		o.named, o.hasNamed = d.named, true
	}
	o.soon = o.soon || d.soon
	if d.from != nil || d.to != nil {
		o.from, o.to, o.excl = d.from, d.to, d.excl
	}
}
