package intent_test

import (
	"testing"

	"github.com/askpro/gateway/internal/intent"
)

func TestSums(t *testing.T) {
	for _, tt := range []struct {
		text string
		a, s float64
	}{
		{"Ich möchte einen Termin vereinbaren", 1.5, 0},
		{"Heute geht der Drucker nicht", 0, 2.5},
		{"Mein Drucker ist kaputt, wann hätten Sie einen Termin frei?", 1.5, 2.0},
		{"Kein Problem, ich möchte buchen", 1.0, 0},
		{"Termin … Problem", 1, 1},
		{"Geht das am Freitag?", 0, 0},
		{"Ich habe eine Anfrage", 0, 0},
		{"", 0, 0},
		{"I need to book an appointment", 1.5, 0},
		{"My internet is down", 0, 2.5},
	} {
		_, _, a, s := intent.New(nil).Listed(tt.text)
		if a != tt.a || s != tt.s {
			t.Errorf("%q: %v : %v, wanted %v : %v", tt.text, a, s, tt.a, tt.s)
		}
	}
}
