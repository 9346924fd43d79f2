package desk_test

import (
	"slices"
	"testing"

	"github.com/askpro/gateway/internal/desk"
)

func TestWhomANoteMentions(t *testing.T) {
	t.Parallel()
	c := desk.NoConfiguration()
	c.Groups = []desk.Group{
		{ID: "first", Active: true, Members: []desk.Member{
			{UserID: "u1", Email: "anna.weber@edv.example", Active: true}, {UserID: "u2", Email: "bert@edv.example", Active: true}, {UserID: "u3", Email: "carla@edv.example"},
		}},
		{ID: "second", Members: []desk.Member{
			{UserID: "u1", Email: "anna.weber@edv.example", Active: true}, {UserID: "u4", Email: "bert@partner.example", Active: true}, {UserID: "u5", Email: "jörg@edv.example", Active: true},
			{UserID: "u6", Active: true},
		}},
	}
	for text, want := range map[string][]string{
		"":                                    nil,
		"Nichts und niemand":                  nil,
		"@anna.weber bitte ansehen":           {"u1"},
		"Bitte ansehen, @Anna.Weber.":         {"u1"},
		"(@anna.weber@edv.example)":           {"u1"},
		"@anna.weber@edv.example.":            {"u1"},
		"@anna.weber, @ANNA.WEBER":            {"u1"}, // once, though she is in two groups
		"@jörg und @anna.weber":               {"u5", "u1"},
		"@bert":                               {"u2", "u4"}, // both are called so
		"@bert@partner.example":               {"u4"},
		"@anna":                               nil, // of nobody's address
		"@carla":                              nil, // no longer here
		"@":                                   nil,
		"@@bert":                              nil,
		"Schreib an bert@edv.example":         nil, // an address, no mention
		"x@bert":                              nil,
		"@anna.weber@edv.example.evil":        nil,
		"\n@bert@edv.example\n<b>@jörg</b>\n": {"u2", "u5"},
	} {
		if got := c.Mentioned(text); !slices.Equal(got, want) {
			t.Errorf("%q mentions %v, wanted %v", text, got, want)
		}
	}
}
