//go:build unix

package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// training is a run of effnet train with epochs that take a while.
func training(t *testing.T, dir, out string, flags ...string) *exec.Cmd {
	t.Helper()
	args := []string{
		"train", dir, "-o", out, "--resolution", "32", "--unfreeze", "2", "--epochs", "4", "--batch", "4",
		"--patience", "0", "--seed", "7", "-q", "--log", out + ".jsonl",
	}
	return exec.Command("effnet", append(args, flags...)...)
}

// waitFor waits until the log of a training has a text.
func waitFor(t *testing.T, out, text string) {
	t.Helper()
	for start := time.Now(); time.Since(start) < time.Minute; time.Sleep(time.Millisecond) {
		if data, err := os.ReadFile(out + ".jsonl"); err == nil && strings.Contains(string(data), text) {
			return
		}
	}
	t.Fatalf("the log never says %q", text)
}

// Ctrl-C writes the best so far and leaves a checkpoint, from which the next run
// comes to the same bytes as one that nobody disturbed.
func TestInterruptedTraining(t *testing.T) {
	dir := newClasses(t, 8, 4)
	whole, out := filepath.Join(t.TempDir(), "m.safetensors"), filepath.Join(t.TempDir(), "m.safetensors")
	if text, err := training(t, dir, whole).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var stderr bytes.Buffer
	cmd := training(t, dir, out)
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, out, `"event":"step","epoch":2,`)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its error repeats the exit code
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	if text := stderr.String(); !strings.Contains(text, "effnet: interrupted: the best so far, ") || !strings.Contains(text, "--resume goes on") {
		t.Errorf("stderr %q", text)
	}
	if text, err := exec.Command("effnet", "verify", out).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	refused := training(t, dir, out, "--resume", "--lr", "1e-5", "--rotate", "3")
	text, _ := refused.CombinedOutput()
	want := "m.safetensors.checkpoint\": it is of another run, which differs in: rate, augmentation\n"
	if code := refused.ProcessState.ExitCode(); code != exitUsage || !strings.HasSuffix(string(text), want) {
		t.Errorf("exit code %d: %s", code, text)
	}
	if text, err := training(t, dir, out, "--resume").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	waitFor(t, out, `"event":"resume","epoch":2,`)
	compareModels(t, whole, out)
}

// compareModels compares two models, and that nothing is left but features.
func compareModels(t *testing.T, want, got string) {
	t.Helper()
	a, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(got)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("%s and %s differ", want, got)
	}
	for _, suffix := range []string{".checkpoint", ".part"} {
		if _, err := os.Stat(got + suffix); err == nil {
			t.Errorf("%s is left behind", suffix)
		}
	}
}
