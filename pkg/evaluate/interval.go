package evaluate

import "math"

// z95 is the normal deviate of a two-sided interval of 95 %.
const z95 = 1.959963984540054

// Interval is a range of shares of 1.
type Interval [2]float64

// Wilson is the 95 % score interval of k right of n (Wilson, 1927); 0 to 1
// where n is 0.
func Wilson(k, n int) Interval {
	if n == 0 {
		return Interval{0, 1}
	}
	p, m := float64(k)/float64(n), float64(n)
	square := z95 * z95
	middle := (p + square/(2*m)) / (1 + square/m)
	half := z95 / (1 + square/m) * math.Sqrt(p*(1-p)/m+square/(4*m*m))
	low, high := middle-half, middle+half
	if k == 0 {
		low = 0
	}
	if k == n {
		high = 1
	}
	return Interval{math.Max(low, 0), math.Min(high, 1)}
}

// Pair counts pictures by whether two models are right on them.
type Pair struct {
	Both, OnlyThis, OnlyOther, Neither int
}

// Add counts a picture.
func (p *Pair) Add(this, other bool) {
	switch {
	case this && other:
		p.Both++
	case this:
		p.OnlyThis++
	case other:
		p.OnlyOther++
	default:
		p.Neither++
	}
}

// exactBelow is the number of pictures on which two models differ from which on
// the chi-square distribution is near enough.
const exactBelow = 25

// Comparison is whether two models differ by more than chance.
type Comparison struct {
	Model      string  `json:"model"` // the other one
	Images     int     `json:"images"`
	Top1       float64 `json:"top1"` // the other's
	Both       int     `json:"both_right"`
	OnlyThis   int     `json:"only_this_right"`
	OnlyOther  int     `json:"only_other_right"`
	Neither    int     `json:"neither_right"`
	Difference float64 `json:"difference"` // of top-1, this less the other
	Test       string  `json:"test"`       // "exact binomial" or "chi-square with continuity correction"
	Statistic  float64 `json:"statistic"`  // of the chi-square test, else 0
	P          float64 `json:"p"`          // two-sided
}

// Compare is McNemar's test (1947) of the pictures that one model alone has
// right: exact below 25 of them, else by chi-square with Edwards' correction.
func (p Pair) Compare(other string) Comparison {
	n := p.Both + p.OnlyThis + p.OnlyOther + p.Neither
	c := Comparison{
		Model: other, Images: n, Top1: share(float64(p.Both+p.OnlyOther), n),
		Both: p.Both, OnlyThis: p.OnlyThis, OnlyOther: p.OnlyOther, Neither: p.Neither,
		Difference: share(float64(p.OnlyThis-p.OnlyOther), n),
	}
	differ := p.OnlyThis + p.OnlyOther
	if differ < exactBelow {
		c.Test, c.P = "exact binomial", signTest(min(p.OnlyThis, p.OnlyOther), differ)
		return c
	}
	d := math.Max(math.Abs(float64(p.OnlyThis-p.OnlyOther))-1, 0)
	c.Test = "chi-square with continuity correction"
	c.Statistic = d * d / float64(differ)
	c.P = math.Erfc(math.Sqrt(c.Statistic / 2))
	return c
}

// signTest is the two-sided probability that at most k of n coins, or at least
// n−k, show heads.
func signTest(k, n int) float64 {
	sum, choose := 0.0, 1.0
	for i := 0; i <= k; i++ {
		sum += choose
		choose *= float64(n-i) / float64(i+1)
	}
	return math.Min(1, 2*sum/math.Exp2(float64(n)))
}
