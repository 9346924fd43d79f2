// Command hindsight says which calls of the last 90 days would be taken for something else, if a company's file were loaded
// as it is now: other keywords of categories, names and synonyms of services, another threshold or mode.
//
//	make replay-intents COMPANY=demo FILE=changed.yaml
//
// It loads nothing and writes nothing. It reads the local stack, or the deployed one that the environment describes (see
// infra/operator). What it prints is what callers said, shortened: it goes to the terminal of an administrator and nowhere
// else; progress goes to standard error and names nobody.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
	_ "time/tzdata"

	"github.com/askpro/gateway/infra/companyfile"
	"github.com/askpro/gateway/infra/operator"
	"github.com/askpro/gateway/internal/hindsight"
)

func main() {
	route := flag.String("company", "demo", "webhook route of the company")
	flag.Usage = func() { fmt.Fprintln(os.Stderr, "usage: make replay-intents COMPANY=demo FILE=changed.yaml") }
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(os.Stdout, os.Stderr, *route, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out, told io.Writer, routeID, file string) error {
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
	f, err := companyfile.Read(file, stack.Stage, companyfile.Inbox(stack.Inbox))
	if err != nil {
		return err
	}
	now := stack.Now()
	var would hindsight.Setting
	if would.Config, err = f.Config(); err == nil {
		would.Desk, err = f.ServiceDesk(now)
	}
	if err != nil {
		return fmt.Errorf("%s could not be loaded:\n%w", file, err)
	}
	if would.Config.Company.ID != t.String() {
		return errors.New(file + " is the file of another company than " + routeID)
	}
	table := stack.Store()
	var is hindsight.Setting
	if is.Config, err = table.Config(ctx, t); err != nil {
		return err
	}
	if is.Desk, err = table.Desk(ctx, t); err != nil {
		return err
	}
	sum, err := hindsight.New(is, would).Run(ctx, table, t, now, func(v hindsight.Verdict) error {
		_, err := io.WriteString(out, v.Lines())
		return err
	}, func(sum hindsight.Totals, back time.Time) error {
		_, err := fmt.Fprintf(told, "%d calls looked at, back to %s: %d would switch\n", sum.Calls, back.Format(time.DateOnly), sum.Switched)
		return err
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, sum.Lines())
	return err
}
