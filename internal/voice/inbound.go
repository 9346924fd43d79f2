package voice

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Ringing is what a call that is about to be answered needs: the agent, and the words its prompt is filled with.
type Ringing struct {
	AgentID   string            // empty: the one bound to the number
	Variables map[string]string // all strings (§4.2)
	BranchID  string
}

// Cards reads who has a number; the table does.
type Cards interface {
	Config(ctx context.Context, t tenant.ID) (*company.Config, error)
	Gather(ctx context.Context, t tenant.ID, ask ledger.Ask) (ledger.Known, error)
}

// Ring prepares a call. It creates nothing: a call may never come to exist for it. False: the number is none of the
// company's active ones.
func Ring(ctx context.Context, cards Cards, t tenant.ID, now time.Time, caller, ourNumber string) (Ringing, bool, error) {
	config, err := cards.Config(ctx, t)
	if err != nil {
		return Ringing{}, false, err
	}
	number, ok := config.NumberOf(ourNumber)
	if !ok {
		return Ringing{}, false, nil
	}
	branch, ok := config.Branch(number.BranchID)
	if !ok || !branch.Active || !config.Company.Active {
		return Ringing{}, false, nil
	}
	var card customer.Card
	if caller != "" {
		known, err := cards.Gather(ctx, t, ledger.Ask{Card: caller})
		if err != nil {
			return Ringing{}, false, err
		}
		card = known.Card
	}
	agent := number.RetellAgentID
	if agent == "" {
		agent = branch.RetellAgentID
	}
	return Ringing{AgentID: agent, Variables: Variables(config, branch, card, caller, now), BranchID: branch.ID}, true, nil
}

// Variables are the dynamic variables of §4.2, all computed in the branch's zone.
func Variables(c *company.Config, b company.Branch, card customer.Card, caller string, now time.Time) map[string]string {
	today := b.Day(now)
	monday := today.AddDays(8 - today.Weekday()) // strictly after today
	var days []string
	for i := range 14 {
		d := today.AddDays(i)
		days = append(days, german.WeekdayAbbr(d)+" "+german.WriteDateShort(d)[:6])
	}
	first, last := splitName(card.Name)
	return map[string]string{
		"customer_phone":   caller,
		"heute_datum":      german.WriteDateShort(today),
		"current_date":     today.String(),
		"current_weekday":  german.WeekdayName(today),
		"current_time":     b.LocalMinute(now).String(),
		"current_year":     strconv.Itoa(today.Year),
		"current_month":    german.MonthName(today.Month),
		"morgen":           german.WriteDateShort(today.AddDays(1)),
		"uebermorgen":      german.WriteDateShort(today.AddDays(2)),
		"naechster_montag": german.WriteDateShort(monday),
		"kalender_14_tage": strings.Join(days, ", "),
		"firma":            c.Company.Name,
		"filiale":          b.Name,
		"heute_geoeffnet":  openToday(b, today),
		"kunde_bekannt":    strconv.FormatBool(card.CustomerID != ""),
		"kunde_vorname":    first,
		"kunde_nachname":   last,
		"begruessung":      greet(c, card.Name),
		"aufzeichnung":     strconv.FormatBool(c.Company.Recording),
	}
}

// greet is the first sentence: it says that an automated assistant speaks and, where calls are recorded, asks for consent
// (§4.3). The name is the full one, never the first name alone.
func greet(c *company.Config, name string) string {
	text, consent := say.greeting, ""
	if name != "" {
		text = say.greetingKnown
	}
	if c.Company.Recording {
		consent = " " + say.consent
	}
	return fill(text, "company", c.Company.Name, "name", name, "consent", consent)
}

func openToday(b company.Branch, today german.Date) string {
	var parts []string
	for _, r := range b.Open(today) {
		parts = append(parts, german.SpeakRange(r.From, r.To))
	}
	if len(parts) == 0 {
		return "heute geschlossen"
	}
	return "heute " + german.SpeakList(parts, "und")
}

// splitName takes the last word as the surname.
func splitName(name string) (first, last string) {
	i := strings.LastIndexByte(name, ' ')
	if i < 0 {
		return "", name
	}
	return name[:i], name[i+1:]
}
