package german

import (
	"sync"
	"time"
	_ "time/tzdata" // Lambda's runtime has no zone files
)

var berlin = sync.OnceValue(func() *time.Location {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic("german: the embedded zone database has no Europe/Berlin: " + err.Error())
	}
	return loc
})

// Parse understands what a caller said of day and time, seen from now in Europe/Berlin. It reports only what was said.
func Parse(text string, now time.Time) Result { return ParseIn(text, now, berlin()) }

// ParseIn is Parse in another zone.
func ParseIn(text string, now time.Time, loc *time.Location) Result {
	if len(text) > longest {
		return failed(ErrUnparseable)
	}
	var buffer [32]token
	tokens := buffer[:0]
	if len(text) > 8*len(buffer) { // long text: room at once, so that time stays linear
		tokens = make([]token, 0, len(text)/4)
	}
	tokens = lex(text, tokens)
	tokens = withoutRepeats(text, withoutFillers(corrected(tokens)))
	ref := reference{now: now, loc: loc, today: DateOf(now, loc)}
	local := now.In(loc)
	ref.minute = TimeOfDay(local.Hour()*60 + local.Minute())
	r := ref.parse(text, tokens, maxChoices)
	r.Used, r.Left = words(text, tokens)
	return r
}

// longest text that is read, in bytes: minutes of speech. More is no answer to "wann?", and is refused unread.
const longest = 16 << 10

// maxChoices is how many "oder" are looked into.
const maxChoices = 3

// reference is what a phrase is seen from.
type reference struct {
	now    time.Time
	loc    *time.Location
	today  Date
	minute TimeOfDay
}

func failed(e Error) Result { return Result{Time: NoTime, Err: e} }

func (ref *reference) parse(text string, tokens []token, choices int) Result {
	for i, t := range tokens {
		if t.kind == oder && choices > 0 {
			return ref.choice(text, tokens[:i], tokens[i+1:], choices-1)
		}
	}
	p := parser{ref: ref, text: text, tokens: tokens, time: noClock()}
	p.run()
	return p.result()
}

// choice is "A oder B": two readings are asked about; an "oder so" is none.
func (ref *reference) choice(text string, left, right []token, choices int) Result {
	a := ref.parse(text, left, 0)
	b := ref.parse(text, right, choices)
	switch {
	case b.Err == ErrUnparseable:
		return a
	case a.Err == ErrUnparseable:
		return b
	}
	r := failed(ErrAmbiguous)
	if b.Err == ErrAmbiguous {
		return r
	}
	r.Candidates = [2]Reading{{a.Date, a.Time}, {b.Date, b.Time}}
	if r.Candidates[0] == r.Candidates[1] && a.Window == b.Window {
		return a // the same said twice
	}
	return r
}

// withoutRepeats drops words that a recogniser doubled.
func withoutRepeats(text string, tokens []token) []token {
	out := tokens[:0]
	for i, t := range tokens {
		if i > 0 {
			b := &out[len(out)-1]
			isDate := t.kind == ordinal && t.n <= 12 // "am neunten Neunten"
			if !isDate && t.kind != unknown && t.kind == b.kind && t.n == b.n && t.month == b.month && t.year == b.year && t.at != b.at && sameWord(text, t, *b) {
				continue
			}
		}
		out = append(out, t)
	}
	return out
}

func sameWord(text string, a, b token) bool { return text[a.at:a.to] == text[b.at:b.to] }

// corrected keeps what was said after the last correction.
func corrected(tokens []token) []token {
	for i := len(tokens) - 1; i >= 0; i-- {
		if tokens[i].kind == correct {
			return tokens[i+1:]
		}
		if i > 0 && tokens[i].kind == filler && tokens[i-1].kind == filler {
			switch before := tokens[i-1].n; tokens[i].n {
			case fillerLieber:
				if before == fillerDoch {
					return tokens[i+1:]
				}
			case fillerMean:
				if before == fillerI {
					return tokens[i+1:]
				}
			}
		}
	}
	return tokens
}

// withoutFillers drops what says nothing, and greetings.
func withoutFillers(tokens []token) []token {
	out := tokens[:0]
	greeting := false
	for _, t := range tokens {
		if t.kind == filler {
			greeting = t.n == fillerGood
			continue
		}
		if greeting && (t.kind == morgen || t.kind == part || t.kind == unit) { // "guten Morgen", "guten Tag"
			greeting = false
			continue
		}
		greeting = false
		out = append(out, t)
	}
	return out
}

// words lists what was understood and what was not, in order. Both share one array.
func words(text string, tokens []token) (used, left []string) {
	n, all := 0, 0
	for _, t := range tokens {
		if t.used {
			n++
		}
		if t.used || t.kind != filler {
			all++
		}
	}
	if all == 0 {
		return nil, nil
	}
	list := make([]string, all)
	u, l := 0, n
	for _, t := range tokens {
		switch {
		case t.used:
			list[u] = text[t.at:t.to]
			u++
		case t.kind != filler:
			list[l] = text[t.at:t.to]
			l++
		}
	}
	return list[:n:n], list[n:]
}

// parser reads one phrase without choices.
type parser struct {
	ref    *reference
	text   string
	tokens []token
	i      int
	day    said
	time   clock
	err    Error
}

// run reads clause after clause; what fits none is left.
func (p *parser) run() {
	for p.i < len(p.tokens) && p.err == "" {
		at := p.i
		if p.dayClause() || p.timeClause() {
			for j := at; j < p.i; j++ {
				if p.tokens[j].kind != unknown {
					p.tokens[j].used = true
				}
			}
			continue
		}
		p.i = at
		if p.tokens[at].kind == not {
			p.err = ErrUnparseable // what is not wished names no wish
			return
		}
		p.i++
	}
}

// peek is the token n places on; past the end its kind is filler, which is nowhere else.
func (p *parser) peek(n int) token {
	if i := p.i + n; i >= 0 && i < len(p.tokens) {
		return p.tokens[i]
	}
	return token{kind: filler, n: -1}
}

func (p *parser) is(n int, k kind) bool { return p.peek(n).kind == k && p.i+n < len(p.tokens) }

// prev is the token before the current one.
func (p *parser) prev() token { return p.peek(-1) }
