// Command redeliver sends again what an output sent, or could not send, in a time:
//
//	make redeliver COMPANY=demo OUTPUT=tickets FROM=2026-11-24 TO=2026-11-25             how many of those that failed would set out
//	make redeliver COMPANY=demo OUTPUT=tickets FROM='2026-11-24 09:00' APPLY=1           sends them, and shows how far it is
//	make redeliver COMPANY=demo OUTPUT=tickets FROM=2026-11-24 ALL=1 NEW=1 APPLY=1       also what arrived, as new messages
//	make redeliver COMPANY=demo CASE=TKT-2026-00042 APPLY=1                              what failed of a case
//
// Times are the company's; a day's end belongs to it. A receiver drops a message that it has, unless it is sent as new. The
// work is the stack's: it begins within a minute, and goes on when this command is stopped. It works on the local stack, or
// the deployed one that the environment describes (see infra/operator). It prints numbers, no personal data.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
	_ "time/tzdata"

	"github.com/askpro/gateway/infra/operator"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/tenant"
)

// wish is what somebody asks for, as they wrote it.
type wish struct {
	output, from, to, number string
	all, asNew, apply        bool
}

// table is what the command asks of the table, beside what sending asks.
type table interface {
	dispatch.Store
	CaseNumbered(ctx context.Context, t tenant.ID, year int, count int64) (id string, ok bool, err error)
}

func main() {
	var w wish
	route := flag.String("company", "demo", "webhook route of the company")
	flag.StringVar(&w.output, "output", "", "slug of the output")
	flag.StringVar(&w.from, "from", "", "day or time, as 2026-11-24 or '2026-11-24 09:00'")
	flag.StringVar(&w.to, "to", "", "day or time; empty: now")
	flag.StringVar(&w.number, "case", "", "number of a case, instead of an output and a time")
	flag.BoolVar(&w.all, "all", false, "also what arrived")
	flag.BoolVar(&w.asNew, "new", false, "as new messages")
	flag.BoolVar(&w.apply, "apply", false, "do it")
	flag.Parse()
	if err := open(*route, w); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func open(routeID string, w wish) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	stack, err := operator.Open()
	if err != nil {
		return err
	}
	t, err := stack.Company(ctx, routeID)
	if err != nil {
		return err
	}
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	return run(ctx, os.Stdout, stack.Store(), t, stack.Now, w, func() { <-tick.C })
}

// run counts, and where it is wished starts the work and shows how far it is; wait lets some time pass.
func run(ctx context.Context, out io.Writer, store table, t tenant.ID, now func() time.Time, w wish, wait func()) error {
	r, what, err := order(ctx, store, t, now(), w)
	if err != nil {
		return err
	}
	d := &dispatch.Dispatcher{Store: store, Now: now, NewID: ident.Maker(now)}
	count, more, err := d.CountRedelivery(ctx, t, r)
	if err != nil {
		return err
	}
	number := fmt.Sprint(count)
	if more {
		number = "more than " + number
	}
	fmt.Fprintf(out, "%s: %s would be sent again\n", what, number)
	switch {
	case count == 0 && !more:
		return nil
	case !w.apply:
		fmt.Fprintln(out, "Nothing was sent. APPLY=1 sends them.")
		return nil
	}
	if r, err = d.StartRedelivery(ctx, t, r); err != nil {
		return refused(w, err)
	}
	fmt.Fprintf(out, "redelivery %s begins within a minute\n", r.ID)
	for shown := -1; ; wait() {
		if ctx.Err() != nil {
			return fmt.Errorf("redelivery %s goes on without us: %w", r.ID, ctx.Err())
		}
		if r, _, err = store.Redelivery(ctx, t, r.ID); err != nil {
			return err
		}
		if r.Sent+r.Left != shown {
			shown = r.Sent + r.Left
			fmt.Fprintf(out, "  %d set out\n", r.Sent)
		}
		if r.Done() {
			break
		}
	}
	fmt.Fprintf(out, "done: %d set out; what becomes of them is on their cases\n", r.Sent)
	if r.Left > 0 {
		fmt.Fprintf(out, "%d could not: their output cannot send now, or their case is gone\n", r.Left)
	}
	return nil
}

func refused(w wish, err error) error {
	switch {
	case errors.Is(err, dispatch.ErrNoOutput):
		return fmt.Errorf("output %s is switched off: load the company with it active first", w.output)
	case errors.Is(err, dispatch.ErrPeriod):
		return errors.New("FROM lies before TO, and in the past")
	}
	return err
}

// order reads a wish; what it is about is said in words.
func order(ctx context.Context, store table, t tenant.ID, now time.Time, w wish) (r dispatch.Redelivery, what string, err error) {
	r = dispatch.Redelivery{All: w.all, AsNew: w.asNew, By: desk.Actor{Kind: "system", ID: cmp.Or(os.Getenv("USER"), "operator")}}
	conf, err := store.Desk(ctx, t)
	if err != nil {
		return r, "", err
	}
	if w.number != "" {
		n, ok := desk.ReadNumber(w.number, conf.Gateway.Prefix, desk.YearOf(now, company.Berlin()))
		if !ok {
			return r, "", fmt.Errorf("%s is no number of a case: CASE=TKT-2026-00042", w.number)
		}
		if r.CaseID, ok, err = store.CaseNumbered(ctx, t, n.Year, n.Count); err == nil && !ok {
			err = fmt.Errorf("there is no case %s", w.number)
		}
		return r, "case " + w.number, err
	}
	if w.output == "" || w.from == "" {
		return r, "", errors.New("OUTPUT and FROM are missing, or CASE: make redeliver COMPANY=demo OUTPUT=tickets FROM=2026-11-24")
	}
	config, err := store.Config(ctx, t)
	if err != nil {
		return r, "", err
	}
	for _, o := range conf.Outputs {
		if o.Slug == w.output {
			r.OutputID = o.ID
		}
	}
	if r.OutputID == "" {
		return r, "", fmt.Errorf("the company has no output %q", w.output)
	}
	zone, err := time.LoadLocation(config.Company.Timezone)
	if err != nil || config.Company.Timezone == "" {
		zone = company.Berlin()
	}
	if r.From, err = read(w.from, zone, false); err != nil {
		return r, "", err
	}
	if r.To = now; w.to != "" {
		if r.To, err = read(w.to, zone, true); err != nil {
			return r, "", err
		}
	}
	const shown = "02.01.2006 15:04"
	return r, fmt.Sprintf("output %s, %s to %s", w.output, r.From.In(zone).Format(shown), r.To.In(zone).Format(shown)), nil
}

// read reads a time as people write one; a day is its beginning, or where it ends something the next one's.
func read(s string, zone *time.Location, end bool) (time.Time, error) {
	if at, err := time.ParseInLocation("2006-01-02 15:04", s, zone); err == nil {
		return at, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, s, zone)
	if err != nil {
		return at, fmt.Errorf("%q is neither a day (2026-11-24) nor a time (2026-11-24 09:00)", s)
	}
	if end {
		at = at.AddDate(0, 0, 1)
	}
	return at, nil
}
