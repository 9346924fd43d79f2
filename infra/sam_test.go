package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/askpro/gateway/infra/build"
)

// TestSAMBuildsTheSameBinaries runs `make sam`, which validates, lints and
// builds the template: what SAM ships is, byte for byte, what the local stack
// runs and the CDK app deploys.
func TestSAMBuildsTheSameBinaries(t *testing.T) {
	t.Parallel()
	if os.Getenv("ASKPRO_STACK_TESTS") != "1" {
		t.Skip("run by `make test`")
	}
	version := build.Version(t.Context(), root)
	run(t, []string{"VERSION=" + version, "MAKEFLAGS=", "ARCH=" + string(build.ARM64)}, "make", "-C", root, "sam")
	binaries, err := build.Functions(t.Context(), root, build.ARM64)
	if err != nil {
		t.Fatal(err)
	}
	functions, err := functionsIn(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for id, folder := range functions {
		sams, err := os.ReadFile(filepath.Join(root, ".aws-sam", "build", id, "bootstrap"))
		if err != nil {
			t.Error(err)
			continue
		}
		ours, err := os.ReadFile(binaries[folder])
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Equal(sams, ours) {
			t.Errorf("functions/%s: SAM built another binary than infra/build; compare `go version -m` of both", folder)
		}
	}
}
