//go:build !windows

package action

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// runner runs the steps of the action as a machine of the service does.
type runner struct {
	t       *testing.T
	dir     string // workspace of the job
	temp    string
	env     map[string]string
	inputs  map[string]string
	outputs map[string]string // steps.STEP.outputs.NAME
	log     strings.Builder
}

func newRunner(t *testing.T, inputs map[string]string) *runner {
	t.Helper()
	r := &runner{t: t, dir: t.TempDir(), temp: t.TempDir(), inputs: inputs, outputs: map[string]string{}}
	r.env = map[string]string{
		"RUNNER_OS": "Linux", "RUNNER_ARCH": "X64", "RUNNER_TEMP": r.temp, "GITHUB_PATH": filepath.Join(r.temp, "path"),
	}
	return r
}

// run runs all steps until one fails; code is the exit code of the last.
func (r *runner) run() (code int) {
	r.t.Helper()
	var a action
	parse(r.t, "action.yml", &a)
	for name := range r.inputs {
		if _, ok := a.Inputs[name]; !ok {
			r.t.Fatalf("no input %q", name)
		}
	}
	for name, in := range a.Inputs {
		if _, ok := r.inputs[name]; !ok && in.Default != nil {
			r.inputs[name] = *in.Default
		}
	}
	for _, s := range a.Runs.Steps {
		if code = r.step(s); code != 0 {
			break
		}
	}
	for name, o := range a.Outputs {
		r.outputs[name] = r.expand(o.Value)
	}
	return code
}

func (r *runner) step(s step) int {
	r.t.Helper()
	script, output := filepath.Join(r.temp, s.ID+".sh"), filepath.Join(r.temp, s.ID+".out")
	if err := os.WriteFile(script, []byte(s.Run), 0o600); err != nil {
		r.t.Fatal(err)
	}
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", script)
	cmd.Dir = filepath.Join(r.dir, r.expand(s.WorkingDirectory))
	env := maps.Clone(r.env)
	env["GITHUB_OUTPUT"] = output
	for name, value := range s.Env {
		env[name] = r.expand(value)
	}
	cmd.Env = os.Environ()
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	text, err := cmd.CombinedOutput()
	r.log.Write(text)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	written, err := os.ReadFile(output)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.t.Fatal(err)
	}
	for line := range strings.Lines(string(written)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		r.outputs["steps."+s.ID+".outputs."+name] = value
	}
	return cmd.ProcessState.ExitCode()
}

// expand replaces expressions; those that the action may use are few.
func (r *runner) expand(text string) string {
	return expression.ReplaceAllStringFunc(text, func(found string) string {
		name := expression.FindStringSubmatch(found)[1]
		if in, ok := strings.CutPrefix(name, "inputs."); ok {
			return r.inputs[in]
		}
		if strings.HasPrefix(name, "steps.") {
			return r.outputs[name]
		}
		if name != "github.action_path" {
			r.t.Fatalf("expression %q", name)
		}
		path, err := filepath.Abs(root)
		if err != nil {
			r.t.Fatal(err)
		}
		return path
	})
}

// arguments are those that the standIn was called with.
func (r *runner) arguments() []string {
	r.t.Helper()
	data, err := os.ReadFile(filepath.Join(r.dir, "arguments"))
	if err != nil {
		r.t.Fatalf("%v\n%s", err, &r.log)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
}

// unpacked fails where there is anything in the workspace but what is named.
func (r *runner) unpacked(names ...string) {
	r.t.Helper()
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(names, e.Name()) {
			r.t.Errorf("%s appeared", e.Name())
		}
	}
}
