// Package fence holds every import of the project to the tables of
// ARCHITECTURE.md. It has tests only.
package fence

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/effnet/effnet"
)

// forTests are the rooms that any test may import besides those of its own row.
var forTests = []string{"internal/testkit", "pkg/weights/safetensors"}

// testRooms may be imported by tests alone.
var testRooms = []string{"internal/testkit", "internal/fence"}

// check returns what is wrong with file (a slash path from the root of the
// project) importing the package imp; "" if nothing is.
func (h house) check(file, imp string) string {
	isTest := strings.HasSuffix(file, "_test.go")
	i := h.roomOf(path.Dir(file))
	if i < 0 {
		return "stands in no room of the table"
	}
	if own, ok := strings.CutPrefix(imp+"/", module+"/"); ok {
		return h.checkOwn(i, isTest, strings.TrimSuffix(own, "/"))
	}
	if first, _, _ := strings.Cut(imp, "/"); !strings.Contains(first, ".") {
		return "" // standard library
	}
	where, ok := h.whereModule(imp)
	switch {
	case !ok:
		return "is of a module that the table does not have"
	case slices.Contains(where, h.rooms[i].path), isTest && slices.Contains(where, testsOnly):
		return ""
	case len(where) == 1 && where[0] == testsOnly:
		return "may be imported by tests only"
	}
	return "may be imported only in " + strings.Join(where, ", ")
}

func (h house) checkOwn(i int, isTest bool, dir string) string {
	j := h.roomOf(dir)
	switch {
	case j < 0:
		return "is in no room of the table"
	case i == j, isTest && slices.Contains(forTests, h.rooms[j].path):
		return ""
	case slices.Contains(testRooms, h.rooms[j].path):
		return "may be imported by tests only"
	case j > i && slices.Contains(h.rooms[i].imports, everythingBelow):
		return ""
	case !slices.Contains(h.rooms[i].imports, h.rooms[j].path):
		return "is not among what " + h.rooms[i].path + " may import"
	}
	return ""
}

// roomOf returns the row with the longest path that holds dir, or -1.
func (h house) roomOf(dir string) int {
	best := -1
	for i, r := range h.rooms {
		if (dir == r.path || strings.HasPrefix(dir, r.path+"/")) && (best < 0 || len(r.path) > len(h.rooms[best].path)) {
			best = i
		}
	}
	return best
}

// whereModule finds the row with the longest prefix of the package imp.
func (h house) whereModule(imp string) (where []string, ok bool) {
	for p := imp; p != "."; p = path.Dir(p) {
		if where, ok = h.modules[p]; ok {
			return where, true
		}
	}
	return nil, false
}

// goFiles calls f for each Go file of the module, whatever its build tags.
func goFiles(f func(file string) error) error {
	return fs.WalkDir(os.DirFS(root), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if !d.IsDir() {
			if strings.HasSuffix(name, ".go") {
				return f(file)
			}
			return nil
		}
		if file == "." {
			return nil
		}
		_, nested := os.Stat(path.Join(root, file, "go.mod"))
		if nested == nil || name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
			return fs.SkipDir
		}
		return nil
	})
}

func TestImportsFollowTheTable(t *testing.T) {
	h, err := readHouse()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	err = goFiles(func(file string) error {
		f, err := parser.ParseFile(token.NewFileSet(), path.Join(root, file), nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		if i := h.roomOf(path.Dir(file)); i >= 0 {
			seen[h.rooms[i].path] = true
		} else {
			t.Errorf("%s: no room of ARCHITECTURE.md holds it", file)
			return nil
		}
		for _, s := range f.Imports {
			imp, err := strconv.Unquote(s.Path.Value)
			if err != nil {
				return err
			}
			if wrong := h.check(file, imp); wrong != "" {
				t.Errorf("%s: %s %s", file, imp, wrong)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range h.rooms {
		if !seen[r.path] {
			t.Errorf("ARCHITECTURE.md has the room %s, but no Go file is in it", r.path)
		}
	}
}

const sample = `
| room | what | may import |
|---|---|---|
| ` + "`cmd/x`" + ` | the program | ` + "`internal/cli`" + ` |
| ` + "`internal/cli`" + ` | commands | everything below |
| ` + "`internal/testkit`" + ` | for tests | – |
| ` + "`pkg/high`" + ` | | ` + "`pkg/low`, `pkg/low/deep`" + ` |
| ` + "`pkg/low`" + ` | | – |
| ` + "`pkg/low/deep`" + ` | | – |

| module | only in |
|---|---|
| ` + "`example.com/flags`" + ` | ` + "`internal/cli`" + ` |
| ` + "`example.com/diff`" + ` | tests |
| ` + "`example.com/blas`" + ` | ` + "`pkg/high`" + `, tests |
`

func TestFenceHolds(t *testing.T) {
	h, err := parseHouse(sample)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		file, imp string
		ok        bool
	}{
		{"pkg/high/a.go", "fmt", true},
		{"pkg/high/a.go", module + "/pkg/low", true},
		{"pkg/high/a.go", module + "/pkg/low/inner", true},
		{"pkg/high/a.go", module + "/pkg/low/deep", true},
		{"pkg/high/gen/a.go", module + "/pkg/high", true},
		{"pkg/low/a.go", module + "/pkg/high", false},
		{"pkg/low/a.go", module + "/pkg/low/deep", false},
		{"pkg/low/a_test.go", module + "/pkg/high", false},
		{"pkg/low/a_test.go", module + "/internal/testkit", true},
		{"pkg/low/a.go", module + "/internal/testkit", false},
		{"internal/cli/a.go", module + "/internal/testkit", false},
		{"internal/cli/a.go", module + "/pkg/low", true},
		{"internal/cli/a.go", module + "/cmd/x", false},
		{"internal/cli/a.go", module + "/pkg/unknown", false},
		{"cmd/x/main.go", module + "/pkg/low", false},
		{"cmd/x/main.go", module, false},
		{"pkg/new/a.go", "fmt", false},
		{"pkg/lower/a.go", "fmt", false},
		{"internal/cli/a.go", "example.com/flags/v2", true},
		{"pkg/low/a.go", "example.com/flags", false},
		{"pkg/high/a.go", "example.com/blas", true},
		{"pkg/low/a_test.go", "example.com/blas", true},
		{"pkg/low/a.go", "example.com/blas", false},
		{"pkg/high/a.go", "example.com/diff", false},
		{"pkg/low/a_test.go", "example.com/flags", false},
		{"pkg/low/a.go", "example.com/diff", false},
		{"pkg/low/a_test.go", "example.com/diff/opts", true},
		{"pkg/low/a_test.go", "example.com/blas32", false},
		{"pkg/low/a_test.go", "example.com/other", false},
	}
	for _, tt := range tests {
		if wrong := h.check(tt.file, tt.imp); (wrong == "") != tt.ok {
			t.Errorf("%s imports %s: %q, want ok %v", tt.file, tt.imp, wrong, tt.ok)
		}
	}
}

func TestTableIsRefused(t *testing.T) {
	breaks := map[string][2]string{
		"upward":         {"| `pkg/low` | | – |", "| `pkg/low` | | `pkg/high` |"},
		"of itself":      {"| `pkg/low` | | – |", "| `pkg/low` | | `pkg/low` |"},
		"unknown room":   {"`internal/cli` |\n| `example.com/diff`", "`internal/gone` |\n| `example.com/diff`"},
		"unreadable":     {"everything below", "most of what is below"},
		"no path":        {"`pkg/high`", "pkg/high"},
		"no room table":  {"| room |", "| rooms |"},
		"no mod. table":  {"| module |", "| modules |"},
		"half a list":    {"`pkg/low`, `pkg/low/deep`", "`pkg/low` and more"},
		"unknown import": {"`pkg/low`, `pkg/low/deep`", "`pkg/nowhere`"},
	}
	for name, b := range breaks {
		broken := strings.Replace(sample, b[0], b[1], 1)
		if broken == sample {
			panic(fmt.Sprintf("%s: nothing replaced", name))
		}
		if _, err := parseHouse(broken); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
