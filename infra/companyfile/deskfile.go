package companyfile

import "github.com/askpro/gateway/internal/desk/templates"

// Desk is the service desk of a company. Fields that may be left out although their default is not nothing are pointers.
type Desk struct {
	AgentFunctions []string                     `yaml:"agent_functions"`
	Gateway        Gateway                      `yaml:"gateway"`
	Matrix         map[string]map[string]string `yaml:"matrix"` // impact → urgency → priority
	Template       string                       `yaml:"category_template"`
	Categories     []Category                   `yaml:"categories"`
	Fields         []Field                      `yaml:"custom_fields"` // of categories that have none, nor their parents
	Groups         []Group                      `yaml:"groups"`
	SLA            SLA                          `yaml:"sla"`
	Presets        []Preset                     `yaml:"presets"`
	Outputs        []Output                     `yaml:"outputs"`
	Endpoints      []Endpoint                   `yaml:"endpoints"`
}

// Gateway says how calls are taken.
type Gateway struct {
	Enabled           bool     `yaml:"gateway_enabled"`
	Mode              string   `yaml:"gateway_mode"`
	Fallback          string   `yaml:"hybrid_fallback_mode"`
	Confidence        *float64 `yaml:"intent_confidence_threshold"`
	Enrichment        bool     `yaml:"enrichment_enabled"`
	EnrichmentSeconds *int     `yaml:"enrichment_timeout_seconds"`
	DelaySeconds      int      `yaml:"delivery_min_delay_seconds"`
	Audio             bool     `yaml:"audio_in_webhook"`
	AudioMinutes      *int     `yaml:"audio_url_ttl_minutes"`
	Type              string   `yaml:"default_case_type"`
	Priority          string   `yaml:"default_priority"`
	Alerts            *bool    `yaml:"alerts_enabled"`
	AlertEmails       []string `yaml:"alert_emails"`
	AlertSlack        string   `yaml:"alert_slack_url"`
	Prefix            string   `yaml:"case_number_prefix"`
	ConfirmToCustomer *bool    `yaml:"confirm_to_customer"`
	CloseAfterDays    *int     `yaml:"close_after_days"`
}

// Category is one of the company's own, or what it wants otherwise in one of the template's.
type Category struct {
	templates.Entry `yaml:",inline"`
	Output          string  `yaml:"output"`
	Group           string  `yaml:"group"`
	Policy          string  `yaml:"sla_policy"`
	AutoAssign      string  `yaml:"auto_assign"`
	Inactive        bool    `yaml:"inactive"`
	Sort            int     `yaml:"sort_order"`
	Fields          []Field `yaml:"custom_fields"`
}

// Field is a custom field of a category's cases.
type Field struct {
	Key       string   `yaml:"key"`
	Label     string   `yaml:"label"`
	Type      string   `yaml:"type"`
	Required  bool     `yaml:"required"`
	MaxLength int      `yaml:"max_length"`
	Choices   []string `yaml:"choices"`
}

// Group of people who work on cases. Somebody without account is known by the address.
type Group struct {
	Slug     string `yaml:"slug"`
	Name     string `yaml:"name"`
	Email    string `yaml:"email"`
	Inactive bool   `yaml:"inactive"`
	Members  []struct {
		Email    string `yaml:"email"`
		Lead     bool   `yaml:"is_lead"`
		Away     bool   `yaml:"is_away"`
		Inactive bool   `yaml:"inactive"`
		// Notifications are the ways in which they hear of their cases: email, in_app; left out: both.
		Notifications *[]string `yaml:"notifications"`
	} `yaml:"members"`
}

// SLA are the clocks of cases.
type SLA struct {
	Tracking    *bool       `yaml:"sla_tracking_enabled"`
	Escalations bool        `yaml:"escalations_enabled"`
	Calendar    Calendar    `yaml:"calendar"`
	Policies    []SLAPolicy `yaml:"policies"`
	Rules       []Rule      `yaml:"rules"`
}

// Calendar of the company, for cases of no branch or of one without hours.
type Calendar struct {
	Timezone      string              `yaml:"timezone"`
	Land          string              `yaml:"bundesland"`
	LocalHolidays []string            `yaml:"local_holidays"`
	BusinessHours map[string][]string `yaml:"business_hours"`
	HalfDays      []string            `yaml:"half_days"`
	SpecialDays   []SpecialDay        `yaml:"special_days"`
}

// SLAPolicy says how fast. Without targets it has the usual ones.
type SLAPolicy struct {
	Slug    string `yaml:"slug"`
	Name    string `yaml:"name"`
	Default bool   `yaml:"is_default"`
	Targets map[string]struct {
		Response   int    `yaml:"response_minutes"`
		Resolution int    `yaml:"resolution_minutes"`
		Clock      string `yaml:"clock"`
	} `yaml:"targets"`
	ResponseWarning   Lead     `yaml:"response_warning"`
	ResolutionWarning Lead     `yaml:"resolution_warning"`
	KeepsRunning      []string `yaml:"keeps_running"`
}

// Lead says when to warn.
type Lead struct {
	Minutes  int   `yaml:"minutes"`
	Percents []int `yaml:"percents"`
}

// Rule of escalation.
type Rule struct {
	Slug        string   `yaml:"slug"`
	Name        string   `yaml:"name"`
	Inactive    bool     `yaml:"inactive"`
	Trigger     string   `yaml:"trigger"`
	Minutes     int      `yaml:"minutes"`
	RaisedTo    string   `yaml:"raised_to"`
	Priorities  []string `yaml:"priorities"`
	Types       []string `yaml:"case_types"`
	Categories  []string `yaml:"categories"`
	Groups      []string `yaml:"groups"`
	RepeatEvery int      `yaml:"repeat_every_minutes"`
	RepeatTimes int      `yaml:"repeat_times"`
	Actions     []struct {
		Kind     string   `yaml:"kind"`
		To       []string `yaml:"to"`
		Subject  string   `yaml:"subject"`
		Group    string   `yaml:"group"`
		Priority string   `yaml:"priority"`
		URL      string   `yaml:"url"`
	} `yaml:"actions"`
}

// Preset is one of the company's own: a copy of a system preset, of which it keeps what it leaves out, or a new one.
type Preset struct {
	Slug          string  `yaml:"slug"`
	CopyOf        string  `yaml:"copy_of"`
	Name          string  `yaml:"name"`
	Description   string  `yaml:"description"`
	Target        string  `yaml:"target"`
	Group         string  `yaml:"group"`
	DocsURL       string  `yaml:"docs_url"`
	Auth          string  `yaml:"auth"`
	Format        string  `yaml:"format"`
	Setup         string  `yaml:"setup"`
	SendUpdates   *bool   `yaml:"send_updates"`
	ReferencePath *string `yaml:"reference_path"`
	Variables     []struct {
		Name     string `yaml:"name"`
		Label    string `yaml:"label"`
		Required bool   `yaml:"required"`
		Default  string `yaml:"default"`
	} `yaml:"variables"`
	Maps    map[string]map[string]string `yaml:"value_maps"`
	Headers []struct {
		Name  string `yaml:"name"`
		Value string `yaml:"value"`
	} `yaml:"headers"`
	Payload string `yaml:"payload_template"`
	Sample  string `yaml:"sample_answer"`
}

// Output is one way out for cases.
type Output struct {
	Slug        string  `yaml:"slug"`
	Name        string  `yaml:"name"`
	Type        string  `yaml:"output_type"`
	Inactive    bool    `yaml:"inactive"`
	Default     bool    `yaml:"is_default"`
	Retry       string  `yaml:"retry_profile"`
	SendUpdates *bool   `yaml:"send_updates"`
	SendStatus  bool    `yaml:"send_status_changes"`
	Wait        *bool   `yaml:"wait_for_enrichment"`
	TimeoutS    *int    `yaml:"timeout_seconds"`
	AudioMin    *int    `yaml:"audio_ttl_minutes"`
	Language    string  `yaml:"payload_language"`
	Mail        Mail    `yaml:"mail"`
	Webhook     Webhook `yaml:"webhook"`
}

// Mail is an output's e-mail side.
type Mail struct {
	To         []string `yaml:"email_recipients"`
	Muted      []string `yaml:"muted_recipients"`
	Fallback   []string `yaml:"fallback_emails"`
	Template   string   `yaml:"template"`
	Subject    string   `yaml:"subject_template"`
	Body       string   `yaml:"body_template"`
	Summary    *bool    `yaml:"include_summary"`
	Transcript *bool    `yaml:"include_transcript"`
	AdminLink  bool     `yaml:"show_admin_link"`
	Audio      string   `yaml:"audio_option"`
}

// Webhook is an output's webhook side. Secrets are references.
type Webhook struct {
	URL     string `yaml:"url"`
	Signing string `yaml:"signing_secret"`
	Headers []struct {
		Name  string `yaml:"name"`
		Value string `yaml:"value"`
	} `yaml:"headers"`
	Preset     string `yaml:"preset"`
	Payload    string `yaml:"payload_template"`
	Transcript bool   `yaml:"include_transcript"`
	Recording  *bool  `yaml:"include_audio"`
	Auth       struct {
		Type     string `yaml:"type"`
		User     string `yaml:"user"`
		Password string `yaml:"password"`
		Token    string `yaml:"token"`
		Header   string `yaml:"header"`
	} `yaml:"auth"`
	Semantic    *bool                        `yaml:"semantic_check"`
	Legacy      bool                         `yaml:"legacy_signature"`
	ContactType string                       `yaml:"contact_type_override"`
	Vars        map[string]string            `yaml:"variables"`
	Maps        map[string]map[string]string `yaml:"value_maps"`
}

// Endpoint subscribes to events.
type Endpoint struct {
	Slug        string   `yaml:"slug"`
	URL         string   `yaml:"url"`
	Description string   `yaml:"description"`
	Events      []string `yaml:"event_types"`
	Branch      string   `yaml:"branch"`
	Payload     string   `yaml:"payload"` // thin (default) or full
	Signing     string   `yaml:"signing_secret"`
	Inactive    bool     `yaml:"inactive"`
	PerSecond   int      `yaml:"rate_limit"`
}
