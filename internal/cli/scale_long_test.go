//go:build long && linux

package cli

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// TestMemoryStaysFlat classifies a hundred thousand pictures: after the first thousand
// memory grows by at most 5 MB. The log says how long either half took.
func TestMemoryStaysFlat(t *testing.T) {
	const pictures, different, settled, growth = 100_000, 1000, 1000, 5 << 20
	dir := t.TempDir()
	drawPictures(t, filepath.Join(dir, "drawn"), different)
	for i := range pictures {
		folder := filepath.Join(dir, "in", strconv.Itoa(i/10_000))
		if i%10_000 == 0 {
			if err := os.MkdirAll(folder, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		from := filepath.Join(dir, "drawn", strconv.Itoa(i%different)+".png")
		if err := os.Link(from, filepath.Join(folder, fmt.Sprintf("%05d.png", i))); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("effnet", "classify", filepath.Join(dir, "in"), "--resolution", "32", "-f", "jsonl", "-k", "1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	least, most := int64(0), int64(0)
	var begun, half time.Time
	n := 0
	for lines.Scan() {
		switch n++; {
		case n == settled:
			least, begun = resident(t, cmd.Process.Pid), time.Now()
		case n == pictures/2:
			half = time.Now()
			fallthrough
		case n%1000 == 0 && n > settled && n < pictures:
			most = max(most, resident(t, cmd.Process.Pid))
		}
	}
	if err := cmd.Wait(); err != nil || n != pictures {
		t.Fatalf("%d records, %v", n, err)
	}
	first, second := half.Sub(begun), time.Since(half)
	t.Logf("%.1f MB after %d pictures, at most %.1f MB after that; %v for the first half, %v for the second",
		float64(least)/1e6, settled, float64(most)/1e6, first, second)
	if most-least > growth {
		t.Errorf("memory grew from %d to %d bytes", least, most)
	}
}

var rss = regexp.MustCompile(`(?m)^VmRSS:\s+(\d+) kB$`)

// resident is the memory of a process, in bytes.
func resident(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := rss.FindSubmatch(status)
	if m == nil {
		t.Fatalf("no VmRSS in %q", status)
	}
	kB, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kB << 10
}
