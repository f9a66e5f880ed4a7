package evaluate

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"image/jpeg"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/effnet/effnet/pkg/weights"
)

func rendered(t *testing.T, f *Figures, r Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.WriteHTML(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const hostile = "\"><script>alert(1)</script>\n\x1b[31m\xff{{.}}' onload=x"

func TestReportEscapesNames(t *testing.T) {
	tally, err := New([]weights.Label{{Name: hostile}, {Name: "b" + hostile}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := tally.Add(hostile, []int{0}, []float32{0, 1}); err != nil {
			t.Fatal(err)
		}
	}
	f := tally.Figures()
	f.Model = hostile
	c := Pair{OnlyThis: 1}.Compare(hostile)
	f.Compare = &c
	page := rendered(t, f, Report{Title: hostile, Read: func(string) ([]byte, error) { return nil, errors.New("gone") }})
	for _, bad := range []string{"<script", "\xff", "\x1b", "' onload"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	balanced(t, page)
	if n := strings.Count(page, "no picture"); n != 3 {
		t.Errorf("%d pictures are absent", n)
	}
}

// balanced reads the page as XML: every element that is opened is closed, and
// none of them acts.
func balanced(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.Entity = true, xml.HTMLEntity
	d.AutoClose = append(xml.HTMLAutoClose, "meta")
	d.Strict = false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			for _, a := range e.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || e.Name.Local == "script" {
					t.Errorf("<%s %s>", e.Name.Local, a.Name.Local)
				}
			}
		}
	}
}

// The page has the pictures of the mistakes, small, and needs nothing from
// elsewhere.
func TestReportIsSelfContained(t *testing.T) {
	cat, err := os.ReadFile("../../testdata/cat.jpg")
	if err != nil {
		t.Fatal(err)
	}
	f := golden(t, Options{Mistakes: 9})
	asked := 0
	page := rendered(t, f, Report{Title: "set", Mistakes: 5, Read: func(path string) ([]byte, error) {
		asked++
		switch path {
		case f.Mistakes[0].Path:
			return cat, nil
		case f.Mistakes[1].Path:
			return []byte("no picture"), nil
		}
		return nil, errors.New("gone")
	}})
	if asked != 5 || strings.Count(page, "<figure>") != 5 {
		t.Errorf("%d asked for", asked)
	}
	sources := regexp.MustCompile(`(?:src|href|url)\s*[=(]\s*"?([^" )>]*)`).FindAllStringSubmatch(page, -1)
	if len(sources) != 1 {
		t.Fatalf("%d sources", len(sources))
	}
	data, ok := strings.CutPrefix(html.UnescapeString(sources[0][1]), "data:image/jpeg;base64,")
	small, err := base64.StdEncoding.DecodeString(data)
	if !ok || err != nil || len(small) > 20000 {
		t.Fatalf("%.40s, %d bytes, %v", sources[0][1], len(small), err)
	}
	img, err := jpeg.Decode(bytes.NewReader(small))
	if err != nil || img.Bounds().Dx() != thumbnailSide {
		t.Error(err)
	}
	balanced(t, page)
	for _, want := range []string{"45.0 %", "90.5 %", "prefers-color-scheme: dark", `name="viewport"`, "<polyline", `class="bar"`, "2.657"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	for _, bad := range []string{"ZgotmplZ", "http://", "https://", "<script", "NaN", "Inf"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
}

func TestReportOfManyClassesIsBounded(t *testing.T) {
	var labels []weights.Label
	for i := range 1000 {
		labels = append(labels, weights.Label{Name: fmt.Sprint("class ", i)})
	}
	tally, err := New(labels, Options{})
	if err != nil {
		t.Fatal(err)
	}
	logits := make([]float32, 1000)
	for i := range 1000 {
		logits[i] = 3
		if _, err := tally.Add("p", []int{(i + i%3) % 1000}, logits); err != nil {
			t.Fatal(err)
		}
		logits[i] = 0
	}
	page := rendered(t, tally.Figures(), Report{})
	if n := strings.Count(page, `<th scope="row"`); n != matrixExcerpt {
		t.Errorf("%d rows of the matrix", n)
	}
	if len(page) > 400000 {
		t.Errorf("%d bytes", len(page))
	}
	if strings.Contains(page, "no picture") {
		t.Error("pictures were not asked for")
	}
}

func TestReportOfNothing(t *testing.T) {
	balanced(t, rendered(t, newTally(t, 2, Options{}).Figures(), Report{}))
}
