package templates_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/desk/templates"
)

// read makes a template's categories; a template's ids are its slugs.
func read(t *testing.T, name string) desk.Categories {
	t.Helper()
	entries, err := templates.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	var list desk.Categories
	for _, e := range entries {
		c, wrong := e.Category(func(slug string) string { return slug })
		if len(wrong) > 0 {
			t.Fatalf("%s, %s: %v", name, e.Slug, wrong)
		}
		list = append(list, c)
	}
	return list
}

func TestTheTemplates(t *testing.T) {
	t.Parallel()
	if got := strings.Join(templates.Names(), " "); got != "arztpraxis autohaus handwerk hausverwaltung it" {
		t.Error(got)
	}
	for _, name := range templates.Names() {
		list := read(t, name)
		if wrong := list.Check(); len(wrong) > 0 {
			t.Errorf("%s: %v", name, wrong)
		}
		if fallback, ok := list.Fallback(); !ok || fallback.Slug != "allgemein" {
			t.Errorf("%s: the default is %q", name, fallback.Slug)
		}
		seen := map[string]string{}
		for _, c := range list {
			for _, k := range c.Keywords {
				if other := seen[k.Text]; other != "" {
					t.Errorf("%s: %q is a keyword of %s and of %s", name, k.Text, other, c.Slug)
				}
				seen[k.Text] = c.Slug
			}
		}
	}
	if _, err := templates.Named("friseur"); err == nil || !strings.Contains(err.Error(), "hausverwaltung") {
		t.Errorf("%v", err)
	}
}

// The IT template is that of the table in §5.4.
func TestTheITTemplateIsThatOfTheSpecification(t *testing.T) {
	t.Parallel()
	list := read(t, "it")
	var got []string
	for _, c := range list {
		line := fmt.Sprintf("%s %.2f", list.Path(c.ID), c.Threshold)
		if c.Impact != "" {
			line += fmt.Sprintf(" %s/%s ⇒ %s", c.Impact, c.Urgency, desk.DefaultMatrix().Of(c.Impact, c.Urgency))
		}
		got = append(got, line)
	}
	want := []string{
		"Netzwerk & Verbindung 0.65", "Netzwerk & Verbindung / Internet einzelner Nutzer 0.65 normal/high ⇒ high", "Netzwerk & Verbindung / Standortausfall 0.65 critical/critical ⇒ critical",
		"Netzwerk & Verbindung / VPN 0.65 normal/high ⇒ high", "Server / VDI 0.65", "Server / VDI / Dateifreigaben 0.65 high/normal ⇒ high",
		"Server / VDI / Terminalserver RDS 0.65 high/normal ⇒ high", "Microsoft 365 0.60", "Microsoft 365 / OneDrive 0.60 normal/normal ⇒ normal", "Microsoft 365 / Teams 0.60",
		"Microsoft 365 / Outlook 0.60", "Sicherheit & E-Mail 0.85", "Sicherheit & E-Mail / Phishing 0.85 critical/critical ⇒ critical", "Telefonie / UC 0.60",
		"Telefonie / UC / Endgerät 0.60", "Telefonie / UC / Rufumleitung 0.60", "Arbeitsplatz 0.55", "Arbeitsplatz / Drucker 0.55", "Arbeitsplatz / Laptop 0.55",
		"Arbeitsplatz / Zugang & Passwort 0.55", "Allgemein 0.55",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhatCallersSayFindsItsCategory(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ template, said, want string }{
		{"it", "Mein Drucker druckt nicht mehr, da ist ein Papierstau.", "drucker"},
		{"it", "Ich komme aus dem Homeoffice nicht ins VPN.", "vpn"},
		{"it", "Seit heute Morgen habe ich kein Internet.", "internet"},
		{"it", "Unsere Niederlassung in Kiel ist komplett weg, ganzer Standort, niemand kann arbeiten.", "standortausfall"},
		{"it", "Ich habe in einer Phishing-Mail auf einen Link geklickt.", "phishing"},
		{"it", "Mein Konto ist gesperrt, ich habe mein Passwort vergessen.", "zugang"},
		{"it", "Das Netzlaufwerk mit unserem Projektordner fehlt.", "dateifreigaben"},
		{"it", "Der Terminalserver nimmt keine Anmeldungen an.", "terminalserver"},
		{"it", "Outlook zeigt mein Postfach nicht an.", "outlook"},
		{"it", "OneDrive synchronisiert nicht.", "onedrive"},
		{"it", "Bitte richten Sie eine Rufumleitung ein.", "rufumleitung"},
		{"it", "Mein Headset geht nicht.", "endgeraet"},
		{"it", "Ich hätte gern einen Rückruf.", ""},
		{"handwerk", "Bei uns im Keller ist ein Rohrbruch, das ist ein Notfall!", "notfall"},
		{"handwerk", "Die Heizung wird nicht warm.", "heizung"},
		{"handwerk", "Der Abfluss in der Küche ist verstopft.", "sanitaer"},
		{"handwerk", "Ich brauche einen Kostenvoranschlag für eine Badsanierung.", "angebot"},
		{"handwerk", "Ich habe eine Frage zu meiner Rechnung.", "rechnung"},
		{"arztpraxis", "Ich brauche ein Folgerezept für meine Tabletten.", "rezept"},
		{"arztpraxis", "Mein Vater hat Atemnot und starke Schmerzen.", "dringend"},
		{"arztpraxis", "Sind meine Blutwerte schon da?", "befund"},
		{"arztpraxis", "Ich brauche eine Überweisung zum Facharzt.", "ueberweisung"},
		{"arztpraxis", "Ich brauche eine Krankschreibung.", "bescheinigung"},
		{"hausverwaltung", "Ich stecke fest, ich bin im Aufzug eingeschlossen.", "notfall"},
		{"hausverwaltung", "Der Fahrstuhl ist wieder defekt.", "aufzug"},
		{"hausverwaltung", "Im Bad ist Schimmel an der Wand.", "wasser"},
		{"hausverwaltung", "Ich habe eine Frage zur Nebenkostenabrechnung.", "abrechnung"},
		{"hausverwaltung", "Ich möchte meine Wohnung kündigen, wie läuft die Wohnungsübergabe?", "vertrag"},
		{"autohaus", "Mein Wagen ist liegengeblieben, ich brauche den Abschleppdienst.", "panne"},
		{"autohaus", "Die Motorleuchte ist an.", "warnleuchte"},
		{"autohaus", "Ich möchte eine Probefahrt mit einem Neuwagen machen.", "verkauf"},
		{"autohaus", "Ich brauche einen Termin zum Reifenwechsel.", "reifen"},
		{"autohaus", "Wo bleibt mein Leihwagen?", "ersatzwagen"},
	} {
		got, best, sure := read(t, tt.template).Classify(tt.said)
		if !sure {
			got = desk.Category{}
		}
		if got.Slug != tt.want {
			t.Errorf("%s, %q: %q, wanted %q: %v", tt.template, tt.said, got.Slug, tt.want, best)
		}
	}
}

func TestACompanysOwnWordsWin(t *testing.T) {
	t.Parallel()
	of := templates.Entry{Slug: "vpn", Name: "VPN", Parent: "netzwerk", Keywords: []string{"vpn"}, Threshold: 0.65, Impact: "normal", Urgency: "high"}
	got := of.Over(templates.Entry{Slug: "vpn", Name: "Einwahl", Urgency: "critical", Keywords: []string{}})
	if got.Name != "Einwahl" || got.Urgency != "critical" || len(got.Keywords) != 0 || got.Parent != "netzwerk" || got.Impact != "normal" || got.Threshold != 0.65 {
		t.Errorf("%+v", got)
	}
}
