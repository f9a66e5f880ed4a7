// Package action tests the files that other repositories use this one by: the
// action, whose steps run here as a runner runs them, and the pre-commit hooks.
package action

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

const root = "../.."

// action is what is read of action.yml.
type action struct {
	Name, Description string
	Branding          map[string]string
	Inputs            map[string]input
	Outputs           map[string]struct{ Description, Value string }
	Runs              struct {
		Using string
		Steps []step
	}
}

type input struct {
	Description string
	Required    bool
	Default     *string
}

type step struct {
	ID, Name, Shell, Run string
	WorkingDirectory     string `yaml:"working-directory"`
	Env                  map[string]string
}

func parse(t *testing.T, name string, into any) {
	t.Helper()
	f, err := os.Open(root + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := yaml.NewDecoder(f)
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatal(err)
	}
}

var expression = regexp.MustCompile(`\$\{\{\s*(.*?)\s*\}\}`)

func TestActionIsWellFormed(t *testing.T) {
	var a action
	parse(t, "action.yml", &a)
	if a.Name == "" || a.Description == "" || a.Runs.Using != "composite" {
		t.Errorf("got %+v", a)
	}
	used := map[string]bool{}
	for _, s := range a.Runs.Steps {
		if strings.Contains(s.Run, "${{") {
			t.Errorf("step %s: an expression in a script, which inputs could break out of", s.ID)
		}
		if s.Shell != "bash" || s.ID == "" || s.Name == "" {
			t.Errorf("step %+v", s)
		}
		for _, value := range append(slices.Collect(maps.Values(s.Env)), s.WorkingDirectory) {
			for _, m := range expression.FindAllStringSubmatch(value, -1) {
				used[m[1]] = true
			}
		}
		for name := range s.Env {
			if !strings.Contains(s.Run, "$"+name) {
				t.Errorf("step %s: $%s is not used", s.ID, name)
			}
		}
	}
	for name, in := range a.Inputs {
		if !used["inputs."+name] || in.Description == "" || in.Required == (in.Default != nil) {
			t.Errorf("input %s: used %v, %+v", name, used["inputs."+name], in)
		}
		delete(used, "inputs."+name)
	}
	want := map[string]bool{"github.action_path": true, "steps.install.outputs.binary": true}
	if diff := cmp.Diff(want, used); diff != "" {
		t.Error(diff)
	}
}

func TestHooksAreWellFormed(t *testing.T) {
	var hooks []struct {
		ID, Name, Description, Entry, Language string
		Types                                  []string `yaml:"types_or"`
		Serial                                 bool     `yaml:"require_serial"`
		Minimum                                string   `yaml:"minimum_pre_commit_version"`
	}
	parse(t, ".pre-commit-hooks.yaml", &hooks)
	if len(hooks) != 1 {
		t.Fatalf("%d hooks", len(hooks))
	}
	h := hooks[0]
	if h.ID != "effnet-check" || h.Entry != "effnet check" || h.Language != "golang" || !h.Serial || h.Name == "" || h.Description == "" {
		t.Errorf("got %+v", h)
	}
	want := []string{"jpeg", "png", "gif", "webp", "bitmap", "tiff"}
	if diff := cmp.Diff(want, h.Types); diff != "" {
		t.Error(diff)
	}
}
