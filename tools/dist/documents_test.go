package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/effnet/effnet/internal/cli"
)

var testDate = time.Date(2024, 2, 29, 12, 30, 31, 0, time.UTC)

func testRelease() release { return release{root: "../..", version: "v1.2.3-test", date: testDate} }

func documents(t *testing.T) map[string]string {
	t.Helper()
	list, err := testRelease().documents()
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, f := range list {
		if texts[f.name] = string(f.data); len(f.data) == 0 || f.executable {
			t.Errorf("%s: %d bytes, executable %v", f.name, len(f.data), f.executable)
		}
	}
	if len(texts) != len(list) {
		t.Errorf("%d files of %d names", len(list), len(texts))
	}
	return texts
}

func TestDocumentsDependOnNothingElse(t *testing.T) {
	want := documents(t)
	t.Setenv("HOME", "/elsewhere")
	t.Setenv("EFFNET_MODEL", "b0")
	t.Setenv("EFFNET_CPU", "generic")
	t.Setenv("SOURCE_DATE_EPOCH", "1")
	t.Setenv("TZ", "Asia/Tokyo")
	if diff := cmp.Diff(want, documents(t)); diff != "" {
		t.Error(diff)
	}
}

func TestDocumentsAreComplete(t *testing.T) {
	texts := documents(t)
	for name, want := range map[string]string{
		"README.md": "# effnet", "LICENSE": "Apache License", "NOTICE": "WordNet", "LICENSES.txt": "==== github.com/spf13/cobra ====",
		"completions/effnet.bash": "__start_effnet", "completions/_effnet": "#compdef effnet",
		"completions/effnet.fish": "complete -c effnet", "completions/effnet.ps1": "Register-ArgumentCompleter",
	} {
		if !strings.Contains(texts[name], want) {
			t.Errorf("%s: no %q", name, want)
		}
		delete(texts, name)
	}
	each(cli.Command(), func(c *cobra.Command) {
		name := "man/" + strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
		page := texts[name]
		delete(texts, name)
		if !strings.Contains(page, `"1" "Feb 2024" "effnet v1.2.3-test" "effnet"`) || strings.Contains(page, "Auto generated") {
			t.Errorf("%s: begins with %.200q", name, page)
		}
		if !strings.HasPrefix(c.CommandPath(), "effnet completion ") { // has code in its text
			checkSays(t, name, page, c.Long)
		}
		c.Flags().VisitAll(func(f *pflag.Flag) { checkSays(t, name, page, f.Usage) })
	})
	for name := range texts {
		t.Errorf("%s belongs to nothing", name)
	}
}

func each(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, sub := range c.Commands() {
		each(sub, f)
	}
}

var roff = regexp.MustCompile(`\\f[BIRP]|\\&|(?m)^\.[A-Z]+.*$`)

// checkSays fails where a page, without its formatting, does not have the text
// word for word.
func checkSays(t *testing.T, name, page, text string) {
	t.Helper()
	plain := roff.ReplaceAllString(page, "")
	plain = words(strings.NewReplacer(`\-`, "-", `\\`, `\`, `\e`, `\`).Replace(plain))
	if text = words(strings.ReplaceAll(text, "`", "")); !strings.Contains(plain, text) {
		t.Errorf("%s does not say %q", name, text)
	}
}

func words(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestLiteral(t *testing.T) {
	for text, want := range map[string]string{
		`photos/**/*.jpg`:          `photos/\*\*/\*.jpg`,
		"`MY_FILE` of my_file":     "`MY_FILE` of my\\_file",
		"a <b>:\n\n\tx <y>\nz & c": "a \\<b\\>:\n\n\tx <y>\nz \\& c",
	} {
		if got := literal(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
