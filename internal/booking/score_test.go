package booking

import (
	"testing"
	"time"

	_ "time/tzdata"

	"github.com/askpro/gateway/internal/company"
)

// The example of the specification (§9.4): the wish is Monday 13 October, 14:00.
func TestScoreOfTheSpecification(t *testing.T) {
	t.Parallel()
	loc := company.Berlin()
	v := View{Branch: company.Branch{Timezone: "Europe/Berlin"}}
	wish := Wish{At: time.Date(2025, 10, 13, 14, 0, 0, 0, loc)}
	for _, tt := range []struct {
		name  string
		start time.Time
		stage int
		want  int
	}{
		{"an hour later the same day", time.Date(2025, 10, 13, 15, 0, 0, 0, loc), 0, 10_440},
		{"half an hour earlier the same day", time.Date(2025, 10, 13, 13, 30, 0, 0, loc), 0, 10_270},
		{"the next day at the same time", time.Date(2025, 10, 14, 14, 0, 0, 0, loc), 1, 8_810},
		{"a week later at the same time", time.Date(2025, 10, 20, 14, 0, 0, 0, loc), 2, 70},
	} {
		if got := v.score(Slot{Start: tt.start}, wish, tt.stage); got != tt.want {
			t.Errorf("%s: %d, wanted %d", tt.name, got, tt.want)
		}
	}
}
