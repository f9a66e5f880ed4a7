//go:build unix

package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is a run of effnet in a folder of its own, reached by the name that
// testscript.Main put on PATH.
func program(t *testing.T, args ...string) (cmd *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	stderr = &bytes.Buffer{}
	cmd = exec.Command("effnet", args...)
	cmd.Dir, cmd.Stderr = t.TempDir(), stderr
	return cmd, stderr
}

func cat(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../testdata/cat.jpg")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// output is the reading end of a program's stdout.
type output struct {
	*bufio.Reader
	io.Closer
}

// start begins a run that reads names from the returned pipe.
func start(t *testing.T, cmd *exec.Cmd) (names io.WriteCloser, rows *output) {
	t.Helper()
	names, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return names, &output{bufio.NewReader(out), out}
}

// rest reads what is left of the rows and waits for the end. All rows must be whole.
func rest(t *testing.T, cmd *exec.Cmd, rows *output) (n, code int) {
	t.Helper()
	text, err := io.ReadAll(rows)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "\n") || !json.Valid([]byte(line)) {
			t.Errorf("torn row %q", line)
		}
		n++
	}
	_ = cmd.Wait() // its error repeats the exit code
	return n, cmd.ProcessState.ExitCode()
}

func TestInterruptedBatch(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd, stderr := program(t, "classify", "--files-from", "-", "-f", "jsonl")
		names, rows := start(t, cmd)
		fmt.Fprintf(names, "%[1]s\ngone.jpg\n%[1]s\n", cat(t))
		for range 3 {
			if line, err := rows.ReadString('\n'); err != nil || !json.Valid([]byte(line)) {
				t.Fatalf("row %q, %v", line, err)
			}
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		n, code := rest(t, cmd, rows)
		if n != 0 || code != exitInterrupted {
			t.Errorf("%v: %d more rows, exit code %d", sig, n, code)
		}
		want := "effnet: \"gone.jpg\": no such file or directory\neffnet: interrupted: 2 classified, 1 failed\n"
		if stderr.String() != want {
			t.Errorf("%v: stderr %q, want %q", sig, stderr, want)
		}
	}
}

// In a long folder what was begun is finished, and the rest left out.
func TestInterruptedFolder(t *testing.T) {
	cmd, stderr := program(t, "classify", ".", "-f", "jsonl")
	const files = 3000
	for i := range files {
		if err := os.Symlink(cat(t), filepath.Join(cmd.Dir, fmt.Sprintf("%04d.jpg", i))); err != nil {
			t.Fatal(err)
		}
	}
	_, rows := start(t, cmd)
	if _, err := rows.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	n, code := rest(t, cmd, rows)
	if n+1 >= files || code != exitInterrupted {
		t.Errorf("%d rows, exit code %d", n+1, code)
	}
	if want := fmt.Sprintf("effnet: interrupted: %d classified, 0 failed\n", n+1); stderr.String() != want {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
}

// The part stays, whole and named on stderr; an older file is intact.
func TestInterruptedOutput(t *testing.T) {
	for _, format := range []string{"json", "jsonl"} {
		cmd, stderr := program(t, "classify", "--files-from", "-", "-f", format, "-o", "out", "-q")
		old := filepath.Join(cmd.Dir, "out")
		if err := os.WriteFile(old, []byte("old"), 0o666); err != nil {
			t.Fatal(err)
		}
		names, rows := start(t, cmd)
		fmt.Fprintln(names, cat(t))
		await(t, old+".part", `"rank":5`)
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		if n, code := rest(t, cmd, rows); n != 0 || code != exitInterrupted {
			t.Errorf("%s: %d rows on stdout, exit code %d", format, n, code)
		}
		if want := "effnet: interrupted: 1 classified, 0 failed; results so far are in \"out.part\"\n"; stderr.String() != want {
			t.Errorf("%s: stderr %q, want %q", format, stderr, want)
		}
		if text, err := os.ReadFile(old); err != nil || string(text) != "old" {
			t.Errorf("%s: the older file holds %q, %v", format, text, err)
		}
		if text, err := os.ReadFile(old + ".part"); err != nil || !json.Valid(text) {
			t.Errorf("%s: the part is not whole: %q, %v", format, text, err)
		}
	}
}

// await waits until a growing file holds text; the test's own deadline bounds it.
func await(t *testing.T, path, text string) {
	t.Helper()
	for {
		if data, err := os.ReadFile(path); err == nil && strings.Contains(string(data), text) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// One signal ends a run whose output is a pipe that nobody reads yet.
func TestInterruptedBeforeOutput(t *testing.T) {
	cmd, stderr := program(t, "classify", "--files-from", "-", "-o", "pipe")
	if err := syscall.Mkfifo(filepath.Join(cmd.Dir, "pipe"), 0o666); err != nil {
		t.Fatal(err)
	}
	names, rows := start(t, cmd)
	const more = 1<<16 + 1 // bytes than a pipe holds: written once the run has begun
	if _, err := io.WriteString(names, strings.Repeat("gone.jpg\n", more/9+1)); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() }) // a failure, not a timeout
	defer kill.Stop()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if n, code := rest(t, cmd, rows); n != 0 || code != exitInterrupted {
		t.Errorf("%d rows on stdout, exit code %d", n, code)
	}
	if want := "effnet: interrupted: 0 classified, 0 failed\n"; stderr.String() != want {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
}

// The second signal does not wait for a picture.
func TestInterruptedTwice(t *testing.T) {
	ends := make(chan struct{})
	ctx, stop := interruptible(t.Context(), func() { close(ends) })
	defer stop()
	for _, wait := range []<-chan struct{}{ctx.Done(), ends} {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		<-wait
	}
}

func TestReaderGoesAway(t *testing.T) {
	for _, format := range []string{"jsonl", "csv", "table", "json"} {
		cmd, stderr := program(t, "classify", "--files-from", "-", "-f", format)
		names, rows := start(t, cmd)
		fmt.Fprintln(names, cat(t))
		if _, err := rows.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		rows.Close()
		go func() {
			for range 100 {
				if _, err := fmt.Fprintln(names, cat(t)); err != nil {
					return
				}
			}
			names.Close()
		}()
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != exitOK || stderr.Len() > 0 {
			t.Errorf("%s: exit code %d, stderr %q", format, code, stderr)
		}
	}
}

// Of what is made of all records nothing is left, and an older file is intact.
func TestInterruptedDocument(t *testing.T) {
	for _, args := range [][]string{
		{"embed", "set", "--duplicates", "0.9", "-o", "out", "-q"},
		{"eval", "set", "--report", "page", "-o", "out", "-q", "--min-top1", "1"},
	} {
		cmd, stderr := program(t, args...)
		folder, old := filepath.Join(cmd.Dir, "set", "lynx"), filepath.Join(cmd.Dir, "out")
		if err := os.MkdirAll(folder, 0o777); err != nil {
			t.Fatal(err)
		}
		for i := range 3000 {
			if err := os.Symlink(cat(t), filepath.Join(folder, fmt.Sprintf("%04d.jpg", i))); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(old, []byte("old"), 0o666); err != nil {
			t.Fatal(err)
		}
		_, rows := start(t, cmd)
		await(t, old+".part", "")
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		if n, code := rest(t, cmd, rows); n != 0 || code != exitInterrupted {
			t.Errorf("%q: %d rows on stdout, exit code %d", args, n, code)
		}
		if got := stderr.String(); !strings.HasPrefix(got, "effnet: interrupted: ") || strings.Contains(got, "part") {
			t.Errorf("%q: stderr %q", args, got)
		}
		if text, err := os.ReadFile(old); err != nil || string(text) != "old" {
			t.Errorf("%q: the older file holds %q, %v", args, text, err)
		}
		if left, _ := filepath.Glob(filepath.Join(cmd.Dir, "*")); len(left) != 2 {
			t.Errorf("%q: left is %q", args, left)
		}
	}
}
