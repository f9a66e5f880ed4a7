package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"

	"github.com/effnet/effnet/internal/cli"
)

// manual is a page for each command.
func (r release) manual() ([]file, error) {
	folder, err := os.MkdirTemp("", "effnet-man-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	root := commandLine()
	root.DisableAutoGenTag = true
	commands := []*cobra.Command{root}
	for len(commands) > 0 {
		c := commands[0]
		commands = append(commands[1:], c.Commands()...)
		c.Short, c.Long = literal(c.Short), literal(c.Long)
		for _, flags := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags()} {
			flags.VisitAll(func(f *pflag.Flag) { f.Usage = literal(f.Usage) })
		}
	}
	header := &doc.GenManHeader{Section: "1", Date: &r.date, Source: "effnet " + r.version, Manual: "effnet"}
	if err := doc.GenManTree(root, header, folder); err != nil {
		return nil, err
	}
	pages, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var files []file
	for _, page := range pages {
		data, err := os.ReadFile(filepath.Join(folder, page.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: "man/" + page.Name(), data: data})
	}
	return files, nil
}

// commandLine is the program's, whatever defaults this process is given.
func commandLine() *cobra.Command {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "EFFNET_") {
			os.Unsetenv(name)
		}
	}
	return cli.Command()
}

// literal escapes what Markdown, from which the pages are made, would take for
// its own, outside of code.
func literal(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "    ") {
			b.WriteString(line)
			continue
		}
		code := false
		for _, r := range line {
			if r == '`' {
				code = !code
			} else if !code && strings.ContainsRune(`\*_<>&[]`, r) {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}
