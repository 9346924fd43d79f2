// Command local runs the whole system on this machine: make run.
//
// It builds the functions that would be deployed, starts the emulator, the partners' simulators and the inbox, fills in the
// demonstration companies and waits for Ctrl-C. Ports and controls: infra/local/README.md.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/askpro/gateway/infra/local/stack"
	"github.com/askpro/gateway/infra/operator"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	ports, err := operator.PortsFrom(os.Getenv("PORT_BASE"))
	if err != nil {
		return err
	}
	s, err := stack.Start(ctx, stack.Options{Root: ".", Ports: ports, Log: os.Stdout})
	if err != nil {
		return err
	}
	fmt.Printf(`
  front door   http://127.0.0.1:%d
  partners     http://127.0.0.1:%d   Cal.com /v2, Retell /retell
  inbox        http://127.0.0.1:%d   open it in a browser; SMTP at %s
  AWS          http://127.0.0.1:%d   controls under /_local
  logs         %s

Try in another terminal:  make call
Ctrl-C stops everything.
`, ports.FrontDoor, ports.Partners, ports.Inbox, s.SMTP, ports.AWS, s.Logs())
	<-ctx.Done()
	fmt.Println("\nStopping …")
	s.Stop()
	return nil
}
