package phone_test

import (
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/askpro/gateway/internal/phone"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, said, want string }{
		{"as in the protocol", "+4915112345678", "+4915112345678"},
		{"with blanks", "+49 30 12345670", "+493012345670"},
		{"with the trunk zero in brackets", "+49 (0)731 4021", "+497314021"},
		{"with two zeros", "0049 731 4021", "+497314021"},
		{"inside Germany", "0731/40 21", "+497314021"},
		{"with dashes", "0151-1234-5678", "+4915112345678"},
		{"a neighbour's", "+43 1 5880 00", "+431588000"},
		{"said digit by digit", "null eins fünf eins eins zwo drei vier fünf sechs sieben acht", "+4915112345678"},
		{"without area", "4021", ""},
		{"too short", "+4912", ""},
		{"too long", "+4912345678901234", ""},
		{"words", "ruf mich an", ""},
		{"nothing", "", ""},
		{"a trunk zero that was not taken out", "+49030123456", ""},
		{"tags", "<b>0151</b>", ""},
	} {
		got, err := phone.Parse(tt.said)
		if string(got) != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %q is %q (%v), wanted %q", tt.name, tt.said, got, err, tt.want)
		}
	}
}

func TestTransmitted(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "anonymous", "Anonym", "unknown", "blocked", "private", "withheld", "restricted", "unavailable", "030 123", "+49abc", "sip:x", "+"} {
		if n, ok := phone.Transmitted(s); ok {
			t.Errorf("%q counts as suppressed, got %q", s, n)
		}
	}
	if n, ok := phone.Transmitted("+4915112345678"); !ok || n != "+4915112345678" {
		t.Errorf("got %q", n)
	}
}

// The oracle is Google's table of numbers: whatever it accepts as German in national form, we read the same way.
func TestParseAgreesWithTheNumberTable(t *testing.T) {
	t.Parallel()
	for _, said := range []string{"030 901820", "089 2180 0", "0221 4701", "0151 23456789", "0160 1234567", "0800 1110111", "+41 44 668 18 00", "0033 1 42 68 53 00"} {
		n, err := phonenumbers.Parse(said, "DE")
		if err != nil {
			t.Fatal(err)
		}
		want := phonenumbers.Format(n, phonenumbers.E164)
		if got, err := phone.Parse(said); err != nil || string(got) != want {
			t.Errorf("%q: %q (%v), the table says %q", said, got, err, want)
		}
	}
}

func TestTextMessagesReachMobilesOnly(t *testing.T) {
	t.Parallel()
	for n, want := range map[phone.Number]bool{
		"+4915112345678": true, "+491601234567": true, "+491701234567": true, "+493012345678": false, "+498001234567": false, "+4919222": false, "+436641234567": true, "": false,
	} {
		if got := n.TakesText(); got != want {
			t.Errorf("%s: %t", n, got)
		}
	}
}
