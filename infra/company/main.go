// Command company checks a company's file, compares it with Cal.com and loads it:
//
//	make company FILE=testdata/companies/demo.yaml
//
// It reaches the local stack, or the deployed one that the environment describes (see infra/operator). Loading again
// changes what changed; ids stay. It ends with the webhook URLs to enter at Retell and Cal.com.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/askpro/gateway/infra/companyfile"
	"github.com/askpro/gateway/infra/operator"
	"github.com/askpro/gateway/internal/calcom"
	"github.com/askpro/gateway/internal/lambdakit"
)

func main() {
	unchecked := flag.Bool("unchecked", false, "load without asking Cal.com")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: make company FILE=testdata/companies/demo.yaml")
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *unchecked); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(file string, unchecked bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stack, err := operator.Open()
	if err != nil {
		return err
	}
	f, err := companyfile.Read(file, stack.Stage)
	if err != nil {
		return err
	}
	c, err := f.Config()
	if err != nil {
		return fmt.Errorf("%s is not loaded:\n%w", file, err)
	}
	fmt.Printf("%s: %d branches, %d staff, %d services, %d numbers\n", c.Company.Name, len(c.Branches), len(c.Staff), len(c.Services), len(c.Numbers))
	if !unchecked {
		fmt.Println("Asking Cal.com for the key and the event types …")
		if err := companyfile.Check(ctx, c, calcom.NewClient(stack.Calcom, lambdakit.NewSecrets(stack.Env), stack.Now)); err != nil {
			return fmt.Errorf("nothing was loaded:\n%w", err)
		}
	}
	if _, err := companyfile.Install(ctx, f, stack.Directory(), stack.Store(), stack.Now()); err != nil {
		return err
	}
	retell := stack.API + "/webhooks/retell/" + c.Company.WebhookRouteID
	fmt.Printf(`Loaded (company %s). Functions see it within a minute.

Enter at Retell
  number, inbound webhook   %s/inbound
  agent, webhook            %s/events
  agent, every tool         %s/tools
Enter at Cal.com
  webhook                   %s/webhooks/calcom/%s
`, c.Company.ID, retell, retell, retell, stack.API, c.Company.WebhookRouteID)
	return nil
}
