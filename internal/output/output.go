// Package output says where and how cases and events leave: outputs with their mails and webhook, and endpoints that
// subscribe to events. Its one rule: what cannot work is refused when it is saved, and a saved version never changes. It
// knows no case, sends nothing and holds no secret, only references to them.
package output

import (
	"reflect"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/preset"
	"github.com/askpro/gateway/internal/webhook"
)

// Type says which channels an output has.
type Type string

// The types (§9.1).
const (
	Email   Type = "email"
	Webhook Type = "webhook"
	Hybrid  Type = "hybrid"
)

// Output is one way out for cases. Each save is a new Version; running deliveries finish with theirs.
type Output struct {
	ID          string           `json:"id"`
	Slug        string           `json:"slug"`
	Name        string           `json:"name"`
	Type        Type             `json:"output_type"`
	Active      bool             `json:"is_active"`
	Default     bool             `json:"is_default,omitempty"` // of the company: for categories that name none
	Retry       delivery.Profile `json:"retry_profile"`
	SendUpdates bool             `json:"send_updates"`
	Wait        bool             `json:"wait_for_enrichment"`
	TimeoutS    int              `json:"timeout_seconds"` // 30 to 600
	AudioMin    int              `json:"audio_ttl_minutes"`
	Language    string           `json:"payload_language"` // de, en
	Mail        Mail             `json:"mail,omitzero"`
	Hook        Hook             `json:"hook,omitzero"`
	// SendStatus lets a follow-up service_case.status_changed go out for each change of a case's status, by every channel that the
	// case left by. Mails are no exception: who got a case to work on learns the same way that others finished it.
	SendStatus bool `json:"send_status_changes,omitempty"`
	// Disabled says why the webhook was switched off by us; a person switches it on again.
	Disabled delivery.Disabling `json:"disabled_reason,omitempty"`
	Version  int                `json:"version"`
	SavedAt  time.Time          `json:"saved_at,omitzero"`
}

// MailTemplate names the form of an output's mails.
type MailTemplate string

// The forms (§9.2).
const (
	Standard  MailTemplate = "standard"
	Technical MailTemplate = "technical"
	Admin     MailTemplate = "admin"
	Custom    MailTemplate = "custom"
)

// Audio says how a recording goes with a mail.
type Audio string

// The ways.
const (
	NoAudio    Audio = "none"
	AudioLink  Audio = "link"
	Attachment Audio = "attachment"
)

// Mail is an output's e-mail side.
type Mail struct {
	To         []string     `json:"email_recipients,omitempty"`
	Muted      []string     `json:"muted_recipients,omitempty"`
	Returned   []Returned   `json:"returned_recipients,omitempty"` // muted by us, until a person saves the output again
	Fallback   []string     `json:"fallback_emails,omitempty"`
	Template   MailTemplate `json:"template,omitempty"`
	Subject    string       `json:"subject_template,omitempty"` // of Custom
	Body       string       `json:"body_template,omitempty"`
	Summary    bool         `json:"include_summary"`
	Transcript bool         `json:"include_transcript"`
	AdminLink  bool         `json:"show_admin_link,omitempty"`
	Audio      Audio        `json:"audio_option,omitempty"`
}

// Returned is an address from which a mail came back for good, or whose reader complained.
type Returned struct {
	Address string          `json:"address"`
	Reason  delivery.Reason `json:"reason"` // bounced, complained
	At      time.Time       `json:"at"`
}

// Silent are the addresses that get nothing: those a person muted, and those that mails came back from.
func (m Mail) Silent() []string {
	out := slices.Clone(m.Muted)
	for _, x := range m.Returned {
		out = append(out, x.Address)
	}
	return out
}

// Hook is an output's webhook side. Secrets are references (ssm:/…, secretsmanager:…).
type Hook struct {
	URL         string                       `json:"url,omitempty"`
	SigningRef  string                       `json:"signing_secret_ref,omitempty"` // until it is rotated
	Headers     []webhook.Header             `json:"headers,omitempty"`
	Preset      string                       `json:"preset,omitempty"`           // slug; empty: generic
	Own         *preset.Preset               `json:"own_preset,omitempty"`       // of the company, as it was when this version was saved; nil: the system's
	Payload     string                       `json:"payload_template,omitempty"` // instead of the preset's
	Transcript  bool                         `json:"include_transcript,omitempty"`
	Recording   bool                         `json:"include_audio,omitempty"`
	Auth        Auth                         `json:"auth,omitzero"`
	Semantic    bool                         `json:"semantic_check"`
	Legacy      bool                         `json:"legacy_signature,omitempty"`
	ContactType string                       `json:"contact_type_override,omitempty"`
	Vars        map[string]string            `json:"variables,omitempty"`
	Maps        map[string]map[string]string `json:"value_maps,omitempty"`
}

// Auth are a receiver's credentials by reference.
type Auth struct {
	Type        webhook.AuthType `json:"type,omitempty"`
	User        string           `json:"user,omitempty"`
	PasswordRef string           `json:"password_ref,omitempty"`
	TokenRef    string           `json:"token_ref,omitempty"`
	Header      string           `json:"header,omitempty"`
}

// Mails tells whether an output writes mails, Hooks whether it calls a webhook.
func (o Output) Mails() bool { return o.Type != Webhook }

// Hooks tells whether an output calls a webhook, as far as it is not switched off.
func (o Output) Hooks() bool { return o.Type != Email && o.Disabled == "" }

// Endpoint is a company's subscription to events (§10.2).
type Endpoint struct {
	ID          string             `json:"id"`
	Slug        string             `json:"slug"`
	URL         string             `json:"url"`
	Description string             `json:"description,omitempty"`
	Events      []string           `json:"event_types"` // case.created.v1, or case.*
	BranchID    string             `json:"branch_id,omitempty"`
	Full        bool               `json:"full_payload,omitempty"`
	SigningRef  string             `json:"signing_secret_ref,omitempty"`
	Active      bool               `json:"is_active"`
	Disabled    delivery.Disabling `json:"disabled_reason,omitempty"`
	PerSecond   int                `json:"rate_limit,omitempty"` // 0: 10
	CreatedBy   string             `json:"created_by,omitempty"`
}

// Equal tells whether two saves of an output say the same; who saved when does not count.
func (o Output) Equal(other Output) bool {
	other.Version, other.SavedAt = o.Version, o.SavedAt
	return reflect.DeepEqual(o, other)
}
