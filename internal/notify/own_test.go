package notify

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/gsm"
	"github.com/askpro/gateway/internal/template"
)

// friendly is how Salon Mitte says it.
var friendly = company.NotificationTemplate{
	Slug:    "friendly",
	Subject: "Bis bald, {{customer.name|default:\"liebe Kundin, lieber Kunde\"}}!",
	Text:    "Hallo {{customer.name}},\r\n\r\nwir sehen uns {{appointment.when}}{{#if appointment.staff}} bei {{appointment.staff}}{{/if}}.\r\nBitte <5 Minuten> vorher da sein.",
	SMS:     "{{company.name}}: Bis {{appointment.when}}{{#if appointment.staff}} bei {{appointment.staff}}{{/if}}! Tel. {{branch.phone}}",
}

// inOurWords leaves the customer's confirmation alone and has it say what a template says.
func inOurWords(w *world, t company.NotificationTemplate, rule company.NotificationRule) {
	rule.Event, rule.Recipient, rule.Template = "confirmed", "customer", t.Slug
	w.config.Company.Templates = []company.NotificationTemplate{t}
	w.config.Company.Notifications = []company.NotificationRule{rule, {Event: "confirmed", Recipient: "branch", Channel: "email", Disabled: true}}
}

func TestALetterInTheCompanysOwnWords(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	a.AttendeeName = "Erika <b>Muster</b>\r\nBcc: x@example.com {{company.name}}"
	w.Terms, w.config.Policies = tiers, hoursOf(24, 6, 1)
	w.Link = linkTo("https://termine.example/t/abc")
	inOurWords(w, friendly, company.NotificationRule{Channel: "email"})
	w.put(a)
	w.told(t, confirmedEvent(a))
	l := w.letterTo(t, erika)
	name := "Erika <b>Muster</b> Bcc: x@example.com {{company.name}}"
	want := "Hallo " + name + ",\n\nwir sehen uns Dienstag, 24.11.2026, 14:30 Uhr bei Anna Weber.\nBitte <5 Minuten> vorher da sein.\n\nLeistung: Herrenhaarschnitt\n"
	if l.Subject != "Bis bald, "+name+"!" || !strings.HasPrefix(l.Text, want) {
		t.Errorf("%s\n%s", l.Subject, l.Text)
	}
	for _, kept := range []string{"Preis:    28,00", "kostenlos absagen oder verschieben", "https://termine.example/t/abc", "Telefon 030 12345670"} {
		if !strings.Contains(l.Text, kept) {
			t.Errorf("%q is lost: %s", kept, l.Text)
		}
	}
	for _, shown := range []string{
		"<h1 style=\"font-size:22px;line-height:1.3;margin:0 0 16px\">Bis bald, Erika &lt;b&gt;Muster&lt;/b&gt;", "Anna Weber.<br>Bitte &lt;5 Minuten&gt; vorher", `href="https://termine.example/t/abc"`,
	} {
		if !strings.Contains(l.HTML, shown) {
			t.Errorf("the page does not show %q: %s", shown, l.HTML)
		}
	}
	if l.Invite == nil || l.Invite.Method != "REQUEST" || strings.Contains(l.Text, "Guten Tag") || strings.Contains(l.HTML, "Ihr Termin ist") {
		t.Errorf("%+v\n%s", l.Invite, l.HTML)
	}
}

func TestATextMessageInTheCompanysOwnWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		set  func(a *booking.Appointment)
		rule company.NotificationRule
		want string
	}{
		{"as they wrote it", func(*booking.Appointment) {}, company.NotificationRule{Channel: "sms"}, "Salon Mitte: Bis Di 24.11. um 14:30 Uhr bei Anna Weber! Tel. 030 12345670"},
		{"in English", func(*booking.Appointment) {}, company.NotificationRule{Channel: "sms", Language: "en"}, "Salon Mitte: Bis Tue 24 Nov at 14:30 bei Anna Weber! Tel. 030 12345670"},
		{"what is missing", func(a *booking.Appointment) { a.StaffID = "" }, company.NotificationRule{Channel: "sms"}, "Salon Mitte: Bis Di 24.11. um 14:30 Uhr! Tel. 030 12345670"},
		{"in place of a letter", func(a *booking.Appointment) { a.AttendeeEmail = "" }, company.NotificationRule{Channel: "email", Fallback: "sms"},
			"Salon Mitte: Bis Di 24.11. um 14:30 Uhr bei Anna Weber! Tel. 030 12345670"},
	} {
		w, a := newWorld(t), cut(t)
		tt.set(&a)
		tpl := friendly
		if tt.rule.Channel == "sms" {
			tpl.Subject, tpl.Text = "", ""
		}
		inOurWords(w, tpl, tt.rule)
		if wrong := CheckRules(w.config); len(wrong) > 0 {
			t.Errorf("%s: %v", tt.name, wrong)
		}
		w.put(a)
		w.told(t, confirmedEvent(a))
		if len(w.texts) != 1 || len(w.letters) > 0 || w.texts[0].Body != tt.want {
			t.Errorf("%s: %+v, wanted %q", tt.name, w.texts, tt.want)
		}
	}
}

func TestWhatCannotBeFilledIsAnAlarmAndNoOtherText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(c *company.Company)
		why    string
	}{
		{"the template is gone", func(c *company.Company) { c.Templates = nil }, `no template "friendly"`},
		{"it speaks of what is not there", func(c *company.Company) { c.Templates[0].Text = "Hallo\n{{case.number}}" }, `line 2, column 3: unknown_variable "case.number"`},
		{"nothing is left of it", func(c *company.Company) { c.Templates[0].Subject = "{{appointment.before|default:\"\"}}" }, "unknown_variable"},
		{"it is empty", func(c *company.Company) { c.Templates[0].Text = "\n \n" }, "nothing is left"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, a := newWorld(t), cut(t)
			inOurWords(w, friendly, company.NotificationRule{Channel: "email", Fallback: "sms"})
			tt.change(&w.config.Company)
			w.put(a)
			for attempt := range 2 { // the queue's own second delivery tells nobody again
				if _, err := w.tell(t, confirmedEvent(a), attempt); err == nil || !strings.Contains(err.Error(), tt.why) {
					t.Errorf("%v", err)
				}
			}
			if len(w.letters)+len(w.texts) > 0 || len(w.alarms) != 1 || w.alarms[0] != AlarmTemplate || w.only(t).Status != Failed {
				t.Errorf("letters %v, texts %v, alarms %v, %+v", w.letters, w.texts, w.alarms, w.only(t))
			}
			inOurWords(w, friendly, company.NotificationRule{Channel: "email", Fallback: "sms"})
			w.told(t, confirmedEvent(a))
			if len(w.letters) != 1 || w.only(t).Status != Sent {
				t.Errorf("after it was put right: %+v, %+v", w.letters, w.only(t))
			}
		})
	}
}

func TestATemplateKnowsWhoCalledAnAppointmentOff(t *testing.T) {
	t.Parallel()
	tpl := company.NotificationTemplate{
		Slug: "off", Subject: "Ihr Termin",
		Text: "{{#if appointment.cancelled_by_customer}}Wie gewünscht abgesagt.{{/if}}{{#if appointment.cancelled_by_us}}Wir müssen leider absagen.{{/if}}" +
			"{{#if appointment.not_possible}}Leider kein Termin.{{/if}}",
	}
	if wrong := CheckRules(&company.Config{Company: company.Company{
		Templates:     []company.NotificationTemplate{tpl},
		Notifications: []company.NotificationRule{{Event: "cancelled", Recipient: "customer", Channel: "email", Template: "off"}},
	}}); len(wrong) > 0 {
		t.Error(wrong)
	}
	for by, want := range map[string]string{"customer": "Wie gewünscht abgesagt.\n\nLeistung", "staff": "Wir müssen leider absagen.\n\nLeistung", "system": "Leider kein Termin.\n\nLeistung"} {
		w := newWorld(t)
		a := calledOff(t, w, by, booking.Change{Via: "phone", WithinPolicy: true})
		w.config.Company.Templates = []company.NotificationTemplate{tpl}
		w.config.Company.Notifications = []company.NotificationRule{{Event: "cancelled", Recipient: "customer", Channel: "email", Template: "off"}}
		w.put(a)
		w.told(t, cancelledEvent(a, by))
		if l := w.letterTo(t, erika); !strings.HasPrefix(l.Text, want) {
			t.Errorf("%s: %s", by, l.Text)
		}
	}
}

func TestATextMessageThatGrewTooLongIsNotCut(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), cut(t)
	long := friendly
	long.SMS += strings.Repeat(" Wir freuen uns.", 6)
	inOurWords(w, long, company.NotificationRule{Channel: "sms"})
	w.put(a)
	if _, err := w.tell(t, confirmedEvent(a), 0); err == nil || !strings.Contains(err.Error(), "one message has 160") || len(w.texts) > 0 || w.alarms[0] != AlarmTemplate {
		t.Errorf("%v, %v, alarms %v", err, w.texts, w.alarms)
	}
}

func TestWhatIsWrongWithATemplate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		tpl  company.NotificationTemplate
		rule company.NotificationRule
		want string
	}{
		{"nothing", friendly, company.NotificationRule{Channel: "email", Fallback: "sms", Language: "en"}, ""},
		{"a language nobody reads", friendly, company.NotificationRule{Channel: "email", Fallback: "sms", Language: "fr"}, `its language is de or en, not "fr"`},
		{"an unknown variable", company.NotificationTemplate{Subject: "Hallo", Text: "Guten Tag,\nder {{termin}}"}, company.NotificationRule{Channel: "email"},
			`text: line 2, column 7: unknown_variable "termin"`},
		{"a variable of another event", company.NotificationTemplate{Subject: "{{reminder.day}}", Text: "x"}, company.NotificationRule{Channel: "email"},
			`subject: line 1, column 3: unknown_variable "reminder.day"`},
		{"bad syntax", company.NotificationTemplate{Subject: "x", Text: "Hallo {{#if customer.name}}"}, company.NotificationRule{Channel: "email"}, "text: line 1, column 7: unclosed"},
		{"no subject", company.NotificationTemplate{Text: "x"}, company.NotificationRule{Channel: "email"}, "subject is missing, which a message by email needs"},
		{"no text message for the fallback", company.NotificationTemplate{Subject: "x", Text: "x"}, company.NotificationRule{Channel: "email", Fallback: "sms"}, "sms is missing"},
		{"a letter that may be empty", company.NotificationTemplate{Subject: "x", Text: "{{customer.name}}"}, company.NotificationRule{Channel: "email"}, "nothing is left"},
		{"a text message nobody gets", friendly, company.NotificationRule{Channel: "email"}, "nobody would get its sms"},
		{"a letter nobody gets", friendly, company.NotificationRule{Channel: "sms"}, "nobody would get its subject and text"},
		{"a text message without the time", company.NotificationTemplate{SMS: "Bis bald,\n{{customer.name}}"}, company.NotificationRule{Channel: "sms"},
			`sms: line 2, column 18: missing_variable "appointment.when"`},
		{"the time only where there is a name", company.NotificationTemplate{SMS: "{{#if customer.name}}Bis {{appointment.when}}{{else}}Bis bald{{/if}}"}, company.NotificationRule{Channel: "sms"}, "missing_variable"},
		{"day and hour will do", company.NotificationTemplate{SMS: "Bis {{appointment.date}}, {{appointment.time|upper}}"}, company.NotificationRule{Channel: "sms"}, ""},
		{"the day alone will not", company.NotificationTemplate{SMS: "Bis {{appointment.date}}"}, company.NotificationRule{Channel: "sms"}, "missing_variable"},
		{"160 characters", company.NotificationTemplate{SMS: "{{appointment.when}}" + strings.Repeat("x", 160-26)}, company.NotificationRule{Channel: "sms"}, ""},
		{"161 characters", company.NotificationTemplate{SMS: "{{appointment.when}}" + strings.Repeat("x", 161-26)}, company.NotificationRule{Channel: "sms"},
			`sms: line 1, column 156: too_large "up to 161 characters, one message has 160"`},
		{"too long only where the name is missing", company.NotificationTemplate{SMS: "{{appointment.when}}{{#unless customer.name}}" + strings.Repeat("x", 161-26) + "{{/unless}}"},
			company.NotificationRule{Channel: "sms"}, "up to 161 characters"},
		{"letters that take two places", company.NotificationTemplate{SMS: "{{appointment.when}}" + strings.Repeat("€", 68)}, company.NotificationRule{Channel: "sms"}, "up to 162 characters"},
		{"a cut name of letters that take two", company.NotificationTemplate{SMS: "{{appointment.when}} {{customer.name|truncate:10}}" + strings.Repeat("x", 120)}, company.NotificationRule{Channel: "sms"}, "up to 168 characters"},
		{"a picture", company.NotificationTemplate{SMS: "Bis {{appointment.when}} 😀"}, company.NotificationRule{Channel: "sms"}, "sms: line 1, column 26: syntax \"no text message can show 😀\""},
		{"all its names are long", company.NotificationTemplate{SMS: "{{appointment.when}} {{customer.name}} {{appointment.reason}}"}, company.NotificationRule{Channel: "sms"}, "unknown_variable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.tpl.Slug = "own"
			inOurWords(w, tt.tpl, tt.rule)
			var all []string
			for _, err := range CheckRules(w.config) {
				all = append(all, err.Error())
			}
			if got := strings.Join(all, "\n"); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("%s\nwanted %s", got, tt.want)
			}
		})
	}
}

func TestATemplateThatIsNamedMustBeThereOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inOurWords(w, friendly, company.NotificationRule{Channel: "email", Fallback: "sms"})
	w.config.Company.Templates = append(w.config.Company.Templates, friendly, company.NotificationTemplate{Slug: "empty"})
	w.config.Company.Notifications[1].Template = "gone"
	var all []string
	for _, err := range CheckRules(w.config) {
		all = append(all, err.Error())
	}
	got := strings.Join(all, "\n")
	for _, want := range []string{`"friendly" stands there twice`, `no notification template "gone"`, `"empty" is empty`} {
		if !strings.Contains(got, want) {
			t.Errorf("nothing is said of %s: %s", want, got)
		}
	}
}

// TestWhatTheCheckLetsThroughGoesIn fills templates that the check let through with whatever callers say.
func TestWhatTheCheckLetsThroughGoesIn(t *testing.T) {
	t.Parallel()
	pieces := []string{
		"{{company.name}}", "{{customer.name}}", "{{customer.name|truncate:12}}", "{{appointment.service}}", "{{appointment.staff}}", "{{branch.phone}}", "{{appointment.price}}",
		"{{#if appointment.staff}}bei {{appointment.staff|upper}}{{else}}wer frei ist{{/if}}", "{{#unless customer.name}}Guten Tag{{/unless}}", "€ Wir freuen uns.", "ß",
	}
	passed := 0
	rapid.Check(t, func(r *rapid.T) {
		w, a := newWorld(t), cut(t)
		source := "{{appointment.when}} " + strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 6).Draw(r, "pieces"), " ")
		tpl := company.NotificationTemplate{Slug: "own", SMS: source}
		inOurWords(w, tpl, company.NotificationRule{Channel: "sms", Language: string(rapid.SampledFrom(Languages).Draw(r, "language"))})
		if len(CheckRules(w.config)) > 0 {
			return
		}
		passed++
		a.AttendeeName = rapid.StringN(0, 80, -1).Draw(r, "name")
		a.StaffID = rapid.SampledFrom([]string{"anna", "jana", "", "gone"}).Draw(r, "staff")
		a.ServiceID = rapid.SampledFrom([]string{"schnitt", "welle"}).Draw(r, "service")
		a.PriceCents = rapid.Int64Range(0, 9_999_999).Draw(r, "price")
		a.StartsAt = a.StartsAt.Add(time.Duration(rapid.IntRange(0, 800*24).Draw(r, "hours")) * time.Hour)
		x := w.about(w.config, a)
		text, err := ownText(Confirmed, tpl, x.filling(nil).text)
		if n, ok := gsm.Length(text); err != nil || !ok || n > gsm.Single {
			r.Fatalf("%q, %v", text, err)
		}
	})
	if passed == 0 {
		t.Error("no template passed")
	}
}

// TestAllOfATemplatesNamesAreFilled: what a template may speak of is what a message brings.
func TestAllOfATemplatesNamesAreFilled(t *testing.T) {
	t.Parallel()
	x := about{config: salon(), a: cut(t), now: berlinTime(t, "2026-11-20 08:59")}
	x.branch = x.config.Branches[0]
	x.change.FeeCents = 100
	old := x.a.StartsAt
	filled := map[string]bool{"reminder.day": true, "reminder.left": true, "appointment.reason": true, "appointment.review": true, "call.phone": true, "call.name": true,
		"call.when": true, "call.duration": true, "call.outcome": true, "call.summary": true, "wish.service": true, "wish.date": true, "wish.time": true}
	f := x.filling(&old).cancelledBy("customer").cancelledBy("staff").cancelledBy("system")
	for _, f := range []filling{f, ring{x, ringBack(t)}.filling()} {
		for path := range f.letter {
			filled[path] = true
		}
	}
	known := map[string]bool{}
	for _, e := range Events {
		for _, v := range variables(e) {
			if known[v.path] = true; !filled[v.path] {
				t.Errorf("%s: nobody fills %s", e, v.path)
			}
		}
	}
	for path := range filled {
		if !known[path] {
			t.Errorf("%s is filled, and no template may speak of it", path)
		}
	}
	if _, err := template.Parse(template.Plain, "{{case.custom.x}}", schema(Confirmed)); err == nil {
		t.Error("a case's fields are no appointment's")
	}
}
