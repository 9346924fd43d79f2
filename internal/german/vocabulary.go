package german

import (
	"strings"
	"sync"
)

// kind of a token.
type kind uint8

const (
	unknown  kind = iota
	filler        // says nothing
	number        // 0–59 as a word or in digits
	ordinal       // 1–31
	weekday       // 1–7
	month         // 1–12
	relative      // days from today: heute, übermorgen, gestern
	morgen        // tomorrow, or a part of the day
	part          // of the day
	unit          // of a duration
	uhr
	um
	from      // ab, frühestens
	until     // bis, spätestens
	before    // vor
	after     // nach
	gegen     // around
	circa     // around, before a time
	rum       // around, after a time
	kurz      // shortly
	between   // zwischen
	von       // from … to
	in        // in, im
	am        // am, den, dem, zum
	article   // der, die, das, des
	next      // nächste: n weeks on
	this      // diese
	coming    // kommende
	last      // letzte, vorige
	anfang    // beginning
	mitte     // middle
	ende      // end
	halb      // half
	viertel   // quarter
	dreiviert // three quarters
	wochenend
	oder
	und
	not
	correct // what was said before does not count
	named   // a day with a name
	calweek // Kalenderwoche
	asap    // bald, schnell: with möglich
	work    // Arbeit, Feierabend: with nach
	early   // frühen, before a part of the day
	late    // späten, before a part of the day
	than    // als
	dateLit // 15.10.2025
	timeLit // 14:30
	instant // 2025-10-20T12:30:00Z
)

// Parts of the day (§8.3, rule 12).
const (
	partEarly = iota
	partMorning
	partForenoon
	partNoon
	partAfternoon
	partEvening
	partLate
	partNight // die Nacht after a day
	partNights
)

var partWindows = [...][2]TimeOfDay{
	{6 * 60, 9 * 60}, {6 * 60, 10 * 60}, {9 * 60, 12 * 60}, {11 * 60, 14 * 60}, {13 * 60, 17 * 60}, {17 * 60, 21 * 60}, {19 * 60, 22 * 60}, {22 * 60, NoTime}, {22 * 60, NoTime},
}

// Units of a duration, in minutes or by their own rule.
const (
	unitMinute = iota
	unitHour
	unitDay
	unitWeek
	unitMonth
	unitQuarterHour
	unitThreeQuarterHour
	unitHalfHour
)

// Halves of a duration are numbers with a half: anderthalb, zweieinhalb. They are stored as n*2+1 above this.
const halvesFrom = 1000

// Fillers that say something when they stand together: "doch lieber" corrects.
const (
	fillerDoch = 1 + iota
	fillerLieber
	fillerI // "ich meine"
	fillerMean
	fillerGood // "guten Morgen"
)

// Days with a name. Fixed ones are month*100+day, movable ones days after Easter Sunday plus movable.
const movable = 5000

type entry struct {
	kind kind
	n    int16
	join bool // may be part of a compound word
}

var vocabulary = sync.OnceValue(buildVocabulary)

var units = [...]string{"null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf", "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"}
var tens = [...]string{2: "zwanzig", 3: "dreißig", 4: "vierzig", 5: "fünfzig", 6: "sechzig", 7: "siebzig", 8: "achtzig", 9: "neunzig"}

// numberWord is 0 to 99 in one word.
func numberWord(n int) string {
	if n < 20 {
		return units[n]
	}
	if n%10 == 0 {
		return tens[n/10]
	}
	one := units[n%10]
	if one == "eins" {
		one = "ein"
	}
	return one + "und" + tens[n/10]
}

// ordinalStem is the ordinal without its ending: "dritt", "siebzehnt".
func ordinalStem(n int) string {
	switch {
	case n == 1:
		return "erst"
	case n == 3:
		return "dritt"
	case n == 7:
		return "siebt"
	case n == 8:
		return "acht"
	case n < 20:
		return numberWord(n) + "t"
	}
	return numberWord(n) + "st"
}

func buildVocabulary() map[string]entry {
	v := make(map[string]entry, 1200)
	add := func(e entry, words string) {
		for _, w := range strings.Fields(words) {
			for _, spelling := range spellings(w) {
				if _, taken := v[spelling]; !taken {
					v[spelling] = e
				}
			}
		}
	}
	join := func(k kind, n int, words string) { add(entry{k, int16(n), true}, words) }
	alone := func(k kind, n int, words string) { add(entry{k, int16(n), false}, words) }
	for n := range 60 {
		join(number, n, numberWord(n))
	}
	join(number, 2, "zwo")
	for n, w := range map[int]string{20: "zwanzig", 30: "dreißig", 40: "vierzig", 50: "fünfzig"} {
		join(number, n+2, "zwound"+w)
	}
	alone(number, 1, "ein eine einem einer einen eines")
	for n, w := range map[int]string{2: "zweie", 3: "dreie", 4: "viere", 5: "fünfe", 6: "sechse", 7: "siebene", 9: "neune", 10: "zehne", 11: "elfe", 12: "zwölfe"} {
		alone(number, n, w) // "um dreie"
	}
	for n := 1; n <= 31; n++ {
		for _, ending := range []string{"e", "en", "er", "es", "em"} {
			alone(ordinal, n, ordinalStem(n)+ending)
		}
	}
	for _, ending := range []string{"e", "en", "er", "es", "em"} {
		alone(ordinal, 7, "siebent"+ending)
	}
	for i, words := range []string{"montag montags mo", "dienstag dienstags di", "mittwoch mittwochs mi", "donnerstag donnerstags do", "freitag freitags fr", "samstag samstags sonnabend sonnabends sa", "sonntag sonntags"} {
		join(weekday, i+1, words)
	}
	for i, words := range []string{"januar jan jänner", "februar feb feber", "märz mär mrz", "april apr", "mai", "juni jun juno", "juli jul julei", "august aug", "september sept sep", "oktober okt", "november nov", "dezember dez"} {
		alone(month, i+1, words)
	}
	join(relative, 0, "heute heut")
	alone(relative, 2, "übermorgen")
	alone(relative, 3, "überübermorgen")
	alone(relative, -1, "gestern")
	alone(relative, -2, "vorgestern")
	join(morgen, 0, "morgen")
	join(part, partEarly, "früh frühmorgens")
	join(part, partMorning, "morgens")
	join(part, partForenoon, "vormittag vormittags")
	join(part, partNoon, "mittag mittags")
	join(part, partAfternoon, "nachmittag nachmittags")
	join(part, partEvening, "abend abends")
	alone(part, partLate, "spät spätabends")
	join(part, partNight, "nacht")
	join(part, partNights, "nachts")
	alone(early, 0, "frühen frühem früher früheren")
	alone(late, 0, "späten spätem später späteren")
	alone(unit, unitMinute, "minute minuten min")
	alone(unit, unitHour, "stunde stunden std")
	alone(unit, unitDay, "tag tage tagen tages")
	alone(unit, unitWeek, "woche wochen")
	alone(unit, unitMonth, "monat monate monaten monats")
	alone(unit, unitQuarterHour, "viertelstunde")
	alone(unit, unitThreeQuarterHour, "dreiviertelstunde")
	alone(unit, unitHalfHour, "halbstunde")
	join(uhr, 0, "uhr")
	alone(uhr, 0, "h")
	alone(um, 0, "um")
	alone(from, 0, "ab frühestens")
	alone(until, 0, "bis spätestens")
	alone(before, 0, "vor")
	alone(after, 0, "nach")
	alone(gegen, 0, "gegen")
	alone(circa, 0, "circa zirka ca")
	alone(rum, 0, "rum herum")
	alone(kurz, 0, "kurz")
	alone(between, 0, "zwischen")
	alone(von, 0, "von vom")
	alone(in, 0, "in im")
	alone(am, 0, "am an den dem zum beim")
	alone(article, 0, "der die das des")
	alone(next, 1, "nächste nächsten nächster nächstes nächstem")
	alone(next, 2, "übernächste übernächsten übernächster übernächstes übernächstem")
	alone(this, 0, "diese diesen dieser dieses diesem")
	alone(coming, 0, "kommende kommenden kommender kommendes kommendem")
	alone(last, 0, "letzte letzten letzter letztes letztem vorige vorigen voriger voriges vorigem vergangene vergangenen vergangener vergangenes")
	alone(anfang, 0, "anfang anfangs")
	alone(mitte, 0, "mitte")
	alone(ende, 0, "ende")
	join(halb, 0, "halb")
	alone(halb, 0, "halbe halben halber halbes")
	join(viertel, 0, "viertel")
	join(dreiviert, 0, "dreiviertel")
	alone(number, halvesFrom+1*2+1, "anderthalb eineinhalb einenhalb")
	for n := 2; n <= 12; n++ {
		alone(number, halvesFrom+n*2+1, numberWord(n)+"einhalb")
	}
	alone(wochenend, 0, "wochenende wochenendes wochenend")
	alone(oder, 0, "oder bzw")
	join(und, 0, "und")
	alone(not, 0, "nicht kein keine keinen keinem keiner keinesfalls niemals nie außer")
	alone(correct, 0, "nein nee nö ne quatsch sondern vielmehr korrektur")
	alone(filler, fillerMean, "meine meinte")
	alone(filler, fillerI, "ich")
	alone(filler, fillerGood, "guten")
	alone(calweek, 0, "kw kalenderwoche")
	alone(asap, 0, "bald baldigst baldmöglichst schnell schnellstens schnellstmöglich ehestens")
	alone(work, 0, "arbeit feierabend dienstschluss")
	alone(than, 0, "als")
	for day, words := range map[int]string{
		1224: "heiligabend heiligabends weihnachtsabend", 1225: "weihnachtsfeiertag weihnachtstag", 1231: "silvester sylvester silvesterabend", 101: "neujahr neujahrstag", 1206: "nikolaus nikolaustag",
		1003: "einheit nationalfeiertag", 501: "maifeiertag", 106: "dreikönigstag", 1101: "allerheiligen", 1031: "reformationstag", 815: "mariähimmelfahrt",
		movable - 48: "rosenmontag", movable - 46: "aschermittwoch", movable - 3: "gründonnerstag", movable - 2: "karfreitag", movable - 1: "karsamstag ostersamstag",
		movable: "ostersonntag", movable + 1: "ostermontag", movable + 39: "himmelfahrt himmelfahrtstag vatertag", movable + 49: "pfingstsonntag",
		movable + 50: "pfingstmontag", movable + 60: "fronleichnam",
	} {
		alone(named, day, words)
	}
	alone(filler, fillerDoch, "doch")
	alone(filler, fillerLieber, "lieber besser")
	alone(filler, 0, `äh ähm ähem hm hmm mhm öh öhm also ja jo jawohl bitte bitteschön danke so ungefähr etwa gerne gern noch gleich dann
		da es wäre wär mir mich uns wir sie er ginge geht ginge passt passte passen würde hätte hätten möchte möchten will wollen wollte
		brauche bräuchte kann könnte können ist sein einfach mal eben halt eigentlich vielleicht eventuell auch nur schon
		irgendwann irgendwie irgend egal wann termin termine zeit genau okay ok gut hallo moin servus mit für auf zu wenn möglich
		möglichst wie wohl jetzt erst haben hab frei freier anbieten gehen kommen vorbei vorbeikommen nehmen nehm nehme sagen sage denn aber
		christi deutschen oh ach na naja`)
	return v
}

// spellings of a word: with ae, oe, ue, ss, and with the umlaut's dots lost, as recognisers and keyboards write.
func spellings(w string) []string {
	folded := umlauts.Replace(w)
	if bare := bareVowels.Replace(w); bare != folded {
		return []string{folded, bare}
	}
	return []string{folded}
}

var (
	umlauts    = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss")
	bareVowels = strings.NewReplacer("ä", "a", "ö", "o", "ü", "u", "ß", "ss")
)
