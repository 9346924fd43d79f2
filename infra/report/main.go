// Command report prints what the last comparison of companies with their calendar found: what did not agree and was put
// right, what is for a person, and where event types have drifted from the services they are mapped to.
//
//	make report                          the demo companies
//	make report ROUTES=salon-route       the company of a webhook route
//
// It reads the local stack, or the deployed one that the environment describes (see infra/operator). It prints ids, no
// personal data.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/infra/operator"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/reconcile"
)

func main() {
	routes := flag.String("route", "demo,kanzlei", "webhook routes of the companies to look at")
	flag.Parse()
	if err := run(os.Stdout, strings.Split(*routes, ",")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer, routes []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stack, err := operator.Open()
	if err != nil {
		return err
	}
	table, directory := stack.Store(), stack.Directory()
	for _, id := range routes {
		route, err := directory.Route(ctx, id)
		if errors.Is(err, company.ErrUnknown) {
			fmt.Fprintf(out, "%s: no company has this webhook route\n", id)
			continue
		}
		if err != nil {
			return err
		}
		r, ok, err := table.Report(ctx, route.Company, reconcile.KindComparison)
		if err != nil {
			return err
		}
		if !ok {
			fmt.Fprintf(out, "%s: not compared yet; the first round does it\n", route.Slug)
			continue
		}
		print(out, route.Slug, r)
	}
	return nil
}

func print(out io.Writer, slug string, r reconcile.Report) {
	fmt.Fprintf(out, "%s, %s: %d bookings compared with %d requests in %s\n", slug, r.On, r.Compared, r.Requests, r.EndedAt.Sub(r.StartedAt).Round(time.Second))
	for _, did := range slices.Sorted(maps.Keys(r.Counts)) {
		fmt.Fprintf(out, "  %4d  %s\n", r.Counts[did], did)
	}
	for _, d := range r.Differences {
		fmt.Fprintf(out, "        %-10s booking %-24s appointment %s\n", d.Did, d.UID, d.AppointmentID)
	}
	if len(r.Counts) == 0 {
		fmt.Fprintln(out, "  no difference")
	}
	for _, d := range r.Drift {
		fmt.Fprintf(out, "  drift: event type %d of %s: %s", d.EventType, d.Service, d.What)
		if d.Ours != "" || d.Theirs != "" {
			fmt.Fprintf(out, ", ours %q, theirs %q", d.Ours, d.Theirs)
		}
		fmt.Fprintln(out)
	}
}
