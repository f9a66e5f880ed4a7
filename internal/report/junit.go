package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// junit writes a testcase a picture. The suite's counts stand before the first, so that
// nothing is written before Close.
type junit struct {
	w                       io.Writer
	style                   Style
	cases                   spool
	buf                     bytes.Buffer
	tests, failures, errors int
}

func newJUnit(w io.Writer, s Style) Writer { return &junit{w: w, style: s} }

func (j *junit) Write(r Record) error {
	j.tests++
	j.buf.Reset()
	folder := filepath.ToSlash(filepath.Dir(r.Path))
	if folder == "." {
		folder = j.style.Model
	}
	j.buf.WriteString("    <testcase")
	j.attribute("classname", Escape(folder))
	j.attribute("name", Escape(r.Path))
	if j.style.Timing && r.Result != nil {
		j.attribute("time", fmt.Sprintf("%.6f", r.Result.Timing.Total.Seconds()))
	}
	switch list := problems(r); {
	case r.Err != nil:
		j.errors++
		j.element("error", list[0].kind, list[0].message, "")
	case r.Check != nil && !r.Check.Passed:
		j.failures++
		j.failure(r, list)
	default:
		j.buf.WriteString("/>\n")
	}
	return j.cases.add(j.buf.Bytes())
}

// failure is one element whatever the number of rules: readers show the first alone.
func (j *junit) failure(r Record, list []problem) {
	kind := "check"
	var messages []string
	for i, p := range list {
		if i == 0 {
			kind = p.rule
		}
		messages = append(messages, p.message)
	}
	var body strings.Builder
	for _, res := range r.Check.Results {
		state := "passed"
		if !res.Passed {
			state = "failed"
		}
		fmt.Fprintf(&body, "%s: %s\n", state, ruleText(res))
	}
	if r.Result != nil && len(r.Result.Predictions) > 0 {
		body.WriteString(topText(r) + "\n")
	}
	j.element("failure", kind, strings.Join(messages, "; "), body.String())
}

// topText is the first prediction in one printable line.
func topText(r Record) string {
	p := &r.Result.Predictions[0]
	return Escape(p.Label) + " " + string(appendProbability(nil, p.Probability))
}

func (j *junit) element(name, kind, message, body string) {
	j.buf.WriteString(">\n      <" + name)
	j.attribute("type", Escape(kind))
	j.attribute("message", message)
	j.buf.WriteByte('>')
	// Line ends stay as they are; everything else is printable already.
	for i, line := range strings.Split(body, "\n") {
		if i > 0 {
			j.buf.WriteByte('\n')
		}
		j.escaped(line)
	}
	j.buf.WriteString("</" + name + ">\n    </testcase>\n")
}

func (j *junit) attribute(name, value string) {
	j.buf.WriteString(" " + name + `="`)
	j.escaped(value)
	j.buf.WriteByte('"')
}

// escaped cannot fail: it writes to memory.
func (j *junit) escaped(s string) { _ = xml.EscapeText(&j.buf, []byte(s)) }

func (j *junit) Close() error {
	defer j.cases.drop()
	counts := fmt.Sprintf(`tests="%d" failures="%d" errors="%d" skipped="0"`, j.tests, j.failures, j.errors)
	_, err := fmt.Fprintf(j.w, "%s<testsuites name=\"effnet\" %s>\n  <testsuite name=\"effnet\" %s>\n", xml.Header, counts, counts)
	if err != nil {
		return err
	}
	if err := j.cases.copyTo(j.w); err != nil {
		return err
	}
	_, err = io.WriteString(j.w, "  </testsuite>\n</testsuites>\n")
	return err
}

// spool keeps what is added, in memory until that would be much, then in a temporary file.
type spool struct {
	buf  bytes.Buffer
	file *os.File
}

const maxSpool = 1 << 20 // bytes in memory

func (s *spool) add(p []byte) error {
	if s.buf.Len() > 0 && s.buf.Len()+len(p) > maxSpool {
		if err := s.flush(); err != nil {
			return err
		}
	}
	s.buf.Write(p)
	return nil
}

func (s *spool) flush() (err error) {
	if s.file == nil {
		if s.file, err = os.CreateTemp("", "effnet-report-"); err != nil {
			return err
		}
		_ = os.Remove(s.file.Name()) // where open files may go, a killed run leaves nothing
	}
	_, err = s.buf.WriteTo(s.file)
	return err
}

func (s *spool) copyTo(w io.Writer) error {
	if s.file != nil {
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.Copy(w, s.file); err != nil {
			return err
		}
	}
	_, err := s.buf.WriteTo(w)
	return err
}

func (s *spool) drop() {
	if s.file != nil {
		s.file.Close()
		_ = os.Remove(s.file.Name()) // gone already, but on Windows
	}
}
