package delivery_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/askpro/gateway/internal/delivery"
)

func TestWhoGetsAMail(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                  string
		list, muted, fallback []string
		to, skipped           []string
	}{
		{"the list", []string{"a@x.de", "b@x.de"}, nil, []string{"f@x.de"}, []string{"a@x.de", "b@x.de"}, nil},
		{"without the muted, in any case", []string{"a@x.de", "B@x.de"}, []string{"b@X.de"}, nil, []string{"a@x.de"}, nil},
		{"nobody twice", []string{"a@x.de", " A@x.de "}, nil, nil, []string{"a@x.de"}, nil},
		{"the fallback if nobody is left", []string{"a@x.de"}, []string{"a@x.de"}, []string{"a@x.de", "f@x.de"}, []string{"f@x.de"}, nil},
		{"without the invalid, which are shown", []string{"a", "Anna <a@x.de>", "a@x.de,b@x.de", "a@x.de\r\nBcc: c@x.de", "a@localhost", ""}, nil, []string{"f@x.de", "?"},
			[]string{"f@x.de"}, []string{"a", "Anna <a@x.de>", "a@x.de,b@x.de", "a@x.de\r\nBcc: c@x.de", "a@localhost", "?"}},
		{"nobody at all", nil, nil, []string{"f@x.de"}, []string{"f@x.de"}, nil},
		{"nobody is left", []string{"a@x.de"}, []string{"a@x.de"}, nil, nil, nil},
		{"umlauts in the domain", []string{"a@münchen.de"}, nil, nil, []string{"a@münchen.de"}, nil},
		{"256 characters", []string{strings.Repeat("a", 251) + "@x.de"}, nil, nil, nil, []string{strings.Repeat("a", 251) + "@x.de"}},
	} {
		to, skipped := delivery.Recipients(tt.list, tt.muted, tt.fallback)
		if !slices.Equal(to, tt.to) || !slices.Equal(skipped, tt.skipped) {
			t.Errorf("%s: %q, skipped %q", tt.name, to, skipped)
		}
	}
}
