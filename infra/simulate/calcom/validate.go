package calcom

import (
	"net/http"
	"net/mail"
	"regexp"
	"time"
	"unicode/utf8"
)

// flaw is one thing that validation refuses, as class-validator words it. Like Cal.com it echoes what was sent (target,
// value), personal data included: whoever logs it makes a mistake.
func flaw(target any, property string, value any, constraint, message string) map[string]any {
	return map[string]any{
		"target": target, "value": value, "property": property, "children": []any{}, "constraints": map[string]string{constraint: message},
	}
}

// invalid is the answer to flaws: the message says nothing, details.errors everything.
func invalid(flaws ...map[string]any) respond {
	x := badRequest("Bad Request Exception")
	x.status, x.details = http.StatusBadRequest, map[string]any{"message": "Validation failed", "errors": flaws}
	return x
}

// e164 is what libphonenumber would at least ask for.
var e164 = regexp.MustCompile(`^\+[1-9]\d{6,14}$`)

// flaws of an attendee. E-mail or phone is needed.
func (a attendee) flaws() (list []map[string]any) {
	say := func(property string, value any, constraint, message string) {
		list = append(list, flaw(a, property, value, constraint, message))
	}
	if a.Name == "" {
		say("name", a.Name, "isNotEmpty", "name should not be empty")
	}
	if _, err := time.LoadLocation(a.TimeZone); err != nil || a.TimeZone == "" || a.TimeZone == "Local" {
		say("timeZone", a.TimeZone, "isTimeZone", "timeZone must be a valid IANA time-zone")
	}
	if a.Email == "" && a.Phone == "" {
		say("email", a.Email, "emailOrPhone", "at least one contact method (email or phone number) must be provided")
	}
	if address, err := mail.ParseAddress(a.Email); a.Email != "" && (err != nil || address.Address != a.Email) {
		say("email", a.Email, "isEmail", "email must be an email")
	}
	if a.Phone != "" && !e164.MatchString(a.Phone) {
		say("phoneNumber", a.Phone, "isPhoneNumber", "phoneNumber must be a valid phone number")
	}
	return list
}

// metadataFlaws: at most 50 keys of at most 40 characters, strings of at most 500. Newer versions also take numbers and
// truth values; older ones do not, so that what passes here passes anywhere.
func metadataFlaws(m map[string]any) (list []map[string]any) {
	say := func(message string) {
		list = append(list, flaw(nil, "metadata", m, "validateMetadata", message))
	}
	if len(m) > 50 {
		say("Metadata must have at most 50 keys.")
	}
	for k, v := range m {
		text, is := v.(string)
		if utf8.RuneCountInString(k) > 40 {
			say("Metadata keys must be at most 40 characters.")
		}
		if !is || utf8.RuneCountInString(text) > 500 {
			say("Metadata values must be strings of at most 500 characters.")
		}
	}
	return list
}
