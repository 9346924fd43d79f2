package german

// reading is one clock time as said: minutes since midnight, of a 24-hour clock if literal, else still to be placed in the
// day's half. -1: no clock shows it.
type reading struct {
	minutes int
	literal bool
}

func exactly(minutes int) reading { return reading{minutes, true} }

// clock is what was said of the time of day.
type clock struct {
	any       bool
	at        *reading
	around    bool
	after     *reading // window from
	before    *reading // window to
	parts     [2]int
	partCount int
	night     bool // the night after the day that was said
	half      kind // early or late part of a part
}

func noClock() clock { return clock{} }

func (c *clock) set(p *parser, r reading) {
	c.any = true
	if c.at != nil && *c.at != r {
		p.err = ErrContradiction
		return
	}
	c.at = &r
}

func (c *clock) window(p *parser, after, before *reading) {
	c.any = true
	if after != nil {
		if c.after != nil && *c.after != *after {
			p.err = ErrContradiction
		}
		c.after = after
	}
	if before != nil {
		if c.before != nil && *c.before != *before {
			p.err = ErrContradiction
		}
		c.before = before
	}
}

// timeClause reads one statement about the time of day.
func (p *parser) timeClause() bool {
	start := p.i
	if p.dayPart() || p.timeWords() {
		return true
	}
	p.i = start
	return false
}

// dayPart reads a part of the day: "vormittags", "am Morgen", "in der Früh", "am späten Nachmittag".
func (p *parser) dayPart() bool {
	n := 0
	lead := kind(0)
	var adjective kind
loop:
	for ; p.i+n < len(p.tokens) && n < reach; n++ {
		switch k := p.peek(n).kind; k {
		case am, in:
			lead = k
		case article:
		case early, late:
			adjective = k
		default:
			break loop
		}
	}
	t := p.peek(n)
	which := t.n
	switch {
	case t.kind == morgen && (lead == am || adjective != 0 || p.afterDay()):
		which = partMorning
	case t.kind != part:
		return false
	}
	if which == partNight && lead == in {
		which = partNights
	}
	c := &p.time
	p.i += n + 1
	c.any = true
	if c.partCount < len(c.parts) {
		c.parts[c.partCount] = which
		c.partCount++
	}
	c.night = c.night || which == partNight
	c.half = adjective
	return true
}

func (p *parser) afterDay() bool {
	switch p.prev().kind {
	case relative, weekday, named, dateLit, month:
		return true
	}
	return false
}

// timeWords reads clock times and the words that make windows of them.
func (p *parser) timeWords() bool {
	c := &p.time
	t := p.peek(0)
	switch t.kind {
	case um:
		p.i++
		return p.plain(true)
	case gegen, circa:
		p.i++
		p.skip(um)
		if p.plain(true) {
			c.around = true
			return true
		}
	case from, after:
		p.i++
		if t.kind == after && p.afterWork() {
			return true
		}
		p.skip(um)
		if r, ok := p.expression(true); ok {
			c.window(p, &r, nil)
			return true
		}
	case until, before:
		p.i++
		p.skip(um)
		p.skip(until)
		if r, ok := p.expression(true); ok {
			c.window(p, nil, &r)
			return true
		}
	case kurz:
		x := p.peek(1).kind
		if x != before && x != after {
			return false
		}
		p.i += 2
		if r, ok := p.expression(true); ok {
			p.near(r, x)
			return true
		}
	case between, von:
		p.i++
		p.skip(um)
		if a, ok := p.expression(true); ok && (p.is(0, und) || p.is(0, until)) {
			p.i++
			p.skip(um)
			if b, ok := p.expression(true); ok {
				c.window(p, &a, &b)
				return true
			}
		}
	case not:
		return p.negated()
	default:
		return p.plain(false)
	}
	return false
}

func (p *parser) skip(k kind) {
	if p.is(0, k) {
		p.i++
	}
}

// afterWork reads "nach der Arbeit".
func (p *parser) afterWork() bool {
	n := 0
	for n < reach && (p.is(n, article) || p.is(n, am)) {
		n++
	}
	if !p.is(n, work) {
		return false
	}
	p.i += n + 1
	r := exactly(17 * 60)
	p.time.window(p, &r, nil)
	return true
}

// negated reads the only wishes that a "nicht" makes: "nicht vor zehn", "nicht später als vier".
func (p *parser) negated() bool {
	p.i++
	x := p.peek(0)
	lateWord := x.kind == late || x.kind == early
	switch {
	case x.kind == before || x.kind == after:
		p.i++
	case lateWord && p.is(1, than):
		p.i += 2
	default:
		return false
	}
	p.skip(um)
	r, ok := p.expression(true)
	if !ok {
		return false
	}
	if x.kind == before || x.kind == early {
		p.time.window(p, &r, nil)
	} else {
		p.time.window(p, nil, &r)
	}
	return true
}

// near is "kurz nach X" and "kurz vor X": half an hour on that side only.
func (p *parser) near(r reading, side kind) {
	other := r
	if side == after {
		other.minutes += 30
		p.time.window(p, &r, &other)
		return
	}
	other.minutes -= 30
	p.time.window(p, &other, &r)
}

// plain reads a clock time, or a range "zehn bis zwölf"; introduced says that a word before it announced a time.
func (p *parser) plain(introduced bool) bool {
	mark := p.i
	r, ok := p.expression(introduced)
	if !ok {
		return false
	}
	if p.is(0, until) || p.dashed(mark, p.i) {
		at := p.i
		if p.is(0, until) {
			p.i++
		}
		p.skip(um)
		if b, ok := p.expression(true); ok {
			p.time.window(p, &r, &b)
			return true
		}
		p.i = at
	}
	if p.is(0, rum) {
		p.i++
		p.time.around = true
	}
	p.time.set(p, r)
	return true
}

// dashed tells "14-16 Uhr": two numbers that follow each other with nothing but a dash between them.
func (p *parser) dashed(first, second int) bool {
	if second != first+1 || second >= len(p.tokens) {
		return false
	}
	a, b := p.tokens[first], p.tokens[second]
	if !a.digits || !b.digits {
		return false
	}
	between := p.text[a.to:b.at]
	return between == "-" || between == "–" || between == " - " || between == " – "
}

// expression reads one clock time. A number alone is one only if something announces it.
func (p *parser) expression(introduced bool) (reading, bool) {
	t := p.peek(0)
	switch t.kind {
	case timeLit:
		p.i++
		p.optionalUhr()
		return reading{t.n, t.literal || t.n >= 13*60 || t.n < 60}, true
	case halb:
		if x := p.hourAt(1); x >= 0 {
			p.i += 2
			p.optionalUhr()
			return twelve(x, -30), true
		}
	case dreiviert:
		if x := p.hourAt(1); x >= 0 {
			p.i += 2
			p.optionalUhr()
			return twelve(x, -15), true
		}
	case viertel:
		return p.quarter()
	case number:
		return p.numbered(t, introduced)
	case ordinal:
		if introduced && t.n <= 12 && p.clockAhead(t) { // "um achte"
			p.i++
			p.optionalUhr()
			return hourOf(t.n, 0, false), true
		}
	}
	return reading{}, false
}

// hourAt is the hour that stands n tokens on, -1 if none does.
func (p *parser) hourAt(n int) int {
	t := p.peek(n)
	if (t.kind == number || t.kind == ordinal) && t.n <= 24 && p.i+n < len(p.tokens) {
		return t.n
	}
	return -1
}

func (p *parser) optionalUhr() {
	if p.is(0, uhr) {
		p.i++
	}
}

// quarter reads "viertel nach drei", "viertel vor vier", "viertel vier".
func (p *parser) quarter() (reading, bool) {
	offset, n := -45, 1
	switch p.peek(1).kind {
	case after:
		offset, n = 15, 2
	case before:
		offset, n = -15, 2
	}
	x := p.hourAt(n)
	if x < 0 {
		return reading{}, false
	}
	p.i += n + 1
	p.optionalUhr()
	return twelve(x, offset), true
}

// numbered reads what begins with a number: "14 Uhr 30", "zehn nach neun", "fünf vor halb drei", "zehn".
func (p *parser) numbered(t token, introduced bool) (reading, bool) {
	if t.dot || t.n >= halvesFrom {
		return reading{}, false
	}
	if t.n == 3 && p.is(1, viertel) && p.hourAt(2) >= 0 { // "drei Viertel acht" in three words
		x := p.hourAt(2)
		p.i += 3
		p.optionalUhr()
		return twelve(x, -15), true
	}
	if r, ok := p.relativeMinutes(t); ok {
		return r, true
	}
	if p.is(1, uhr) {
		p.i += 2
		if p.is(0, und) && p.isMinutes(1) {
			p.i++
		}
		minutes := 0
		if p.isMinutes(0) {
			minutes = p.peek(0).n
			p.i++
			if p.is(0, unit) && p.peek(0).n == unitMinute {
				p.i++
			}
		}
		return hourOf(t.n, minutes, t.literal), true
	}
	if t.article || p.is(1, unit) || p.is(1, month) || p.is(1, dateLit) {
		return reading{}, false
	}
	if introduced && p.isMinutes(1) && p.peek(1).n >= 5 && !p.is(2, uhr) && !p.is(2, unit) { // "um zehn dreißig"
		m := p.peek(1).n
		p.i += 2
		return hourOf(t.n, m, t.literal), true
	}
	if !introduced && !p.announced(t) && !p.dashed(p.i, p.i+1) {
		return reading{}, false
	}
	p.i++
	return hourOf(t.n, 0, t.literal), true
}

func (p *parser) isMinutes(n int) bool {
	t := p.peek(n)
	return t.kind == number && !t.dot && !t.article && t.n < 60 && p.i+n < len(p.tokens) && !p.is(n+1, month) && !p.is(n+1, uhr) &&
		!(p.is(n+1, unit) && p.peek(n+1).n != unitMinute)
}

// announced tells whether a lone number is a time: after a day or a part of it, before a part of it, or all there is.
func (p *parser) announced(t token) bool {
	if t.n > 24 {
		return false
	}
	if p.is(1, part) || p.is(1, rum) || p.is(1, until) {
		return true
	}
	if p.i+1 < len(p.tokens) && p.peek(1).kind == unknown {
		return false
	}
	switch x := p.prev(); x.kind {
	case relative, weekday, part, month, dateLit, morgen, named, wochenend:
		return true
	case unit:
		return x.n == unitWeek
	case ordinal, number:
		return x.kind == ordinal || x.dot
	}
	return len(p.tokens) == 1
}

// relativeMinutes reads minutes before or after an hour or half an hour.
func (p *parser) relativeMinutes(t token) (reading, bool) {
	n := 1
	if p.is(1, unit) && p.peek(1).n == unitMinute {
		n = 2
	}
	side := p.peek(n).kind
	if (side != before && side != after) || t.n < 1 || t.n > 59 || t.article {
		return reading{}, false
	}
	base, next := 0, n+2
	x := p.hourAt(n + 1)
	if p.is(n+1, halb) {
		x, base, next = p.hourAt(n+2), -30, n+3
	}
	if x < 0 || p.is(next, unit) || p.is(next, month) || p.peek(next-1).dot {
		return reading{}, false
	}
	p.i += next
	p.optionalUhr()
	if side == before {
		return twelve(x, base-t.n), true
	}
	return twelve(x, base+t.n), true
}

// twelve is minutes off an hour, on the clock of the hour's own kind.
func twelve(hour, offset int) reading {
	if hour > 23 {
		return reading{-1, true}
	}
	m := hour*60 + offset
	if hour >= 13 || hour == 0 {
		return reading{mod(m, 24*60), true}
	}
	if m < 60 { // "halb eins" is after twelve
		m += 12 * 60
	}
	return reading{m, false}
}

func hourOf(hour, minute int, literal bool) reading {
	m := clockOf(hour, minute)
	return reading{m, literal || hour >= 13 || hour == 0}
}
