package journal

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
)

// line of a fact. Who did it is the system where the fact names nobody.
func line(h event.Head, caseID string, by event.Actor, action desk.Action) desk.Activity {
	return desk.Activity{CaseID: caseID, Actor: desk.Actor{Kind: cmp.Or(by.Kind, "system"), ID: by.ID}, Action: action, At: h.At, EventID: h.ID}
}

// longest is how many letters of a value a line keeps; the case has the rest.
const longest = 1000

func cut(s string) string {
	if r := []rune(s); len(r) > longest {
		return string(r[:longest-1]) + "…"
	}
	return s
}

func created(e event.CaseCreated) []desk.Activity {
	a := line(e.Head, e.CaseID, e.Actor, desk.DidCreate)
	a.Field, a.New, a.Reason = "number", e.Number, e.Source
	return []desk.Activity{a}
}

// actions of the fields that have one of their own; of the others, the line names the field.
var actions = map[string]desk.Action{
	"priority": desk.ChangedPriority, "impact": desk.ChangedImpact, "urgency": desk.ChangedUrgency, "category_id": desk.ChangedCategory, "case_type": desk.ChangedType,
	"external_references": desk.SetReference, "external_reference": desk.SetReference,
	"note_text": desk.EditedNote, "note_hidden": desk.HidNote,
}

// updated has a line for each change.
func updated(e event.CaseUpdated) (lines []desk.Activity) {
	if len(e.Changes) == 0 {
		e.Changes = []event.FieldChange{{}}
	}
	for _, c := range e.Changes {
		action, ok := actions[c.Field]
		if !ok {
			action = desk.DidUpdate
		}
		a := line(e.Head, e.CaseID, e.Actor, action)
		a.Field, a.Old, a.New, a.Reason = c.Field, cut(c.Old), cut(c.New), cut(e.Reason)
		lines = append(lines, a)
	}
	return lines
}

func statusChanged(e event.CaseStatusChanged) []desk.Activity {
	a := line(e.Head, e.CaseID, e.Actor, desk.ChangedStatus)
	a.Field, a.Old, a.New, a.Reason = "status", e.From, e.To, cut(cmp.Or(e.Reason, e.PendingReason))
	return []desk.Activity{a}
}

// assigned has a line for the person and one for the group, as far as they changed.
func assigned(e event.CaseAssigned) (lines []desk.Activity) {
	add := func(action desk.Action, field, old, new string) {
		a := line(e.Head, e.CaseID, e.Actor, action)
		a.Field, a.Old, a.New, a.Reason = field, old, new, cut(e.Rule)
		lines = append(lines, a)
	}
	switch {
	case e.OldAssignee != "" && e.NewAssignee == "":
		add(desk.DidUnassign, "assignee_id", e.OldAssignee, "")
	case e.OldAssignee != e.NewAssignee, e.OldGroup == e.NewGroup:
		add(desk.DidAssign, "assignee_id", e.OldAssignee, e.NewAssignee)
	}
	if e.OldGroup != e.NewGroup {
		add(desk.AssignedGroup, "group_id", e.OldGroup, e.NewGroup)
	}
	return lines
}

func noteAdded(e event.CaseNoteAdded) []desk.Activity {
	a := line(e.Head, e.CaseID, e.Actor, desk.AddedNote)
	a.Field, a.New, a.Reason = "note_id", e.NoteID, "internal"
	if e.Public {
		a.Reason = "public"
	}
	return []desk.Activity{a}
}

func mentioned(e event.CaseMentioned) []desk.Activity {
	a := line(e.Head, e.CaseID, e.Actor, desk.DidUpdate)
	a.Field, a.New, a.Reason = "mentioned", cut(strings.Join(e.UserIDs, ", ")), e.NoteID
	return []desk.Activity{a}
}

func clock(e event.CaseClock, action desk.Action) []desk.Activity {
	a := line(e.Head, e.CaseID, event.Actor{}, action)
	a.Field, a.New, a.Reason = e.Goal, instant(e.DueAt), e.Instance
	return []desk.Activity{a}
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func escalated(e event.CaseEscalated) []desk.Activity {
	a := line(e.Head, e.CaseID, e.Actor, desk.Escalated)
	a.Field, a.New, a.Reason = "actions", strings.Join(e.Actions, ", "), cut(e.Rule)
	return []desk.Activity{a}
}

func enriched(e event.CaseEnriched) []desk.Activity {
	a := line(e.Head, e.CaseID, event.Actor{}, desk.EnrichmentCompleted)
	a.Field, a.New, a.Reason = "segment_count", strconv.Itoa(e.Segments), e.MatchedBy
	return []desk.Activity{a}
}

func audioReady(e event.CaseAudioReady) []desk.Activity {
	a := line(e.Head, e.CaseID, event.Actor{}, desk.StoredRecording)
	a.Field, a.New = "expires_at", instant(e.ExpiresAt)
	return []desk.Activity{a}
}

// merged stands in the history of both cases; of one that was undone, the old value says what it was merged into.
func merged(e event.CaseMerged) []desk.Activity {
	from, into := line(e.Head, e.CaseID, e.Actor, desk.DidMerge), line(e.Head, e.IntoID, e.Actor, desk.DidMerge)
	from.Field, from.New = "merged_into", e.IntoID
	into.Field, into.New = "merged_from", e.CaseID
	if e.Undone {
		from.Old, from.New, into.Old, into.New = from.New, "", into.New, ""
	}
	return []desk.Activity{from, into}
}

func deleted(e event.CaseDeleted) []desk.Activity {
	a := line(e.Head, e.CaseID, e.Actor, desk.Deleted)
	a.Reason = cut(e.Reason)
	return []desk.Activity{a}
}

func restored(e event.CaseRestored) []desk.Activity {
	return []desk.Activity{line(e.Head, e.CaseID, e.Actor, desk.Restored)}
}

// linked stands in the history of both cases.
func linked(e event.CaseLinked) []desk.Activity {
	a, b := line(e.Head, e.CaseID, e.Actor, desk.DidLink), line(e.Head, e.OtherID, e.Actor, desk.DidLink)
	a.Field, a.New, a.Reason = "links", e.OtherID, e.Type
	b.Field, b.New, b.Reason = "links", e.CaseID, e.Type
	return []desk.Activity{a, b}
}

func customerLinked(e event.CaseCustomerLinked) []desk.Activity {
	action := desk.LinkedCustomer
	if e.CustomerID == "" {
		action = desk.UnlinkedCustomer
	}
	a := line(e.Head, e.CaseID, e.Actor, action)
	a.Field, a.New, a.Reason = "customer_id", e.CustomerID, e.By
	return []desk.Activity{a}
}

func sending(e event.DeliveryFact, action desk.Action) []desk.Activity {
	a := line(e.Head, e.CaseID, e.Actor, action)
	a.Field, a.New, a.Reason = e.Channel, e.DeliveryID, cut(cmp.Or(e.Reason, e.Class))
	return []desk.Activity{a}
}
