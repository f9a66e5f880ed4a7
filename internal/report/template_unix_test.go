//go:build unix

package report

import (
	"os/exec"
	"testing"
)

// quote makes one word of any name.
func TestTemplateQuotesForShell(t *testing.T) {
	for _, path := range []string{"it's $HOME `x` \"y\"", "a\nb", "-rf *", "caf\xe9"} {
		text := templatedText(t, `printf %s {{quote .Path}}`, Style{}, Record{Path: path, Result: none.Result})
		got, err := exec.Command("sh", "-c", text).Output()
		if err != nil || string(got) != path {
			t.Errorf("%q came back as %q, %v", path, got, err)
		}
	}
}
