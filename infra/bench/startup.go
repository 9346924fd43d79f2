package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/askpro/gateway/infra/local/template"
)

const rounds = 60

// startUp starts every function and the empty one in turn, and takes the time until each asks for work.
func startUp(ctx context.Context, binaries map[string]string, out map[string]Function) error {
	empty := filepath.Join(".build", "bench-empty")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", empty, "./infra/bench/empty")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if raw, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the empty function: %w\n%s", err, raw)
	}
	all := map[string]string{"(empty)": empty}
	system, err := template.Read("template.yaml", template.Options{Stack: "askpro-bench", Endpoint: nowhere, Parameters: map[string]string{"Stage": "bench"}})
	if err != nil {
		return err
	}
	environments := map[string][]string{}
	for name, binary := range binaries {
		all[name] = binary
		f, ok := system.FunctionNamed(name)
		if !ok {
			return fmt.Errorf("%s is not in template.yaml", name)
		}
		for k, v := range f.Env {
			environments[name] = append(environments[name], k+"="+v)
		}
	}
	took := map[string][]float64{}
	for range rounds {
		for name, binary := range all { // a map's order is another one each time
			d, err := untilNext(binary, environments[name])
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			took[name] = append(took[name], ms(d))
		}
	}
	base := quantile(took["(empty)"], 0.5)
	for name, list := range took {
		info, err := os.Stat(all[name])
		if err != nil {
			return err
		}
		m := quantile(list, 0.5)
		out[name] = Function{MegaBytes: float64(info.Size()) / 1e6, InitMS: m, InitRatio: m / base}
	}
	return nil
}

// nowhere stands for AWS: a start asks nothing of it.
const nowhere = "http://127.0.0.1:9"

// untilNext starts a bootstrap with its environment of the template and waits for its first GET …/next.
func untilNext(binary string, environment []string) (time.Duration, error) {
	asked := make(chan time.Time, 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case asked <- time.Now():
		default:
		}
		<-r.Context().Done()
	})}
	go server.Serve(listener) //nolint:errcheck // it ends with Close
	defer server.Close()
	cmd := exec.Command(binary)
	cmd.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String(), "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x", "AWS_ENDPOINT_URL=" + nowhere,
	}, environment...)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() {
		_ = cmd.Process.Kill() // it waits for work for ever
		_ = cmd.Wait()
	}()
	select {
	case at := <-asked:
		return at.Sub(began), nil
	case <-time.After(10 * time.Second):
		return 0, fmt.Errorf("it did not ask for work within 10 s")
	}
}
