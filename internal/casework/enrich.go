package casework

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/customer"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// When a case is enriched (§7.2).
const (
	enrichAfter = 10 * time.Second // the call's end
	enrichEvery = 30 * time.Second
	enrichTries = 5
)

// Enrich adds to a case what its call brought, and finds out whose case it is. With the transcript but not the analysis it
// waits a little; after its tries it takes what there is. It says when to try again (zero: not).
func (k *Keeper) Enrich(ctx context.Context, t tenant.ID, id string, try int) (again time.Duration, err error) {
	c, ok, err := k.Store.Case(ctx, t, id)
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, ErrUnknown // it is written before anybody hears of it: try again rather than lose it
	}
	if c.Deletion != nil || c.CallID == "" || c.Enrichment.State == desk.Skipped || c.Enrichment.State == desk.Enriched && c.Enrichment.Summary != "" {
		return 0, nil
	}
	heard, ok, err := k.Store.Call(ctx, t, c.CallID)
	if err != nil {
		return 0, err
	}
	if !ok || !heard.Over() {
		return 0, nil // the call's end will ask again
	}
	words, there, err := k.Store.Transcript(ctx, t, c.CallID)
	if err != nil {
		return 0, err
	}
	if c.Enrichment.State == desk.Enriched {
		return 0, k.summarise(ctx, t, id, heard)
	}
	last := try+1 >= enrichTries
	if complete := there && heard.Status == call.Analyzed; !complete && !last {
		return enrichEvery, nil
	}
	if !there {
		return 0, nil // the deadline ends the waiting; what comes later asks again
	}
	_, err = k.change(ctx, t, id, 0, system, "", func(x *change) error {
		if x.c.Enrichment.State == desk.Enriched {
			return errNothing
		}
		e := &x.c.Enrichment
		e.State, e.EnrichedAt = desk.Enriched, &x.now
		e.Segments, e.Characters = segments(words.Text), utf8.RuneCountInString(words.Text)
		e.Summary, e.Sentiment, e.DurationS, e.Disconnection = heard.Summary, heard.Sentiment, int((heard.DurationMS+999)/1000), heard.Disconnection
		if err := k.match(ctx, t, x, heard); err != nil {
			return err
		}
		x.tell(event.CaseEnriched{Head: k.head(t, x), CaseID: id, Segments: e.Segments, Characters: e.Characters, MatchedBy: e.Match.By, CustomerID: x.c.CustomerID})
		return nil
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return 0, err
}

// summarise adds an analysis that came after the case was enriched without it.
func (k *Keeper) summarise(ctx context.Context, t tenant.ID, id string, heard call.Call) error {
	if heard.Summary == "" {
		return nil
	}
	_, err := k.change(ctx, t, id, 0, system, "", func(x *change) error {
		x.c.Enrichment.Summary, x.c.Enrichment.Sentiment = heard.Summary, heard.Sentiment
		return nil
	})
	return err
}

// segments counts who spoke how often: a transcript is lines of "Agent: …" and "User: …".
func segments(text string) int {
	n := 0
	for line := range strings.Lines(text) {
		if who, _, ok := strings.Cut(line, ":"); ok && (who == "Agent" || who == "User") {
			n++
		}
	}
	return n
}

// TimeOut ends the waiting for what the call brings: deliveries leave as they are. What arrives later still counts.
func (k *Keeper) TimeOut(ctx context.Context, t tenant.ID, id string) error {
	_, err := k.change(ctx, t, id, 0, system, "", func(x *change) error {
		if x.c.Enrichment.State != desk.EnrichmentPending {
			return errNothing
		}
		k.timeOut(t, x)
		return nil
	})
	if errors.Is(err, errNothing) || errors.Is(err, ErrDeleted) {
		err = nil
	}
	return err
}

func (k *Keeper) timeOut(t tenant.ID, x *change) {
	x.c.Enrichment.State = desk.TimedOut
	x.tell(event.CaseEnrichmentTimedOut{Head: k.head(t, x), CaseID: x.c.ID})
}

// mostSuggestions of who the customer might be.
const mostSuggestions = 5

// match finds a case's customer within the company (§7.3): by number or address they are linked, by name only suggested.
func (k *Keeper) match(ctx context.Context, t tenant.ID, x *change, heard call.Call) error {
	m := &x.c.Enrichment.Match
	switch {
	case m.By == desk.ByHand && x.c.CustomerID == "":
		return nil
	case m.By == desk.ByHand:
		return k.name(ctx, t, x)
	case x.c.CustomerID != "":
		m.By, m.Confidence = "linked", 100
		return k.name(ctx, t, x)
	}
	number := x.c.Contact.Phone
	var card customer.Card
	if number != "" {
		known, err := k.Store.Gather(ctx, t, ledger.Ask{Card: number})
		if err != nil {
			return err
		}
		if card = known.Card; card.CustomerID != "" {
			x.c.CustomerID, m.By, m.Confidence = card.CustomerID, "phone", 100
			return k.name(ctx, t, x)
		}
	}
	if address := x.c.Contact.Email; address != "" {
		id, ok, err := k.Store.CustomerOfEmail(ctx, t, address)
		if err != nil {
			return err
		}
		if ok {
			x.c.CustomerID, m.By, m.Confidence = id, "email", 85
			return k.name(ctx, t, x)
		}
	}
	name := x.c.Contact.Name
	if name == "" {
		name = heard.SpokenName
	}
	if IsName(name) && utf8.RuneCountInString(name) >= 3 {
		ids, err := k.Store.CustomersNamed(ctx, t, company.Fold(name), mostSuggestions)
		if err != nil {
			return err
		}
		for _, id := range ids {
			m.Suggestions = append(m.Suggestions, desk.Suggestion{CustomerID: id, Name: name, Evidence: "name"})
		}
		if len(ids) > 0 {
			m.By, m.Confidence = "name", 70
			return nil // a name alone links nobody
		}
	}
	if number == "" && x.c.Contact.Email == "" {
		return nil
	}
	k.placeholder(x, card, name, number)
	return nil
}

// name replaces a linked customer's placeholder by a real name that was said.
func (k *Keeper) name(ctx context.Context, t tenant.ID, x *change) error {
	if !IsName(x.c.Contact.Name) {
		return nil
	}
	c, ok, err := k.Store.Customer(ctx, t, x.c.CustomerID)
	if err != nil || !ok || IsName(c.Name) {
		return err
	}
	c.Name, c.NameSource = x.c.Contact.Name, "case"
	x.step.Customer = &c
	return nil
}

// placeholder makes a customer of whom nothing is known but how to reach them. Its id belongs to the case, so that a second
// delivery makes the same one.
func (k *Keeper) placeholder(x *change, card customer.Card, name, number string) {
	id := ident.Derive("customer", x.c.ID, "placeholder")
	if !IsName(name) {
		name = "Unbekannt #" + id[len(id)-6:]
	}
	c := &customer.Customer{ID: id, Name: name, NameSource: "case", Phone: number, Identity: "known", Source: "case", CreatedAt: x.now}
	x.step.Customer = c
	if number != "" {
		card.Key, card.CustomerID, card.Name = number, id, name
		x.step.Card = &card
	}
	x.c.CustomerID, x.c.Enrichment.Match = id, desk.Match{By: "placeholder"}
}

// IsName tells real names from what stands for none: at least two letters, and not one of the words that systems write
// where nobody is known.
func IsName(s string) bool {
	letters := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	switch folded := strings.ToLower(strings.TrimSpace(s)); {
	case letters < 2, folded == "n/a", folded == "unbekannt", folded == "unknown", folded == "anonym":
		return false
	default:
		return !strings.HasPrefix(folded, "unbekannt #") && !strings.HasPrefix(folded, "unknown #")
	}
}
