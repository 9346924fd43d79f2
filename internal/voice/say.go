package voice

import (
	"strings"
	"time"

	"github.com/askpro/gateway/internal/german"
)

// say holds every sentence a caller hears from a tool; {words} are filled in. They are read aloud before they change:
// testdata/texts/dialogues.txt has them as they sound in calls.
var say = struct {
	fault, noCall, noTenant, unsupported, limit, disabled, orCallback,
	greeting, greetingKnown, consent, now, anonymous, newCustomer, foundCustomer, again, againPerhaps, understood,
	needDate, needDateFor, needTime, whichTime, notUnderstood, ambiguousDates, ambiguous, invalidDate, invalidTime, contradiction,
	pastDate, pastTime, pastWindow, mismatch, mismatchOf, tooFar,
	noServices, whichService, unknownService, unknownStaff, cannotProvide,
	available, availableNobody, availableFar, availableFarNobody, takenOffer, outsideHours, tooLateInHours, noSlots, dayOptions, outsideWindow, otherDays,
	closedDay, closedHoliday, closedNothing, tooSoon, tooSoonNothing, ownAppointment,
	reserved, released, needName, needNameFor, isThatYou, confirm, confirmWith, booked, byMail, byText, requested, already, beingBooked,
	uncertain, uncertainText, uncertainCall, uncertainNothing, slotTaken, takenNothing, slotTakenCallback, tooMany, calendarDown, calendarCallback,
	notByPhone, notByPhoneRing,
	needsNumber, noAppointments, oneAppointment, dayAppointments, nextAppointment,
	categories, services, serviceInfo, serviceFree, opening, closed, closedFor, openNow, nextOpening, noTarget, transferring,
	needNumber, needNumberForChange, callback, callbackUpdated,
	askCancel, cancelled, askMove, rescheduled, moveRequested, needNewTime, noChange, moveNothing, readBack, feeCancel, feeMove, feeIs,
	whichAppointment, whichOfMore, notFound, goneInCalendar, verification, changeNeedsNumber, changeUncertain, changeRunning,
	clarify, wantsAppointment, wantsDesk, needUtterance, outsideDesk, outsideBookings, moment, noted, saved, needIssue, needSubject, whichCategory,
	caseCreated, caseCreatedByMail,
	deniedPast, deniedCancelDeadline, deniedMoveDeadline, deniedCancelQuota, deniedMoveQuota, deniedMaxMoves, deniedCancel, deniedMove string
}{
	fault:       "Da ist bei mir gerade etwas schiefgegangen. Soll Sie jemand zurückrufen?",
	noCall:      "Ich kann diesen Anruf gerade nicht zuordnen. Ich verbinde Sie gerne weiter.",
	noTenant:    "Ich konnte Ihren Anruf leider nicht zuordnen. Soll ich Sie weiterverbinden?",
	unsupported: "Das kann ich telefonisch leider nicht erledigen. Soll Sie jemand zurückrufen?",
	limit:       "Ich verbinde Sie am besten weiter oder lasse Sie zurückrufen.",
	disabled:    "Das ist telefonisch im Moment leider nicht möglich.",
	orCallback:  "Soll Sie jemand zurückrufen?",

	greeting:      "Guten Tag, hier ist die digitale Telefonassistenz von {company}.{consent} Was kann ich für Sie tun?",
	consent:       "Das Gespräch wird aufgezeichnet. Ist das für Sie in Ordnung?",
	greetingKnown: "Guten Tag, {name}, hier ist die digitale Telefonassistenz von {company}.{consent} Was kann ich für Sie tun?",
	now:           "Heute ist {date}, es ist {time}.",
	anonymous:     "Ihre Nummer wird nicht übertragen. Wie ist denn Ihr Name?",
	newCustomer:   "Ich kenne Ihre Nummer noch nicht. Wie ist denn Ihr Name?",
	foundCustomer: "Schön, dass Sie wieder anrufen, {name}.",
	again:         "Schön, dass Sie wieder anrufen, {name}. Möchten Sie wieder {service}?",
	againPerhaps:  "Schön, dass Sie wieder anrufen, {name}. Soll es wieder {service} sein, oder etwas anderes?",
	understood:    "Das habe ich verstanden.",

	needDate:       "An welchem Tag möchten Sie kommen? Sagen Sie zum Beispiel: nächsten Dienstag.",
	needDateFor:    "An welchem Tag um {time} möchten Sie kommen? Sagen Sie zum Beispiel: nächsten Dienstag.",
	needTime:       "Um wie viel Uhr möchten Sie {day} kommen? Sagen Sie zum Beispiel: um halb drei.",
	whichTime:      "Meinen Sie {one} oder {two}?",
	notUnderstood:  "Den Tag habe ich nicht verstanden. Sagen Sie bitte zum Beispiel: nächsten Dienstag um 10 Uhr.",
	ambiguousDates: "Meinen Sie {one} oder {two}?",
	ambiguous:      "Das ist nicht eindeutig. Welchen Tag und welche Uhrzeit meinen Sie genau?",
	invalidDate:    "Diesen Tag gibt es im Kalender nicht. Welchen Tag meinen Sie?",
	invalidTime:    "Diese Uhrzeit gibt es nicht. Um wie viel Uhr möchten Sie kommen?",
	contradiction:  "Da passen Uhrzeit und Tageszeit nicht zusammen. Um wie viel Uhr möchten Sie kommen?",
	pastDate:       "Der Tag, {date}, ist schon vorbei. Welchen Tag meinen Sie?",
	pastTime:       "Heute um {time} ist schon vorbei. Meinten Sie morgen?",
	pastWindow:     "Das ist heute leider schon vorbei. Wann möchten Sie stattdessen kommen?",
	mismatch:       "Der {date} ist ein {weekday}. Welchen Tag meinen Sie?",
	mismatchOf:     "Wochentag und Datum passen nicht zusammen. Meinten Sie {one} oder {two}?",
	tooFar:         "So weit im Voraus kann ich leider noch nicht buchen. Welchen Tag im nächsten Jahr oder früher möchten Sie?",

	noServices:     "Im Moment kann ich leider keine Leistung buchen. Soll Sie jemand zurückrufen?",
	whichService:   "Meinen Sie {services}?",
	unknownService: "Diese Leistung kenne ich nicht. Was darf es sein: {services}?",
	unknownStaff:   "Diesen Namen habe ich bei uns nicht gefunden. Möchten Sie zu {staff}?",
	cannotProvide:  "{wish} bietet {service} leider nicht an. Möglich wäre es bei {staff}. Passt das?",

	available:          "{When} ist bei {staff} frei. Soll ich das so buchen?",
	availableNobody:    "{When} ist frei. Soll ich das so buchen?",
	availableFar:       "Sie meinen {date}? {When} ist bei {staff} frei. Soll ich das so buchen?",
	availableFarNobody: "Sie meinen {date}? {When} ist frei. Soll ich das so buchen?",
	takenOffer:         "Um {time} ist leider nichts frei. Ich hätte {options}. Was passt Ihnen?",
	outsideHours:       "Um {time} haben wir nicht geöffnet. Ich hätte {options}. Was passt Ihnen?",
	tooLateInHours:     "Um {time} reicht die Zeit bis zum Ende der Öffnungszeit nicht. Ich hätte {options}. Was passt Ihnen?",
	noSlots:            "In den nächsten 14 Tagen ist leider nichts frei. Soll Sie jemand zurückrufen?",
	dayOptions:         "Ich hätte {options}. Was passt Ihnen?",
	outsideWindow:      "In dieser Zeit ist leider nichts frei. Außerhalb davon hätte ich {options}. Was passt Ihnen?",
	otherDays:          "Da ist leider nichts frei. Ich hätte {options}. Was passt Ihnen?",
	closedDay:          "{Day} haben wir geschlossen. Ich hätte {options}. Was passt Ihnen?",
	closedHoliday:      "{Day} haben wir wegen {holiday} geschlossen. Ich hätte {options}. Was passt Ihnen?",
	closedNothing:      "{Day} haben wir geschlossen. Wir öffnen wieder {next}. Wann möchten Sie kommen?",
	tooSoon:            "So kurzfristig geht es leider nicht, frühestens {earliest}. Ich hätte {options}. Was passt Ihnen?",
	tooSoonNothing:     "So kurzfristig geht es leider nicht, frühestens {earliest}. Wann möchten Sie stattdessen kommen?",
	ownAppointment:     "Sie haben an dem Tag schon um {time} einen Termin. Möchten Sie ihn verschieben oder zusätzlich buchen?",

	reserved:          "{When} habe ich für Sie vorgemerkt. Soll ich das so buchen?",
	released:          "In Ordnung, der Termin ist wieder frei.",
	needName:          "Auf welchen Namen darf ich den Termin eintragen?",
	needNameFor:       "Gerne bei {staff}. Auf welchen Namen darf ich den Termin eintragen?",
	isThatYou:         "{name} – ist das Ihr Name, oder möchten Sie zu {name}?",
	confirm:           "{When} wäre {service} frei. Soll ich das verbindlich buchen?",
	confirmWith:       "{When} ist bei {staff} frei. Soll ich das verbindlich buchen?",
	booked:            "Ihr Termin ist gebucht: {service}{with}, {when}.",
	byMail:            "Die Bestätigung bekommen Sie per E-Mail.",
	byText:            "Die Bestätigung bekommen Sie per SMS.",
	requested:         "Ich habe den Termin angefragt; Sie bekommen noch eine Bestätigung.",
	already:           "Der Termin ist schon für Sie eingetragen: {service}, {when}.",
	beingBooked:       "Ihr Termin wird gerade gebucht. Einen kleinen Moment noch.",
	uncertain:         "Der Kalender antwortet gerade langsam. Ich kümmere mich darum, Sie bekommen eine Bestätigung per E-Mail.",
	uncertainText:     "Der Kalender antwortet gerade langsam. Ich kümmere mich darum, Sie bekommen eine Bestätigung per SMS.",
	uncertainCall:     "Der Kalender antwortet gerade langsam. Ich kümmere mich darum; sollte es nicht klappen, rufen wir Sie zurück.",
	uncertainNothing:  "Der Kalender antwortet gerade langsam. Ich kümmere mich darum. Bitte rufen Sie zur Sicherheit später noch einmal an.",
	slotTaken:         "Der Termin wurde leider gerade vergeben. Frei wäre {options}. Was passt Ihnen?",
	takenNothing:      "Der Termin wurde leider gerade vergeben, und in der Nähe ist nichts mehr frei. Soll Sie jemand zurückrufen?",
	slotTakenCallback: "Der Termin wurde leider gerade vergeben. Wir rufen Sie {until} zurück und finden einen anderen.",
	tooMany:           "Auf Ihren Namen gibt es schon einen Termin. Möchten Sie ihn verschieben, oder soll Sie jemand zurückrufen?",
	calendarDown:      "Ich erreiche den Kalender gerade leider nicht. Unter welcher Nummer dürfen wir Sie zurückrufen?",
	notByPhone:        "{service} kann ich am Telefon im Moment leider nicht eintragen. Unter welcher Nummer dürfen wir Sie zurückrufen?",
	notByPhoneRing:    "{service} kann ich am Telefon im Moment leider nicht eintragen. Wir rufen Sie {until} zurück und machen den Termin aus.",
	calendarCallback:  "Ich erreiche den Kalender gerade leider nicht. Wir rufen Sie {until} zurück.",

	needsNumber:     "Dafür brauche ich Ihre Rufnummer, und sie wird nicht übertragen. Soll Sie jemand zurückrufen?",
	noAppointments:  "Ich sehe keinen anstehenden Termin unter Ihrer Nummer.",
	oneAppointment:  "Ihr nächster Termin ist {what}.",
	dayAppointments: "Sie haben {day} diese Termine: {list}.",
	nextAppointment: "Ihr nächster Termin ist {what}, und danach haben Sie noch {more}. Soll ich alle vorlesen?",

	categories:   "Wir haben mehrere Bereiche: {list}. Wofür interessieren Sie sich?",
	services:     "Wir bieten {list}. Was darf es sein?",
	serviceInfo:  "{service} dauert {duration} und kostet {price}.",
	serviceFree:  "{service} dauert {duration} und ist kostenlos.",
	opening:      "{day} haben wir {ranges} geöffnet.",
	closed:       "{day} haben wir geschlossen.",
	closedFor:    "{day} haben wir wegen {holiday} geschlossen.",
	openNow:      "Gerade ist geöffnet.",
	nextOpening:  "Wir öffnen wieder {next}.",
	noTarget:     "Im Moment kann ich Sie leider nicht verbinden. Soll Sie jemand zurückrufen?",
	transferring: "Ich verbinde Sie, einen Moment bitte.",

	needNumber:          "Unter welcher Nummer dürfen wir Sie zurückrufen?",
	needNumberForChange: "Für Änderungen rufen wir Sie zurück. Unter welcher Nummer erreichen wir Sie?",
	callback:            "Wir rufen Sie {until} zurück.",
	callbackUpdated:     "Das habe ich zu Ihrem Rückruf dazugeschrieben. Wir rufen Sie {until} zurück.",

	askCancel:         "{fee}Soll ich Ihren Termin{what} wirklich absagen?",
	cancelled:         "Ihr Termin{what} ist abgesagt.{fee}",
	askMove:           "Ihr Termin wäre dann {new}{old}.{fee} Soll ich ihn so verschieben?",
	rescheduled:       "Ihr Termin ist verschoben, er ist jetzt {new}{old}.{fee}",
	moveRequested:     "Ich habe den neuen Termin {new} angefragt; Sie bekommen noch eine Bestätigung.",
	needNewTime:       "Ihr Termin ist bisher{when}. Auf welchen Tag und welche Uhrzeit möchten Sie ihn verschieben?",
	noChange:          "Ihr Termin ist schon{when}. Auf wann möchten Sie ihn verschieben?",
	moveNothing:       "Da ist leider nichts frei. Ihr Termin{when} bleibt bestehen. Soll Sie jemand zurückrufen?",
	readBack:          "Sie meinen {date}?",
	feeCancel:         "Die Absage kostet {fee}.",
	feeMove:           "Das Verschieben kostet {fee}.",
	feeIs:             "Dafür berechnen wir {fee}.",
	whichAppointment:  "Ich sehe mehrere Termine: {list}. Welchen meinen Sie?",
	whichOfMore:       "Ich sehe mehrere Termine: {list}, und {more} weitere. Welchen meinen Sie?",
	notFound:          "Ich finde unter Ihrer Nummer keinen anstehenden Termin. Soll Sie jemand zurückrufen?",
	goneInCalendar:    "Diesen Termin finde ich im Kalender nicht mehr. Soll Sie jemand zurückrufen?",
	verification:      "Ändern kann ich einen Termin nur, wenn Sie mit der Nummer anrufen, mit der er gebucht wurde. Soll Sie jemand zurückrufen?",
	changeNeedsNumber: "Ändern kann ich Termine nur bei übertragener Rufnummer.",
	changeUncertain:   "Der Kalender antwortet gerade langsam. Ich gebe das weiter und bestätige es Ihnen.",
	changeRunning:     "Das wird gerade erledigt. Einen kleinen Moment noch.",

	clarify:           "Geht es um einen Termin oder möchten Sie eine Störung oder Anfrage melden?",
	wantsAppointment:  "Gern helfe ich Ihnen mit einem Termin.",
	wantsDesk:         "Gern nehme ich das auf. Was genau ist passiert?",
	needUtterance:     "Worum geht es denn?",
	outsideBookings:   "Das kann ich am Telefon leider nicht direkt erledigen. Ich nehme Ihr Anliegen gern auf.",
	outsideDesk:       "Das kann ich am Telefon leider nicht direkt erledigen. Soll Sie jemand zurückrufen?",
	moment:            "Einen kleinen Moment bitte.",
	noted:             "Ich habe alles notiert, ein Mitarbeiter meldet sich bei Ihnen.",
	saved:             "Das habe ich notiert.",
	needIssue:         "Können Sie mir kurz beschreiben, worum es geht?",
	needSubject:       "Wie würden Sie das Problem in einem Satz nennen?",
	whichCategory:     "Wozu gehört das am ehesten: {list}?",
	caseCreated:       "Ich habe Ihr Anliegen aufgenommen. Ihre Vorgangsnummer ist {number}.",
	caseCreatedByMail: "Ich habe Ihr Anliegen aufgenommen. Ihre Vorgangsnummer ist {number}. Eine Bestätigung bekommen Sie per E-Mail.",

	deniedPast:           "Dieser Termin hat schon begonnen oder ist vorbei.",
	deniedCancelDeadline: "Absagen geht nur bis {required} vorher, und bis zu Ihrem Termin sind es nur noch {left}.",
	deniedMoveDeadline:   "Verschieben geht nur bis {required} vorher, und bis zu Ihrem Termin sind es nur noch {left}.",
	deniedCancelQuota:    "Sie haben in den letzten 30 Tagen schon {used} Termine abgesagt, mehr geht telefonisch leider nicht.",
	deniedMoveQuota:      "Sie haben in den letzten 30 Tagen schon {used} Termine verschoben, mehr geht telefonisch leider nicht.",
	deniedMaxMoves:       "Dieser Termin wurde schon so oft verschoben, wie es möglich ist.",
	deniedCancel:         "Dieser Termin lässt sich telefonisch leider nicht absagen.",
	deniedMove:           "Dieser Termin lässt sich telefonisch leider nicht verschieben.",
}

// fill puts values into a sentence: fill(text, "when", "morgen um 10 Uhr"). {When} takes the value of when with a
// capital letter, for the beginning of a sentence.
func fill(text string, values ...string) string {
	pairs := make([]string, 0, len(values)*2)
	for i := 0; i+1 < len(values); i += 2 {
		pairs = append(pairs, "{"+values[i]+"}", values[i+1], "{"+upperFirst(values[i])+"}", upperFirst(values[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// speakUntil says a deadline: "bis Montag, den 3. März, um 10 Uhr".
func speakUntil(t, now time.Time, loc *time.Location) string {
	when := german.SpeakWhen(t, now, loc)
	return "bis " + strings.TrimPrefix(when, "am ")
}
