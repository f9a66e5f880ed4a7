package evaluate

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"image/jpeg"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/profile"
)

// Report says what WriteHTML writes besides the figures.
type Report struct {
	Title    string                            // such as the folder
	Read     func(path string) ([]byte, error) // the picture of a mistake; nil: none is shown
	Mistakes int                               // at most so many; 0: all that the figures have
}

const (
	thumbnailSide    = 176 // pixels
	thumbnailQuality = 72
	matrixClasses    = 40 // most whose matrix is shown whole
	matrixExcerpt    = 24
	shownMixups      = 20
)

//go:embed report.html
var page string

var report = template.Must(template.New("report").Funcs(template.FuncMap{
	"percent": func(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) + " %" },
	"decimal": func(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) },
	"chance": func(p float64) string {
		if p < 0.001 {
			return "p < 0.001"
		}
		return "p = " + strconv.FormatFloat(p, 'f', 3, 64)
	},
	"clean": clean,
}).Parse(page))

// clean makes every byte of a name printable.
func clean(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(name, "\uFFFD"))
}

// view is what the page shows.
type view struct {
	*Figures
	Title       string
	Classes     []ClassFigures // that have pictures, or were predicted
	Matrix      []matrixRow
	Columns     []string
	Excerpt     bool
	TopMixups   []Mixup
	Shown       []shownMistake
	Bars        []bar
	Diagonal    [2]point
	RiskCurve   string // points of a polyline
	Ticks       []tick
	ShowPicture bool
}

type matrixRow struct {
	Label string
	Cells []matrixCell
}

// matrixCell is a count and its share of the row.
type matrixCell struct {
	Count int
	Share string
	Right bool
	As    string
}

type shownMistake struct {
	Mistake
	Picture template.URL // empty where it could not be read
}

// WriteHTML writes the figures as one page that needs nothing else: no script,
// no style, no picture from elsewhere. At most all of Figures.Mistakes are shown,
// each read, decoded and made small one after the other. The error is w's.
func (f *Figures) WriteHTML(w io.Writer, r Report) error {
	v := view{Figures: f, Title: r.Title, ShowPicture: r.Read != nil}
	for _, c := range f.PerClass {
		if c.Images > 0 || c.Predicted > 0 {
			v.Classes = append(v.Classes, c)
		}
	}
	v.matrix()
	v.TopMixups = f.Mixups[:min(len(f.Mixups), shownMixups)]
	v.charts()
	mistakes := f.Mistakes
	if r.Mistakes > 0 {
		mistakes = mistakes[:min(len(mistakes), r.Mistakes)]
	}
	for _, m := range mistakes {
		s := shownMistake{Mistake: m}
		if r.Read != nil {
			s.Picture = thumbnail(m.Path, r.Read)
		}
		v.Shown = append(v.Shown, s)
	}
	return report.Execute(w, &v)
}

// thumbnail is a small JPEG as a data URI, empty where there is no picture.
func thumbnail(path string, read func(string) ([]byte, error)) template.URL {
	data, err := read(path)
	if err != nil {
		return ""
	}
	small, err := shrunk(data)
	if err != nil {
		return ""
	}
	return template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(small))
}

// shrunk fits a picture into a square on grey.
func shrunk(data []byte) (small []byte, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("a fault in the decoder")
		}
	}()
	p, err := preprocess.Decode(data, preprocess.Options{Lenient: true})
	if err != nil {
		return nil, err
	}
	square := profile.ImageNet(thumbnailSide)
	square.Mean = [3]float64{0.5, 0.5, 0.5}
	img, err := p.Resize(preprocess.Pad, square)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = jpeg.Encode(&b, img, &jpeg.Options{Quality: thumbnailQuality})
	return b.Bytes(), err
}

// matrix lays the confusion matrix out: whole, or of the classes with the most
// mistakes.
func (v *view) matrix() {
	shown := make([]int, len(v.Classes))
	for i, c := range v.Classes {
		shown[i] = c.Index
	}
	if len(shown) > matrixClasses {
		v.Excerpt = true
		wrong := make([]int, len(v.PerClass))
		for at, n := range v.Confusion.counts {
			if at[0] != at[1] {
				wrong[at[0]] += n
				wrong[at[1]] += n
			}
		}
		slices.SortStableFunc(shown, func(a, b int) int { return cmp.Compare(wrong[b], wrong[a]) })
		shown = shown[:matrixExcerpt]
		slices.Sort(shown)
	}
	for _, a := range shown {
		row := matrixRow{Label: v.PerClass[a].Label}
		v.Columns = append(v.Columns, v.PerClass[a].Label)
		for _, p := range shown {
			n := v.Confusion.Count(a, p)
			row.Cells = append(row.Cells, matrixCell{
				Count: n, Right: a == p, As: v.PerClass[p].Label,
				Share: strconv.FormatFloat(share(float64(n), v.PerClass[a].Images), 'f', 3, 64),
			})
		}
		v.Matrix = append(v.Matrix, row)
	}
}
