package report

import "io"

// gitlab writes GitLab's form of Code Climate's issues: a JSON array of what failed.
type gitlab struct {
	w    io.Writer
	buf  []byte
	open bool
}

func newGitLab(w io.Writer, _ Style) Writer { return &gitlab{w: w} }

func (g *gitlab) Write(r Record) error {
	g.buf = g.buf[:0]
	for _, p := range problems(r) {
		lead := ",\n"
		if !g.open {
			lead, g.open = "[\n", true
		}
		severity := "major"
		if p.rule == inputRule {
			severity = "critical"
		}
		g.buf = appendString(append(append(g.buf, lead...), `{"description":`...), p.message)
		g.buf = appendString(append(g.buf, `,"check_name":`...), p.kind)
		g.buf = appendString(append(g.buf, `,"fingerprint":`...), p.fingerprint(r.Path))
		g.buf = appendString(append(g.buf, `,"severity":`...), severity)
		g.buf = appendString(append(g.buf, `,"location":{"path":`...), repositoryPath(r.Path))
		g.buf = append(g.buf, `,"lines":{"begin":1}}}`...)
	}
	if len(g.buf) == 0 {
		return nil
	}
	_, err := g.w.Write(g.buf)
	return err
}

func (g *gitlab) Close() error {
	end := "\n]\n"
	if !g.open {
		end = "[]\n"
	}
	_, err := io.WriteString(g.w, end)
	return err
}
