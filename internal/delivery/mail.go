package delivery

import (
	"net/mail"
	"slices"
	"strings"
)

// NoRecipient is the class of a mail that nobody is left to get: a mistake of the configuration.
const NoRecipient Class = "no_recipient"

const maxAddress = 255

// Recipients are those of an output's mails (§9.2), one Delivery each: the list without the muted, or if nobody is left
// the fallback without the muted. skipped are the invalid ones, to be shown. Addresses differ in more than their case.
func Recipients(list, muted, fallback []string) (to, skipped []string) {
	to, skipped = pick(list, muted)
	if len(to) == 0 {
		var more []string
		to, more = pick(fallback, muted)
		skipped = append(skipped, more...)
	}
	return to, skipped
}

func pick(list, muted []string) (to, skipped []string) {
	has := func(addresses []string, a string) bool {
		return slices.ContainsFunc(addresses, func(x string) bool { return strings.EqualFold(strings.TrimSpace(x), a) })
	}
	for _, a := range list {
		a = strings.TrimSpace(a)
		switch {
		case !Address(a):
			if a != "" {
				skipped = append(skipped, a)
			}
		case !has(muted, a) && !has(to, a):
			to = append(to, a)
		}
	}
	return to, skipped
}

// Address tells whether a text is one e-mail address and nothing else: no name, no second one, no line break.
func Address(s string) bool {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > maxAddress || strings.ContainsAny(s, "\r\n\t \"<>,;") {
		return false
	}
	domain := s[strings.LastIndexByte(s, '@')+1:]
	return strings.Contains(domain, ".") && !strings.HasPrefix(domain, "[")
}
