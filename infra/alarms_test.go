package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/askpro/gateway/internal/lambdakit"
)

// TestEveryAlarmSaysWhatToDo compares the constants Alarm… of all packages with lambdakit.Alarms: an alarm that is raised
// is listed there, and one that is listed is raised by somebody.
func TestEveryAlarmSaysWhatToDo(t *testing.T) {
	t.Parallel()
	raised := map[string]string{} // name → package
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, name := range alarmsIn(file) {
			raised[name] = file.Name.Name
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, by := range raised {
		if lambdakit.Alarms[name] == "" {
			t.Errorf("%s raises %s: say in lambdakit.Alarms what to do about it", by, name)
		}
	}
	for name := range lambdakit.Alarms {
		if raised[name] == "" {
			t.Errorf("%s is listed, and nobody raises it", name)
		}
	}
}

// alarmsIn are the values of a file's constants Alarm….
func alarmsIn(file *ast.File) (names []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !slices.ContainsFunc(spec.Names, func(id *ast.Ident) bool { return strings.HasPrefix(id.Name, "Alarm") }) {
			return true
		}
		for _, v := range spec.Values {
			if text, ok := v.(*ast.BasicLit); ok && text.Kind == token.STRING {
				if name, err := strconv.Unquote(text.Value); err == nil {
					names = append(names, name)
				}
			}
		}
		return true
	})
	return names
}
