// Command show prints a call or a case as it happened: what was asked, what was answered, what came of it, who was told.
//
//	make show CALL=call_7d2f…            the call of whichever company has it
//	make show CASE=TKT-2026-00042        the case, with notes, deliveries, activity and events
//	make show                            the newest calls and cases of the demo companies
//
// It reads the local stack, or the deployed one that the environment describes (see infra/operator). What it prints is
// personal data: it goes to the terminal and nowhere else.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/askpro/gateway/infra/operator"
	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

func main() {
	routes := flag.String("route", "demo,edv,kanzlei", "webhook routes of the companies to look in")
	number := flag.String("case", "", "number or id of a case")
	flag.Parse()
	if err := run(*routes, flag.Arg(0), *number); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(routes, callID, number string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stack, err := operator.Open()
	if err != nil {
		return err
	}
	table, directory := stack.Store(), stack.Directory()
	for _, id := range strings.Split(routes, ",") {
		route, err := directory.Route(ctx, id)
		if errors.Is(err, company.ErrUnknown) {
			continue
		}
		if err != nil {
			return err
		}
		if number != "" {
			found, err := showCase(ctx, table, route, number, stack.Now())
			if err != nil || found {
				return err
			}
			continue
		}
		if callID == "" {
			if err := list(ctx, table, route); err != nil {
				return err
			}
			continue
		}
		found, err := show(ctx, table, route, callID)
		if err != nil || found {
			return err
		}
	}
	if number != "" {
		return fmt.Errorf("no company of the routes %s has a case %s", routes, number)
	}
	if callID != "" {
		return fmt.Errorf("no company of the routes %s has a call %s", routes, callID)
	}
	return nil
}

func list(ctx context.Context, table *store.Table, route company.Route) error {
	ids, err := table.CallIDs(ctx, route.Company, 10)
	if err != nil {
		return err
	}
	fmt.Printf("%s: the newest %d calls\n", route.Slug, len(ids))
	for _, id := range ids {
		c, _, err := table.Call(ctx, route.Company, id)
		if err != nil {
			return err
		}
		fmt.Printf("  %s  %s  %-10s %s\n", c.CreatedAt.Format(time.RFC3339), id, c.Status, c.Outcome)
	}
	if err := listCases(ctx, table, route, "newest", "cases", table.CaseIDs); err != nil {
		return err
	}
	return listCases(ctx, table, route, "last", "deleted cases", table.DeletedCaseIDs)
}

// listCases prints those that a list has; nothing when it is empty.
func listCases(ctx context.Context, table *store.Table, route company.Route, which, what string, list func(context.Context, tenant.ID, int) ([]string, error)) error {
	ids, err := list(ctx, route.Company, 10)
	if err != nil || len(ids) == 0 {
		return err
	}
	fmt.Printf("%s: the %s %d %s\n", route.Slug, which, len(ids), what)
	for _, id := range ids {
		c, _, err := table.Case(ctx, route.Company, id)
		if err != nil {
			return err
		}
		fmt.Printf("  %s  %s  %-10s %-8s %q\n", c.CreatedAt.Format(time.RFC3339), c.Number, c.Status, c.Priority, c.Subject)
	}
	return nil
}

func show(ctx context.Context, table *store.Table, route company.Route, id string) (bool, error) {
	t := route.Company
	c, ok, err := table.Call(ctx, t, id)
	if err != nil || !ok {
		return false, err
	}
	session, err := table.Session(ctx, t, id)
	if err != nil {
		return true, err
	}
	fmt.Printf("Call %s of %s\n", id, route.Slug)
	printJSON("  ", c)
	tools, err := table.ToolCalls(ctx, t, id)
	if err != nil {
		return true, err
	}
	fmt.Printf("\nTool calls (%d)\n", len(tools))
	for _, x := range tools {
		fmt.Printf("  %2d  %s  %-26s %-18s %4d ms\n      args   %s\n      answer %s\n", x.Seq, x.At.Format("15:04:05"), x.Tool, x.Status, x.DurationMS, x.Args, x.Response)
	}
	for _, appointment := range session.Booked {
		a, ok, err := table.Appointment(ctx, t, appointment)
		if err != nil {
			return true, err
		}
		if ok {
			fmt.Println("\nAppointment")
			printJSON("  ", a)
			if err := messages(ctx, table, t, ledger.OfAppointment, a.ID); err != nil {
				return true, err
			}
		}
	}
	if err := caseOfCall(ctx, table, t, id); err != nil {
		return true, err
	}
	if err := messages(ctx, table, t, ledger.OfCall, id); err != nil {
		return true, err
	}
	for _, callback := range c.Callbacks {
		r, ok, err := table.Callback(ctx, t, callback)
		if err != nil {
			return true, err
		}
		if ok {
			fmt.Println("\nCallback")
			printJSON("  ", r)
		}
		events, err := table.CallbackEvents(ctx, t, callback)
		if err != nil {
			return true, err
		}
		printEvents(events)
		if err := messages(ctx, table, t, ledger.OfCallback, callback); err != nil {
			return true, err
		}
	}
	events, err := table.Events(ctx, t, id)
	if err != nil {
		return true, err
	}
	fmt.Printf("\nEvents (%d)\n", len(events))
	printEvents(events)
	if x, ok, err := table.Transcript(ctx, t, id); err != nil {
		return true, err
	} else if ok && x.ObjectKey != "" {
		fmt.Printf("\nTranscript: in the bucket, %s\n", x.ObjectKey)
	} else if ok {
		fmt.Printf("\nTranscript\n%s\n", x.Text)
	}
	return true, nil
}

// messages prints what was sent about something, and what became of it.
func messages(ctx context.Context, table *store.Table, t tenant.ID, kind ledger.Kind, about string) error {
	list, err := table.Deliveries(ctx, t, kind, about)
	if err != nil || len(list) == 0 {
		return err
	}
	fmt.Printf("\nMessages (%d)\n", len(list))
	for _, d := range list {
		fmt.Printf("  %s  %-18s to %-10s by %-5s %-10s attempts %d, id %s\n", d.UpdatedAt.Format(time.RFC3339), string(d.Event)+" "+d.Version, d.Recipient, d.Via, d.Status, d.Tries, d.ProviderID)
	}
	return nil
}

func printEvents(list []event.Recorded) {
	for _, e := range list {
		fmt.Printf("  %s  %-26s %s\n", e.At, e.Name, e.Detail)
	}
}

func printJSON(indent string, v any) {
	b, err := json.MarshalIndent(v, indent, "  ")
	if err != nil {
		fmt.Println(indent, err)
		return
	}
	fmt.Println(indent + string(b))
}
