package casework

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/inert"
	"github.com/askpro/gateway/internal/tenant"
)

// Errors of what people put right.
var (
	ErrNoNote    = errors.New("there is no such note on the case")
	ErrReference = errors.New("a reference has 1 to 100 characters, and a case at most 50 of them")
)

// EditNote gives an author's own note other words, for as long as it may be changed (§4.6). The history says that it was
// edited, not what it said: people's words are not sent around.
func (k *Keeper) EditNote(ctx context.Context, t tenant.ID, id, noteID string, author event.Actor, text string) (desk.Case, error) {
	return k.correct(ctx, t, id, noteID, author, "", "note_text", func(n *desk.Note) error { return n.Edit(author, text, k.Now()) })
}

// HideNote takes a note out of everybody's sight; its text is kept until it is erased. Who may is the caller's to know: the
// owner or an admin.
func (k *Keeper) HideNote(ctx context.Context, t tenant.ID, id, noteID string, by event.Actor, reason string) (desk.Case, error) {
	return k.correct(ctx, t, id, noteID, by, reason, "note_hidden", func(n *desk.Note) error {
		if n.HiddenAt != nil {
			return errNothing
		}
		now := k.Now().UTC()
		n.HiddenAt = &now
		return nil
	})
}

func (k *Keeper) correct(ctx context.Context, t tenant.ID, id, noteID string, by event.Actor, reason, field string, do func(*desk.Note) error) (desk.Case, error) {
	c, err := k.change(ctx, t, id, 0, by, reason, func(x *change) error {
		notes, err := k.Store.Notes(ctx, t, id)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(notes, func(n desk.Note) bool { return n.ID == noteID })
		if i < 0 {
			return ErrNoNote
		}
		before := notes[i].Text
		if err := do(&notes[i]); err != nil {
			return err
		}
		x.step.Notes = append(x.step.Notes, &notes[i])
		x.tell(event.CaseUpdated{Head: k.head(t, x), CaseID: id, Changes: []event.FieldChange{{Field: field, New: noteID}}, Reason: reason, Actor: by})
		k.mention(t, x, notes[i], before)
		return nil
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return c, err
}

// LinkCustomer says whose case it is, or with an empty id that it is nobody's of those we know (§7.3). What a person says
// stands: enrichment does not look for the customer again.
func (k *Keeper) LinkCustomer(ctx context.Context, t tenant.ID, id string, version int, by event.Actor, customerID string) (desk.Case, error) {
	return k.change(ctx, t, id, version, by, "", func(x *change) error {
		m := desk.Match{By: desk.ByHand}
		if customerID != "" {
			_, ok, err := k.Store.Customer(ctx, t, customerID)
			if err != nil {
				return err
			}
			if !ok {
				return ErrUnknown
			}
			m.Confidence = 100
		}
		x.c.CustomerID, x.c.Enrichment.Match = customerID, m
		return nil
	})
}

// RejectSuggestion takes somebody off the list of who the customer may be.
func (k *Keeper) RejectSuggestion(ctx context.Context, t tenant.ID, id string, by event.Actor, customerID string) (desk.Case, error) {
	return k.change(ctx, t, id, 0, by, "", func(x *change) error {
		m := &x.c.Enrichment.Match
		m.Suggestions = slices.DeleteFunc(slices.Clone(m.Suggestions), func(s desk.Suggestion) bool { return s.CustomerID == customerID })
		return nil
	})
}

// SetReference notes by hand what a company's tool calls the case: instead of what stands there of the same output, or
// beside the others. An empty value takes it away.
func (k *Keeper) SetReference(ctx context.Context, t tenant.ID, id string, version int, by event.Actor, r desk.Reference) (desk.Case, error) {
	r.Value, r.URL = inert.Line(r.Value), strings.TrimSpace(r.URL)
	if utf8.RuneCountInString(r.Value) > desk.MaxReference {
		return desk.Case{}, ErrReference
	}
	return k.change(ctx, t, id, version, by, "", func(x *change) error {
		list := slices.DeleteFunc(slices.Clone(x.c.References), func(y desk.Reference) bool { return y.OutputID == r.OutputID })
		if r.Value != "" {
			list = append(list, r)
		}
		if len(list) > desk.MaxReferences {
			return ErrReference
		}
		x.c.References = list
		return nil
	})
}
