package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/journal"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

// caseID finds what somebody typed: a number, with or without its prefix, or an id.
func caseID(ctx context.Context, table *store.Table, route company.Route, typed string, now time.Time) (id string, ok bool, err error) {
	if ident.Valid(typed) {
		return typed, true, nil
	}
	settings, err := table.Desk(ctx, route.Company)
	if err != nil {
		return "", false, err
	}
	n, ok := desk.ReadNumber(typed, settings.Gateway.Prefix, desk.YearOf(now, company.Berlin()))
	if !ok {
		return "", false, nil
	}
	return table.CaseNumbered(ctx, route.Company, n.Year, n.Count)
}

// showCase prints a case with all that happened to it; false when the company has none of that number.
func showCase(ctx context.Context, table *store.Table, route company.Route, typed string, now time.Time) (bool, error) {
	t := route.Company
	id, ok, err := caseID(ctx, table, route, typed, now)
	if err != nil || !ok {
		return false, err
	}
	c, ok, err := table.Case(ctx, t, id)
	if err != nil || !ok {
		return false, err
	}
	fmt.Printf("Case %s of %s: %s, %s, priority %s\n", c.Number, route.Slug, c.Type.Label(), c.Status.Label(), c.Priority.Label())
	if d := c.Deletion; d != nil {
		fmt.Printf("  Deleted %s by %s (%q): nobody sees it, it can be restored until %s\n", d.At.Format(time.RFC3339), actorWords(d.By), d.Reason, d.At.Add(desk.RestoreWithin).Format(time.RFC3339))
	}
	printJSON("  ", c)
	office, err := table.Desk(ctx, t)
	if err != nil {
		return true, err
	}
	for _, f := range office.Settings().SchemaOf(c.CategoryID).Incomplete(c) {
		fmt.Printf("  The category wants %s (%s), which nobody has said yet\n", f.Label, f.Key)
	}
	notes, err := table.Notes(ctx, t, id)
	if err != nil {
		return true, err
	}
	fmt.Printf("\nNotes (%d)\n", len(notes))
	for _, n := range notes {
		fmt.Printf("  %s  %s\n", n.At.Format(time.RFC3339), noteLine(n))
		for _, a := range n.Shown(now) {
			fmt.Printf("    %s\n", attachmentLine(a))
		}
	}
	if err := deliveries(ctx, table, t, id); err != nil {
		return true, err
	}
	if err := messages(ctx, table, t, ledger.OfCase, id); err != nil {
		return true, err
	}
	lines, err := table.Activity(ctx, t, id)
	if err != nil {
		return true, err
	}
	fmt.Printf("\nActivity (%d)\n", len(lines))
	for _, a := range lines {
		fmt.Printf("  %s  %s\n", a.At.Format(time.RFC3339), activityLine(a))
	}
	events, err := table.CaseEvents(ctx, t, id)
	if err != nil {
		return true, err
	}
	fmt.Printf("\nEvents (%d)\n", len(events))
	printEvents(events)
	for _, e := range journal.Missing(events, lines) {
		fmt.Printf("  %s %s has no line in the activity yet\n", e.Name, e.ID)
	}
	return true, nil
}

// deliveries prints how a case left the house, without the destinations: lists do not show them.
func deliveries(ctx context.Context, table *store.Table, t tenant.ID, id string) error {
	list, err := table.CaseDeliveries(ctx, t, id)
	if err != nil {
		return err
	}
	fmt.Printf("\nDeliveries (%d)\n", len(list))
	for _, d := range list {
		kind := string(d.Kind)
		if d.StatusFrom != "" {
			kind = "status"
		}
		fmt.Printf("  %s  %-10s %-8s %-24s attempts %d, sequence %d, id %s %s %s\n", d.CreatedAt.Format(time.RFC3339), kind, d.Channel, d.State.Label(), d.Attempts, d.Sequence, d.ID,
			d.LastErrorClass, d.ExternalReference)
	}
	return nil
}

func noteLine(n desk.Note) string {
	kind := "internal"
	if n.Public {
		kind = "public"
	}
	if n.HiddenAt != nil {
		kind += ", hidden"
	}
	return fmt.Sprintf("%s (%s): %q", actorWords(n.Author), kind, n.Text)
}

func attachmentLine(a desk.Attachment) string {
	return strings.TrimSpace(fmt.Sprintf("%q, %d bytes, id %s: %s %s", a.Name, a.Bytes, a.ID, a.State, a.Reason))
}

func activityLine(a desk.Activity) string {
	s := fmt.Sprintf("%-24s %s", a.Action, actorWords(a.Actor))
	if a.Field != "" || a.Old != "" || a.New != "" {
		s += fmt.Sprintf("  %s: %q → %q", a.Field, a.Old, a.New)
	}
	if a.Reason != "" {
		s += fmt.Sprintf(" (%q)", a.Reason)
	}
	return s
}

func actorWords(a desk.Actor) string {
	if a.ID == "" {
		return a.Kind
	}
	return strings.Join([]string{a.Kind, a.ID}, " ")
}

// caseOfCall prints which case a call became, or what it said of one so far.
func caseOfCall(ctx context.Context, table *store.Table, t tenant.ID, callID string) error {
	c, ok, err := table.Captured(ctx, t, callID)
	if err != nil || !ok {
		return err
	}
	if c.CaseID == "" && c.Settled() {
		fmt.Printf("\nCase: none; what was said of one is kept until %s\n", c.WordsUntil.Format(time.RFC3339))
		for _, tool := range slices.Sorted(maps.Keys(c.Counts)) {
			fmt.Printf("  %s: %d, and the words are gone\n", tool, c.Counts[tool])
		}
		return nil
	}
	if c.CaseID == "" {
		fmt.Printf("\nCase: none yet, %d tool calls spoke of one since %s\n", len(c.Said), c.FirstAt.Format(time.RFC3339))
		return nil
	}
	fmt.Printf("\nCase: %s, id %s (make show CASE=%s)\n", c.Number, c.CaseID, c.Number)
	return nil
}
