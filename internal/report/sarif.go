package report

import (
	"io"
	"net/url"
	"path/filepath"
	"strconv"

	"github.com/effnet/effnet/internal/check"
)

// sarif writes a log of SARIF 2.1.0 with a result a failed rule.
type sarif struct {
	w     io.Writer
	style Style
	buf   []byte
	begun bool
	any   bool // there was a result
}

func newSARIF(w io.Writer, s Style) Writer { return &sarif{w: w, style: s} }

// sarifRules are all that a result may be of, in the order of the log.
var sarifRules = append(check.RuleNames[:len(check.RuleNames):len(check.RuleNames)], inputRule)

var sarifTexts = map[string]string{
	check.Expect:    "The picture does not show what it should.",
	check.MinProb:   "What the picture should show is not likely enough.",
	check.Reject:    "The picture shows what it must not.",
	check.MinMargin: "The two likeliest classes are too close.",
	check.Drift:     "The model says something else of the picture than it did.",
	check.Listed:    "The manifest does not list the picture.",
	check.Matched:   "No rule matches the picture.",
	inputRule:       "The picture could not be classified.",
}

func (s *sarif) Write(r Record) error {
	s.buf = s.buf[:0]
	s.begin()
	for _, p := range problems(r) {
		if s.any {
			s.buf = append(s.buf, ',')
		}
		s.any = true
		s.result(r.Path, &p)
	}
	if len(s.buf) == 0 {
		return nil
	}
	_, err := s.w.Write(s.buf)
	return err
}

func (s *sarif) begin() {
	if s.begun {
		return
	}
	s.begun = true
	s.buf = append(s.buf, `{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":{"driver":{`+
		`"name":"effnet","informationUri":"https://github.com/effnet/effnet"`...)
	if e := s.style.Engine; e != nil {
		s.buf = appendString(append(s.buf, `,"version":`...), e.Version)
	}
	s.buf = append(s.buf, `,"rules":[`...)
	for i, rule := range sarifRules {
		if i > 0 {
			s.buf = append(s.buf, ',')
		}
		s.buf = appendString(append(s.buf, "\n"+`{"id":`...), rule)
		s.buf = appendString(append(s.buf, `,"shortDescription":{"text":`...), sarifTexts[rule])
		s.buf = append(s.buf, `}}`...)
	}
	s.buf = append(s.buf, "]}},\n"+`"results":[`...)
}

func (s *sarif) result(path string, p *problem) {
	s.buf = appendString(append(s.buf, "\n"+`{"ruleId":`...), p.rule)
	for i, rule := range sarifRules {
		if rule == p.rule {
			s.buf = strconv.AppendInt(append(s.buf, `,"ruleIndex":`...), int64(i), 10)
		}
	}
	s.buf = appendString(append(s.buf, `,"level":"error","message":{"text":`...), p.message)
	s.buf = appendString(append(s.buf, `},"locations":[{"physicalLocation":{"artifactLocation":{"uri":`...), uriOf(path))
	s.buf = appendString(append(s.buf, `},"region":{"startLine":1}}}],"partialFingerprints":{"effnet/v1":`...), p.fingerprint(path))
	s.buf = append(s.buf, `}}`...)
}

// uriOf keeps a relative path relative, to what the reader of the log takes for the root.
func uriOf(path string) string {
	u := url.URL{Path: repositoryPath(path)}
	if filepath.IsAbs(path) {
		u.Scheme = "file"
		if u.Path[0] != '/' {
			u.Path = "/" + u.Path
		}
	}
	return u.String()
}

func (s *sarif) Close() error {
	s.buf = s.buf[:0]
	s.begin()
	s.buf = append(s.buf, "]}]}\n"...)
	_, err := s.w.Write(s.buf)
	return err
}
