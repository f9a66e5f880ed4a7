// Command gen writes the folder text of the package licenses: the project's
// NOTICE and LICENSE, Go's licence, and those of the modules linked into the
// binary on any platform that is released.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	root = "../.."
	out  = "text"
)

var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

// legal are the beginnings, in capitals, of names of files with legal texts.
var legal = []string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS", "COPYRIGHT"}

func main() {
	log.SetFlags(0)
	log.SetPrefix("licenses: ")
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	texts := map[string][]byte{}
	for _, name := range []string{"NOTICE", "LICENSE"} {
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		texts[name] = b
	}
	goroot, err := goCommand("linux/amd64", "env", "GOROOT")
	if err != nil {
		return err
	}
	if texts["Go"], err = readLegal(strings.TrimSpace(goroot)); err != nil {
		return err
	}
	for _, platform := range platforms {
		dirs, err := modules(platform)
		if err != nil {
			return err
		}
		for path, dir := range dirs {
			if texts[path], err = readLegal(dir); err != nil {
				return err
			}
		}
	}
	return write(texts)
}

// modules returns the folder of every module of others that the binary of the
// platform is linked from.
func modules(platform string) (map[string]string, error) {
	const format = `{{with .Module}}{{if not .Main}}{{.Path}}{{"\t"}}{{.Dir}}{{end}}{{end}}`
	list, err := goCommand(platform, "list", "-deps", "-f", format, root+"/cmd/effnet")
	if err != nil {
		return nil, err
	}
	dirs := map[string]string{}
	for line := range strings.Lines(list) {
		if path, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			dirs[path] = dir
		}
	}
	return dirs, nil
}

func goCommand(platform string, args ...string) (string, error) {
	goos, goarch, _ := strings.Cut(platform, "/")
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	cmd.Stderr = os.Stderr
	b, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return string(b), nil
}

// readLegal joins the legal texts at the top of dir, by name.
func readLegal(dir string) ([]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var joined []byte
	for _, e := range entries {
		name := strings.ToUpper(e.Name())
		if e.IsDir() || !slices.ContainsFunc(legal, func(l string) bool { return strings.HasPrefix(name, l) }) {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		if joined != nil {
			joined = append(joined, '\n')
		}
		joined = append(joined, bytes.TrimRight(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), "\n")...)
		joined = append(joined, '\n')
	}
	if joined == nil {
		return nil, fmt.Errorf("no licence in %s", dir)
	}
	return joined, nil
}

// write replaces the folder; a module's file stands at the module's path.
func write(texts map[string][]byte) error {
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	for name, b := range texts {
		file := filepath.Join(out, filepath.FromSlash(name)+".txt")
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(file, b, 0o666); err != nil {
			return err
		}
	}
	return nil
}
