package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestBarLine(t *testing.T) {
	const mb = 1_000_000
	for _, tt := range []struct {
		have, total int64
		speed       float64
		width       int
		want        string
	}{
		{0, 20 * mb, 0, 80, "b0  ░░░░░░░░░░░░░░░░░░░░░░░░    0 %  0 B of 20.0 MB"},
		{5 * mb, 20 * mb, 2.5e6, 80, "b0  ██████░░░░░░░░░░░░░░░░░░   25 %  5.00 MB of 20.0 MB  2.50 MB/s  6 s left"},
		{20 * mb, 20 * mb, 2.5e6, 80, "b0  ████████████████████████  100 %  20.0 MB of 20.0 MB  2.50 MB/s"},
		{5 * mb, 20 * mb, 2.5e6, 55, "b0   25 %  5.00 MB of 20.0 MB  2.50 MB/s  6 s left"},
		{5 * mb, 20 * mb, 2.5e6, 49, " 25 %  5.00 MB of 20.0 MB  2.50 MB/s  6 s left"},
		{5 * mb, 20 * mb, 2.5e6, 30, " 25 %  5.00 MB of 20.0 MB"},
		{5 * mb, 20 * mb, 2.5e6, 10, " 25 %"},
		{5 * mb, -1, 2.5e6, 80, "b0  5.00 MB  2.50 MB/s"},
		{5 * mb, -1, 0, 9, "5.00 MB"},
	} {
		if got := barLine("b0", tt.have, tt.total, tt.speed, tt.width); got != tt.want {
			t.Errorf("%d of %d in %d columns: %q, want %q", tt.have, tt.total, tt.width, got, tt.want)
		}
	}
}

// A line as wide as the terminal would be broken in two and never wiped out.
func TestBarFits(t *testing.T) {
	for width := 12; width < 120; width++ {
		for _, have := range []int64{0, 999, 123_456_789, 256_000_000} {
			line := barLine("v2-b0@efficientnet_pytorch", have, 256_000_000, 1234.5, width)
			if n := utf8.RuneCountInString(line); n >= width {
				t.Errorf("%d columns in %d: %q", n, width, line)
			}
		}
	}
}

func TestRemaining(t *testing.T) {
	for seconds, want := range map[float64]string{
		0: "0 s", 0.2: "1 s", 59: "59 s", 60: "1 min 0 s", 125: "2 min 5 s", 4020: "1 h 7 min", 360000: "100 h 0 min",
	} {
		if got := remaining(seconds); got != want {
			t.Errorf("%v: %q, want %q", seconds, got, want)
		}
	}
}

// The speed is that of the last few seconds, and a message wipes the bar out.
func TestBarSpeed(t *testing.T) {
	var screen bytes.Buffer
	c := newConsole(&screen)
	b := newBar(c, "b0")
	b.width = 80
	now := time.Unix(1000, 0)
	for i := range 20 {
		b.at(now.Add(time.Duration(i)*time.Second), int64(i*i)*1_000_000, 500_000_000)
	}
	if got := b.speed(); got < 30e6 || got > 34e6 {
		t.Errorf("%g bytes a second", got)
	}
	c.say("hello")
	b.finish()
	lines := strings.Split(screen.String(), "\r\x1b[K")
	if len(lines) != 21 || lines[20] != "effnet: hello\n" || !strings.HasSuffix(lines[19], " left") {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-2:])
	}
}
