// Command usage prints what a company used in a month as CSV: per branch, meter and channel.
//
//	make usage COMPANY=demo MONTH=2026-11            the company of a webhook route; without MONTH the current one
//	make usage COMPANY=demo MONTH=2026-11 RECOUNT=1  first puts every reading again from the calls and cases as they stand
//	make usage COMPANY=demo MONTH=2026-11 MODES=1    what its calls were taken for, by day
//
// It reads the local stack, or the deployed one that the environment describes (see infra/operator). It prints names of
// branches and sums, no personal data.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
	_ "time/tzdata"

	"github.com/askpro/gateway/infra/operator"
	"github.com/askpro/gateway/internal/usage"
)

func main() {
	route := flag.String("company", "demo", "webhook route of the company")
	month := flag.String("month", "", "month as 2026-11; empty: the current one")
	recount := flag.Bool("recount", false, "put every reading of the month again before")
	modes := flag.Bool("modes", false, "print what the calls of each day were taken for")
	flag.Parse()
	if err := run(os.Stdout, *route, *month, *recount, *modes); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer, routeID, when string, recount, modes bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	stack, err := operator.Open()
	if err != nil {
		return err
	}
	month := usage.MonthOf(stack.Now())
	if when != "" {
		if month, err = usage.ReadMonth(when); err != nil {
			return err
		}
	}
	t, err := stack.Company(ctx, routeID)
	if err != nil {
		return err
	}
	table := stack.Store()
	config, err := table.Config(ctx, t)
	if err != nil {
		return err
	}
	if recount {
		n, err := usage.Metering{Store: table}.Recount(ctx, t, table, month)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%d readings put again\n", n)
	}
	from, to := month.Span()
	if modes {
		list, err := table.Resolved(ctx, t, from, to, usage.Most)
		if err != nil {
			return err
		}
		return usage.WriteModes(out, config.Company.Name, usage.ByDay(list))
	}
	list, err := table.Metered(ctx, t, from, to, usage.Most)
	if err != nil {
		return err
	}
	return usage.WriteCSV(out, config.Company.Name, func(id string) string {
		if b, ok := config.Branch(id); ok {
			return b.Name
		}
		return id // of a branch that is gone; empty: of none
	}, usage.Sum(list))
}
