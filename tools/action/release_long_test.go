//go:build long && !windows

package action

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

var (
	systems    = map[string]string{"linux": "Linux", "darwin": "macOS"}
	processors = map[string]string{"amd64": "X64", "arm64": "ARM64"}
)

// The action with what tools/dist makes, against real pictures.
func TestActionChecksPictures(t *testing.T) {
	const version = "v0.0.0-test"
	dist := filepath.Join(t.TempDir(), "download", version)
	cmd := exec.Command("go", "run", "./tools/dist", "-o", dist, "-version", version, "-platforms", runtime.GOOS+"/"+runtime.GOARCH)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1709209831")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(filepath.Dir(dist)))))
	defer server.Close()
	for expect, want := range map[string]int{"tabby\ntiger cat\nEgyptian cat": 0, "golden retriever": 1, "no such thing": 2} {
		r := newRunner(t, map[string]string{"version": version, "releases": server.URL, "files": "*.jpg", "expect": expect})
		r.env["RUNNER_OS"], r.env["RUNNER_ARCH"] = systems[runtime.GOOS], processors[runtime.GOARCH]
		picture, err := os.ReadFile(root + "/testdata/cat.jpg")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(r.dir, "cat.jpg"), picture, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := r.run(); got != want || !strings.Contains(r.log.String(), "effnet "+version) {
			t.Errorf("%q: exit code %d, want %d\n%s", expect, got, want, &r.log)
		}
	}
}
