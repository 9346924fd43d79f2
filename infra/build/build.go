// Package build compiles the functions as they are deployed: static, without
// paths of the machine, without the RPC server of the old runtime. Its one rule:
// these flags stand here and, for SAM's Go builder, in the Makefile, and a test
// compares the binaries. It knows no template and no AWS.
package build

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Architecture is what Lambda calls it: arm64 or x86_64.
type Architecture string

// The two architectures of Lambda.
const (
	ARM64 Architecture = "arm64"
	X8664 Architecture = "x86_64"
)

// goarch says what Go calls it.
func (a Architecture) goarch() (string, error) {
	switch a {
	case ARM64:
		return "arm64", nil
	case X8664:
		return "amd64", nil
	}
	return "", fmt.Errorf("architecture %q: Lambda has arm64 and x86_64", a)
}

// Functions compiles every folder of functions/ in the repository at root and
// returns where each binary lies: root/.build/lambda/<architecture>/<function>/bootstrap,
// alone in its folder, which is what Lambda wants zipped.
func Functions(ctx context.Context, root string, arch Architecture) (map[string]string, error) {
	goarch, err := arch.goarch()
	if err != nil {
		return nil, err
	}
	root, err = filepath.Abs(root) // the go command runs there
	if err != nil {
		return nil, err
	}
	mains, err := filepath.Glob(filepath.Join(root, "functions", "*", "main.go"))
	if err != nil {
		return nil, err
	}
	if len(mains) == 0 {
		return nil, fmt.Errorf("no functions/*/main.go under %s: start from the repository's top", root)
	}
	into := filepath.Join(root, ".build", "lambda", string(arch))
	// One call builds all, so that packages are compiled once and linked side by side; it leaves alone what is up to date.
	together := filepath.Join(into, "all") + string(filepath.Separator)
	if err := os.MkdirAll(together, 0o755); err != nil {
		return nil, err
	}
	unlock, err := lock(filepath.Join(into, "lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc",
		"-ldflags", "-s -w -X github.com/askpro/gateway/internal/lambdakit.Version="+Version(ctx, root),
		"-o", together, "./functions/...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+goarch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the functions: %w\n%s", err, out)
	}
	built := make(map[string]string, len(mains))
	for _, main := range mains {
		name := filepath.Base(filepath.Dir(main))
		built[name] = filepath.Join(into, name, "bootstrap")
		if err := link(together+name, built[name]); err != nil {
			return nil, fmt.Errorf("put %s into its folder: %w", name, err)
		}
	}
	return built, nil
}

// link makes binary known as bootstrap too. What is right already stays untouched: somebody may be reading it.
func link(binary, bootstrap string) error {
	is, err := os.Stat(binary)
	if err != nil {
		return err
	}
	if was, err := os.Stat(bootstrap); err == nil && os.SameFile(is, was) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(bootstrap), 0o755); err != nil {
		return err
	}
	if err := os.Remove(bootstrap); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.Link(binary, bootstrap)
}

// lock waits until no other process builds into the same folder: the tests of
// several packages do at the same time.
func lock(path string) (unlock func() error, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		file.Close()
		return nil, fmt.Errorf("wait for the other build: %w", err)
	}
	return file.Close, nil // closing unlocks
}

// Version says what is being built, as git describes it: in every log line and
// at GET /version. VERSION in the environment wins; without git it is "unknown".
func Version(ctx context.Context, root string) string {
	if v := os.Getenv("VERSION"); v != "" {
		return v
	}
	out, err := exec.CommandContext(ctx, "git", "-C", root, "describe", "--tags", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
