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
	progressAfter = 3 * time.Second
	progressEvery = 500 * time.Millisecond
)

// console speaks to the user: messages of one line each, and a line of progress that
// the next message wipes out. It is safe for concurrent use.
type console struct {
	mu       sync.Mutex
	w        io.Writer
	live     bool // progress is shown
	shown    bool // a line of progress is on the screen
	total    int  // inputs of the run, 0 where it is not known
	start    time.Time
	reported time.Time
}

func newConsole(w io.Writer) *console { return &console{w: w} }

// progressive turns the line of progress on or off.
func (c *console) progressive(on bool) {
	c.live, c.start = on, time.Now()
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

func (c *console) progress(t tally) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.live || time.Since(c.reported) < progressEvery {
		return
	}
	c.reported, c.shown = time.Now(), true
	io.WriteString(c.w, "\r\x1b[K"+progressLine(t, c.total, time.Since(c.start)))
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

// finish wipes the line of progress out.
func (c *console) finish() { c.line("") }

func (c *console) wipe() {
	if c.shown {
		c.shown = false
		io.WriteString(c.w, "\r\x1b[K")
	}
}
