// Command company checks a company's file, compares it with Cal.com and loads it:
//
//	make company FILE=testdata/companies/demo.yaml
//
// It reaches the local stack, or the deployed one that the environment describes (see infra/operator). Loading again
// changes what changed; ids stay. It ends with the webhook URLs to enter at Retell and Cal.com.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/askpro/gateway/infra/companyfile"
	"github.com/askpro/gateway/infra/operator"
	"github.com/askpro/gateway/internal/calcom"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/lambdakit"
)

func main() {
	unchecked := flag.Bool("unchecked", false, "load without asking Cal.com")
	inbox := flag.String("inbox", "", "what {inbox} in the file stands for; the local stack knows its own")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: make company FILE=testdata/companies/demo.yaml")
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *inbox, *unchecked); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(file, inbox string, unchecked bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stack, err := operator.Open()
	if err != nil {
		return err
	}
	if inbox == "" && stack.Local {
		inbox = stack.Inbox
	}
	f, err := companyfile.Read(file, stack.Stage, companyfile.Inbox(inbox))
	if err != nil {
		return err
	}
	c, err := f.Config()
	office, deskErr := f.ServiceDesk(stack.Now())
	if deskErr != nil {
		deskErr = companyfile.Refused(ctx, f.Tenant(), stack.Store(), stack.By(), stack.Now(), deskErr)
	}
	if err := errors.Join(err, deskErr); err != nil {
		return fmt.Errorf("%s is not loaded:\n%w", file, err)
	}
	fmt.Printf("%s: %d branches, %d staff, %d services, %d numbers\n", c.Company.Name, len(c.Branches), len(c.Staff), len(c.Services), len(c.Numbers))
	if f.Desk != nil {
		fmt.Printf("Service desk, mode %s: %d categories, %d groups, %d outputs, %d endpoints\n", office.Gateway.Mode, len(office.Categories), len(office.Groups), len(office.Outputs), len(office.Endpoints))
	}
	if !unchecked && c.Company.CalcomAPIKey != "" {
		fmt.Println("Asking Cal.com for the key and the event types …")
		if err := companyfile.Check(ctx, c, calcom.NewClient(stack.Calcom, lambdakit.NewSecrets(stack.Env), stack.Now)); err != nil {
			return fmt.Errorf("nothing was loaded:\n%w", err)
		}
	}
	if _, err := companyfile.Install(ctx, f, stack.Directory(), stack.Store(), stack.By(), stack.Now()); err != nil {
		return err
	}
	if err := presets(office); err != nil {
		return err
	}
	retell := stack.API + "/webhooks/retell/" + c.Company.WebhookRouteID
	fmt.Printf(`Loaded (company %s). Functions see it within a minute.

Enter at Retell
  number, inbound webhook   %s/inbound
  agent, webhook            %s/events
  agent, every tool         %s/tools
`, c.Company.ID, retell, retell, retell)
	if c.Company.CalcomAPIKey != "" {
		fmt.Printf("Enter at Cal.com\n  webhook                   %s/webhooks/calcom/%s\n", stack.API, c.Company.WebhookRouteID)
	}
	return nil
}

// presets tells which presets of its own a company has, and what they fill.
func presets(office *desk.Configuration) error {
	all, err := office.AllPresets()
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.System {
			continue
		}
		var used []string
		for _, o := range p.UsedBy {
			used = append(used, o.Slug)
		}
		fmt.Printf("Preset %s (%s) fills %s\n", p.Slug, p.Name, cmp.Or(strings.Join(used, ", "), "no output"))
	}
	return nil
}
