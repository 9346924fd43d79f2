package voice

import (
	"strings"
	"time"
	"unicode"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
)

// placeholders are no names, whatever a model thinks (§6.3, §4.3).
var placeholders = map[string]bool{
	"anonymous": true, "anonym": true, "unbekannt": true, "unknown": true, "gast": true, "guest": true, "kunde": true, "kundin": true,
	"customer": true, "n a": true, "na": true, "none": true, "null": true, "undefined": true, "name": true, "ja": true, "nein": true,
	"anrufer": true, "anruferin": true, "caller": true, "test": true,
}

// nameKind says what a spoken name turned out to be.
type nameKind int

const (
	noName nameKind = iota
	realName
	staffWish  // "bei Mario"
	staffsName // equals the name of a member of staff: ask whose it is
)

// readName decides whether words are a caller's name. Staff wishes come back with what was wished.
func readName(words string, staff []company.Staff, now time.Time) (name string, kind nameKind) {
	name = strings.TrimSpace(words)
	folded := company.Fold(name)
	first, rest, _ := strings.Cut(folded, " ")
	switch first {
	case "bei", "beim", "zu", "zum", "zur", "mit":
		if rest != "" {
			_, wish, _ := strings.Cut(name, " ")
			return wish, staffWish
		}
		return "", noName
	}
	letters := 0
	for _, r := range name {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	if letters < 2 || placeholders[folded] {
		return "", noName
	}
	// "Acht Uhr", "morgen früh", "halb drei": something that only says when is no name. One that says when and more
	// ("Frau Freitag" says Freitag) stays one.
	if r := german.Parse(name, now); r.Err != german.ErrUnparseable && !looksLikeName(name, folded) {
		return "", noName
	}
	for _, p := range staff {
		if company.Fold(p.Name) == folded || strings.HasPrefix(company.Fold(p.Name), folded+" ") && !strings.Contains(folded, " ") {
			return name, staffsName
		}
	}
	return name, realName
}

// looksLikeName keeps people who are called like a day or a month: a title, or a second word that says no time, makes it
// a name.
func looksLikeName(name, folded string) bool {
	words := strings.Fields(folded)
	if len(words) < 2 {
		return false
	}
	switch words[0] {
	case "frau", "herr", "dr", "doktor", "familie":
		return true
	case "um", "am", "ab", "gegen", "heute", "morgen", "uebermorgen", "halb", "viertel", "naechste", "naechsten", "naechster", "der", "den", "die":
		return false
	}
	for _, w := range words {
		switch w {
		case "uhr", "vormittag", "nachmittag", "abend", "mittag", "frueh", "woche", "tage", "tagen", "stunde", "stunden", "minuten":
			return false
		}
	}
	// Two words of which at least one is no word of time.
	for _, w := range strings.Fields(name) {
		if r := german.Parse(w, time.Time{}.AddDate(2025, 0, 0)); r.Err == german.ErrUnparseable {
			return true
		}
	}
	return false
}
