package build

import (
	"debug/buildinfo"
	"debug/elf"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFunctionIsBuiltAsItIsDeployed(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for file, text := range map[string]string{
		"go.mod":                      "module github.com/askpro/gateway\n\ngo 1.26\n",
		"functions/say-hello/main.go": "package main\n\nfunc main() { println(\"hello\") }\n",
	} {
		path := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for architecture, machine := range map[Architecture]elf.Machine{ARM64: elf.EM_AARCH64, X8664: elf.EM_X86_64} {
		built, err := Functions(t.Context(), root, architecture)
		if err != nil {
			t.Fatal(err)
		}
		bootstrap := filepath.Join(root, ".build", "lambda", string(architecture), "say-hello", "bootstrap")
		if len(built) != 1 || built["say-hello"] != bootstrap {
			t.Fatalf("built %v, wanted say-hello at %s", built, bootstrap)
		}
		binary, err := elf.Open(bootstrap)
		if err != nil {
			t.Fatal(err)
		}
		defer binary.Close()
		if libraries, _ := binary.ImportedLibraries(); binary.Machine != machine || len(libraries) > 0 || binary.Section(".symtab") != nil {
			t.Errorf("%s: a binary for %v with libraries %v; wanted a static, stripped one for %v", architecture, binary.Machine, libraries, machine)
		}
		info, err := buildinfo.ReadFile(bootstrap)
		if err != nil {
			t.Fatal(err)
		}
		if told := info.String(); !strings.Contains(told, "-tags=lambda.norpc") || strings.Contains(told, root) {
			t.Errorf("%s was built with\n%s", architecture, told)
		}
	}
}

func TestWhatCannotBeBuiltSaysWhy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, root   string
		architecture Architecture
		says         string
	}{
		{"another processor", ".", "riscv", "arm64 and x86_64"},
		{"not the repository's top", ".", ARM64, "repository's top"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := Functions(t.Context(), tt.root, tt.architecture); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, wanted an error with %q", err, tt.says)
			}
		})
	}
}
