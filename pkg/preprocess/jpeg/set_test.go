package jpeg

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"unsafe"

	"github.com/effnet/effnet/internal/cpu"
	"github.com/effnet/effnet/internal/testkit"
)

// runnable lists the sets of this build that this machine can run.
func runnable() []*set {
	var sets []*set
	have := cpu.Detect()
	for _, s := range builtIn() {
		if have.Has(s.tier) {
			sets = append(sets, s)
		}
	}
	return sets
}

// decodeWith is Decode with a given set.
func decodeWith(s *set, data []byte, o Options) (*Image, error) {
	r := &Reader{set: s}
	if err := r.Reset(data, o); err != nil {
		return nil, err
	}
	return r.image()
}

// guarded is memory for one operand between guard pages.
type guarded struct{ all []byte }

func guard(t *testing.T, n int) guarded {
	g := testkit.Guard(t, (n+3)/4)
	p := (*byte)(unsafe.Pointer(unsafe.SliceData(g.First(g.Cap()))))
	return guarded{unsafe.Slice(p, 4*g.Cap())}
}

// part is n bytes that end, or else begin, where a guard page is; or, from
// place 2 on, place bytes further in.
func (g guarded) part(n, place int) []byte {
	from := 0
	switch {
	case place == 0:
		from = len(g.all) - n
	case place > 1:
		from = place
	}
	return g.all[from : from+n : from+n]
}

func randomBytes(random *rand.Rand, s []byte) {
	extreme := random.IntN(4) == 0
	for i := range s {
		s[i] = byte(random.Uint32())
		if extreme {
			s[i] = byte(int8(s[i]) >> 7)
		}
	}
}

// What reflection finds in a set is what the proofs below cover.
func TestEverySetIsWhole(t *testing.T) {
	for _, s := range runnable() {
		v := reflect.ValueOf(s).Elem()
		for _, name := range []string{"h2v1", "h2v2", "rgb"} {
			if v.FieldByName(name).IsNil() {
				t.Errorf("%s has no %s", s.tier, name)
			}
		}
		if n := v.NumField(); n != 6 {
			t.Errorf("%d fields of a set, of which 6 are proven", n)
		}
		for side, f := range s.idct {
			if wanted := side == 1 || side == 2 || side == 4 || side == 8; (f != nil) != wanted {
				t.Errorf("%s, blocks of %d samples: %v", s.tier, side, f != nil)
			}
		}
		seen := uint64(0)
		for _, at := range s.order {
			seen |= 1 << at
		}
		if s.order[0] != 0 || seen != math.MaxUint64 {
			t.Errorf("%s: order %d", s.tier, s.order)
		}
	}
}

// randomBlock makes coefficients as files have them, or such that overflow.
func randomBlock(random *rand.Rand) (block [64]int16) {
	switch random.IntN(6) {
	case 0: // DC alone
	case 1:
		for i := range block {
			block[i] = int16(random.Uint32())
		}
	case 2:
		for i := range block {
			block[i] = int16(math.MaxInt16 * (random.IntN(3) - 1))
		}
	default:
		block = sparseBlock(random)
	}
	block[0] = int16(random.IntN(4001) - 2000)
	return block
}

func TestInverseDCTOfEverySet(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	oracle := portable()
	for _, s := range runnable() {
		for _, side := range []int{1, 2, 4, 8} {
			t.Run(fmt.Sprint(s.tier, side), func(t *testing.T) {
				coefsMem, dstMem := guard(t, 2*64*9), guard(t, 8*200)
				for round := range 600 {
					n := random.IntN(9)
					size := 64
					if side == 1 {
						size = 1
					}
					var steps, quant [64]int16
					for k := range steps {
						steps[k] = int16(1 + random.IntN(1+random.IntN(300)))
						quant[s.order[k]] = steps[k]
					}
					place := round % 3 * (1 + round%2)
					raw := coefsMem.part(2*size*n, place&^1)
					coefs := unsafe.Slice((*int16)(unsafe.Pointer(unsafe.SliceData(raw))), size*n)
					natural := make([]int16, size*n)
					var naturalQuant [64]int16
					for k, at := range oracle.order {
						naturalQuant[at] = steps[k]
					}
					for b := range n {
						block := randomBlock(random)
						if size == 1 {
							natural[b], coefs[b] = block[0], block[0]
							continue
						}
						for k, at := range oracle.order {
							natural[b*64+int(at)] = block[at]
							coefs[b*64+int(s.order[k])] = block[at]
						}
					}
					stride := n*side + random.IntN(5)
					length := max(stride*(side-1)+n*side, 0)
					dst := dstMem.part(length, place)
					randomBytes(random, dst)
					want := bytes.Clone(dst)
					oracle.idct[side](natural, &naturalQuant, want, stride)
					s.idct[side](coefs, &quant, dst, stride)
					if !bytes.Equal(dst, want) {
						t.Fatalf("%d blocks, stride %d:\n%d\nwant\n%d", n, stride, dst, want)
					}
					if size == 64 && !allZero(coefs) {
						t.Fatal("the coefficients are not zeroed")
					}
				}
			})
		}
	}
}

func allZero(s []int16) bool {
	for _, v := range s {
		if v != 0 {
			return false
		}
	}
	return true
}

// rowSizes are all short ones and those around multiples of the vectors.
func rowSizes() (sizes []int) {
	for n := 1; n <= 140; n++ {
		sizes = append(sizes, n)
	}
	return append(sizes, 255, 256, 257, 500, 1023)
}

func TestUpsamplingOfEverySet(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for _, s := range runnable() {
		t.Run(string(s.tier), func(t *testing.T) {
			const longest = 1023
			nearMem, farMem, dstMem, sumMem := guard(t, longest), guard(t, longest), guard(t, 2*longest), guard(t, 2*(longest+sumsPadding))
			for _, n := range rowSizes() {
				for place := range 5 {
					near, far := nearMem.part(n, place), farMem.part(n, place)
					randomBytes(random, near)
					randomBytes(random, far)
					raw := sumMem.part(2*(n+sumsPadding), place&^1)
					scratch := unsafe.Slice((*int16)(unsafe.Pointer(unsafe.SliceData(raw))), n+sumsPadding)
					got, want := dstMem.part(2*n, place), make([]byte, 2*n)
					triangle2(want, near)
					s.h2v1(got, near)
					if !bytes.Equal(got, want) {
						t.Fatalf("h2v1 of %d: %d, want %d", near, got, want)
					}
					clear(got)
					triangle4(want, near, far, nil)
					s.h2v2(got, near, far, scratch)
					if !bytes.Equal(got, want) {
						t.Fatalf("h2v2 of %d and %d: %d, want %d", near, far, got, want)
					}
				}
			}
		})
	}
}

func TestColourOfEverySet(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for _, s := range runnable() {
		t.Run(string(s.tier), func(t *testing.T) {
			const longest = 1023
			yMem, cbMem, crMem, dstMem := guard(t, longest), guard(t, longest), guard(t, longest), guard(t, 3*longest)
			for _, n := range rowSizes() {
				for place := range 5 {
					y, cb, cr := yMem.part(n, place), cbMem.part(n, place), crMem.part(n, place)
					randomBytes(random, y)
					randomBytes(random, cb)
					randomBytes(random, cr)
					got, want := dstMem.part(3*n, place), make([]byte, 3*n)
					fromYCC(want, y, cb, cr)
					s.rgb(got, y, cb, cr)
					if !bytes.Equal(got, want) {
						t.Fatalf("row of %d: %d, want %d", n, got, want)
					}
				}
			}
		})
	}
}

// Every pair of chroma samples at every fourth luma.
func TestColourOfEveryChroma(t *testing.T) {
	for _, s := range runnable() {
		var y, cb, cr [256]byte
		var got, want [3 * 256]byte
		for v := range 256 {
			cr[v] = byte(v)
		}
		for luma := 0; luma < 256; luma += 51 {
			for blue := range 256 {
				for x := range 256 {
					y[x], cb[x] = byte(luma), byte(blue)
				}
				fromYCC(want[:], y[:], cb[:], cr[:])
				s.rgb(got[:], y[:], cb[:], cr[:])
				if got != want {
					t.Fatalf("%s: luma %d, blue %d", s.tier, luma, blue)
				}
			}
		}
	}
}

// A tier that a test run requires must be the one that decodes.
func TestBestIsRunnable(t *testing.T) {
	s, err := best()
	if err != nil {
		t.Fatal(err)
	}
	for _, have := range runnable() {
		if have.tier == s.tier {
			return
		}
	}
	t.Errorf("tier %s is not runnable", s.tier)
}
