// Command audit prints a company's audit trail, the newest line first: who changed what of its configuration, heard a
// recording or was refused.
//
//	make audit COMPANY=demo                    the newest lines of the company of a webhook route
//	make audit COMPANY=demo SINCE=2026-11-01   those since a day, or SINCE=48h; of very many the newest
//	make audit COMPANY=demo BEFORE=120         the lines before number 120
//	make audit COMPANY=demo VERIFY=1           follows the chain to its first line instead, and says where it ends
//
// It reads the local stack, or the deployed one that the environment describes (see infra/operator). What it prints may be
// personal data: it goes to the terminal and nowhere else.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	_ "time/tzdata"
	"unicode"

	"github.com/askpro/gateway/infra/operator"
	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

// How much is printed: without SINCE a page, with it at most so many.
const (
	page = 50
	most = 1000
)

func main() {
	route := flag.String("company", "demo", "webhook route of the company")
	since := flag.String("since", "", "day as 2026-11-01, or how long ago as 48h; empty: the newest page")
	before := flag.Int64("before", 0, "number of the line before which to begin; 0: the newest")
	verify := flag.Bool("verify", false, "follow the chain instead of printing it")
	flag.Parse()
	if err := run(os.Stdout, *route, *since, *before, *verify); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer, routeID, since string, before int64, verify bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	stack, err := operator.Open()
	if err != nil {
		return err
	}
	t, err := stack.Company(ctx, routeID)
	if err != nil {
		return err
	}
	if verify {
		return follow(ctx, out, stack.Store(), t)
	}
	from, err := readSince(since, stack.Now())
	if err != nil {
		return err
	}
	return list(ctx, out, stack.Store(), t, from, before)
}

// readSince reads a day in Berlin or a time that has passed; empty: no limit.
func readSince(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	day, err := time.ParseInLocation(time.DateOnly, s, company.Berlin())
	if err != nil {
		return day, fmt.Errorf("SINCE=%s is neither a day as 2026-11-01 nor a time as 48h", s)
	}
	return day, nil
}

// list prints lines in pages, and how to go on where there are more.
func list(ctx context.Context, out io.Writer, trail audit.Trail, t tenant.ID, from time.Time, before int64) error {
	left := page
	if !from.IsZero() {
		left = most
	}
	upTo := max(before-1, 0)
	if before == 1 {
		return nil
	}
	for {
		lines, err := trail.AuditTrail(ctx, t, upTo, min(page, left))
		if err != nil {
			return err
		}
		for _, e := range lines {
			if e.At.Before(from) {
				return nil
			}
			show(out, e)
			left--
			upTo = e.Seq - 1
		}
		if len(lines) == 0 || upTo == 0 {
			return nil
		}
		if left <= 0 {
			fmt.Fprintf(out, "… %d more: BEFORE=%d\n", upTo, upTo+1)
			return nil
		}
	}
}

// show prints a line with what it says.
func show(out io.Writer, e audit.Entry) {
	what := inert(strings.TrimSpace(e.Object.Kind + " " + e.Object.Name))
	fmt.Fprintf(out, "%6d  %s  %s  %s %s\n", e.Seq, e.At.In(company.Berlin()).Format("02.01.2006 15:04:05"), who(e), e.Action, what)
	for _, c := range e.Changes {
		fmt.Fprintf(out, "        %s: %s → %s\n", inert(c.Field), value(c.Before), value(c.After))
	}
	if e.Reason != "" {
		fmt.Fprintf(out, "        %s\n", inert(e.Reason))
	}
}

func who(e audit.Entry) string {
	parts := []string{e.Actor.Kind, e.Actor.ID}
	if e.Impersonator.Kind != "" {
		parts = append(parts, "(by "+e.Impersonator.Kind, e.Impersonator.ID+")")
	}
	if e.Rule != "" {
		parts = append(parts, "rule "+e.Rule)
	}
	if e.IP != "" {
		parts = append(parts, "from "+e.IP)
	}
	return inert(strings.Join(strings.Fields(strings.Join(parts, " ")), " "))
}

func value(s string) string {
	if s == "" {
		return "–"
	}
	return inert(s)
}

// inert is a text that commands no terminal.
func inert(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, s)
}

func follow(ctx context.Context, out io.Writer, table *store.Table, t tenant.ID) error {
	head, err := audit.Verify(ctx, table, t)
	if err != nil {
		return err
	}
	told, err := table.ConfigEvents(ctx, t)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The trail holds: %d lines, it ends with %s. In the last seven days %d changes of the configuration were told.\n", head.Seq, head.Hash, len(told))
	return nil
}
