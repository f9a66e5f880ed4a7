package evaluate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

const (
	goldenPictures = 200
	goldenClasses  = 7
)

// goldenPicture is one of those whose figures numpy computed.
func goldenPicture(i int) (truth int, logits []float32) {
	truth = i * i / 3 % (goldenClasses - 1)
	for k := range goldenClasses {
		z := 4 * math.Sin(1.7*float64(i)+2.3*float64(k*k))
		if k == truth && i%3 == 0 {
			z += 0.5
		} else if k == truth {
			z += 5
		}
		logits = append(logits, float32(z))
	}
	return truth, logits
}

func letters(n int) []weights.Label {
	var labels []weights.Label
	for i := range n {
		labels = append(labels, weights.Label{Name: string(rune('a' + i))})
	}
	return labels
}

func newTally(t *testing.T, classes int, o Options) *Tally {
	t.Helper()
	tally, err := New(letters(classes), o)
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

func golden(t *testing.T, o Options) *Figures {
	t.Helper()
	tally := newTally(t, goldenClasses, o)
	for i := range goldenPictures {
		truth, logits := goldenPicture(i)
		if _, err := tally.Add(fmt.Sprint(i), []int{truth}, logits); err != nil {
			t.Fatal(err)
		}
	}
	tally.Fail()
	return tally.Figures()
}

var near = cmpopts.EquateApprox(0, 1e-6)

// Computed by numpy in float64 from the definitions; the best temperature by
// golden section over all logits.
func TestFiguresEqualNumpy(t *testing.T) {
	f := golden(t, Options{Mistakes: 3})
	got := map[string]float64{
		"images": float64(f.Images), "errors": float64(f.Errors), "top1": f.Top1, "top5": f.Top5,
		"nll": f.NLL, "ece": f.ECE, "balanced": f.Balanced, "macro F1": f.MacroF1, "risk": f.Risk.Area,
		"least nll": f.Tempered.NLL,
	}
	want := map[string]float64{
		"images": 200, "errors": 1, "top1": 0.45, "top5": 0.905,
		"nll": 1.9623219270996899, "ece": 0.25062095954714775,
		"balanced": 0.4793726741095162, "macro F1": 0.46454276722348364, "risk": 0.2927882355420486,
		"least nll": 1.4697226829789645,
	}
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Error(diff)
	}
	if d := math.Abs(f.Tempered.Temperature/2.657113679736108 - 1); !(d < 1e-4) || f.Tempered.AtLimit {
		t.Errorf("temperature %v", f.Tempered.Temperature)
	}
	if d := math.Abs(f.Tempered.ECE - 0.10983676901798574); !(d < 1e-5) {
		t.Errorf("calibration error at the best temperature %v", f.Tempered.ECE)
	}
	confusion := [][]int{
		{23, 5, 11, 6, 8, 3, 1}, {4, 13, 0, 0, 5, 0, 0}, {5, 0, 11, 0, 4, 2, 0}, {7, 0, 9, 21, 13, 3, 2},
		{0, 3, 4, 3, 11, 0, 1}, {0, 0, 6, 0, 5, 11, 0}, {0, 0, 0, 0, 0, 0, 0},
	}
	precision := []float64{0.5897435897435898, 0.6190476190476191, 0.2682926829268293, 0.7, 0.2391304347826087, 0.5789473684210527, 0}
	recall := []float64{0.40350877192982454, 0.5909090909090909, 0.5, 0.38181818181818183, 0.5, 0.5, 0}
	f1 := []float64{0.47916666666666663, 0.6046511627906977, 0.34920634920634924, 0.49411764705882355, 0.3235294117647059, 0.5365853658536586, 0}
	for a, row := range confusion {
		images, predicted := 0, 0
		for p, n := range row {
			images += n
			predicted += confusion[p][a]
			if got := f.Confusion.Count(a, p); got != n {
				t.Errorf("class %d as %d: %d, want %d", a, p, got, n)
			}
		}
		want := ClassFigures{Index: a, Label: string(rune('a' + a)), Images: images, Predicted: predicted, Precision: precision[a], Recall: recall[a], F1: f1[a]}
		if diff := cmp.Diff(want, f.PerClass[a], near); diff != "" {
			t.Error(diff)
		}
	}
	mistakes := []Mistake{
		{Path: "183", Confidence: 0.927398, Probability: 0.00196559}, {Path: "24", Confidence: 0.91234535, Probability: 0.07003482},
		{Path: "135", Confidence: 0.90819377, Probability: 0.00275874},
	}
	if diff := cmp.Diff(mistakes, f.Mistakes, near, cmp.FilterPath(func(p cmp.Path) bool {
		switch p.Last().String() {
		case ".Class", ".Label", ".Predicted", ".As", ".serial":
			return true
		}
		return false
	}, cmp.Ignore())); diff != "" {
		t.Error(diff)
	}
}

// At another temperature of the model its own figures change, what is best does
// not.
func TestTheModelsTemperature(t *testing.T) {
	plain, tempered := golden(t, Options{}), golden(t, Options{Temperature: 2})
	if !(math.Abs(tempered.NLL-1.5010497716752709) < 1e-6) || !(math.Abs(tempered.ECE-0.14673056529889725) < 1e-6) || tempered.Calibration.Temperature != 2 {
		t.Errorf("got %+v", tempered.Calibration)
	}
	if diff := cmp.Diff(plain.Tempered, tempered.Tempered); diff != "" {
		t.Error(diff)
	}
	best := golden(t, Options{Temperature: plain.Tempered.Temperature})
	if diff := cmp.Diff(best.Calibration, plain.Tempered, cmpopts.EquateApprox(0, 1e-5)); diff != "" {
		t.Error(diff)
	}
}

// The reliability curve's bins hold all pictures, and add up to the error.
func TestReliability(t *testing.T) {
	f := golden(t, Options{})
	images, ece := 0, 0.0
	for _, b := range f.Calibration.Reliability {
		images += b.Images
		ece += float64(b.Images) / goldenPictures * math.Abs(b.Accuracy-b.Confidence)
		if b.Images > 0 && !(b.Confidence > b.From && b.Confidence <= b.To) {
			t.Errorf("%+v", b)
		}
	}
	if images != goldenPictures || !(math.Abs(ece-f.ECE) < 1e-12) || len(f.Calibration.Reliability) != 15 {
		t.Errorf("%d pictures, %v, want %v", images, ece, f.ECE)
	}
}

// A bin holds its upper bound.
func TestBinEdges(t *testing.T) {
	for p, want := range map[float64]int{1e-9: 0, 1.0 / 15: 0, 0.0667: 1, 0.6: 8, 1: 14} {
		c := newCalibration([]sureness{{}}, func(*sureness) float64 { return p })
		if c.Reliability[want].Images != 1 {
			t.Errorf("%v: %+v", p, c.Reliability)
		}
	}
}

func TestTemperatureAtItsLimits(t *testing.T) {
	right := newTally(t, 3, Options{})
	wrong := newTally(t, 3, Options{})
	for range 10 {
		if ok, err := right.Add("", []int{0}, []float32{3, 1, 2}); !ok || err != nil {
			t.Error(ok, err)
		}
		if ok, err := wrong.Add("", []int{1}, []float32{3, 1, 2}); ok || err != nil {
			t.Error(ok, err)
		}
	}
	if f := right.Figures().Tempered; !f.AtLimit || !(math.Abs(f.Temperature-0.125) < 1e-3) {
		t.Errorf("all right: %+v", f)
	}
	if f := wrong.Figures().Tempered; !f.AtLimit || !(math.Abs(f.Temperature-8) < 1e-1) {
		t.Errorf("all wrong: %+v", f)
	}
}

func TestNothing(t *testing.T) {
	f := newTally(t, 2, Options{}).Figures()
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"schema":"effnet/v1"`, `"images":0`, `"top1":0,"top1_interval":[0,1]`, `"confusion":[[0,0],[0,0]]`, `"mistakes":[]`, `"mixups":[]`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in %s", want, data)
		}
	}
}

func TestSeveralClassesAreRight(t *testing.T) {
	tally := newTally(t, 8, Options{})
	for _, tt := range []struct {
		logits []float32
		right  bool
		actual int
	}{
		{[]float32{0, 9, 1, 0, 0, 0, 0, 0}, true, 1},
		{[]float32{0, 1, 9, 0, 0, 0, 0, 0}, true, 2},
		{[]float32{9, 1, 2, 0, 0, 0, 0, 0}, false, 2},
		{[]float32{9, 2, 2, 0, 0, 0, 0, 0}, false, 1},
	} {
		before := tally.classes[tt.actual].pictures
		right, err := tally.Add("", []int{2, 1}, tt.logits)
		if err != nil || right != tt.right || tally.classes[tt.actual].pictures != before+1 {
			t.Errorf("%v: %v %v, %v", tt.logits, right, err, tally.classes)
		}
	}
	// The probability that it is either is what counts.
	one := newTally(t, 8, Options{})
	if _, err := one.Add("", []int{0, 1}, []float32{1, 2, 0, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	e := math.E
	want := -math.Log((e + e*e) / (e + e*e + 6))
	if f := one.Figures(); !(math.Abs(f.NLL-want) < 1e-9) {
		t.Errorf("NLL %v, want %v", f.NLL, want)
	}
}

func TestASingleOutputIsTwoClasses(t *testing.T) {
	tally := newTally(t, 2, Options{Temperature: 2})
	for _, z := range []float32{3, -1, 0.5} {
		if _, err := tally.Add("", []int{1}, []float32{z}); err != nil {
			t.Fatal(err)
		}
	}
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	want := -(math.Log(sigmoid(1.5)) + math.Log(sigmoid(-0.5)) + math.Log(sigmoid(0.25))) / 3
	if f := tally.Figures(); !(math.Abs(f.NLL-want) < 1e-9) || f.Confusion.Count(1, 1) != 2 || f.Confusion.Count(1, 0) != 1 || f.Top5 != 1 {
		t.Errorf("got %+v, want NLL %v", f, want)
	}
	both := Classes(classify.Info{Classes: 1, Labels: letters(1), Other: weights.Label{Name: "z"}})
	alone := Classes(classify.Info{Classes: 1, Labels: letters(1)})
	if both[0].Name != "z" || both[1].Name != "a" || alone[0].Name != "not a" || alone[1].Name != "a" {
		t.Error(both, alone)
	}
}

func TestWhatIsRefused(t *testing.T) {
	if _, err := New(letters(1), Options{}); err == nil {
		t.Error("one class is enough")
	}
	if _, err := New(letters(2), Options{Temperature: -1}); err == nil {
		t.Error("a negative temperature is taken")
	}
	tally := newTally(t, 3, Options{})
	for name, tt := range map[string]struct {
		truth  []int
		logits []float32
	}{
		"few": {[]int{0}, []float32{1, 2}}, "none": {[]int{0}, nil}, "no truth": {nil, []float32{1, 2, 3}}, "class 3": {[]int{3}, []float32{1, 2, 3}},
		"class -1": {[]int{-1}, []float32{1, 2, 3}}, "NaN": {[]int{0}, []float32{1, 2, float32(math.NaN())}},
		"infinity": {[]int{0}, []float32{1, 2, float32(math.Inf(-1))}},
	} {
		if _, err := tally.Add("", tt.truth, tt.logits); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if f := tally.Figures(); f.Images != 0 {
		t.Error("what was refused is counted")
	}
}

func TestWilson(t *testing.T) {
	for _, tt := range []struct {
		k, n int
		want Interval
	}{
		{0, 0, Interval{0, 1}}, {0, 10, Interval{0, 0.2775327998628892}}, {10, 10, Interval{0.7224672001371107, 1}},
		{5, 10, Interval{0.236593090512564, 0.7634069094874361}}, {873, 1000, Interval{0.8509252474282143, 0.8922199907415616}},
		{38500, 50000, Interval{0.7662906492936316, 0.7736678661383302}},
	} {
		if diff := cmp.Diff(tt.want, Wilson(tt.k, tt.n), cmpopts.EquateApprox(0, 1e-12)); diff != "" {
			t.Errorf("%d of %d: %s", tt.k, tt.n, diff)
		}
	}
}

func TestMcNemar(t *testing.T) {
	for _, tt := range []struct {
		this, other  int
		exact        bool
		statistic, p float64
	}{
		{0, 0, true, 0, 1}, {2, 10, true, 0, 0.03857421875}, {5, 0, true, 0, 0.0625}, {12, 12, true, 0, 1}, {3, 17, true, 0, 0.0025768280029296875},
		{10, 30, false, 9.025, 0.002663119259138554}, {20, 20, false, 0, 1},
		{121, 59, false, 20.67222222222222, 5.450094825427123e-06}, {0, 40, false, 38.025, 6.984393061522158e-10},
	} {
		p := Pair{Both: 7, Neither: 2}
		for range tt.this {
			p.Add(true, false)
		}
		for range tt.other {
			p.Add(false, true)
		}
		p.Add(true, true)
		p.Add(false, false)
		c := p.Compare("m")
		n := 11 + tt.this + tt.other
		if (c.Test == "exact binomial") != tt.exact || !(math.Abs(c.Statistic-tt.statistic) < 1e-9) || !(math.Abs(c.P-tt.p) <= 1e-9*tt.p) ||
			c.Images != n || c.Both != 8 || c.Neither != 3 || c.Top1 != float64(8+tt.other)/float64(n) {
			t.Errorf("%d, %d: %+v", tt.this, tt.other, c)
		}
	}
}

// Of equally sure pictures none is answered before another.
func TestRiskOfTies(t *testing.T) {
	r := newRisk([]sureness{{own: 0.5}, {own: 0.9, right: true}, {own: 0.5, right: true}, {own: 0.5, right: true}})
	want := Risk{Area: 0.75 * 0.25, Points: []RiskPoint{{0.25, 0, 0.9}, {1, 0.25, 0.5}}}
	if diff := cmp.Diff(want, r, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Error(diff)
	}
	many := make([]sureness, 5000)
	for i := range many {
		many[i] = sureness{own: float32(i) / 5000, right: i%3 > 0}
	}
	if n := len(newRisk(many).Points); n != riskPoints {
		t.Errorf("%d points", n)
	}
}

func TestWorstMistakesAreBounded(t *testing.T) {
	tally := newTally(t, 2, Options{Mistakes: 2})
	for i, z := range []float32{1, 5, 2, 5, 4} {
		if _, err := tally.Add(fmt.Sprint(i), []int{0}, []float32{0, z}); err != nil {
			t.Fatal(err)
		}
	}
	got := tally.Figures().Mistakes
	if len(got) != 2 || got[0].Path != "1" || got[1].Path != "3" || got[0].Label != "a" || got[0].As != "b" {
		t.Errorf("got %+v", got)
	}
	data, err := json.Marshal(Mistake{Path: "\xff"})
	if err != nil || !strings.Contains(string(data), `"path_b64":"/w=="`) {
		t.Errorf("%s %v", data, err)
	}
}

func TestMixups(t *testing.T) {
	f := golden(t, Options{})
	first := f.Mixups[0]
	if first.Label != "d" || first.As != "e" || first.Images != 13 || len(f.Mixups) != 22 {
		t.Errorf("%d, first %+v", len(f.Mixups), first)
	}
}

func TestCSV(t *testing.T) {
	tally, err := New([]weights.Label{{Name: "=cat, \"tame\""}, {WNID: "n1", Name: "d\xffg"}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tally.Add("x", []int{0}, []float32{1, 0}); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tally.Figures().WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	want := "index,wnid,label,images,predicted,precision,recall,f1\n" +
		"0,,\"=cat, \"\"tame\"\"\",1,1,1.000000,1.000000,1.000000\n1,n1,d\uFFFDg,0,0,0.000000,0.000000,0.000000\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

// A thousand classes cost no more memory a picture than two.
func TestMemoryOfAPicture(t *testing.T) {
	tally := newTally(t, 1000, Options{})
	logits := make([]float32, 1000)
	n := testing.AllocsPerRun(200, func() {
		if _, err := tally.Add("x", []int{0}, logits); err != nil {
			t.Fatal(err)
		}
	})
	if n > 4 {
		t.Errorf("%v allocations a picture", n)
	}
}

func TestLargeConfusionIsLeftOut(t *testing.T) {
	for classes, want := range map[int]string{2: "[[0,1],[0,0]]", denseClasses + 1: "null"} {
		c := newConfusion(classes)
		c.add(0, 1)
		data, err := json.Marshal(c)
		if err != nil || string(data) != want {
			t.Errorf("%d classes: %s %v", classes, data, err)
		}
	}
}
