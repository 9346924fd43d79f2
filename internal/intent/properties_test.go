package intent_test

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/intent"
)

var saidWords = rapid.SampledFrom(strings.Fields(`ich möchte einen Termin vereinbaren kein Problem der Drucker geht nicht Störung am Dienstag Rechnung falsch kaputt
	buchen absagen hallo the printer is broken book an appointment Kassensystem Ölwechsel und , . ? 17 seit heute`))

func sentence(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(saidWords, 0, 25).Draw(t, "words"), " ")
}

func check(t interface{ Fatalf(string, ...any) }, text string, r intent.Result) {
	switch {
	case r.Confidence < 0 || r.Confidence > 1:
		t.Fatalf("%q: confidence %v", text, r.Confidence)
	case r.Intent == intent.Unknown && r.Confidence != 0:
		t.Fatalf("%q: unknown, with confidence %v", text, r.Confidence)
	case r.Intent != intent.Unknown && r.Intent != intent.Appointment && r.Intent != intent.ServiceDesk:
		t.Fatalf("%q: intent %q", text, r.Intent)
	case r.Decided(intent.DefaultThreshold) && len(r.Evidence) == 0 && len(r.Keywords) == 0:
		t.Fatalf("%q: %s %.3f for no word", text, r.Intent, r.Confidence)
	}
}

// How somebody writes does not matter, only what was said.
func TestCaseAndPunctuationDoNotMatter(t *testing.T) {
	t.Parallel()
	d := intent.New([]intent.Word{{Text: "Kassensystem", Intent: intent.ServiceDesk}})
	rapid.Check(t, func(t *rapid.T) {
		text := sentence(t)
		r := d.Detect(text)
		check(t, text, r)
		for _, other := range []string{strings.ToUpper(text), strings.ReplaceAll(text, " ", " … "), "  " + strings.ReplaceAll(text, " ", "\n") + "!?"} {
			o := d.Detect(other)
			if o.Intent != r.Intent || o.Confidence != r.Confidence || o.A != r.A || o.S != r.S || !reflect.DeepEqual(o.Keywords, r.Keywords) {
				t.Fatalf("%q is %s %.3f, %q is %s %.3f", text, r.Intent, r.Confidence, other, o.Intent, o.Confidence)
			}
		}
	})
}

// A company's word that no list has counts once for its side, and changes nothing where it is not said.
func TestOwnWordsCountForTheirSide(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := sentence(t)
		_, _, a, s := intent.New(nil).Listed(text)
		if strings.Contains(text, "Kassensystem") {
			s += 1.5
		}
		_, _, ownA, ownS := intent.New([]intent.Word{{Text: "Kassensystem", Intent: intent.ServiceDesk}}).Listed(text)
		if ownA != a || ownS != s {
			t.Fatalf("%q: %v : %v, wanted %v : %v", text, ownA, ownS, a, s)
		}
	})
}

// Nobody is made to wait by a long text: what comes late is not listened to.
func TestOnlyTheBeginningOfALongTextIsHeard(t *testing.T) {
	t.Parallel()
	d := intent.New(nil)
	r := d.Detect(strings.Repeat("äh ", 5000) + "ich möchte einen Termin")
	if r.A != 0 {
		t.Errorf("heard %v : %v", r.A, r.S)
	}
	one := d.Detect(strings.Repeat("x", 1_000_000))
	check(t, "x…", one)
}

func FuzzDetect(f *testing.F) {
	for _, u := range readCorpus(f, corpusFiles...)[:200] {
		f.Add(u.Text, "Drucker")
	}
	f.Add("Termin\x00\xff", "*\u0308")
	f.Add(strings.Repeat("a\u0308", 600), "x … y")
	f.Add("0 0sCh nitAB 0 X noCh", "1") // was decided for no word
	f.Fuzz(func(t *testing.T, text, own string) {
		d := intent.New([]intent.Word{{Text: own, Intent: intent.ServiceDesk}, {Text: own, Intent: intent.Appointment, Weight: 0.5}})
		r := d.Detect(text)
		check(t, text, r)
		if again := d.Detect(text); !reflect.DeepEqual(r, again) {
			t.Fatalf("%q: %+v, then %+v", text, r, again)
		}
		_ = r.Explanation()
	})
}
