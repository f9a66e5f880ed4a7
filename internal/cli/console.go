package cli

import (
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/effnet/effnet/internal/report"
)

const (
	progressAfter = time.Second
	progressEvery = 500 * time.Millisecond
)

// console speaks to the user: messages of one line each, and a line of progress that
// the next message wipes out. It is safe for concurrent use.
type console struct {
	mu       sync.Mutex
	w        io.Writer
	width    int    // columns of the screen that shows progress, 0: none does
	text     string // of the line of progress
	shown    bool   // it is on the screen
	total    int    // inputs of the run, 0 where it is not known
	start    time.Time
	reported time.Time // when text was made
}

func newConsole(w io.Writer) *console { return &console{w: w} }

// progressive turns the line of progress on.
func (c *console) progressive(width int) {
	c.width, c.start = width, time.Now()
	c.reported = c.start.Add(progressAfter - progressEvery)
}

// say writes one message. What is no printable text is escaped.
func (c *console) say(text string) { c.line("effnet: " + report.Escape(text) + "\n") }

// about writes a message about an input.
func (c *console) about(path, reason string) {
	c.line("effnet: " + strconv.Quote(path) + ": " + report.Escape(reason) + "\n")
}

func (c *console) line(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wipe()
	io.WriteString(c.w, text)
}

// progress says how far the run is: anew now and then, and as before where the line was
// wiped out.
func (c *console) progress(t tally) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.width == 0 {
		return
	}
	if time.Since(c.reported) >= progressEvery {
		line := progressLine(t, c.total, time.Since(c.start))
		c.reported, c.text = time.Now(), line[:min(len(line), c.width-1)]
		c.wipe()
	}
	if !c.shown && c.text != "" {
		c.shown = true
		io.WriteString(c.w, c.text)
	}
}

// clear wipes the line of progress out, for what others write on the same screen.
func (c *console) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wipe()
}

// expect says how many inputs there are.
func (c *console) expect(total int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total = total
}

func progressLine(t tally, total int, took time.Duration) string {
	rate := float64(t.done()) / took.Seconds()
	if left := total - t.done(); left > 0 && rate > 0 {
		return fmt.Sprintf("%d of %d images, %.1f a second, %d failed, %s left", t.done(), total, rate, t.failed,
			remaining(float64(left)/rate))
	}
	return fmt.Sprintf("%d images, %.1f a second, %d failed", t.done(), rate, t.failed)
}

// finish ends the line of progress.
func (c *console) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wipe()
	c.width = 0
}

func (c *console) wipe() {
	if c.shown {
		c.shown = false
		io.WriteString(c.w, "\r\x1b[K")
	}
}
