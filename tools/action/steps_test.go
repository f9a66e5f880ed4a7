//go:build !windows

package action

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// standIn takes effnet's place: it notes its arguments and ends as it is told.
const standIn = `#!/bin/bash
if [ "$1" = version ]; then echo "stand-in"; exit; fi
printf '%s\0' "$@" >arguments
exit "${STANDIN_CODE:-0}"
`

// releases serve files by their path below /releases.
func releases(t *testing.T, files map[string][]byte) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, ok := files[strings.TrimPrefix(r.URL.Path, "/releases/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Write(data)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/releases"
}

// archive is a release's, with the stand-in.
func archive(t *testing.T, folder, extension string) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	if extension == ".zip" {
		w := zip.NewWriter(&b)
		h := &zip.FileHeader{Name: folder + "/effnet.exe"}
		h.SetMode(0o755)
		member, e := w.CreateHeader(h)
		if e != nil {
			t.Fatal(e)
		}
		member.Write([]byte(standIn))
		err = w.Close()
	} else {
		compressed := gzip.NewWriter(&b)
		w := tar.NewWriter(compressed)
		w.WriteHeader(&tar.Header{Name: folder + "/effnet", Mode: 0o755, Size: int64(len(standIn))})
		w.Write([]byte(standIn))
		err = w.Close()
		compressed.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// published are the files of release v1.2.3+x, which is the latest.
func published(t *testing.T) map[string][]byte {
	t.Helper()
	const version = "v1.2.3+x"
	files := map[string][]byte{}
	var sums strings.Builder
	for _, platform := range []string{"linux-amd64.tar.gz", "linux-arm64.tar.gz", "darwin-arm64.tar.gz", "windows-amd64.zip"} {
		name := "effnet-" + version + "-" + platform
		system, extension, _ := strings.Cut(platform, ".")
		data := archive(t, "effnet-"+version+"-"+system, "."+extension)
		files["download/"+version+"/"+name] = data
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), name)
	}
	files["download/"+version+"/SHA256SUMS"] = []byte(sums.String())
	files["latest/download/SHA256SUMS"] = []byte(sums.String())
	return files
}

func TestInstallsARelease(t *testing.T) {
	base := releases(t, published(t))
	for _, tt := range []struct{ version, system, arch string }{
		{"v1.2.3+x", "Linux", "X64"}, {"latest", "Linux", "ARM64"}, {"v1.2.3+x", "macOS", "ARM64"}, {"latest", "Windows", "X64"},
	} {
		r := newRunner(t, map[string]string{"version": tt.version, "releases": base, "files": "a.jpg"})
		r.env["RUNNER_OS"], r.env["RUNNER_ARCH"] = tt.system, tt.arch
		if code := r.run(); code != 0 {
			t.Fatalf("%v: exit code %d\n%s", tt, code, &r.log)
		}
		if diff := cmp.Diff([]string{"check", "--", "a.jpg"}, r.arguments()); diff != "" {
			t.Error(diff)
		}
		r.unpacked("arguments")
		path, err := os.ReadFile(r.env["GITHUB_PATH"])
		if binary := r.outputs["binary"]; err != nil || filepath.Dir(binary) != strings.TrimSpace(string(path)) {
			t.Errorf("binary %s, path %s, %v", binary, path, err)
		}
	}
}

func TestRefusesReleases(t *testing.T) {
	const linux = "download/v1.2.3+x/effnet-v1.2.3+x-linux-amd64.tar.gz"
	const sums = "download/v1.2.3+x/SHA256SUMS"
	foreign := fmt.Sprintf("%x  ../effnet-v1.2.3+x-linux-amd64.tar.gz\n%064x  effnet-v1.2.3+x-linux-amd64.tar.gz.sig\n", 0, 0)
	for name, tt := range map[string]struct {
		version string
		arch    string
		change  func(files map[string][]byte)
		want    string
	}{
		"changed":        {"v1.2.3+x", "X64", func(f map[string][]byte) { f[linux] = archive(t, "other", ".tar.gz") }, "is not what the sums say"},
		"cut":            {"v1.2.3+x", "X64", func(f map[string][]byte) { f[linux] = f[linux][:50] }, "is not what the sums say"},
		"no archive":     {"v1.2.3+x", "X64", func(f map[string][]byte) { delete(f, linux) }, "cannot be had"},
		"no sums":        {"v1.2.3+x", "X64", func(f map[string][]byte) { delete(f, sums) }, "cannot be had"},
		"other names":    {"v1.2.3+x", "X64", func(f map[string][]byte) { f[sums] = []byte(foreign) }, "has no archive for linux on amd64"},
		"other version":  {"v1.2.3", "X64", func(f map[string][]byte) { f["download/v1.2.3/SHA256SUMS"] = f[sums] }, "has no archive for linux on amd64"},
		"dot is a dot":   {"v1.2.3+x", "X64", func(f map[string][]byte) { f[sums] = bytes.ReplaceAll(f[sums], []byte("v1.2"), []byte("v1x2")) }, "has no archive for linux on amd64"},
		"no such system": {"v1.2.3+x", "RISCV64", func(map[string][]byte) {}, "no release for this processor"},
		"path upwards":   {"v1/../v2", "X64", func(map[string][]byte) {}, "neither a release"},
		"a command":      {"$(touch pwned)", "X64", func(map[string][]byte) {}, "neither a release"},
		"two lines":      {"v1\n::set-env::x", "X64", func(map[string][]byte) {}, "neither a release"},
		"nothing":        {"", "X64", func(map[string][]byte) {}, "neither a release"},
	} {
		t.Run(name, func(t *testing.T) {
			files := published(t)
			tt.change(files)
			r := newRunner(t, map[string]string{"version": tt.version, "releases": releases(t, files), "files": "a.jpg"})
			r.env["RUNNER_ARCH"] = tt.arch
			if code := r.run(); code != 1 || !strings.Contains(r.log.String(), "::error title=effnet::") || !strings.Contains(r.log.String(), tt.want) {
				t.Errorf("exit code %d, want %q\n%s", code, tt.want, &r.log)
			}
			r.unpacked()
			if _, err := os.Stat(r.env["GITHUB_PATH"]); err == nil {
				t.Error("the path is set")
			}
		})
	}
}

func TestArgumentsAreNeverCommands(t *testing.T) {
	nasty := "$(touch pwned) `touch pwned`; touch pwned & \"' \\ * ${{ x }} é"
	r := newRunner(t, map[string]string{
		"version": "latest", "releases": releases(t, published(t)), "working-directory": "sub dir",
		"files": "a b.jpg\n\n  -rf.jpg  \r\n" + nasty + "\nphotos/**/*.jpg\n", "expect": "tabby\ntiger cat\r\n" + nasty + "\n",
		"reject": "--reject\n", "expect-topk": "3", "min-prob": "0.5", "min-margin": "0.1", "baseline": "old one.jsonl",
		"manifest": "wanted.csv", "rules": "effnet.yaml",
		"report": "junit=out.xml\njsonl=r.jsonl", "args": "--model\nlite0\n--allow-empty",
	})
	if err := os.Mkdir(filepath.Join(r.dir, "sub dir"), 0o700); err != nil {
		t.Fatal(err)
	}
	if code := r.run(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, &r.log)
	}
	r.unpacked("sub dir")
	r.dir = filepath.Join(r.dir, "sub dir")
	r.unpacked("arguments")
	want := []string{
		"check", "--expect=tabby", "--expect=tiger cat", "--expect=" + nasty, "--expect-topk=3", "--reject=--reject",
		"--min-prob=0.5", "--min-margin=0.1", "--manifest=wanted.csv", "--rules=effnet.yaml", "--baseline=old one.jsonl", "--report=junit=out.xml", "--report=jsonl=r.jsonl",
		"--model", "lite0", "--allow-empty", "--", "a b.jpg", "-rf.jpg", nasty, "photos/**/*.jpg",
	}
	if diff := cmp.Diff(want, r.arguments()); diff != "" {
		t.Error(diff)
	}
}

func TestExitCodeIsKept(t *testing.T) {
	base := releases(t, published(t))
	for code := range 6 {
		r := newRunner(t, map[string]string{"releases": base, "files": "a.jpg"})
		r.env["STANDIN_CODE"] = fmt.Sprint(code)
		if got := r.run(); got != code || r.outputs["exit-code"] != fmt.Sprint(code) {
			t.Errorf("exit code %d, output %q; want %d", got, r.outputs["exit-code"], code)
		}
	}
}

// A module that has a cmd/effnet stands for a checkout.
func TestBuildsACheckout(t *testing.T) {
	const program = `package main

import "os"

func main() {
	if os.Args[1] == "check" {
		os.WriteFile("arguments", []byte("built"), 0o600)
	}
}
`
	for _, given := range []string{"./the checkout", "absolute"} {
		r := newRunner(t, map[string]string{"version": given, "files": "a.jpg"})
		checkout := filepath.Join(r.dir, "the checkout")
		if given == "absolute" {
			checkout = t.TempDir()
			r.inputs["version"] = checkout
		}
		if err := os.MkdirAll(filepath.Join(checkout, "cmd", "effnet"), 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"go.mod": "module example.com/x\n\ngo 1.26\n", "cmd/effnet/main.go": program} {
			if err := os.WriteFile(filepath.Join(checkout, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if code := r.run(); code != 0 || r.arguments()[0] != "built" {
			t.Errorf("exit code %d\n%s", code, &r.log)
		}
	}
}
