package german

import (
	"net/mail"
	"strings"
)

// ReadEmail repairs a spoken address ("erika punkt muster at example punkt de"); empty when it is still none.
func ReadEmail(spoken string) string {
	s := " " + strings.ToLower(spoken) + " "
	for _, r := range [...][2]string{{" at ", "@"}, {" ät ", "@"}, {" punkt ", "."}, {" dot ", "."}, {" minus ", "-"}, {" bindestrich ", "-"}, {" unterstrich ", "_"}} {
		for strings.Contains(s, r[0]) {
			s = strings.ReplaceAll(s, r[0], r[1])
		}
	}
	s = strings.Join(strings.Fields(s), "")
	parsed, err := mail.ParseAddress(s)
	_, domain, _ := strings.Cut(s, "@")
	if err != nil || parsed.Address != s || !strings.Contains(domain, ".") {
		return ""
	}
	return s
}
