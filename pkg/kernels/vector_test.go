package kernels

import (
	"fmt"
	"math"
	"testing"

	"github.com/effnet/effnet/internal/testkit"
)

// vectorMemory is memory for calls, one after the other.
type vectorMemory struct {
	x, out, factors *testkit.Guarded
	place           placement
}

func newVectorMemory(tb testing.TB) *vectorMemory {
	g := guards(tb, 3, 1<<16)
	return &vectorMemory{x: g[0], out: g[1], factors: g[2]}
}

// run calls kernel on copies of x and out and returns what they hold then.
func (m *vectorMemory) run(t *testing.T, kernel func(*VectorArgs), x, out []float32, scale float32) (gotX, gotOut []float32) {
	t.Helper()
	gotX, gotOut = m.place.next().in(m.x, len(x)), m.place.next().in(m.out, Block)
	copy(gotX, x)
	copy(gotOut, out)
	args := VectorArgs{X: address(gotX), Out: address(gotOut), N: len(x) / Block, Scale: scale}
	if testkit.Faults(func() { kernel(&args) }) {
		t.Fatalf("%d vectors: touches memory that is not its own", args.N)
	}
	return gotX, gotOut
}

// runs are the lengths that meet every tail, and one of a whole feature map.
func runs() (n []int) {
	for i := 1; i <= 40; i++ {
		n = append(n, i)
	}
	return append(n, 49, 196, 1000)
}

func same(t *testing.T, n int, what string, got, want []float32) {
	t.Helper()
	if same, at := testkit.SameBits(got, want); !same {
		t.Fatalf("%d vectors: %s[%d] = %v, want %v", n, what, at, got[at], want[at])
	}
}

// proveMap proves a kernel that works on each value of X alone: the bits are
// those of the value alone wherever it lies, and close to exact's.
func proveMap(t *testing.T, kernel, portable func(*VectorArgs), exact, allowed func(float64) float64) int {
	m := newVectorMemory(t)
	random := testkit.NewRandom(9)
	for _, n := range runs() {
		x, out := random.Signeds(n*Block), random.Signeds(Block)
		for i := range x {
			x[i] *= 20
		}
		got, gotOut := m.run(t, kernel, x, out, 1)
		got = append([]float32(nil), got...)
		same(t, n, "Out", gotOut, out)
		want, _ := m.run(t, portable, x, out, 1)
		for i := range x {
			e, bound := exact(float64(x[i])), allowed(float64(x[i]))
			if !testkit.Within(got[i], e, bound) || !testkit.Within(got[i], float64(want[i]), 2*bound) {
				t.Fatalf("%d vectors: at %v: %v, portable %v, exact %v ± %v", n, x[i], got[i], want[i], e, bound)
			}
		}
		for i := 0; i < n; i += max(1, n/8) {
			alone, _ := m.run(t, kernel, x[i*Block:][:Block], out, 1)
			same(t, n, fmt.Sprintf("vector %d of X", i), got[i*Block:][:Block], alone)
		}
	}
	return 1
}

func proveSilu(t *testing.T, s *Set) int {
	return proveMap(t, s.Silu, siluPortable, siluExact, siluError)
}

func proveSigmoid(t *testing.T, s *Set) int {
	return proveMap(t, s.Sigmoid, sigmoidPortable, sigmoidExact, sigmoidError)
}

// proveSum holds a tier to the bits of the portable sum, whose order is fixed.
func proveSum(t *testing.T, s *Set) int {
	m := newVectorMemory(t)
	random := testkit.NewRandom(10)
	for _, n := range append(runs(), 0) {
		x := random.Signeds(n * Block)
		scale := random.Signed()
		_, want := m.run(t, sumPortable, x, nil, scale)
		want = append([]float32(nil), want...)
		gotX, got := m.run(t, s.Sum, x, nil, scale)
		same(t, n, "X", gotX, x)
		same(t, n, "Out", got, want)
		for c := range Block {
			var sum, abs float64
			for i := c; i < len(x); i += Block {
				sum += float64(x[i]) * float64(scale)
				abs += math.Abs(float64(x[i]) * float64(scale))
			}
			if bound := testkit.SumBound(1, n+1, abs); !testkit.Within(got[c], sum, bound) {
				t.Fatalf("%d vectors: Out[%d] = %v, a float64 loop gives %v ± %v", n, c, got[c], sum, bound)
			}
		}
	}
	return 1
}

func proveScale(t *testing.T, s *Set) int {
	m := newVectorMemory(t)
	random := testkit.NewRandom(11)
	for _, n := range runs() {
		x, out := random.Signeds(n*Block), random.Signeds(Block)
		want := make([]float32, len(x))
		for i := range x {
			want[i] = x[i] * out[i%Block]
		}
		got, gotOut := m.run(t, s.Scale, x, out, 1)
		same(t, n, "X", got, want)
		same(t, n, "Out", gotOut, out)
	}
	return 1
}

func proveScaleRows(t *testing.T, s *Set) int {
	m := newVectorMemory(t)
	random := testkit.NewRandom(12)
	for n := 1; n <= 20; n++ {
		for vecs := 1; vecs <= 9; vecs++ {
			x, f := random.Signeds(n*vecs*Block), random.Signeds(n)
			want := make([]float32, len(x))
			for i := range x {
				want[i] = x[i] * f[i/(vecs*Block)]
			}
			src, dst := m.place.next().in(m.x, len(x)), m.place.next().in(m.out, len(x))
			factors := m.place.next().in(m.factors, n)
			copy(src, x)
			copy(factors, f)
			args := ScaleRowsArgs{Dst: address(dst), Src: address(src), Factors: address(factors), N: n, Vecs: vecs}
			if testkit.Faults(func() { s.ScaleRows(&args) }) {
				t.Fatalf("%d rows of %d: touches memory that is not its own", n, vecs)
			}
			same(t, n*vecs, "Dst", dst, want)
			same(t, n*vecs, "Src", src, x)
			same(t, n, "Factors", factors, f)
		}
	}
	return 1
}

// NaN stays in the channel where it was; infinities of one sign add up, of
// both give NaN.
func TestSumAndScaleCarrySpecialValues(t *testing.T) {
	random := testkit.NewRandom(13)
	for _, s := range Sets() {
		m := newVectorMemory(t)
		for _, n := range []int{2, 5, 8, 11} {
			for _, v := range []float32{nan32, inf32, -inf32} {
				x, factors := random.Signeds(n*Block), random.Signeds(Block)
				at := random.IntN(len(x))
				x[at] = v
				_, sum := m.run(t, s.Sum, x, nil, 0.5)
				for c := range sum {
					want := 0.0
					if c == at%Block {
						want = float64(v)
					}
					if !testkit.SameKind(sum[c], want) {
						t.Errorf("%s: %d vectors with %v at %d: sum %d is %v", s.Tier, n, v, at, c, sum[c])
					}
				}
				scaled, _ := m.run(t, s.Scale, x, factors, 1)
				for i := range scaled {
					if want := float64(x[i]) * float64(factors[i%Block]); !testkit.SameKind(scaled[i], want) {
						t.Errorf("%s: %d vectors with %v at %d: scaled %d is %v", s.Tier, n, v, at, i, scaled[i])
					}
				}
				x[at], x[(at+Block)%len(x)] = inf32, -inf32
				if _, sum := m.run(t, s.Sum, x, nil, 0.5); !testkit.SameKind(sum[at%Block], math.NaN()) {
					t.Errorf("%s: %d vectors: +Inf and −Inf add up to %v", s.Tier, n, sum[at%Block])
				}
			}
		}
	}
}
