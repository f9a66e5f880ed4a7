package cli

import (
	"fmt"
	"strconv"
	"time"

	"github.com/effnet/effnet/pkg/train"
)

// trainView tells the user what a training does: a line on standard error for
// what stays, and on a terminal a line of progress.
type trainView struct {
	console *console
	live    bool // a terminal is there
	quiet   bool
	drawn   time.Time
	began   time.Time // of the features
	first   int       // features that were kept
}

func newTrainView(c *console, live, quiet bool) *trainView {
	return &trainView{console: c, live: live, quiet: quiet}
}

// mostLeaks is how many pictures of both sides are named.
const mostLeaks = 10

func (v *trainView) event(e train.Event) {
	switch e.Kind {
	case train.Extracting:
		v.features(e.Done, e.Total)
	case train.Stepped:
		v.progress(false, stepLine(e))
	}
	if v.quiet {
		return
	}
	switch e.Kind {
	case train.Scanned:
		v.data(e.Dataset)
	case train.Skipped:
		v.console.about(e.Path, e.Err.Error())
	case train.Fitted:
		v.console.say("head: " + scoreText(e.Training) + validationText(e.Validation))
	case train.Resumed:
		v.console.say(fmt.Sprintf("going on at epoch %d of %d, after step %d", e.Epoch, e.Epochs, e.Step))
	case train.Ended:
		text := fmt.Sprintf("epoch %d of %d: ", e.Epoch, e.Epochs) + scoreText(e.Training) + validationText(e.Validation)
		if e.Best {
			text += ", the best so far"
		}
		v.console.say(text + fmt.Sprintf("; %.0f images a second", e.PicturesPerSecond))
	case train.Note:
		v.console.say(e.Err.Error())
	}
}

// data tells what is odd about the folder.
func (v *trainView) data(d *train.Dataset) {
	for i, leak := range d.Leaks {
		if i == mostLeaks {
			v.console.say(fmt.Sprintf("and %d more validation pictures are in training too", len(d.Leaks)-i))
			break
		}
		v.console.about(leak.Validation, "is in training too: "+strconv.Quote(leak.Training))
	}
	if n := len(d.Ignored); n > 0 {
		v.console.say(fmt.Sprintf("%s belongs to no class%s", strconv.Quote(d.Ignored[0]), andMore(n-1)))
	}
}

func andMore(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", as do %d more", n)
}

func scoreText(s train.Score) string {
	return fmt.Sprintf("loss %.4f, accuracy %s", s.Loss, percent(s.Accuracy))
}

func validationText(s train.Score) string {
	if s.Pictures == 0 {
		return ""
	}
	return "; validation " + scoreText(s)
}

func (v *trainView) features(done, total int) {
	if v.began.IsZero() {
		v.began, v.first = time.Now(), done
	}
	text := fmt.Sprintf("features of %d of %d images", done, total)
	if took := time.Since(v.began).Seconds(); took > settle.Seconds() && done > v.first {
		rate := float64(done-v.first) / took
		text += fmt.Sprintf(", %.0f a second, %s left", rate, remaining(float64(total-done)/rate))
	}
	v.progress(done == total, text)
}

func stepLine(e train.Event) string {
	text := fmt.Sprintf("epoch %d of %d, step %d of %d: %s", e.Epoch, e.Epochs, e.Step, e.Steps, scoreText(e.Training))
	if e.Left > 0 {
		text += fmt.Sprintf(", %.0f images a second, %s left", e.PicturesPerSecond, remaining(e.Left.Seconds()))
	}
	return text
}

// progress draws, if it is time to.
func (v *trainView) progress(always bool, line string) {
	if !v.live || !always && time.Since(v.drawn) < barEvery {
		return
	}
	v.drawn = time.Now()
	v.console.transient(line)
}
