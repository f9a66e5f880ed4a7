package check

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/models"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

// few are labels of a small model; two of them are cranes.
var few = []weights.Label{
	{WNID: "n02123045", Name: "tabby", Synonyms: []string{"tabby cat"}},
	{WNID: "n02099601", Name: "golden retriever"},
	{WNID: "n02012849", Name: "crane"},
	{WNID: "n03126707", Name: "crane"},
	{Name: "red shoe"},
}

// fewLogits gives the five classes the probabilities .5, .25, .125, .0625, .0625.
var fewLogits = []float32{logit(0.5), logit(0.25), logit(0.125), logit(0.0625), logit(0.0625)}

func logit(p float64) float32 { return float32(math.Log(p)) }

func result(logits ...float32) *classify.Result { return &classify.Result{Logits: logits} }

func ptr[T any](v T) *T { return &v }

func imageNet(t testing.TB) []weights.Label {
	t.Helper()
	labels, err := weights.ReadLabels(models.Lite0)
	if err != nil {
		t.Fatal(err)
	}
	return labels
}

// oneClass gives a class of ImageNet nearly everything.
func oneClass(index int) *classify.Result {
	r := &classify.Result{Logits: make([]float32, 1000)}
	r.Logits[index] = 20
	return r
}

func mustCompile(t *testing.T, r Rules, labels []weights.Label) Judge {
	t.Helper()
	j, err := Compile(r, labels)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// checkUsage holds err to a *classify.UsageError of one line with want in it.
func checkUsage(t *testing.T, err error, want string) {
	t.Helper()
	var u *classify.UsageError
	if !errors.As(err, &u) {
		t.Errorf("got %v, want a usage error with %q", err, want)
	} else if !strings.Contains(u.Error(), want) || strings.Contains(u.Error(), "\n") {
		t.Errorf("got %q, want one line with %q", u.Error(), want)
	}
}

func TestResults(t *testing.T) {
	for name, tt := range map[string]struct {
		rules Rules
		want  []Result
	}{
		"expected": {Rules{Expect: []string{"tabby cat"}}, []Result{{"", Expect, "tabby cat", "tabby", true}}},
		"another":  {Rules{Expect: []string{"golden retriever"}}, []Result{{"", Expect, "golden retriever", "tabby", false}}},
		"either":   {Rules{Expect: []string{"crane", "tabby"}}, []Result{{"", Expect, "crane or tabby", "tabby", true}}},
		"by id":    {Rules{Expect: []string{"N02099601"}}, []Result{{"", Expect, "golden retriever", "tabby", false}}},
		"by index": {Rules{Expect: []string{"0"}}, []Result{{"", Expect, "tabby", "tabby", true}}},
		"group":    {Rules{Expect: []string{"Domestic_Dog"}}, []Result{{"", Expect, "Domestic Dog", "tabby", false}}},
		"group id": {Rules{Expect: []string{"n02121620"}}, []Result{{"", Expect, "cat", "tabby", true}}},
		"top two":  {Rules{Expect: []string{"dog"}, TopK: ptr(2)}, []Result{{"", Expect, "dog", "tabby, golden retriever", true}}},
		"not in top two": {Rules{Expect: []string{"crane"}, TopK: ptr(2)},
			[]Result{{"", Expect, "crane", "tabby, golden retriever", false}}},
		"ties in order of index": {Rules{Expect: []string{"4"}, TopK: ptr(5)},
			[]Result{{"", Expect, "red shoe", "tabby, golden retriever, crane, crane, red shoe", true}}},
		"probable": {Rules{MinProb: ptr(0.4999)}, []Result{{"", MinProb, ">= 0.4999", "0.500000", true}}},
		"of what is expected": {Rules{Expect: []string{"crane"}, TopK: ptr(3), MinProb: ptr(0.2)}, []Result{
			{"", Expect, "crane", "tabby, golden retriever, crane", true}, {"", MinProb, ">= 0.2", "0.187500", false}}},
		"rejected":     {Rules{Reject: []string{"dog", "cat"}}, []Result{{"", Reject, "not dog or cat", "tabby", false}}},
		"not rejected": {Rules{Reject: []string{"dog"}}, []Result{{"", Reject, "not dog", "tabby", true}}},
		"rejected below the top": {Rules{Expect: []string{"tabby"}, TopK: ptr(2), Reject: []string{"dog"}}, []Result{
			{"", Expect, "tabby", "tabby, golden retriever", true}, {"", Reject, "not dog", "tabby", true}}},
		"close": {Rules{MinMargin: ptr(0.3)}, []Result{{"", MinMargin, ">= 0.3", "0.250000", false}}},
		"ahead": {Rules{MinMargin: ptr(0.2)}, []Result{{"", MinMargin, ">= 0.2", "0.250000", true}}},
		"zero":  {Rules{MinProb: ptr(0.0)}, []Result{{"", MinProb, ">= 0", "0.500000", true}}},
	} {
		v := mustCompile(t, tt.rules, few).Verdict("a.jpg", result(fewLogits...))
		passed := true
		for _, r := range tt.want {
			passed = passed && r.Passed
		}
		if diff := cmp.Diff(Verdict{passed, tt.want}, v); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTiesGoToTheLowerIndex(t *testing.T) {
	j := mustCompile(t, Rules{Expect: []string{"golden retriever"}, MinMargin: ptr(0.0)}, few)
	want := Verdict{true, []Result{
		{"", Expect, "golden retriever", "golden retriever", true}, {"", MinMargin, ">= 0", "0.000000", true},
	}}
	if diff := cmp.Diff(want, j.Verdict("", result(1, 2, 2, 0, 2))); diff != "" {
		t.Error(diff)
	}
}

// Text and verdict agree where six decimals would hide the difference.
func TestProbabilityText(t *testing.T) {
	for _, tt := range []struct {
		p, least float64
		want     string
	}{
		{0.4312449, 0.5, "0.431245"}, {0.49999999, 0.5, "0.49999999"}, {0.5, 0.5, "0.500000"}, {0.50000001, 0.5, "0.500000"}, {1e-9, 0, "0.000000"},
	} {
		if got := probabilityText(tt.p, tt.least); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.p, got, tt.want)
		}
	}
}

func TestProbabilitiesAreThoseOfTheRecords(t *testing.T) {
	for _, logits := range [][]float32{fewLogits, {3, -200, 1e4, 9999.5, 0}, {-0.75}, {0, 0}} {
		r := result(logits...)
		o, wrong := newOutputs(r, len(logits))
		if wrong != "" {
			t.Fatal(wrong)
		}
		for i, want := range r.Probabilities() {
			if got := o.probability(i); got != want {
				t.Errorf("%v: class %d has %v, want %v", logits, i, got, want)
			}
		}
	}
}

func TestWhatCannotBeJudgedFails(t *testing.T) {
	nan := float32(math.NaN())
	for name, r := range map[string]*classify.Result{
		"no logits": result(), "other model": result(1, 2), "NaN": result(1, nan, 3, 4, 5), "infinity": result(1, 2, 3, float32(math.Inf(1)), 0),
	} {
		for _, rules := range []Rules{
			{Expect: []string{"tabby", "dog", "crane", "red shoe"}}, {MinProb: ptr(0.0)}, {Reject: []string{"crane"}}, {MinMargin: ptr(0.0)},
		} {
			if v := mustCompile(t, rules, few).Verdict("a.jpg", r); v.Passed || len(v.Results) != 1 || v.Results[0].Passed {
				t.Errorf("%s: %+v", name, v)
			}
		}
	}
}

func TestRulesAreRefused(t *testing.T) {
	one := []weights.Label{{Name: "cat"}}
	for name, tt := range map[string]struct {
		rules  Rules
		labels []weights.Label
		want   string
	}{
		"nothing":          {Rules{}, few, "nothing to check"},
		"unknown":          {Rules{Expect: []string{"tabbi"}}, few, `unknown label "tabbi"; near: tabby`},
		"unknown reject":   {Rules{Reject: []string{"goldenretriever"}}, few, `near: golden retriever`},
		"group misspelled": {Rules{Expect: []string{"canin"}}, few, "canine"},
		"empty":            {Rules{Expect: []string{""}}, few, `unknown label ""`},
		"group elsewhere":  {Rules{Expect: []string{"fish"}}, few, `unknown label "fish"`},
		"index":            {Rules{Expect: []string{"5"}}, few, `unknown label "5"`},
		"topk 0":           {Rules{Expect: []string{"tabby"}, TopK: ptr(0)}, few, "from 1 to 5, not 0"},
		"topk 6":           {Rules{Expect: []string{"tabby"}, TopK: ptr(6)}, few, "from 1 to 5, not 6"},
		"topk alone":       {Rules{MinProb: ptr(0.5), TopK: ptr(2)}, few, "no expected label"},
		"prob NaN":         {Rules{MinProb: ptr(math.NaN())}, few, "from 0 to 1, not NaN"},
		"prob below":       {Rules{MinProb: ptr(-0.1)}, few, "not -0.1"},
		"margin above":     {Rules{MinMargin: ptr(1.5)}, few, "not 1.5"},
		"one output":       {Rules{Expect: []string{"cat"}}, one, "always on top"},
		"reject of one":    {Rules{Reject: []string{"cat"}, MinProb: ptr(0.5)}, one, "always on top"},
		"margin of one":    {Rules{MinMargin: ptr(0.5)}, one, "needs two classes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compile(tt.rules, tt.labels)
			checkUsage(t, err, tt.want)
		})
	}
}

func TestOneOutput(t *testing.T) {
	j := mustCompile(t, Rules{Expect: []string{"cat"}, MinProb: ptr(0.5)}, []weights.Label{{Name: "cat"}})
	if v := j.Verdict("", result(1)); !v.Passed {
		t.Errorf("likely: %+v", v)
	}
	if v := j.Verdict("", result(-1)); v.Passed {
		t.Errorf("unlikely: %+v", v)
	}
}

func TestImageNet(t *testing.T) {
	labels := imageNet(t)
	for _, tt := range []struct {
		label  string
		class  int
		passed bool
	}{
		{"dog", 207, true}, {"dog", 281, false}, {"cat", 281, true}, {"cat", 291, true}, {"n02084071", 151, true},
		{"crane", 134, true}, {"crane", 517, true}, {"bird", 134, true}, {"bird", 517, false},
		{"vehicle", 817, true}, {"food", 963, true}, {"fruit", 954, true}, {"musical_instrument", 402, true}, {"fish", 389, true},
		{"golden_retriever", 207, true}, {"207", 207, true}, {"TABBY CAT", 281, true},
	} {
		v := mustCompile(t, Rules{Expect: []string{tt.label}}, labels).Verdict("", oneClass(tt.class))
		if v.Passed != tt.passed {
			t.Errorf("%s, class %d: %+v", tt.label, tt.class, v)
		}
	}
	_, err := Compile(Rules{Expect: []string{"vehicel"}}, labels)
	checkUsage(t, err, `unknown label "vehicel"; near: vehicle`)
}

// A class goes before a group of its name.
func TestClassBeforeGroup(t *testing.T) {
	labels := append([]weights.Label{{Name: "dog"}}, few...)
	v := mustCompile(t, Rules{Expect: []string{"dog"}}, labels).Verdict("", result(0, 0, 5, 0, 0, 0))
	if v.Passed {
		t.Errorf("%+v", v)
	}
}

func TestAll(t *testing.T) {
	pass, fail := mustCompile(t, Rules{Expect: []string{"tabby"}}, few), mustCompile(t, Rules{Expect: []string{"dog"}}, few)
	for _, tt := range []struct {
		judges []Judge
		passed bool
	}{{[]Judge{pass}, true}, {[]Judge{pass, pass}, true}, {[]Judge{pass, fail}, false}, {[]Judge{fail, pass}, false}, {nil, false}} {
		v := All(tt.judges...).Verdict("a.jpg", result(fewLogits...))
		if v.Passed != tt.passed || len(v.Results) != len(tt.judges) {
			t.Errorf("%d judges: %+v", len(tt.judges), v)
		}
	}
}

func TestVerdictAllocatesItsResultsAlone(t *testing.T) {
	j := mustCompile(t, Rules{Expect: []string{"dog"}, Reject: []string{"cat"}}, imageNet(t))
	r := oneClass(207)
	if n := testing.AllocsPerRun(10, func() { j.Verdict("a.jpg", r) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkVerdict(b *testing.B) {
	j, err := Compile(Rules{Expect: []string{"dog"}, MinProb: ptr(0.5), MinMargin: ptr(0.1)}, imageNet(b))
	if err != nil {
		b.Fatal(err)
	}
	r := oneClass(207)
	for b.Loop() {
		j.Verdict("a.jpg", r)
	}
}
