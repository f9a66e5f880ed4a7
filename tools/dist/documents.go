package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/effnet/effnet/internal/licenses"
)

// documents are the files that every archive has.
func (r release) documents() ([]file, error) {
	files := []file{{name: "LICENSES.txt", data: []byte(licenses.Text())}}
	for _, name := range []string{"README.md", "LICENSE", "NOTICE"} {
		data, err := os.ReadFile(filepath.Join(r.root, name))
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: name, data: data})
	}
	pages, err := r.manual()
	if err != nil {
		return nil, err
	}
	scripts, err := completions()
	return append(append(files, pages...), scripts...), err
}

// completions are the scripts of the shells, named as each shell wants it.
func completions() ([]file, error) {
	var files []file
	root := commandLine()
	for _, shell := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"effnet.bash", func(w io.Writer) error { return root.GenBashCompletionV2(w, true) }},
		{"_effnet", root.GenZshCompletion},
		{"effnet.fish", func(w io.Writer) error { return root.GenFishCompletion(w, true) }},
		{"effnet.ps1", root.GenPowerShellCompletionWithDesc},
	} {
		var b bytes.Buffer
		if err := shell.write(&b); err != nil {
			return nil, fmt.Errorf("%s: %w", shell.name, err)
		}
		files = append(files, file{name: "completions/" + shell.name, data: b.Bytes()})
	}
	return files, nil
}
