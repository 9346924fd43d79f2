package intent

import (
	_ "embed" // the words and their meanings
	"strings"
)

//go:embed meanings.txt
var meaningsFile string

// dictionary tells what a word means. A word has few meanings, most have none.
type dictionary struct {
	names                    []string
	whole, prefixes, endings map[string][]meaning
	inside                   []string
	insideMeans              [][]meaning
}

type meaning uint8

func meanings() *dictionary {
	once.meanings.Do(func() { once.dictionary = readMeanings(meaningsFile) })
	return once.dictionary
}

func readMeanings(text string) *dictionary {
	d := &dictionary{whole: make(map[string][]meaning, 2048), prefixes: make(map[string][]meaning, 1024), endings: map[string][]meaning{}}
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if strings.HasPrefix(paragraph, "#") {
			continue
		}
		name, words, _ := strings.Cut(paragraph, ":")
		m := meaning(len(d.names))
		d.names = append(d.names, strings.TrimSpace(name))
		for word := range strings.FieldsSeq(words) {
			tokens := split(word)
			if len(tokens) != 1 {
				panic("meanings.txt: " + name + ": " + word + " is not one word")
			}
			w := tokens[0].norm
			switch starts, ends := strings.HasSuffix(word, "*"), strings.HasPrefix(word, "*"); {
			case starts && ends:
				d.inside, d.insideMeans = append(d.inside, w), append(d.insideMeans, []meaning{m})
			case starts:
				add(d.prefixes, w, m)
			case ends:
				add(d.endings, w, m)
			default:
				add(d.whole, w, m)
			}
		}
	}
	return d
}

func add(to map[string][]meaning, word string, m meaning) {
	for _, known := range to[word] {
		if known == m {
			return
		}
	}
	to[word] = append(to[word], m)
}

// of appends the meanings of a word, each once.
func (d *dictionary) of(word string, to []meaning) []meaning {
	from := len(to)
	take := func(ms []meaning) {
	next:
		for _, m := range ms {
			for _, have := range to[from:] {
				if have == m {
					continue next
				}
			}
			to = append(to, m)
		}
	}
	take(d.whole[word])
	for n := 2; n <= len(word); n++ {
		take(d.prefixes[word[:n]])
		take(d.endings[word[len(word)-n:]])
	}
	for i, w := range d.inside {
		if strings.Contains(word, w) {
			take(d.insideMeans[i])
		}
	}
	return to
}
