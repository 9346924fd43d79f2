package german

import (
	"time"
	"unicode"
	"unicode/utf8"
)

// token is one word, number or literal. at and to are its bytes in the text.
type token struct {
	kind    kind
	literal bool // a number of a 24-hour clock: leading zero, ISO form
	digits  bool // written in digits
	dot     bool // a dot follows directly: an ordinal in digits
	article bool // "ein", "einer": a number only before a unit or Uhr
	n       int  // value; of a dateLit the day, of a timeLit the minutes since midnight
	month   int  // of a dateLit
	year    int  // of a dateLit, 0 if not said
	at, to  int
	used    bool
	moment  time.Time
}

// lexer cuts a text into tokens in one pass.
type lexer struct {
	text   string
	pos    int
	splits int // compound words that may still be taken apart: bounds hostile text
	out    []token
}

const (
	maxSplits   = 16
	longestWord = 40
)

func lex(text string, out []token) []token {
	l := lexer{text: text, splits: maxSplits, out: out}
	for l.pos < len(text) {
		c := text[l.pos]
		switch {
		case c >= '0' && c <= '9':
			l.number()
		case c < utf8.RuneSelf && !letter(c):
			l.pos++
		default:
			l.word()
		}
	}
	return l.out
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func (l *lexer) put(t token) { l.out = append(l.out, t) }

// digits reads digits from pos; value saturates, n is how many there were.
func (l *lexer) digits(pos int) (value, n int) {
	for pos+n < len(l.text) && l.text[pos+n] >= '0' && l.text[pos+n] <= '9' {
		if value < 1e6 {
			value = value*10 + int(l.text[pos+n]-'0')
		}
		n++
	}
	return value, n
}

func (l *lexer) byteAt(pos int) byte {
	if pos < len(l.text) {
		return l.text[pos]
	}
	return 0
}

// number reads everything that begins with a digit: 14, 14:30, 15., 15.10.2025, 2025-10-20T14:30.
func (l *lexer) number() {
	start := l.pos
	value, n := l.digits(start)
	end := start + n
	t := token{kind: number, n: value, digits: true, literal: n == 2 && l.text[start] == '0', at: start, to: end}
	switch c := l.byteAt(end); {
	case n == 4 && c == '-' && l.iso(start):
		return
	case c == ':':
		if minutes, m := l.digits(end + 1); m == 2 {
			t.kind, t.n, t.to = timeLit, clockOf(value, minutes), end+3
			if s, more := l.digits(t.to + 1); l.byteAt(t.to) == ':' && more == 2 && s < 60 {
				t.to += 3 // seconds
			}
		}
	case c == '.' || c == '/':
		if second, m := l.digits(end + 1); m == 1 || m == 2 {
			l.dayMonth(t, value, second, m, end+1+m, c)
			return
		}
		if c == '.' {
			t.dot, t.to = true, end+1
		}
	}
	if n > 4 {
		t.kind = unknown
	}
	l.pos = t.to
	l.put(t)
}

// clockOf is minutes since midnight, -1 for what no clock shows.
func clockOf(hour, minute int) int {
	if hour > 23 || minute > 59 {
		return -1
	}
	return hour*60 + minute
}

// dayMonth decides what "a.b" is: a time before "Uhr", after "um" or where b is no month; else a date.
func (l *lexer) dayMonth(t token, a, b, width, end int, sep byte) {
	clock := sep == '.' && width == 2 && (b > 12 || l.uhrFollows(end) || l.after(um))
	if clock && l.byteAt(end) != '.' {
		t.kind, t.n, t.to = timeLit, clockOf(a, b), end
		l.pos = end
		l.put(t)
		return
	}
	t.kind, t.month, t.to = dateLit, b, end
	if l.byteAt(end) == sep {
		t.to = end + 1
		if year, y := l.digits(end + 1); y == 2 || y == 4 {
			if t.year = year; y == 2 {
				t.year += 2000
			}
			t.to = end + 1 + y
		}
	}
	l.pos = t.to
	l.put(t)
}

func (l *lexer) uhrFollows(pos int) bool {
	for pos < len(l.text) && l.text[pos] == ' ' {
		pos++
	}
	return pos+3 <= len(l.text) && lower(l.text[pos]) == 'u' && lower(l.text[pos+1]) == 'h' && lower(l.text[pos+2]) == 'r'
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func (l *lexer) after(k kind) bool { return len(l.out) > 0 && l.out[len(l.out)-1].kind == k }

// iso reads 2025-10-20, alone or with a time and, perhaps, its zone.
func (l *lexer) iso(start int) bool {
	year, _ := l.digits(start)
	mon, m := l.digits(start + 5)
	day, d := l.digits(start + 8)
	if m != 2 || d != 2 || l.byteAt(start+7) != '-' {
		return false
	}
	end := start + 10
	l.put(token{kind: dateLit, n: day, month: mon, year: year, at: start, to: end})
	l.pos = end
	if c := l.byteAt(end); c != 'T' && c != 't' {
		return true
	}
	hour, h := l.digits(end + 1)
	minute, mi := l.digits(end + 4)
	if h != 2 || mi != 2 || l.byteAt(end+3) != ':' {
		return true
	}
	stop := end + 6
	for _, form := range [...]string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00"} {
		for n := min(len(l.text), start+35); n > stop; n-- {
			if t, err := time.Parse(form, l.text[start:n]); err == nil {
				l.out[len(l.out)-1] = token{kind: instant, moment: t, at: start, to: n}
				l.pos = n
				return true
			}
		}
	}
	if _, s := l.digits(stop + 1); l.byteAt(stop) == ':' && s == 2 {
		stop += 3
	}
	l.put(token{kind: timeLit, literal: true, digits: true, n: clockOf(hour, minute), at: end + 1, to: stop})
	l.pos = stop
	return true
}

// word reads letters and finds them in the vocabulary, whole or as a compound.
func (l *lexer) word() {
	var buf [longestWord]byte
	n, start := 0, l.pos
	fits := true
	add := func(b ...byte) {
		if n+len(b) > len(buf) {
			fits = false
			return
		}
		n += copy(buf[n:], b)
	}
	for l.pos < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.pos:])
		switch {
		case r < utf8.RuneSelf && !letter(byte(r)):
			goto end
		case r < utf8.RuneSelf:
			add(lower(byte(r)))
		case r == '\u0308' && n > 0: // a decomposed umlaut: the dots come after the letter
			add('e')
		case r == 'ä' || r == 'Ä':
			add('a', 'e')
		case r == 'ö' || r == 'Ö':
			add('o', 'e')
		case r == 'ü' || r == 'Ü':
			add('u', 'e')
		case r == 'ß' || r == 'ẞ':
			add('s', 's')
		case unicode.IsLetter(r) || unicode.IsMark(r):
			add('?') // a letter that is in no word we know
		default:
			if l.pos == start {
				l.pos += size // punctuation between words
				return
			}
			goto end
		}
		l.pos += size
	}
end:
	t := token{at: start, to: l.pos}
	if !fits {
		l.put(t)
		return
	}
	word := buf[:n]
	if string(word) == "so" && l.dateFollows() {
		t.kind, t.n = weekday, 7 // "So 14.12." is Sunday, every other "so" says nothing
		l.put(t)
		return
	}
	if e, ok := vocabulary()[string(word)]; ok {
		t.kind, t.n = e.kind, int(e.n)
		t.article = e.kind == number && e.n == 1 && !e.join
		l.put(t)
		return
	}
	if l.splits > 0 && n >= 5 {
		l.splits--
		var parts [8]entry
		if count := split(word, parts[:0]); count != nil {
			for _, e := range count {
				t.kind, t.n = e.kind, int(e.n)
				l.put(t)
			}
			return
		}
	}
	l.put(t)
}

func (l *lexer) dateFollows() bool {
	pos := l.pos
	for pos < len(l.text) && (l.text[pos] == ' ' || l.text[pos] == '.' || l.text[pos] == ',') {
		pos++
	}
	_, n := l.digits(pos)
	if n == 0 || n > 2 || l.byteAt(pos+n) != '.' {
		return false
	}
	_, m := l.digits(pos + n + 1)
	return m > 0
}

// split takes a compound word apart, longest pieces first: vierzehnuhrdreißig, freitagnachmittag, halbdrei.
func split(word []byte, parts []entry) []entry {
	if len(word) == 0 {
		return parts
	}
	if len(parts) == cap(parts) {
		return nil
	}
	for n := min(len(word), 18); n >= 3; n-- {
		e, ok := vocabulary()[string(word[:n])]
		if !ok || !e.join {
			continue
		}
		if whole := split(word[n:], append(parts, e)); whole != nil {
			return whole
		}
	}
	return nil
}
