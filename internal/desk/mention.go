package desk

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// mention is an @ at the beginning of a word with what stands behind it: the part of somebody's address before its @, or the
// whole of it. An @ inside a word is an address that somebody wrote down, and mentions nobody. It is made when it is first
// needed: the telephone knows cases, too, and starts without it.
var mention = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[^\pL\pN._%+@-])@([\pL\pN._%+-]+(?:@[\pL\pN.-]+)?)`)
})

// Mentioned are the active members of the company's groups whom a text mentions, by their user ids, each once and in the order
// of the text: as @anna.weber or @anna.weber@firma.example, whatever the case of the letters. What several share means all of
// them; what is nobody's is text.
func (c *Configuration) Mentioned(text string) (userIDs []string) {
	for _, found := range mention().FindAllStringSubmatch(text, -1) {
		handle := strings.TrimRight(found[1], ".-") // the sentence ends here
		for _, g := range c.Groups {
			for _, m := range g.Members {
				if local, _, _ := strings.Cut(m.Email, "@"); m.Active && (strings.EqualFold(handle, local) || strings.EqualFold(handle, m.Email)) && !slices.Contains(userIDs, m.UserID) {
					userIDs = append(userIDs, m.UserID)
				}
			}
		}
	}
	return userIDs
}

// Colleague is an active member of the company's groups by their user id; false when nobody of them has it.
func (c *Configuration) Colleague(userID string) (Member, bool) {
	for _, g := range c.Groups {
		if i := slices.IndexFunc(g.Members, func(m Member) bool { return m.UserID == userID && userID != "" && m.Active && m.Email != "" }); i >= 0 {
			return g.Members[i], true
		}
	}
	return Member{}, false
}
