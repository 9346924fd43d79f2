package output

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/preset"
	"github.com/askpro/gateway/internal/target"
	"github.com/askpro/gateway/internal/template"
	"github.com/askpro/gateway/internal/webhook"
)

// Problem is one thing that is wrong with what somebody wants to save: which field, and why, for the person who reads it.
type Problem struct{ Field, Text string }

func (p Problem) Error() string { return p.Field + ": " + p.Text }

// Blocked tells whether what somebody wants to save names an address that is never called (§10.4).
func (p Problem) Blocked() bool { return strings.HasPrefix(p.Text, target.Code) }

// Problems collects what is wrong; the zero value is ready.
type Problems struct{ List []Problem }

// Say adds one. A field has one problem: its first.
func (p *Problems) Say(field, format string, a ...any) {
	if !slices.ContainsFunc(p.List, func(x Problem) bool { return x.Field == field }) {
		p.List = append(p.List, Problem{field, fmt.Sprintf(format, a...)})
	}
}

// Take adds what was found by itself, below a field.
func (p *Problems) Take(below string, list []Problem) {
	for _, x := range list {
		p.Say(strings.Trim(below+"."+x.Field, "."), "%s", x.Text)
	}
}

// Known is what outputs and endpoints are judged by beside themselves.
type Known struct {
	Targets target.Rules
	Branch  func(id string) bool
	Custom  func(key string) bool // the custom fields of categories; nil: any
}

// Limits of §1.2 and §9.1. A case's deliveries are planned in one transaction, which is why the recipients are few.
const (
	MaxName       = 150
	MaxRecipients = 20
	MaxEndpoints  = 10
	maxLine       = 255
	maxPerSecond  = 100
	defaultRate   = 10
)

// IsReference tells whether a text names a secret, and is none.
func IsReference(s string) bool {
	for _, place := range []string{"ssm:/", "secretsmanager:"} {
		if name, ok := strings.CutPrefix(s, place); ok {
			return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
				return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("/_.:-", c))
			})
		}
	}
	return false
}

// Check says everything that is wrong with an output that is about to be saved, one problem per field (§9.1).
func (o Output) Check(k Known) []Problem {
	p := &Problems{}
	if o.Name == "" || utf8.RuneCountInString(o.Name) > MaxName {
		p.Say("name", "an output has a name of at most %d letters", MaxName)
	}
	if o.Type != Email && o.Type != Webhook && o.Type != Hybrid {
		p.Say("output_type", "it is email, webhook or hybrid, not %q", o.Type)
	}
	if !slices.Contains(delivery.Profiles, o.Retry) {
		p.Say("retry_profile", "it is none, fast or long, not %q", o.Retry)
	}
	within(p, "timeout_seconds", o.TimeoutS, 30, 600)
	within(p, "audio_ttl_minutes", o.AudioMin, 15, 1440)
	if o.Language != "de" && o.Language != "en" {
		p.Say("payload_language", "it is de or en, not %q", o.Language)
	}
	o.checkMail(p, k)
	o.checkHook(p, k)
	if o.SendStatus {
		o.checkStatus(p)
	}
	return p.List
}

// checkStatus judges whether a follow-up would tell that the status changed. One that does not looks like the case once more:
// a ticket system would make a second ticket of it.
func (o Output) checkStatus(p *Problems) {
	const field, told = "send_status_changes", "event.status_to"
	if o.Type != Email {
		used, _ := preset.Named(o.Hook.PresetSlug())
		if o.Hook.Payload != "" {
			used.Payload = []byte(o.Hook.Payload)
		}
		if r, err := used.Ready(preset.Settings{Vars: o.Hook.Vars, Maps: o.Hook.Maps}); err == nil && !r.Uses(told) {
			p.Say(field, "the payload does not say it: use the preset %s, or a payload_template with {{%s}}", Generic, told)
		}
	}
	if o.Mails() && o.Mail.Template == Custom {
		schema := o.letterSchema(Known{})
		body, err := template.Parse(template.Plain, o.Mail.Body, schema)
		subject, err2 := template.Parse(template.Header, o.Mail.Subject, schema)
		if err == nil && err2 == nil && !body.Uses(told) && !subject.Uses(told) {
			p.Say(field, "the mail does not say it: its templates need {{%s}}", told)
		}
	}
}

func within(p *Problems, field string, v, low, high int) {
	if v < low || v > high {
		p.Say(field, "it is %d to %d, not %d", low, high, v)
	}
}

func (o Output) checkMail(p *Problems, k Known) {
	m := o.Mail
	for _, list := range []struct {
		field     string
		addresses []string
	}{{"email_recipients", m.To}, {"muted_recipients", m.Muted}, {"fallback_emails", m.Fallback}} {
		CheckAddresses(p, "mail."+list.field, list.addresses)
	}
	if !o.Mails() {
		if len(m.To) > 0 {
			p.Say("mail.email_recipients", "an output of type webhook writes to nobody: make it hybrid")
		}
		return
	}
	if to, _ := delivery.Recipients(m.To, m.Muted, m.Fallback); len(to) == 0 {
		p.Say("mail.email_recipients", "nobody is left who would get a mail")
	}
	switch m.Template {
	case Standard, Technical, Admin:
		if m.Subject != "" || m.Body != "" {
			p.Say("mail.template", "subject_template and body_template belong to the template custom, not to %s", m.Template)
		}
	case Custom:
		o.checkLetter(p, k)
	default:
		p.Say("mail.template", "it is standard, technical, admin or custom, not %q", m.Template)
	}
	if m.Audio != NoAudio && m.Audio != AudioLink && m.Audio != Attachment {
		p.Say("mail.audio_option", "it is none, link or attachment, not %q", m.Audio)
	}
}

// checkLetter judges the templates of a company's own mail. A body is read both ways, as text and as page.
func (o Output) checkLetter(p *Problems, k Known) {
	schema := o.letterSchema(k)
	if o.Mail.Subject != "" {
		if _, err := template.Parse(template.Header, o.Mail.Subject, schema); err != nil {
			p.Say("mail.subject_template", "%s", err)
		}
	}
	if strings.TrimSpace(o.Mail.Body) == "" {
		p.Say("mail.body_template", "the template custom needs a text")
	}
	for _, mode := range []template.Mode{template.Plain, template.HTML} {
		if _, err := template.Parse(mode, o.Mail.Body, schema); err != nil {
			p.Say("mail.body_template", "%s", err)
		}
	}
}

func (o Output) letterSchema(k Known) template.Schema {
	schema := template.Schema{Vars: map[string]template.Variable{}, Maps: o.Hook.Maps, Custom: k.Custom}
	for name, value := range o.Hook.Vars {
		schema.Vars[name] = template.Variable{Value: value}
	}
	return schema
}

func (o Output) checkHook(p *Problems, k Known) {
	h := o.Hook
	if o.Type == Email {
		if h.URL != "" {
			p.Say("hook.url", "an output of type email calls nothing: make it hybrid")
		}
		return
	}
	CheckURL(p, "hook.url", h.URL, k.Targets)
	used, known := h.Filling()
	if !known {
		p.Say("hook.preset", "there is no preset %q", h.Preset)
		used, _ = preset.Named(Generic)
	} else {
		h.checkPayload(p, k, used)
	}
	h.Auth.check(p)
	var fixed []webhook.Header // of the preset: a company cannot name them again
	for _, x := range used.Headers {
		fixed = append(fixed, webhook.Header{Name: x.Name, Value: "x"})
	}
	if err := webhook.CheckHeaders(h.Auth.pretended(), append(fixed, h.Headers...)); err != nil {
		p.Say("hook.headers", "%s", err)
	}
	if h.SigningRef != "" && !IsReference(h.SigningRef) {
		p.Say("hook.signing_secret_ref", "this is no reference to a secret; write ssm:/path or secretsmanager:name")
	}
	proves := h.Auth.Type == webhook.AuthBearer || h.Auth.Type == webhook.AuthBasic || h.Auth.Type == webhook.AuthAPIKey
	switch {
	case h.SigningRef != "":
	case h.Auth.Type == webhook.AuthHMAC:
		p.Say("hook.signing_secret_ref", "hmac signs: name the secret")
	case !proves && used.Auth != webhook.AuthNone: // a messenger's URL is itself the secret
		p.Say("hook.signing_secret_ref", "the receiver could not tell our messages from others: name a signing secret or credentials")
	case h.Legacy:
		p.Say("hook.legacy_signature", "X-Signature needs a signing secret")
	}
	if utf8.RuneCountInString(h.ContactType) > maxLine || strings.ContainsFunc(h.ContactType, control) {
		p.Say("hook.contact_type_override", "it is one line of at most %d letters", maxLine)
	}
}

// checkPayload judges what fills the preset, and the payload that stands in its place.
func (h Hook) checkPayload(p *Problems, k Known, used preset.Preset) {
	for _, name := range slices.Sorted(maps.Keys(h.Vars)) {
		if !slices.ContainsFunc(used.Variables, func(v preset.Variable) bool { return v.Name == name }) {
			p.Say("hook.variables", "preset %s asks for no %q", used.Slug, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.Maps)) {
		if used.Maps[name] == nil {
			p.Say("hook.value_maps", "preset %s maps no %q", used.Slug, name)
		}
	}
	for _, v := range used.Variables {
		if v.Required && h.Vars[v.Name] == "" && v.Default == "" {
			p.Say("hook.variables", "preset %s needs %q (%s)", used.Slug, v.Name, v.Label)
		}
	}
	field := "hook.preset"
	if h.Payload != "" {
		field, used.Payload = "hook.payload_template", []byte(h.Payload)
	}
	if _, err := used.Ready(preset.Settings{Vars: h.Vars, Maps: h.Maps, Custom: k.Custom}); err != nil && !said(p, "hook.variables") {
		p.Say(field, "%s", err)
	}
}

func said(p *Problems, field string) bool {
	return slices.ContainsFunc(p.List, func(x Problem) bool { return x.Field == field })
}

func (a Auth) check(p *Problems) {
	ref := func(field, value string) {
		if !IsReference(value) {
			p.Say("hook.auth."+field, "%s needs a reference to a secret: ssm:/path or secretsmanager:name", a.Type)
		}
	}
	switch a.Type {
	case "", webhook.AuthNone, webhook.AuthHMAC:
	case webhook.AuthBasic:
		if a.User == "" {
			p.Say("hook.auth.user", "basic needs a user")
		}
		ref("password_ref", a.PasswordRef)
	case webhook.AuthBearer, webhook.AuthAPIKey:
		ref("token_ref", a.TokenRef)
	default:
		p.Say("hook.auth.type", "it is none, hmac, bearer, basic or api_key, not %q", a.Type)
	}
}

// pretended are credentials with something in place of each secret, to be judged beside the headers.
func (a Auth) pretended() webhook.Auth {
	user := a.User
	if user == "" {
		user = "x"
	}
	return webhook.Auth{Type: a.Type, User: user, Password: "x", Token: "x", Header: a.Header}
}

// CheckAddresses judges a list of e-mail addresses.
func CheckAddresses(p *Problems, field string, list []string) {
	if len(list) > MaxRecipients {
		p.Say(field, "%d addresses; at most %d are allowed", len(list), MaxRecipients)
	}
	for i, a := range list {
		switch {
		case !delivery.Address(a):
			p.Say(field, "%q is no e-mail address", a)
		case slices.ContainsFunc(list[:i], func(b string) bool { return strings.EqualFold(a, b) }):
			p.Say(field, "%s stands there twice", a)
		}
	}
}

// CheckURL judges where something may be sent; names are looked up when it is.
func CheckURL(p *Problems, field, url string, rules target.Rules) {
	if url == "" {
		p.Say(field, "it is missing")
	} else if _, err := rules.Parse(url); err != nil {
		p.Say(field, "%s", err)
	}
}

func control(c rune) bool { return c < ' ' || c == 0x7f }
