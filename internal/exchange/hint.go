package exchange

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/askpro/gateway/internal/delivery"
)

// again is said where another attempt follows.
const again = " Es wird erneut versucht, mit derselben Nachrichten-ID."

// hints are for the person who looks at a failed exchange: what it usually means and what to do.
var hints = map[int]string{
	400: "Der Empfänger versteht die Nachricht nicht. Prüfen Sie die Vorlage; die Antwort nennt meist das Feld.",
	401: "Der Empfänger nimmt die Zugangsdaten nicht an. Prüfen Sie Benutzer, Passwort oder Schlüssel.",
	403: "Die Zugangsdaten stimmen, aber das Konto darf das nicht. Prüfen Sie seine Rechte beim Empfänger.",
	404: "Diese Adresse gibt es beim Empfänger nicht. Prüfen Sie die URL.",
	405: "Der Empfänger nimmt unter dieser Adresse keine Nachrichten an. Prüfen Sie die URL.",
	408: "Der Empfänger war zu langsam." + again,
	409: "Der Empfänger sieht einen Widerspruch, oft ein schon vorhandenes Ticket.",
	410: "Der Empfänger will keine Nachrichten mehr. Die Zustellung dorthin wurde abgeschaltet.",
	413: "Die Nachricht ist dem Empfänger zu groß. Lassen Sie das Transkript weg.",
	415: "Der Empfänger nimmt kein JSON an. Prüfen Sie die URL.",
	422: "Ein Feld hat einen Wert, den der Empfänger nicht kennt. Prüfen Sie Vorlage und Wertetabellen.",
	429: "Der Empfänger bekommt zu viel auf einmal." + again,
	500: "Beim Empfänger ist ein Fehler aufgetreten." + again,
	502: "Hinter dem Server des Empfängers antwortet niemand." + again,
	503: "Der Empfänger ist vorübergehend nicht erreichbar." + again,
	504: "Hinter dem Server des Empfängers antwortet niemand rechtzeitig." + again,
}

// Hint says in German what a Line's failure usually means; empty if there is nothing to say.
func Hint(l Line) string {
	if l.Attempt >= l.Of {
		return strings.TrimSuffix(meaning(l), again)
	}
	return meaning(l)
}

// HintOf says it of a Delivery that is given up, of which only the class of its last failure is known.
func HintOf(c delivery.Class) string {
	status, _ := strconv.Atoi(strings.TrimPrefix(string(c), "http_"))
	if c == delivery.Gone {
		status = http.StatusGone
	}
	return Hint(Line{Result: HTTPError, Class: c, Status: status, Attempt: 1, Of: 1})
}

func meaning(l Line) string {
	switch {
	case l.Result == Success:
		return ""
	case l.Class.Semantic():
		return "Der Empfänger hat mit Erfolg geantwortet, meldet im Inhalt aber einen Fehler. Das gilt als gescheitert."
	case l.Class == delivery.BlockedAddress:
		return "Diese Adresse wird aus Sicherheitsgründen nicht aufgerufen. Erlaubt sind öffentliche Server über https."
	case l.Class == delivery.RedirectRefused:
		return "Der Empfänger leitet weiter. Weiterleitungen werden nicht befolgt; tragen Sie die Zieladresse ein."
	case l.Class == delivery.Timeout:
		return "Der Empfänger hat nicht rechtzeitig geantwortet." + again
	case l.Class == delivery.TLSError:
		return "Die verschlüsselte Verbindung kam nicht zustande, meist wegen des Zertifikats." + again
	case l.Class == delivery.NetworkError:
		return "Der Empfänger war nicht erreichbar." + again
	case hints[l.Status] != "":
		return hints[l.Status]
	case l.Status >= 500:
		return hints[500]
	case l.Status >= 400:
		return "Der Empfänger hat die Nachricht abgelehnt. Die Antwort nennt meist den Grund."
	}
	return ""
}
