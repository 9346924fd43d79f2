package casework

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/tenant"
)

// Taken says that somebody took a case a moment ago.
type Taken struct{ By string }

func (e *Taken) Error() string { return "somebody has this case already" }

// ErrCategory: the company has no such active category.
var ErrCategory = errors.New("no such active category")

// Move changes a case's status for somebody (§4.3). version 0 does not ask which one they saw; of two writers at once the
// second then moves what the first left, or hears that it cannot be moved so. A resolution is kept as a note too, public
// unless internal.
func (k *Keeper) Move(ctx context.Context, t tenant.ID, id string, version int, actor event.Actor, m desk.Move, internal bool) (desk.Case, error) {
	return k.change(ctx, t, id, version, actor, m.Reason, func(x *change) error {
		open := x.c.Status.Open()
		if err := x.c.Apply(m, x.now); err != nil {
			return err
		}
		if open && !x.c.Status.Open() {
			k.note(t, x, desk.Note{ID: k.NewID(), CaseID: id, Author: actor, Public: !internal, Text: m.Note, At: x.now})
		}
		return nil
	})
}

// Take gives a case to the user who asks, unless somebody else was faster.
func (k *Keeper) Take(ctx context.Context, t tenant.ID, id string, user event.Actor) (desk.Case, error) {
	return k.change(ctx, t, id, 0, user, "", func(x *change) error {
		if x.c.AssigneeID != "" && x.c.AssigneeID != user.ID {
			return &Taken{x.c.AssigneeID}
		}
		x.c.AssigneeID = user.ID
		return nil
	})
}

// Assign gives a case to a user, a group, or nobody (empty). A group that the user is not in clears them.
func (k *Keeper) Assign(ctx context.Context, t tenant.ID, id string, version int, actor event.Actor, userID, groupID string) (desk.Case, error) {
	return k.change(ctx, t, id, version, actor, "", func(x *change) error {
		if groupID != x.c.GroupID {
			g, ok := x.desk.Group(groupID)
			if groupID != "" && (!ok || !g.Active) {
				return fmt.Errorf("group %q: %w", groupID, ErrUnknown)
			}
			g.ID = groupID
			x.c.GiveToGroup(g)
		}
		x.c.AssigneeID = userID
		return nil
	})
}

// Edit is what somebody changes about a case; nil leaves a field.
type Edit struct {
	Type            *desk.Type
	CategoryID      *string
	Impact, Urgency *desk.Level
	Override        *desk.Override // with an empty priority: taken away
	Subject, Text   *string
	Contact         *desk.Contact
	Tags            []string
	Fields          map[string]string // custom fields that change; an empty value takes one away
	Reason          string
}

// Edit changes fields of a case. The category brings its group where nobody has the case; priority follows the matrix. Custom
// fields fit the category's schema whenever one of the two changes, or nothing is changed (*desk.InvalidFields).
func (k *Keeper) Edit(ctx context.Context, t tenant.ID, id string, version int, actor event.Actor, e Edit) (desk.Case, error) {
	return k.change(ctx, t, id, version, actor, e.Reason, func(x *change) error {
		set(&x.c.Type, e.Type)
		set(&x.c.Impact, e.Impact)
		set(&x.c.Urgency, e.Urgency)
		set(&x.c.Override, e.Override)
		set(&x.c.Subject, e.Subject)
		set(&x.c.Text, e.Text)
		set(&x.c.Contact, e.Contact)
		if e.Tags != nil {
			x.c.Tags = e.Tags
		}
		if e.CategoryID != nil && *e.CategoryID != x.c.CategoryID {
			category, ok := x.desk.Categories.ByID(*e.CategoryID)
			if !ok || !category.Active {
				return ErrCategory
			}
			x.c.CategoryID = category.ID
			if group, _ := x.desk.Categories.Inherited(category.ID, func(c desk.Category) string { return c.GroupID }); group != "" && x.c.AssigneeID == "" && x.c.GroupID == "" {
				x.c.GroupID = group
			}
		}
		if e.Fields == nil && x.c.CategoryID == x.was.CategoryID {
			return nil
		}
		values := maps.Clone(x.c.Custom)
		if values == nil {
			values = map[string]string{}
		}
		maps.Copy(values, e.Fields)
		return x.c.SetFields(x.desk.Settings().SchemaOf(x.c.CategoryID), values)
	})
}

func set[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}

// Writing is what somebody writes on a case. What they attach they upload afterwards (Upload).
type Writing struct {
	Text    string
	ReplyTo string
	Public  bool
	Files   []desk.File
}

// AddNote writes on a case. The first public one of a user meets the response clock (§6.3).
func (k *Keeper) AddNote(ctx context.Context, t tenant.ID, id string, actor event.Actor, w Writing) (desk.Case, desk.Note, error) {
	n := desk.Note{ID: k.NewID(), CaseID: id, Author: actor, Public: w.Public, Text: w.Text, ReplyTo: w.ReplyTo, At: k.Now()}
	if err := errors.Join(n.Check(), n.Attach(w.Files, k.NewID)); err != nil {
		return desk.Case{}, desk.Note{}, err
	}
	c, err := k.change(ctx, t, id, 0, actor, "", func(x *change) error {
		k.note(t, x, n)
		return nil
	})
	return c, n, err
}

func (k *Keeper) note(t tenant.ID, x *change, n desk.Note) {
	x.step.Notes = append(x.step.Notes, &n)
	if n.Public && x.actor.Kind == User && x.c.SLA.Tracked() {
		x.c.SLA.Respond(x.now)
	}
	x.tell(event.CaseNoteAdded{Head: k.head(t, x), CaseID: x.c.ID, NoteID: n.ID, Public: n.Public, Actor: x.actor})
	k.mention(t, x, n, "")
}

// mention tells whom a note mentions that did not before: colleagues of who wrote it. A customer knows nobody here by a handle.
func (k *Keeper) mention(t tenant.ID, x *change, n desk.Note, before string) {
	if x.actor.Kind != User {
		return
	}
	known := append(x.desk.Mentioned(before), x.actor.ID)
	fresh := slices.DeleteFunc(x.desk.Mentioned(n.Text), func(id string) bool { return slices.Contains(known, id) })
	if len(fresh) > 0 {
		x.tell(event.CaseMentioned{Head: k.head(t, x), CaseID: x.c.ID, NoteID: n.ID, UserIDs: fresh, Actor: x.actor})
	}
}

// Reply takes in a customer's public answer: it wakes or reopens the case (§4.3), or, where it closed too long ago, tells the
// caller of this method to make a new one that follows it. What they attach they upload afterwards (Upload).
func (k *Keeper) Reply(ctx context.Context, t tenant.ID, id string, customer event.Actor, text string, files []desk.File) (c desk.Case, n desk.Note, follow bool, err error) {
	n = desk.Note{ID: k.NewID(), CaseID: id, Author: customer, Public: true, Text: text, At: k.Now()}
	if err := errors.Join(n.Check(), n.Attach(files, k.NewID)); err != nil {
		return c, desk.Note{}, false, err
	}
	c, err = k.change(ctx, t, id, 0, customer, "", func(x *change) error {
		move, late := x.c.Reply(x.now)
		if follow = late; late {
			return errNothing
		}
		if move != nil {
			x.reason = move.Reason
			if err := x.c.Apply(*move, x.now); err != nil {
				return err
			}
		}
		k.note(t, x, n)
		return nil
	})
	if errors.Is(err, errNothing) {
		n, err = desk.Note{}, nil
	}
	return c, n, follow, err
}

// Merge puts a case into another one: it closes, its clocks stop without counting, its number opens the other. A chain
// collapses: what went into a case goes where that went.
func (k *Keeper) Merge(ctx context.Context, t tenant.ID, id, intoID string, actor event.Actor) (desk.Case, error) {
	return k.pair(ctx, t, id, intoID, actor, func(x *change, other *desk.Case) error {
		if err := x.c.MergeInto(other, x.now); err != nil {
			return err
		}
		x.tell(event.CaseMerged{Head: k.head(t, x), CaseID: x.c.ID, IntoID: other.ID, Actor: actor})
		return nil
	})
}

// Unmerge takes a merge back within a day.
func (k *Keeper) Unmerge(ctx context.Context, t tenant.ID, id string, actor event.Actor) (desk.Case, error) {
	return k.change(ctx, t, id, 0, actor, "", func(x *change) error {
		into := x.c.MergedInto
		if err := x.c.Unmerge(x.now); err != nil {
			return err
		}
		x.tell(event.CaseMerged{Head: k.head(t, x), CaseID: x.c.ID, IntoID: into, Undone: true, Actor: actor})
		return nil
	})
}

// Link says that two cases of the company belong together; both show it.
func (k *Keeper) Link(ctx context.Context, t tenant.ID, id, otherID string, kind desk.LinkType, actor event.Actor) (desk.Case, error) {
	return k.pair(ctx, t, id, otherID, actor, func(x *change, other *desk.Case) error {
		if err := x.c.LinkTo(other, kind); err != nil {
			return err
		}
		x.tell(event.CaseLinked{Head: k.head(t, x), CaseID: x.c.ID, OtherID: other.ID, Type: string(kind), Actor: actor})
		return nil
	})
}

// pair changes a case together with another one, over what both were.
func (k *Keeper) pair(ctx context.Context, t tenant.ID, id, otherID string, actor event.Actor, do func(x *change, other *desk.Case) error) (desk.Case, error) {
	return k.change(ctx, t, id, 0, actor, "", func(x *change) error {
		var met []string
		for {
			other, ok, err := k.Store.Case(ctx, t, otherID)
			if err != nil {
				return err
			}
			if !ok || other.Deletion != nil {
				return ErrUnknown
			}
			if other.MergedInto != "" && !slices.Contains(met, other.MergedInto) {
				met = append(met, other.ID)
				otherID = other.MergedInto
				continue
			}
			if err := do(x, &other); err != nil {
				return err
			}
			other.UpdatedAt = x.now
			x.step.OtherCase = &other
			return nil
		}
	})
}

// Find a case by id as its number shows it: what was merged opens where it went, what was deleted is none.
func (k *Keeper) Find(ctx context.Context, t tenant.ID, id string) (desk.Case, bool, error) {
	for hops := 0; ; hops++ {
		c, ok, err := k.Store.Case(ctx, t, id)
		if err != nil || !ok || c.Deletion != nil {
			return desk.Case{}, false, err
		}
		if c.MergedInto == "" || hops == longestChain {
			return c, true, nil
		}
		id = c.MergedInto
	}
}

// longestChain of merges that is followed; merges go to the root, so that chains stay short.
const longestChain = 10
