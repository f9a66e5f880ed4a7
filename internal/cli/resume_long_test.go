//go:build long && unix

package cli

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestKilledRunsResume kills runs at random moments and lets them go on, until the file
// is whole: it must equal that of a run that nobody killed.
func TestKilledRunsResume(t *testing.T) {
	dir := t.TempDir()
	drawPictures(t, filepath.Join(dir, "pictures"), 2000)
	for format, kills := range map[string]int{"jsonl": 100, "csv": 50, "parquet": 50} {
		t.Run(format, func(t *testing.T) {
			out := filepath.Join(dir, "out."+format)
			classify := func(out string) *exec.Cmd {
				cmd := exec.Command("effnet", "classify", filepath.Join(dir, "pictures"), "--resolution", "32",
					"-q", "-f", format, "-o", out, "--resume")
				cmd.Stderr = os.Stderr
				return cmd
			}
			whole := filepath.Join(dir, "whole."+format)
			start := time.Now()
			if err := classify(whole).Run(); err != nil {
				t.Fatal(err)
			}
			took := time.Since(start)
			done := 0
			for range kills {
				if killed(t, classify(out), rand.N(took/2)) {
					continue
				}
				done++
				compareFiles(t, whole, out)
				os.Remove(out)
			}
			if err := classify(out).Run(); err != nil {
				t.Fatal(err)
			}
			compareFiles(t, whole, out)
			left, _ := filepath.Glob(out + ".*")
			if len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
			t.Logf("%d runs killed, %d came to their end before", kills-done, done)
		})
	}
}

// killed runs a command and kills it after a while, if it still runs.
func killed(t *testing.T, cmd *exec.Cmd, after time.Duration) bool {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() != -1 {
		t.Fatalf("exit code %d", exit.ExitCode())
	}
	return err != nil
}

func compareFiles(t *testing.T, want, got string) {
	t.Helper()
	w, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	g, err := os.ReadFile(got)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(w, g) {
		t.Fatalf("%s differs from %s", got, want)
	}
}
