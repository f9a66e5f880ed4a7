//go:build unix

package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	headings = regexp.MustCompile(`(?m)^## `)
	shell    = regexp.MustCompile("(?s)```sh\n(.*?)```\n")
	printed  = regexp.MustCompile("(?s)```text\n(.*?)```\n")
)

// TestCookbook runs each recipe in a folder of its own that has what COOKBOOK.md says.
// With -update the outputs in it are written anew.
func TestCookbook(t *testing.T) {
	const path = "../../COOKBOOK.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sections := headings.Split(string(text), -1)
	for i, section := range sections[1:] {
		title, _, _ := strings.Cut(section, "\n")
		script := shell.FindStringSubmatch(section)
		if script == nil {
			t.Errorf("%q has no block of sh", title)
			continue
		}
		want := ""
		if m := printed.FindStringSubmatch(section); m != nil {
			want = m[1]
		}
		t.Run(title, func(t *testing.T) {
			got := cook(t, script[1])
			if *update {
				sections[i+1] = withOutput(section, got)
			} else if d := cmp.Diff(want, got); d != "" {
				t.Errorf("output (-want +got):\n%s", d)
			}
		})
	}
	if *update {
		if err := os.WriteFile(path, []byte(strings.Join(sections, "## ")), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// withOutput puts what a recipe printed behind its script.
func withOutput(section, got string) string {
	section = strings.Replace(section, printed.FindString(section), "", 1)
	script := strings.TrimRight(shell.FindString(section), "\n")
	section = strings.TrimRight(section, "\n")
	if got != "" {
		section = strings.Replace(section, script, script+"\n\n```text\n"+got+"```", 1)
	}
	return strings.ReplaceAll(section, "\n\n\n", "\n\n") + "\n\n"
}

// cook runs a script and gives its standard output.
func cook(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "photos"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{
		"cat.jpg": "cat.jpg", "coffee.jpg": "coffee.jpg", "rocket.jpg": "rocket.jpg", "broken.jpg": "broken/truncated.jpg",
	} {
		data, err := os.ReadFile(filepath.Join("../../testdata", from))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "photos", name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("sh", "-eu", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "EFFNET_MODEL=", "GITHUB_ACTIONS=")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("%v\n%s", err, stderr.String())
	}
	return stdout.String()
}
