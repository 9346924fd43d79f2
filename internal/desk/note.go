package desk

import (
	"cmp"
	"errors"
	"slices"
	"time"
	"unicode/utf8"
)

// Note on a case: internal unless it says public, with at most one level of replies (§4.6). Its text is as it was typed:
// escape at output.
type Note struct {
	ID       string     `json:"id"`
	CaseID   string     `json:"case_id"`
	ReplyTo  string     `json:"reply_to,omitempty"`
	Author   Actor      `json:"author"`
	Public   bool       `json:"public,omitempty"`
	Text     string     `json:"text"`
	HiddenAt *time.Time `json:"hidden_at,omitempty"`
	EditedAt *time.Time `json:"edited_at,omitempty"`
	At       time.Time  `json:"created_at"`
	// Attachments stay with the note whatever becomes of them; its pages show them as of now (Shown).
	Attachments []Attachment `json:"attachments,omitempty"`
	Version     int          `json:"-"`
}

// EditWithin is how long an author can change their note.
const EditWithin = 15 * time.Minute

// Errors of notes.
var (
	ErrNoteLength = errors.New("a note has 3 to 5000 characters")
	ErrNotYours   = errors.New("only its author can change a note, for 15 minutes")
)

// Check refuses a text that is too short or too long.
func (n Note) Check() error {
	if l := utf8.RuneCountInString(n.Text); l < MinNote || l > MaxNote {
		return ErrNoteLength
	}
	return nil
}

// Editable tells whether somebody can change a note.
func (n Note) Editable(by Actor, now time.Time) bool {
	return n.Author == by && now.Sub(n.At) <= EditWithin && n.HiddenAt == nil
}

// Edit changes a note's text.
func (n *Note) Edit(by Actor, text string, now time.Time) error {
	if !n.Editable(by, now) {
		return ErrNotYours
	}
	next := *n
	next.Text, next.EditedAt = text, &now
	if err := next.Check(); err != nil {
		return err
	}
	*n = next
	return nil
}

// Group of users that works on cases (§4.5).
type Group struct {
	ID      string   `json:"id"`
	Slug    string   `json:"slug"`
	Name    string   `json:"name"`
	Email   string   `json:"email,omitempty"`
	Active  bool     `json:"is_active"`
	Members []Member `json:"members,omitempty"`
}

// Member of a group.
type Member struct {
	UserID string `json:"user_id"`
	Email  string `json:"email,omitempty"`
	Lead   bool   `json:"is_lead,omitempty"`
	Active bool   `json:"is_active"`
	Away   bool   `json:"is_away,omitempty"`
	// Unwanted are the ways in which they want to hear nothing of the cases that they have.
	Unwanted []HearBy `json:"unwanted_notifications,omitempty"`
}

// HearBy is a way in which members of staff hear of their cases (§8).
type HearBy string

// The ways.
const (
	ByMail  HearBy = "email"
	InPages HearBy = "in_app"
)

// HearsBy is the one list of them.
var HearsBy = []HearBy{ByMail, InPages}

// Wants tells whether a member wants to hear in a way.
func (m Member) Wants(by HearBy) bool { return !slices.Contains(m.Unwanted, by) }

// Address is where a group is told of something: its own address, else its first active lead's, else empty.
func (g Group) Address() string {
	if g.Email != "" {
		return g.Email
	}
	for _, m := range g.Members {
		if m.Active && m.Lead && m.Email != "" {
			return m.Email
		}
	}
	return ""
}

// Load is how much a member has: the open cases, and when they were last given one.
type Load struct {
	Open int
	Last time.Time
}

// OpenCase is one of a group's open cases, and who has it.
type OpenCase struct {
	CaseID     string    `json:"case_id"`
	AssigneeID string    `json:"assignee_id,omitempty"`
	AssignedAt time.Time `json:"assigned_at,omitzero"`
}

// Listed is the entry of a case among its group's open ones; false when it stands in none.
func (c *Case) Listed() (OpenCase, bool) {
	return OpenCase{c.ID, c.AssigneeID, c.AssignedAt}, c.GroupID != "" && c.Status.Open() && !c.Gone()
}

// Loads counts a group's open cases by who has them.
func Loads(open []OpenCase) map[string]Load {
	loads := map[string]Load{}
	for _, o := range open {
		if o.AssigneeID == "" {
			continue
		}
		l := loads[o.AssigneeID]
		l.Open++
		if o.AssignedAt.After(l.Last) {
			l.Last = o.AssignedAt
		}
		loads[o.AssigneeID] = l
	}
	return loads
}

// LeastLoaded picks the active, present member with the fewest open cases; of equals the one who waited longest.
func (g Group) LeastLoaded(loads map[string]Load) (userID string, ok bool) {
	members := slices.DeleteFunc(slices.Clone(g.Members), func(m Member) bool { return !m.Active || m.Away })
	if len(members) == 0 {
		return "", false
	}
	return slices.MinFunc(members, func(a, b Member) int {
		x, y := loads[a.UserID], loads[b.UserID]
		return cmp.Or(cmp.Compare(x.Open, y.Open), x.Last.Compare(y.Last), cmp.Compare(a.UserID, b.UserID))
	}).UserID, true
}

// Workload is open cases for each active member, to two decimals; 0 without members.
func (g Group) Workload(open int) float64 {
	n := 0
	for _, m := range g.Members {
		if m.Active {
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return float64(int(float64(open)/float64(n)*100+0.5)) / 100
}

// GiveToGroup sets a case's group; whoever has it keeps it only as a member.
func (c *Case) GiveToGroup(g Group) {
	c.GroupID = g.ID
	if !slices.ContainsFunc(g.Members, func(m Member) bool { return m.UserID == c.AssigneeID }) {
		c.AssigneeID = ""
	}
}
