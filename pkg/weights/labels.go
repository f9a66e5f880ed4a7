package weights

import (
	"strings"
	"unicode"
)

// Label names one class.
type Label struct {
	WNID     string // WordNet id such as "n02099601", or empty
	Name     string
	Synonyms []string // other names, without Name itself
}

// ParseLabels reads one label a line: "wnid<TAB>name<TAB>synonym<TAB>…", where
// the wnid may be empty, or the name alone. Line endings may be LF or CRLF and
// one may follow the last label.
func ParseLabels(text string) ([]Label, error) {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "\ufeff"), "\n")
	labels := make([]Label, 0, min(strings.Count(text, "\n")+1, 1<<16))
	for line := range strings.SplitSeq(text, "\n") {
		label, problem := parseLabel(strings.TrimSuffix(line, "\r"))
		if problem != "" {
			return nil, refuse("label %d %s", len(labels), problem)
		}
		labels = append(labels, label)
	}
	return labels, nil
}

func parseLabel(line string) (l Label, problem string) {
	wnid, rest, tabbed := strings.Cut(line, "\t")
	if !tabbed {
		wnid, rest = "", line
	}
	l.WNID = wnid
	l.Name, rest, tabbed = strings.Cut(rest, "\t")
	if tabbed {
		l.Synonyms = strings.Split(rest, "\t")
	}
	switch {
	case strings.TrimSpace(l.Name) == "":
		return l, "has no name"
	case !printable(strings.ReplaceAll(line, "\t", "")):
		return l, "holds control characters or is not valid UTF-8"
	}
	return l, ""
}

// FormatLabels writes labels in the form that ParseLabels reads.
func FormatLabels(labels []Label) string {
	var b strings.Builder
	for i, l := range labels {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l.WNID + "\t" + l.Name)
		for _, s := range l.Synonyms {
			b.WriteString("\t" + s)
		}
	}
	return b.String()
}

// CheckLabels refuses labels that do not fit the number of outputs. None at
// all always fit; a single output may have one label or two, of which the
// second is the one that a high logit means.
func CheckLabels(labels []Label, classes int) error {
	switch n := len(labels); {
	case n == 0, n == classes, classes == 1 && n == 2:
		return nil
	default:
		return refuse("%d labels do not fit a model of %d classes", n, classes)
	}
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == unicode.ReplacementChar
	}) < 0
}
