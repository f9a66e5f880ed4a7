//go:build unix

package cli

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// halfway serves the first half of a download and nothing more, until it is
// told to serve all.
type halfway struct {
	*official
	whole  atomic.Bool
	ranges chan string
}

func (h *halfway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.ranges <- r.Header.Get("Range")
	if h.whole.Load() {
		h.official.ServeHTTP(w, r)
		return
	}
	w.Header().Set("ETag", `"v1"`)
	w.Header().Set("Content-Length", "21000000")
	w.Write(h.data[:10_000_000])
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

// A process that is killed leaves a part and no lock that would stop the next;
// one that is interrupted says so as well.
func TestKilledPullIsResumed(t *testing.T) {
	o := newOfficial(t)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			h := &halfway{official: o, ranges: make(chan string, 10)}
			s := httptest.NewServer(h)
			defer s.Close()
			models := filepath.Join(t.TempDir(), "models")
			part := filepath.Join(models, "efficientnet-b0@timm.in1k.part")
			pull := func() (*exec.Cmd, *bytes.Buffer) {
				cmd, stderr := program(t, "pull", officialName, "--mirror", s.URL, "--sha256", o.sha256)
				cmd.Env = append(os.Environ(), "EFFNET_MODELS="+models)
				return cmd, stderr
			}
			cmd, stderr := pull()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			waitForSize(t, part, 10_000_000)
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if sig != syscall.SIGKILL && (cmd.ProcessState.ExitCode() != exitInterrupted ||
				!strings.Contains(stderr.String(), "interrupted; 10.0 MB are kept in") || strings.Count(stderr.String(), "\n") != 1) {
				t.Errorf("exit code %d, %q", cmd.ProcessState.ExitCode(), stderr)
			}
			if _, err := os.Stat(strings.TrimSuffix(part, ".part") + ".safetensors"); err == nil {
				t.Fatal("in its place")
			}
			h.whole.Store(true)
			cmd, stderr = pull()
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v: %s", err, stderr)
			}
			if a, b := <-h.ranges, <-h.ranges; a != "" || b != "bytes=10000000-" {
				t.Errorf("asked for %q, then %q", a, b)
			}
			if left, err := os.ReadDir(models); err != nil || len(left) != 2 {
				t.Errorf("left %v, %v", left, err)
			}
		})
	}
}

func waitForSize(t *testing.T, path string, size int64) {
	t.Helper()
	for range 1000 {
		if info, err := os.Stat(path); err == nil && info.Size() >= size {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s has not come to %d bytes", path, size)
}

// Two programs at once: one downloads, the other waits and finds the model.
func TestTwoProgramsPullAtOnce(t *testing.T) {
	o := newOfficial(t)
	requests := make(chan bool, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- true
		time.Sleep(300 * time.Millisecond)
		o.ServeHTTP(w, r)
	}))
	defer s.Close()
	models := filepath.Join(t.TempDir(), "models")
	var programs []*exec.Cmd
	var said []*bytes.Buffer
	for range 2 {
		cmd, stderr := program(t, "pull", officialName, "--mirror", s.URL, "--sha256", o.sha256)
		cmd.Env = append(os.Environ(), "EFFNET_MODELS="+models)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		programs, said = append(programs, cmd), append(said, stderr)
	}
	for i, cmd := range programs {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %s", err, said[i])
		}
	}
	if len(requests) != 1 {
		t.Errorf("%d requests", len(requests))
	}
	if all := said[0].String() + said[1].String(); strings.Count(all, "is here already") != 1 {
		t.Errorf("%q", all)
	}
}
