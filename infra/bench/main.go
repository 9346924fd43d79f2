// Command bench measures what callers wait for: make bench.
//
// Start-up is the time from a process's start to its first question for work, as a ratio to an empty function built with
// the same flags, in 60 interleaved rounds. Warm answers are those of the running local stack, plain and with 5 ms added to
// every AWS call. Calls and capacity units are counted at the AWS endpoint. It prints tables and writes .build/bench.json.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/askpro/gateway/infra/build"
	"github.com/askpro/gateway/infra/local/stack"
	"github.com/askpro/gateway/infra/operator"
)

// Report is what is written.
type Report struct {
	Version   string
	Functions map[string]Function
	Tools     map[string]Tool
	Flows     []Flow
}

// Function is one function's start-up.
type Function struct {
	MegaBytes     float64 `json:"binary_mb"`
	InitMS        float64 `json:"init_ms_median"`
	InitRatio     float64 `json:"init_ratio_to_empty"`
	FirstAnswerMS float64 `json:"first_answer_ms_median"`
}

// Tool is one voice tool's warm answers.
type Tool struct {
	P50     float64 `json:"p50_ms"`
	P95     float64 `json:"p95_ms"`
	SlowP50 float64 `json:"p50_ms_with_5ms_per_aws_call"`
	SlowP95 float64 `json:"p95_ms_with_5ms_per_aws_call"`
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	architecture := map[string]build.Architecture{"amd64": build.X8664, "arm64": build.ARM64}[runtime.GOARCH]
	binaries, err := build.Functions(ctx, ".", architecture)
	if err != nil {
		return err
	}
	report := Report{Version: build.Version(ctx, "."), Functions: map[string]Function{}, Tools: map[string]Tool{}}
	fmt.Println("Start-up, 60 interleaved rounds …")
	if err := startUp(ctx, binaries, report.Functions); err != nil {
		return err
	}
	ports, err := operator.PortsFrom("27400")
	if err != nil {
		return err
	}
	s, err := stack.Start(ctx, stack.Options{Root: ".", Ports: ports, Log: os.Stdout})
	if err != nil {
		return err
	}
	defer s.Stop()
	fmt.Println("First answers …")
	if err := firstAnswers(ctx, s, report.Functions); err != nil {
		return err
	}
	fmt.Println("Warm answers …")
	c := newCaller(ports)
	if err := c.tools(report.Tools); err != nil {
		return err
	}
	fmt.Println("Calls and units …")
	if report.Flows, err = c.flows(); err != nil {
		return err
	}
	report.print()
	raw, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(".build", "bench.json"), append(raw, '\n'), 0o644)
}

// firstAnswers starts each function anew and asks it with its sample event.
func firstAnswers(ctx context.Context, s *stack.Stack, out map[string]Function) error {
	for _, name := range slices.Sorted(maps.Keys(out)) {
		event, err := os.ReadFile(filepath.Join("events", name+".json"))
		if err != nil {
			continue // the empty one
		}
		var took []float64
		for range 10 {
			s.Host.Restart()
			began := time.Now()
			_, _ = s.Host.Invoke(ctx, name, event) // a sample of another company may be refused; the answer's time counts
			took = append(took, ms(time.Since(began)))
		}
		f := out[name]
		f.FirstAnswerMS = quantile(took, 0.5)
		out[name] = f
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func quantile(list []float64, q float64) float64 {
	if len(list) == 0 {
		return 0
	}
	list = slices.Sorted(slices.Values(list))
	return list[min(len(list)-1, int(q*float64(len(list))))]
}

func (r Report) print() {
	fmt.Printf("\n%-22s %8s %10s %8s %16s\n", "function", "MB", "init ms", "× empty", "first answer ms")
	for _, name := range slices.Sorted(maps.Keys(r.Functions)) {
		f := r.Functions[name]
		fmt.Printf("%-22s %8.1f %10.2f %8.2f %16.1f\n", name, f.MegaBytes, f.InitMS, f.InitRatio, f.FirstAnswerMS)
	}
	fmt.Printf("\n%-28s %8s %8s %14s %8s\n", "tool, warm", "p50 ms", "p95 ms", "+5 ms/call p50", "p95")
	for _, name := range slices.Sorted(maps.Keys(r.Tools)) {
		t := r.Tools[name]
		fmt.Printf("%-28s %8.1f %8.1f %14.1f %8.1f\n", name, t.P50, t.P95, t.SlowP50, t.SlowP95)
	}
	for _, f := range r.Flows {
		fmt.Printf("\n%s\n", f.Name)
		for _, row := range f.Rows {
			fmt.Printf("  %-20s %-9s %-20s %3d calls %6.1f RCU %6.1f WCU\n", row.Function, row.Service, row.Operation, row.Calls, row.ReadUnits, row.WriteUnits)
		}
	}
}

var client = http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 20}}
