package intent_test

import (
	"testing"

	"github.com/askpro/gateway/internal/intent"
)

// The specification's table (§3.3), column by column.
func TestTheSpecificationsUtterances(t *testing.T) {
	t.Parallel()
	till := []intent.Word{{Text: "Kassensystem", Intent: intent.ServiceDesk}}
	for _, tt := range []struct {
		text       string
		own        []intent.Word
		a, s       float64
		intent     intent.Intent
		confidence float64
		mode       string
	}{
		{"Ich möchte einen Termin vereinbaren", nil, 1.5, 0, intent.Appointment, 1, "appointment"},
		{"Heute geht der Drucker nicht", nil, 0, 2.5, intent.ServiceDesk, 1, "service_desk"},
		{"Mein Drucker ist kaputt, wann hätten Sie einen Termin frei?", nil, 1.5, 2.0, intent.ServiceDesk, 0.143, "clarify"},
		{"Kein Problem, ich möchte buchen", nil, 1.0, 0, intent.Appointment, 1, "appointment"},
		{"Termin … Problem", nil, 1.0, 1.0, intent.ServiceDesk, 0, "clarify"},
		{"Geht das am Freitag?", nil, 0, 0, intent.Unknown, 0, "clarify"},
		{"Ich habe eine Anfrage", nil, 0, 0, intent.Unknown, 0, "clarify"},
		{"", nil, 0, 0, intent.Unknown, 0, "clarify"},
		{"I need to book an appointment", nil, 1.5, 0, intent.Appointment, 1, "appointment"},
		{"My internet is down", nil, 0, 2.5, intent.ServiceDesk, 1, "service_desk"},
		{"Das Kassensystem spinnt", till, 0, 1.5, intent.ServiceDesk, 1, "service_desk"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			r := intent.New(tt.own).Detect(tt.text)
			if r.A != tt.a || r.S != tt.s {
				t.Errorf("the lists count %v : %v, wanted %v : %v", r.A, r.S, tt.a, tt.s)
			}
			if r.Intent != tt.intent || r.Confidence != tt.confidence {
				t.Errorf("%s %.3f, wanted %s %.3f", r.Intent, r.Confidence, tt.intent, tt.confidence)
			}
			if mode := r.Recommended(intent.DefaultThreshold); mode != tt.mode {
				t.Errorf("recommended %s, wanted %s", mode, tt.mode)
			}
		})
	}
}

func TestMarginIsOfTheWhole(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		a, s    float64
		intent  intent.Intent
		margin  float64
		decided bool
	}{
		{"seven to one is decided", 7, 1, intent.Appointment, 0.750, true},
		{"a little less is not", 6.96, 1, intent.Appointment, 0.749, false},
		{"the same for the desk", 1, 7, intent.ServiceDesk, 0.750, true},
		{"a tie is the desk's and decides nothing", 2, 2, intent.ServiceDesk, 0, false},
		{"a negative sum counts as nothing", -1, 1, intent.ServiceDesk, 1, true},
		{"nothing is unknown", 0, 0, intent.Unknown, 0, false},
		{"less than nothing is unknown", -1, 0, intent.Unknown, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i, m := intent.Margin(tt.a, tt.s)
			if i != tt.intent || m != tt.margin {
				t.Errorf("%s %.3f, wanted %s %.3f", i, m, tt.intent, tt.margin)
			}
			if r := (intent.Result{Intent: i, Confidence: m}); r.Decided(intent.DefaultThreshold) != tt.decided {
				t.Errorf("decided %t, wanted %t", !tt.decided, tt.decided)
			}
		})
	}
}

func TestListsCount(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		a, s       float64
	}{
		{"the longest entry first, a word once", "Ich hätte gern einen Termin", 1.5, 0},
		{"an entry once, however often it is said", "Termin, Termin, Termin", 1, 0},
		{"two entries for two forms", "Termin oder Termine", 2, 0},
		{"a compound by its ending", "der Internetausfall", 0, 1},
		{"not by its beginning", "Problemzone", 0, 0},
		{"a phrase around up to four words", "es geht mir seit heute früh nicht", 0, 1.5},
		{"not around five", "es geht mir seit heute ganz früh nicht", 0, 0},
		{"neutral words count nothing", "dringend heute bitte, Freitag", 0, 0},
		{"a negation swallows its words", "no problem", 0, 0},
		{"no appointment speaks against one", "ich will keinen Termin", -1, 0},
		{"in English too", "no appointment please", -1, 0},
		{"weak words count half", "absagen und verschieben", 1, 0},
		{"without the apostrophe that recognisers lose", "I can't log in", 0, 1.5},
		{"ß and umlauts as they are written without", "FAERBEN, schneiden", 2, 0},
		{"a date of delivery is no appointment", "der Liefertermin, der Abgabetermin, der Gerichtstermin", 0, 0},
		{"a hairdresser's is", "mein Friseurtermin", 1, 0},
		{"a day that does not suit is no fault", "Dienstag geht leider nicht", 0, 0},
		{"nor is an hour", "um zehn Uhr geht es bei mir nicht", 0, 0},
		{"a fault may be told with its day", "Seit Montag geht es nicht", 0, 1.5},
		{"and a thing with its", "Dienstag geht der Aufzug nicht", 0, 1.5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, _, a, s := intent.New(nil).Listed(tt.text); a != tt.a || s != tt.s {
				t.Errorf("%q counts %v : %v, wanted %v : %v", tt.text, a, s, tt.a, tt.s)
			}
		})
	}
}

func TestEvidenceIsOneStrongWordOrTwo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		want       intent.Intent
	}{
		{"one weak word is none", "absagen", intent.Unknown},
		{"two are", "absagen, verschieben", intent.Appointment},
		{"one strong word is", "Störung", intent.ServiceDesk},
		{"what speaks against is none", "keinen Termin", intent.Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, _, _, _ := intent.New(nil).Listed(tt.text); got != tt.want {
				t.Errorf("%q is %s, wanted %s", tt.text, got, tt.want)
			}
		})
	}
}

func TestACompanysOwnWords(t *testing.T) {
	t.Parallel()
	own := []intent.Word{
		{Text: "Zapfanlage", Intent: intent.ServiceDesk},
		{Text: "*kühler", Intent: intent.ServiceDesk, Weight: 0.8},
		{Text: "Hot Stone", Intent: intent.Appointment},
		{Text: "Bier … schal", Intent: intent.ServiceDesk},
		{Text: "Drucker", Intent: intent.ServiceDesk, Weight: 2},
		{Text: "Balayage", Intent: intent.Appointment},
		{Text: "  ", Intent: intent.ServiceDesk},
		{Text: "nichts", Intent: intent.Unknown},
		{Text: "schlimm", Intent: intent.ServiceDesk, Weight: -1},
	}
	for _, tt := range []struct {
		name, text string
		a, s       float64
		want       string
	}{
		{"count one and a half", "Die Zapfanlage zischt so", 0, 1.5, "service_desk"},
		{"times their weight", "der Flaschenkühler läuft warm", 0, 1.2, "service_desk"},
		{"may be words in a row", "einmal Hot-Stone am Samstag", 1.5, 0, "appointment"},
		{"or around others", "das Bier schmeckt ganz schal", 0, 1.5, "service_desk"},
		{"go before the lists", "mein Drucker", 0, 3, "service_desk"},
		{"do not stand against what is plainly meant", "Meine Balayage ist orange geworden, ich möchte mich beschweren", 1.5, 0, "service_desk"},
		{"must say something", "nichts, schlimm", 0, 0, "clarify"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := intent.New(own).Detect(tt.text)
			if r.A != tt.a || r.S != tt.s {
				t.Errorf("%q counts %v : %v, wanted %v : %v", tt.text, r.A, r.S, tt.a, tt.s)
			}
			if mode := r.Recommended(intent.DefaultThreshold); mode != tt.want {
				t.Errorf("%q: %s (%s %.3f), wanted %s", tt.text, mode, r.Intent, r.Confidence, tt.want)
			}
		})
	}
}

// What the lists cannot know; the first four are the specification's known traps.
func TestWhatIsMeant(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"a date of delivery", "Der Liefertermin ist schon wieder verschoben worden", "service_desk"},
		{"the caller's own time", "Dienstag geht leider nicht, lieber Mittwoch", "appointment"},
		{"a treatment that went wrong", "Die Färbung ist orange geworden", "service_desk"},
		{"booking in the books", "Die Rechnung ist auf das falsche Konto gebucht", "service_desk"},
		{"inflected", "Ich habe mich für die Behandlungen am Montag angemeldet und müsste verschieben", "appointment"},
		{"without a word of the lists", "Können Sie mich morgen noch irgendwo dazwischenschieben?", "appointment"},
		{"a fault without a word of the lists", "Bei uns tropft es von der Decke", "service_desk"},
		{"as a recogniser writes it", "ja hallo meier hier mein bildschirm bleibt schwarz", "service_desk"},
		{"a broken car as an excuse", "Mein Auto springt nicht an, ich schaffe es nicht zu meinem Termin", "appointment"},
		{"a fault and an appointment", "Die Heizung ist ausgefallen und ich bräuchte einen Termin", "clarify"},
		{"only a greeting", "Schönen guten Tag", "clarify"},
		{"somebody asked for", "Kann ich bitte mit Frau Klein sprechen?", "clarify"},
		{"a price", "Was kostet ein Haarschnitt?", "clarify"},
		{"noise", "xq qx 17 ###", "clarify"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := intent.New(nil).Detect(tt.text)
			if mode := r.Recommended(intent.DefaultThreshold); mode != tt.want {
				t.Errorf("%q: %s (%s %.3f, %v : %v), wanted %s", tt.text, mode, r.Intent, r.Confidence, r.A, r.S, tt.want)
			}
		})
	}
}

func TestAnswersNameTheirWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, explanation string }{
		{"Mein Drucker ist kaputt, wann hätten Sie einen Termin frei?", "Für Termin spricht „Termin“, „frei“; für Service „Drucker“, „kaputt“."},
		{"Heute geht der Drucker nicht", "Für Service spricht „geht … nicht“, „Drucker“."},
		{"", "Nichts Gesagtes spricht für Termin oder Service."},
	} {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			if got := intent.New(nil).Detect(tt.text).Explanation(); got != tt.explanation {
				t.Errorf("%s\nwanted %s", got, tt.explanation)
			}
		})
	}
}

func TestEveryDecisionNamesAWord(t *testing.T) {
	t.Parallel()
	d := intent.New(nil)
	for _, u := range readCorpus(t, corpusFiles...) {
		if r := d.Detect(u.Text); r.Decided(intent.DefaultThreshold) && len(r.Keywords) == 0 {
			t.Errorf("%q is %s %.3f and names no word", u.Text, r.Intent, r.Confidence)
		}
	}
}

func TestNormalise(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"case and umlauts", "Größe ÄÖÜ ẞ", "groesse aeoeue ss"},
		{"umlauts in two pieces", "Sto\u0308rung", "stoerung"},
		{"everything else is a blank", "E-Mail/Fax\u00a0(neu), 12.30 Uhr…", "e mail fax neu 12 30 uhr"},
		{"bytes that are no text", "Termin\xff\xfebitte", "termin bitte"},
		{"nothing", " \t\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := intent.Normalise(tt.text); got != tt.want {
				t.Errorf("%q, wanted %q", got, tt.want)
			}
		})
	}
}
