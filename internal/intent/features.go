package intent

import (
	"strconv"
)

// A feature is something an utterance has or has not. Its name begins with its kind:
//
//	w:termin       a word of matter            s:termi       its stem
//	c:^ter         letters of a word, 3 to 5    b:mein termi  two stems in a row
//	m:fault        a meaning                   p:day>works   two meanings, in this order and not far apart
//	f:meine        a word of grammar
//	l:A2           what the lists count        n:3           how long it is
//
// Words explain a decision: every feature but those of the last line belongs to one or two of them.
type visit func(name []byte, word, other int)

const (
	pairWithin  = 6 // words between the two meanings of a pair
	longestGram = 5
)

func features(tokens []token, t *tally, see visit) {
	d := meanings()
	var buffer [96]byte
	var spans [mostWords + 1]int
	var all [4 * mostWords]meaning
	ms := all[:0]
	previous := "^"
	for i, word := range tokens {
		st := stem(word.norm)
		if functionWords()[word.norm] {
			see(append(append(buffer[:0], "f:"...), word.norm...), i, i)
		} else {
			see(append(append(buffer[:0], "w:"...), word.norm...), i, i)
			see(append(append(buffer[:0], "s:"...), st...), i, i)
			grams(word.norm, i, see)
		}
		b := append(append(append(append(buffer[:0], "b:"...), previous...), ' '), st...)
		see(b, i, max(0, i-1))
		previous = st
		spans[i] = len(ms)
		ms = d.of(word.norm, ms)
	}
	n := len(tokens)
	spans[n] = len(ms)
	if n > 0 {
		see(append(append(append(buffer[:0], "b:"...), previous...), " $"...), n-1, n-1)
	}
	for i := range n {
		for _, m := range ms[spans[i]:spans[i+1]] {
			see(append(append(buffer[:0], "m:"...), d.names[m]...), i, i)
			for j := i + 1; j < n && j <= i+pairWithin; j++ {
				for _, o := range ms[spans[j]:spans[j+1]] {
					see(append(append(append(append(buffer[:0], "p:"...), d.names[m]...), '>'), d.names[o]...), i, j)
				}
			}
		}
	}
	see(strconv.AppendInt(append(buffer[:0], "l:A"...), bucket(t.a), 10), -1, -1)
	see(strconv.AppendInt(append(buffer[:0], "l:S"...), bucket(t.s), 10), -1, -1)
	see(strconv.AppendInt(append(buffer[:0], "n:"...), int64(min(n, 6)), 10), -1, -1)
}

// bucket of a sum: halves, up to two.
func bucket(sum float64) int64 { return int64(2 * max(-1, min(sum, 2))) }

// grams are the word's runs of 3 to 5 letters, with ^ and $ for its ends.
func grams(word string, i int, see visit) {
	var buffer [longestWord + 4]byte
	b := append(append(append(append(buffer[:0], "c:"...), '^'), word...), '$')
	var name [longestGram + 2]byte
	copy(name[:], "c:")
	for n := 3; n <= longestGram; n++ {
		for at := 2; at+n <= len(b); at++ {
			copy(name[2:], b[at:at+n])
			see(name[:2+n], i, i)
		}
	}
}

// stem is the part of a word that its forms have in common, roughly: German endings, ge- in front, umlauts folded. What English
// loses by it does not matter as long as its forms meet.
func stem(word string) string {
	if len(word) <= 3 {
		return word
	}
	w := word
	if len(w) >= 6 && w[:2] == "ge" {
		w = w[2:]
	}
	for len(w) > 3 {
		end := w[len(w)-2:]
		switch {
		case len(w) > 5 && (end == "em" || end == "er" || end == "nd"):
			w = w[:len(w)-2]
		case end[1] == 't' || end[1] == 'e' || end[1] == 's' || end[1] == 'n':
			w = w[:len(w)-1]
		default:
			return w
		}
	}
	return w
}

// Features names what the model sees in an utterance, each once, for learning from it.
func (d *Detector) Features(utterance string) []string {
	tokens := split(utterance)
	t := d.tally(tokens)
	var names []string
	seen := map[string]bool{}
	features(tokens, &t, func(name []byte, _, _ int) {
		if !seen[string(name)] {
			seen[string(name)] = true
			names = append(names, string(name))
		}
	})
	return names
}

// functionWords carry grammar, not matter. They count for little on their own, or every statement would be a fault.
func functionWords() map[string]bool {
	once.functionWords.Do(func() {
		once.words = set(`ich du er sie es wir ihr mich mir dich dir ihn ihm uns euch ihnen mein meine meinen meinem meiner dein unser unsere unseren
		unserem unserer ihre ihren ihrem ihrer ihres der die das den dem des ein eine einen einem einer eines dieser diese dieses diesen
		da hier dort und oder aber doch auch nur noch schon mal so ja nein nee also denn dann wenn weil dass ob als wie was wer wo wann
		bin bist ist sind seid war waren wäre wären hab habe hast hat haben habt hatte hatten hätte hätten wird werden wurde wurden würde
		würden will wollte wollten möchte möchten kann können könnte könnten konnte soll sollte muss müsste müssten darf
		in im an am auf aus bei beim mit nach von vom vor zu zum zur für über um durch ohne bis gegen seit wegen
		sich man jetzt eben halt einfach eigentlich sehr ganz etwas was alles immer wieder mehr
		i you he she it we they me him her us them my your his its our their the a an this that these those there here and or but also
		just only so yes no if because as how what who where when am is are was were be been being have has had do does did will would
		can could should must may might in on at of off out with to from for by about up s t d m re ve ll not`)
	})
	return once.words
}
