package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/internal/check"
	"github.com/effnet/effnet/pkg/classify"
)

var checkFormats = []string{"junit", "github", "gitlab", "sarif", "markdown"}

// hostilePaths hold what any of the formats takes for its own.
var hostilePaths = []string{
	"a,\"b\"\nc\x1b[31m.jpg", "caf\xe9.jpg", "c1\u009b31m\u007f\u2028.jpg", "x|y`z*_[a](http://evil)<b>&\\.jpg",
	"p:1,2%0A::error::x\r.jpg", "]]><!--&lt;\x00\ufffe", "C:/x y/ä.png", "/abs/ü#?.jpg", "photos.zip!in/@user www.evil.jpg",
}

func failing(path string, probability float64, results ...check.Result) Record {
	return Record{Path: path, Check: &check.Verdict{Results: results}, Result: &classify.Result{
		Format: "png", Predictions: []classify.Prediction{{Rank: 1, Label: "tench", Probability: probability}},
	}}
}

func hostileChecks() []Record {
	records := append([]Record{hostile}, checked...)
	for _, path := range hostilePaths {
		records = append(records, failing(path, 0.5, check.Result{Name: "r|1:\n", Rule: "expect", Want: path, Got: "tench"}))
	}
	return append(records, Record{Path: hostilePaths[3], Result: damaged.Result, Check: passed.Check})
}

func TestCheckReports(t *testing.T) {
	for _, format := range checkFormats {
		t.Run(format, func(t *testing.T) {
			snapshot(t, "check."+format, write(t, format, Style{Check: true}, hostileChecks()))
			snapshot(t, "plain."+format, write(t, format, Style{Timing: true, Engine: engine}, []Record{dog, broken, none, latin1}))
			snapshot(t, "empty."+format, write(t, format, Style{}, nil))
		})
	}
}

func TestCheckReportsTellWriteErrors(t *testing.T) {
	for _, format := range checkFormats {
		w := New(format, full{}, Style{})
		if w == nil {
			t.Errorf("%s is not known", format)
			continue
		}
		if err, end := w.Write(failed), w.Close(); err == nil && end == nil {
			t.Errorf("%s: no error", format)
		}
	}
}

type suites struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Cases    []struct {
		Name    string    `xml:"name,attr"`
		Class   string    `xml:"classname,attr"`
		Time    string    `xml:"time,attr"`
		Failure *complain `xml:"failure"`
		Error   *complain `xml:"error"`
	} `xml:"testsuite>testcase"`
}

type complain struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func TestJUnitIsXML(t *testing.T) {
	records := hostileChecks()
	var s suites
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimSpace(write(t, "junit", Style{Check: true}, records))))
	if err := d.Decode(&s); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Errorf("something follows: %v", err)
	}
	failures, errors := 0, 0
	for i, c := range s.Cases {
		if c.Name != Escape(records[i].Path) || c.Time != "" {
			t.Errorf("case %d is %+v, want %q", i, c, records[i].Path)
		}
		failures += count(c.Failure)
		errors += count(c.Error)
	}
	if s.Tests != len(records) || s.Failures != failures || s.Errors != errors || failures+errors != len(records)-2 {
		t.Errorf("%d tests, %d failures, %d errors; found %d and %d", s.Tests, s.Failures, s.Errors, failures, errors)
	}
	want := "failed: expect: want tabby, got golden retriever\npassed: min-prob: want 0.5, got 0.931245\n" +
		`failed: reject: want a\nb, got \x1b[2J` + "\ngolden retriever 0.931245\n"
	if c := s.Cases[2]; c.Class != "efficientnet-lite0" || c.Failure.Type != "expect" || c.Failure.Text != want {
		t.Errorf("%+v, %+v", c, c.Failure)
	}
}

func count(c *complain) int {
	if c == nil {
		return 0
	}
	return 1
}

// What does not fit into memory goes through a file, in order, and leaves none behind.
func TestJUnitSpools(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	t.Setenv("TMP", folder)
	var records []Record
	for i := range 5000 {
		records = append(records, failing(fmt.Sprintf("%s/%d.jpg", strings.Repeat("x", 400), i), 0.5, check.Result{Rule: "expect"}))
	}
	text := write(t, "junit", Style{}, records)
	if len(text) < 2*maxSpool {
		t.Fatalf("%d bytes go through no file", len(text))
	}
	var s suites
	if err := xml.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	for i, c := range s.Cases {
		if c.Name != records[i].Path {
			t.Fatalf("case %d is %s", i, c.Name)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 || len(s.Cases) != len(records) {
		t.Errorf("%d files are left, %d cases, %v", len(left), len(s.Cases), err)
	}
}

func TestGitHubShowsTheWorst(t *testing.T) {
	wrong, unsure := check.Result{Rule: "expect", Want: "tabby"}, check.Result{Rule: "min-prob", Want: ">= 0.5"}
	records := []Record{failing("sure", 0.9, wrong), passed, failing("sure enough", 0.6, unsure), broken, failing("unsure", 0.05, unsure)}
	for i := range 10 {
		records = append(records, failing(fmt.Sprintf("more %d", i), 0.5, wrong))
	}
	var shown []string
	lines := strings.Split(strings.TrimSuffix(string(write(t, "github", Style{}, records)), "\n"), "\n")
	for _, line := range lines[:len(lines)-1] {
		file, _, _ := strings.Cut(strings.TrimPrefix(line, "::error file="), ",")
		shown = append(shown, file)
	}
	want := []string{"broken.jpg", "unsure", "sure", "more 0", "more 1", "more 2", "more 3", "more 4", "more 5"}
	if diff := cmp.Diff(want, shown); diff != "" || lines[9] != "::error title=effnet::5 more pictures failed" {
		t.Errorf("%s\n%s", diff, lines[9])
	}
}

// A name forges no command and no parameter.
func TestGitHubEscapes(t *testing.T) {
	for _, path := range hostilePaths {
		text := string(write(t, "github", Style{}, []Record{failing(path, 0.5, check.Result{Rule: "expect", Want: path, Got: "x"})}))
		if strings.Count(text, "\n") != 1 || strings.Contains(text, "\r") || !strings.HasPrefix(text, "::error file=") {
			t.Errorf("%q gives %q", path, text)
		}
		parameters, _, _ := strings.Cut(text[len("::"):], "::")
		if strings.Count(parameters, ",") != 1 || strings.Contains(parameters, ":") {
			t.Errorf("%q gives the parameters %q", path, parameters)
		}
	}
}

func TestGitLabIsCodeQuality(t *testing.T) {
	type issue struct {
		Description string
		CheckName   string `json:"check_name"`
		Fingerprint string
		Severity    string
		Location    struct {
			Path  string
			Lines struct{ Begin int }
		}
	}
	read := func(records []Record) (list []issue) {
		if err := json.Unmarshal(write(t, "gitlab", Style{}, records), &list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	list := read(hostileChecks())
	if len(list) != 5+len(hostilePaths) {
		t.Errorf("%d issues", len(list))
	}
	seen := map[string]bool{}
	for _, i := range list {
		if i.Description == "" || i.CheckName == "" || len(i.Fingerprint) != 64 || seen[i.Fingerprint] ||
			i.Severity != "major" && i.Severity != "critical" || i.Location.Path == "" || i.Location.Lines.Begin != 1 {
			t.Errorf("%+v", i)
		}
		seen[i.Fingerprint] = true
	}
	again, other := failed, failed
	again.Path, other.Path = "./x/../dog.jpg", "dog2.jpg"
	three := read([]Record{failed, again, other})
	if three[0].Fingerprint != three[2].Fingerprint || three[0].Fingerprint == three[4].Fingerprint || three[2].Location.Path != "dog.jpg" {
		t.Errorf("%+v", three)
	}
}

func TestSARIF(t *testing.T) {
	var log struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct {
						ID               string
						ShortDescription struct{ Text string }
					}
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	records := hostileChecks()
	if err := json.Unmarshal(write(t, "sarif", Style{}, records), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if log.Version != "2.1.0" || log.Schema == "" || run.Tool.Driver.Name != "effnet" || len(run.Results) != 5+len(hostilePaths) {
		t.Errorf("%+v", log)
	}
	for _, rule := range run.Tool.Driver.Rules {
		if rule.ID == "" || rule.ShortDescription.Text == "" {
			t.Errorf("%+v", rule)
		}
	}
	for _, r := range run.Results {
		if r.RuleID == "" || run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || r.Level != "error" || r.Message.Text == "" ||
			len(r.Locations) != 1 || r.Locations[0].PhysicalLocation.Region.StartLine != 1 {
			t.Errorf("%+v", r)
		}
	}
	for i, path := range hostilePaths {
		uri := run.Results[5+i].Locations[0].PhysicalLocation.ArtifactLocation.URI
		u, err := url.Parse(uri)
		if err != nil || strings.TrimPrefix(u.Path, "./") != repositoryPath(path) || u.Fragment != "" || u.RawQuery != "" {
			t.Errorf("%q has the address %q, %v", path, uri, err)
		}
	}
}

// Every picture is one line of four cells, whatever its name.
func TestMarkdownIsATable(t *testing.T) {
	records := hostileChecks()
	lines := strings.Split(string(write(t, "markdown", Style{}, records)), "\n")
	rows := lines[4 : len(lines)-1]
	if len(rows) != len(records) {
		t.Fatalf("%d rows of %d", len(rows), len(records))
	}
	for i, row := range rows {
		if strings.Count(row, "|") != 5 || !printable(row) || strings.ContainsAny(row, "`[@") || strings.Contains(row, "://") {
			t.Errorf("%q", row)
		}
		if bad := i < len(rows)-2; bad != strings.HasPrefix(row, "| **") {
			t.Errorf("row %d: %q", i, row)
		}
	}
}

func TestMarkdownIsBounded(t *testing.T) {
	long := strings.Repeat("|", 1000)
	var records []Record
	for i := range 300 {
		records = append(records, Record{Path: fmt.Sprintf("%d%s", i, long), Result: damaged.Result, Check: passed.Check})
	}
	for i := range 100 {
		records = append(records, failing(fmt.Sprintf("bad %d%s", i, long), 0.5, check.Result{Rule: "expect"}))
	}
	text := string(write(t, "markdown", Style{}, records))
	if len(text) > maxSummary || strings.Count(text, "| **failed**") != 100 {
		t.Errorf("%d bytes, %d failures", len(text), strings.Count(text, "| **failed**"))
	}
	shown := strings.Count(text, "\n| ") - 1
	if want := fmt.Sprintf("\n%d more\n", 400-shown); shown < 150 || !strings.HasSuffix(text, want) {
		t.Errorf("%d shown, end %q", shown, text[len(text)-20:])
	}
}
