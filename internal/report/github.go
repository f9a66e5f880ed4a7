package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/effnet/effnet/internal/check"
)

// mostAnnotations is one less than GitHub shows of a step, so that the last says how many
// there are besides.
const mostAnnotations = 9

// github writes workflow commands that annotate the worst pictures, at Close.
type github struct {
	w     io.Writer
	worst []annotation // best first to show, mostAnnotations at most
	more  int
}

type annotation struct {
	badness float64
	command string
}

func newGitHub(w io.Writer, _ Style) Writer { return &github{w: w} }

func (g *github) Write(r Record) error {
	list := problems(r)
	if len(list) == 0 {
		return nil
	}
	a := annotation{badness: badness(r)}
	at := len(g.worst)
	for at > 0 && g.worst[at-1].badness < a.badness {
		at--
	}
	if len(g.worst) == mostAnnotations {
		g.more++
		if at == mostAnnotations {
			return nil
		}
		g.worst = g.worst[:mostAnnotations-1]
	}
	messages := make([]string, len(list))
	for i, p := range list {
		messages[i] = p.message
	}
	a.command = fmt.Sprintf("::error file=%s,title=%s::%s", property(repositoryPath(r.Path)),
		property("effnet: "+Escape(list[0].kind)), data(strings.Join(messages, "; ")))
	g.worst = slices.Insert(g.worst, at, a)
	return nil
}

// badness orders pictures: those that could not be classified, then by how sure the model
// is of a wrong class, or how unsure where the class alone is not wrong.
func badness(r Record) float64 {
	if r.Result == nil || len(r.Result.Predictions) == 0 {
		return 2
	}
	p := r.Result.Predictions[0].Probability
	for _, res := range r.Check.Results {
		if !res.Passed && res.Rule != check.MinProb && res.Rule != check.MinMargin {
			return p
		}
	}
	return 1 - p
}

func (g *github) Close() error {
	var b bytes.Buffer
	for _, a := range g.worst {
		b.WriteString(a.command + "\n")
	}
	if g.more == 1 {
		b.WriteString("::error title=effnet::1 more picture failed\n")
	} else if g.more > 1 {
		fmt.Fprintf(&b, "::error title=effnet::%d more pictures failed\n", g.more)
	}
	if b.Len() == 0 {
		return nil
	}
	_, err := g.w.Write(b.Bytes())
	return err
}

var (
	dataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// data escapes a message, property the value of a parameter, by the rules of workflow commands.
func data(s string) string     { return dataEscapes.Replace(uncontrolled(s)) }
func property(s string) string { return propertyEscapes.Replace(uncontrolled(s)) }

// uncontrolled replaces what is no text, but for line ends, which are escaped.
func uncontrolled(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || !unicode.IsControl(r) && r != '\u2028' && r != '\u2029' {
			return r
		}
		return unicode.ReplacementChar
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
