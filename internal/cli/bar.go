package cli

import (
	"fmt"
	"strings"
	"time"
)

const (
	barEvery = 200 * time.Millisecond
	barWidth = 24          // columns of the bar alone, at most
	minBar   = 6           // a shorter one tells nothing
	settle   = time.Second // before a speed is shown
	memory   = 5 * time.Second
)

// bar shows on the console's line of progress how far a download is, how fast
// it is and how long it will take. It belongs to one goroutine.
type bar struct {
	console *console
	name    string
	width   int // columns of the terminal; 0: nothing is shown
	drawn   time.Time
	marks   []mark // of the last few seconds, oldest first
}

// mark is how many bytes were there at a time.
type mark struct {
	at   time.Time
	have int64
}

func newBar(c *console, name string) *bar { return &bar{console: c, name: name} }

// progress draws, if it is time to; total is -1 where it is unknown.
func (b *bar) progress(have, total int64) { b.at(time.Now(), have, total) }

func (b *bar) at(now time.Time, have, total int64) {
	if have != total && now.Sub(b.drawn) < barEvery {
		return
	}
	b.drawn = now
	b.marks = append(b.marks, mark{now, have})
	for len(b.marks) > 2 && now.Sub(b.marks[1].at) >= memory {
		b.marks = b.marks[1:]
	}
	b.console.transient(barLine(b.name, have, total, b.speed(), b.width))
}

// note shows a word in place of the bar.
func (b *bar) note(text string) {
	if b.width > 0 {
		b.console.transient(b.name + "  " + text)
	}
}

func (b *bar) finish() { b.console.finish() }

// speed is bytes a second over the last few seconds, 0 before it is known.
func (b *bar) speed() float64 {
	first, last := b.marks[0], b.marks[len(b.marks)-1]
	if took := last.at.Sub(first.at); took >= settle && last.have > first.have {
		return float64(last.have-first.have) / took.Seconds()
	}
	return 0
}

// barLine fits into a terminal of width columns: where room is short the bar
// goes first, then the name, then speed and rest, then the sizes.
func barLine(name string, have, total int64, speed float64, width int) string {
	var parts []string
	if total > 0 {
		parts = append(parts, fmt.Sprintf("%3d %%", 100*have/total), fmt.Sprintf("%s of %s", sized(have), sized(total)))
	} else {
		parts = append(parts, sized(have))
	}
	if speed > 0 {
		parts = append(parts, sized(int64(speed))+"/s")
		if total > have {
			parts[len(parts)-1] += "  " + remaining(float64(total-have)/speed) + " left"
		}
	}
	line := name + "  " + strings.Join(parts, "  ")
	if free := width - 1 - len(line) - 2; total > 0 && free >= minBar {
		room := min(free, barWidth)
		full := int(int64(room) * have / total)
		parts = append([]string{name, strings.Repeat("█", full) + strings.Repeat("░", room-full)}, parts...)
		return strings.Join(parts, "  ")
	}
	for len(line) >= width && len(parts) > 0 {
		line = strings.Join(parts, "  ")
		parts = parts[:len(parts)-1]
	}
	return line
}

// remaining writes seconds as 8 s, 2 min 5 s or 1 h 7 min.
func remaining(seconds float64) string {
	s := int(seconds + 0.999)
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	}
	return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
}

// transient shows a line that the next message wipes out.
func (c *console) transient(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wipe()
	c.shown = true
	fmt.Fprint(c.w, line)
}
