// arrows prints which package of the module uses which, layer by layer, and
// fails on an arrow that points the wrong way: up, between neighbours that must
// not know each other, or from the product to AWS. The layers are in layers.go.
// Only what is compiled into programs counts; tests may look anywhere.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

const module = "github.com/askpro/gateway/"

// layer is a floor of the house.
type layer struct {
	name, sentence string
	packages       []string // folders; those below them belong to them
	apart          bool     // its packages do not use each other
	pure           bool     // uses neither AWS nor the plumbing that brings AWS along
}

// pkg is what `go list -json` tells of a package.
type pkg struct {
	ImportPath string
	Imports    []string
}

func main() {
	packages, err := list()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	draw(os.Stdout, packages)
	wrong := check(packages)
	for _, w := range wrong {
		fmt.Fprintln(os.Stderr, "wrong:", w)
	}
	if len(wrong) > 0 {
		os.Exit(1)
	}
	fmt.Printf("%d packages, no wrong arrow\n", len(packages))
}

// list asks the go command, for Linux: that is where it runs. What does not compile is for others to say (-e).
func list() ([]pkg, error) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", "./...")
	cmd.Env = append(os.Environ(), "GOOS=linux")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, &complaint)
	}
	var packages []pkg
	for in := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		switch err := in.Decode(&p); {
		case errors.Is(err, io.EOF):
			return packages, nil
		case err != nil:
			return nil, fmt.Errorf("read what go list said: %w", err)
		}
		packages = append(packages, p)
	}
}

// check returns a sentence for each wrong arrow and each homeless package.
func check(packages []pkg) []string {
	var wrong []string
	for _, p := range packages {
		from, home := place(p.ImportPath)
		if from < 0 {
			wrong = append(wrong, strings.TrimPrefix(p.ImportPath, module)+" is in no layer: enter it in infra/arrows/layers.go")
			continue
		}
		for _, used := range p.Imports {
			if layers[from].pure && strings.HasPrefix(used, "github.com/aws/") {
				wrong = append(wrong, fmt.Sprintf("%s uses %s: %s knows no AWS; declare an interface and let an edge do it",
					strings.TrimPrefix(p.ImportPath, module), used, layers[from].name))
			}
			to, usedHome := place(used)
			switch {
			case to < 0: // from another module or the standard library; a homeless one of ours is told of above
			case to < from:
				wrong = append(wrong, fmt.Sprintf("%s uses %s: %s lies above %s",
					strings.TrimPrefix(p.ImportPath, module), strings.TrimPrefix(used, module), layers[to].name, layers[from].name))
			case to == from && layers[from].apart && usedHome != home:
				wrong = append(wrong, fmt.Sprintf("%s uses %s: %s do not know each other; let them meet in a main.go",
					strings.TrimPrefix(p.ImportPath, module), strings.TrimPrefix(used, module), layers[from].name))
			}
		}
	}
	return wrong
}

// place returns the index of the package's layer and the listed folder it
// belongs to; -1 for packages that are in none.
func place(importPath string) (int, string) {
	short, ours := strings.CutPrefix(importPath, module)
	if !ours {
		return -1, ""
	}
	for i, l := range layers {
		for _, folder := range l.packages {
			if short == folder || strings.HasPrefix(short, folder+"/") {
				if folder == "functions" {
					return i, short // each function is a home of its own
				}
				return i, folder
			}
		}
	}
	return -1, ""
}

// draw prints the layers from the top, each package with what it uses of ours.
func draw(out io.Writer, packages []pkg) {
	for i, l := range layers {
		fmt.Fprintf(out, "%s: %s\n", l.name, l.sentence)
		for _, p := range packages {
			if at, _ := place(p.ImportPath); at != i {
				continue
			}
			var uses []string
			for _, used := range p.Imports {
				if short, ours := strings.CutPrefix(used, module); ours {
					uses = append(uses, strings.TrimPrefix(short, "internal/"))
				}
			}
			slices.Sort(uses)
			fmt.Fprintf(out, "  %-28s → %s\n", strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "internal/"), strings.Join(uses, " "))
		}
	}
}
