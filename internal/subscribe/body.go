package subscribe

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/output"
	"github.com/askpro/gateway/internal/tenant"
)

// families are what endpoints may subscribe to (§12).
var families = []string{"case.", "delivery.", "call.", "webhook_endpoint."}

// Subscribable tells whether endpoints may hear an event. Work of our own is named alike (case.enrich) and is none.
func Subscribable(name string) bool {
	family, _, _ := strings.Cut(name, ".")
	return slices.Contains(output.Subscribable[family], name)
}

// Matches tells whether an endpoint subscribed to an event: by its name, or to its family as case.*.
func Matches(e output.Endpoint, name string) bool {
	return slices.ContainsFunc(e.Events, func(want string) bool {
		family, all := strings.CutSuffix(want, "*")
		return want == name || all && slices.Contains(families, family) && strings.HasPrefix(name, family)
	})
}

// fact is an event as far as it matters here.
type fact struct {
	Name string `json:"-"`
	event.Head
	Case     string `json:"case_id"`
	Branch   string `json:"branch_id"`
	Endpoint string `json:"endpoint_id"`
	Public   *bool  `json:"public"` // of a note
	Kind     string `json:"kind"`   // of a Delivery
	Changes  []struct {
		Field string `json:"field"`
	} `json:"changes"`
	members map[string]json.RawMessage
}

// readFact reads what came over the bus; false when no endpoint may hear it.
func readFact(t tenant.ID, name string, detail []byte) (fact, bool, error) {
	of := fact{Name: name}
	if !Subscribable(name) {
		return of, false, nil
	}
	if err := json.Unmarshal(detail, &of); err != nil {
		return of, false, fmt.Errorf("read %s: %w", name, err)
	}
	if err := json.Unmarshal(detail, &of.members); err != nil {
		return of, false, fmt.Errorf("read %s: %w", name, err)
	}
	if of.ID == "" || of.At.IsZero() || of.CompanyID != t.String() {
		return of, false, fmt.Errorf("%s carries no id, no time or another company", name)
	}
	internalNote := name == "case.note_added.v1" && (of.Public == nil || !*of.Public)
	ours := strings.HasPrefix(name, "delivery.") && (of.Kind == "event" || of.Kind == "test") // an endpoint's, or nobody's
	return of, !internalNote && !ours, nil
}

// told are the members of events that may leave the house: ids, words of ours and figures, never what somebody typed.
var told = []string{
	"case_id", "number", "category_id", "case_type", "priority", "source", "call_id", "customer_id", "branch_id", "output_config_id",
	"from", "to", "pending_reason", "old_assignee", "new_assignee", "old_group", "new_group", "note_id", "clock", "due_at", "percent",
	"rule_id", "actions", "segments", "characters", "customer_match", "expires_at", "into_id", "undone", "other_id", "link_type",
	"delivery_id", "output_id", "channel", "kind", "attempt", "error_class", "endpoint_id", "since", "still", "previous_until", "revoked",
	"duration_s", "disconnection_reason",
}

// Words of ours in some events, and a person's in others.
var toldOf = map[string][]string{"delivery.": {"reason"}, "webhook_endpoint.": {"reason"}}

// thin is what every endpoint is told: ids and the names of changed fields.
func (of fact) thin() map[string]any {
	data := map[string]any{}
	take := func(names []string) {
		for _, name := range names {
			if v, ok := of.members[name]; ok && len(v) <= 1000 {
				data[name] = v
			}
		}
	}
	take(told)
	for family, names := range toldOf {
		if strings.HasPrefix(of.Name, family) {
			take(names)
		}
	}
	if len(of.Changes) > 0 {
		fields := make([]string, len(of.Changes))
		for i, c := range of.Changes {
			fields[i] = c.Field
		}
		data["changed_fields"] = fields
	}
	return data
}

// envelope is the body of a message (§10.2).
type envelope struct {
	ID         string         `json:"id"`
	Type       string         `json:"type"`
	OccurredAt time.Time      `json:"occurred_at"`
	CompanyID  string         `json:"company_id"`
	Sequence   int            `json:"sequence"`
	Data       map[string]any `json:"data"`
}

// maxBody is what a body stays below, in bytes.
const maxBody = 20_000

// body of a message, thin, or full where there is a case to show. A text that would make it too long is cut; a case that is
// too long without it stays out.
func (of fact) body(full *desk.Case) ([]byte, error) {
	e := envelope{of.ID, of.Name, of.At.UTC(), of.CompanyID, of.Sequence, of.thin()}
	if full == nil {
		return json.Marshal(e)
	}
	shown := publicOf(*full)
	for _, letters := range []int{desk.MaxText, 4000, 1000, 0} {
		shown.Text, shown.Cut = cut(full.Text, letters)
		e.Data["case"] = shown
		b, err := json.Marshal(e)
		if err != nil || len(b) < maxBody {
			return b, err
		}
	}
	delete(e.Data, "case")
	e.Data["case_omitted"] = true
	return json.Marshal(e)
}

func cut(s string, letters int) (string, bool) {
	if utf8.RuneCountInString(s) <= letters {
		return s, false
	}
	return string([]rune(s)[:letters]), true
}

// public is a case as those outside see it: what was reported, by whom, and how it stands. What was weighed, prompted,
// recorded or matched inside is not in it.
type public struct {
	ID            string             `json:"id"`
	Number        string             `json:"number"`
	BranchID      string             `json:"branch_id,omitempty"`
	CustomerID    string             `json:"customer_id,omitempty"`
	Type          desk.Type          `json:"case_type"`
	CategoryID    string             `json:"category_id"`
	Subject       string             `json:"subject"`
	Text          string             `json:"description"`
	Cut           bool               `json:"description_cut,omitempty"`
	Tags          []string           `json:"tags,omitempty"`
	Custom        map[string]string  `json:"custom_fields,omitempty"`
	Contact       contact            `json:"contact"`
	Others        *bool              `json:"others_affected,omitempty"`
	SinceAt       *time.Time         `json:"problem_since_at,omitempty"`
	Impact        desk.Level         `json:"impact"`
	Urgency       desk.Level         `json:"urgency"`
	Priority      desk.Level         `json:"priority"`
	Status        desk.Status        `json:"status"`
	PendingReason desk.PendingReason `json:"pending_reason,omitempty"`
	PendingUntil  *time.Time         `json:"pending_until,omitempty"`
	Source        desk.Source        `json:"source"`
	References    []desk.Reference   `json:"external_references,omitempty"`
	AssigneeID    string             `json:"assignee_id,omitempty"`
	GroupID       string             `json:"group_id,omitempty"`
	MergedInto    string             `json:"merged_into,omitempty"`
	Resolution    string             `json:"resolution_note,omitempty"`
	CreatedAt     time.Time          `json:"created_at"`
	UpdatedAt     time.Time          `json:"updated_at"`
	ResolvedAt    *time.Time         `json:"resolved_at,omitempty"`
	ClosedAt      *time.Time         `json:"closed_at,omitempty"`
}

type contact struct {
	Name     string `json:"name,omitempty"`
	Company  string `json:"company,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Email    string `json:"email,omitempty"`
	Location string `json:"location,omitempty"`
}

func publicOf(c desk.Case) public {
	return public{
		ID: c.ID, Number: c.Number.String(), BranchID: c.BranchID, CustomerID: c.CustomerID, Type: c.Type, CategoryID: c.CategoryID,
		Subject: c.Subject, Tags: c.Tags, Custom: c.Custom,
		Contact: contact{c.Contact.Name, c.Contact.Company, c.Contact.Phone, c.Contact.Email, c.Contact.Location},
		Others:  c.Captured.Others, SinceAt: c.Captured.SinceAt,
		Impact: c.Impact, Urgency: c.Urgency, Priority: c.Priority, Status: c.Status, PendingReason: c.PendingReason, PendingUntil: c.PendingUntil,
		Source: c.Source, References: c.References, AssigneeID: c.AssigneeID, GroupID: c.GroupID, MergedInto: c.MergedInto, Resolution: c.Resolution,
		CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, ResolvedAt: c.ResolvedAt, ClosedAt: c.ClosedAt,
	}
}
