package jpeg

import (
	"bytes"
	"encoding/binary"
	"image"
	"runtime"
	"strings"
	"testing"
)

var onePixel = image.Rect(0, 0, 1, 1)

func TestReaderIsReused(t *testing.T) {
	r := new(Reader)
	for round := range 2 {
		for name, data := range goldenFiles(t) {
			for _, cutTo := range []int{len(data), len(data) / 2, 7} {
				want, err := Decode(data[:cutTo], Options{Lenient: true})
				var got []byte
				gotErr := r.Reset(data[:cutTo], Options{Lenient: true})
				if gotErr == nil {
					gotErr = r.Rows(func(_ int, rgb []byte) error {
						got = append(got, rgb...)
						return nil
					})
				}
				if text(gotErr) != text(err) {
					t.Fatalf("%s, round %d: %v, want %v", name, round, gotErr, err)
				}
				if err == nil && (!bytes.Equal(got, want.Pix) || r.Damaged() != want.Damaged) {
					t.Fatalf("%s, round %d: other pixels than a new Reader's", name, round)
				}
			}
		}
	}
}

func TestReusedReaderAllocatesNothing(t *testing.T) {
	row := func(int, []byte) error { return nil }
	r := new(Reader)
	for _, name := range []string{"420-restart", "420-q90-optimised", "420-progressive", "cmyk-adobe", "h3v1"} {
		data := goldenFile(t, name)
		n := testing.AllocsPerRun(5, func() {
			if err := r.Reset(data, Options{Scale: 2}); err != nil {
				t.Fatal(err)
			}
			if err := r.Select(1, onePixel); err != nil {
				t.Fatal(err)
			}
			if err := r.Rows(row); err != nil {
				t.Fatal(err)
			}
		})
		if n > 0 {
			t.Errorf("%s: %v allocations a picture", name, n)
		}
	}
}

func TestSelectRefusesWhatIsNotThere(t *testing.T) {
	data := goldenFile(t, "444-q100") // 33×17
	for _, o := range []Options{
		{Scale: 3}, {Scale: -1}, {Scale: 16},
		{Region: image.Rect(0, 0, 34, 17)}, {Region: image.Rect(-1, 0, 3, 3)}, {Region: image.Rect(5, 5, 5, 9)},
		{Scale: 8, Region: image.Rect(0, 0, 6, 3)},
	} {
		if _, err := NewReader(data, o); err == nil {
			t.Errorf("%+v passes", o)
		}
	}
	r, err := NewReader(data, Options{Scale: 8, Region: image.Rect(4, 2, 5, 3)})
	if err != nil {
		t.Fatal(err)
	}
	if w, h := r.Size(); w != 5 || h != 3 || r.Region() != image.Rect(4, 2, 5, 3) {
		t.Errorf("%d×%d, region %v", w, h, r.Region())
	}
	nothing := func(int, []byte) error { return nil }
	if err := r.Rows(nothing); err != nil {
		t.Error(err)
	}
	if err := r.Rows(nothing); err == nil {
		t.Error("rows can be had twice")
	}
	if err := new(Reader).Rows(nothing); err == nil {
		t.Error("rows of no picture")
	}
}

// A Reader does not keep the memory of its largest picture for ever.
func TestReaderShrinks(t *testing.T) {
	data := claiming(t, "420-progressive", 8000, 4000)
	r := new(Reader)
	if err := r.Reset(data, Options{Lenient: true}); err != nil {
		t.Fatal(err)
	}
	if err := r.Rows(func(int, []byte) error { return nil }); err != nil {
		t.Fatal(err)
	}
	for by := range r.mem.comps[0].rows {
		r.mem.comps[0].row(&r.frame, by)
	}
	if err := r.Reset(goldenFile(t, "420-progressive"), Options{}); err != nil {
		t.Fatal(err)
	}
	if r.mem.comps[0].store != nil {
		t.Error("the coefficients of 32 megapixels are kept")
	}
}

// claiming returns a golden whose frame claims another size.
func claiming(t *testing.T, name string, width, height uint16) []byte {
	data := bytes.Clone(goldenFile(t, name))
	at := bytes.Index(data, []byte{0xff, markerSOF0, 0, 17, 8})
	if at < 0 {
		at = bytes.Index(data, []byte{0xff, markerSOF2, 0, 17, 8})
	}
	binary.BigEndian.PutUint16(data[at+5:], height)
	binary.BigEndian.PutUint16(data[at+7:], width)
	return data
}

// A file that claims far more than it holds costs little memory.
func TestClaimsAreNotAllocated(t *testing.T) {
	for _, name := range []string{"444-q100", "420-progressive", "420-separate-scans"} {
		for _, size := range [][2]uint16{{65535, 1500}, {1500, 65535}, {9999, 9999}, {65535, 65535}} {
			data := claiming(t, name, size[0], size[1])
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Decode(data, Options{})
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; err == nil || got > 1<<20 {
				t.Errorf("%s of %d×%d: %d bytes, error %v", name, size[0], size[1], got, err)
			}
		}
	}
}

// However large a sequential picture, its rows take the memory of a few.
func TestRowsTakeLittleMemory(t *testing.T) {
	data := claiming(t, "420-q30", 4000, 4000)
	sos := bytes.Index(data, []byte{0xff, markerSOS})
	data = append(data[:sos+14], strings.Repeat("\x00", 2<<20)...)
	data = append(data, 0xff, markerEOI)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rows := 0
	r, err := NewReader(data, Options{Lenient: true})
	if err == nil {
		err = r.Rows(func(int, []byte) error { rows++; return nil })
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; err != nil || rows != 4000 || got > 1<<20 {
		t.Errorf("%d rows, %d bytes, error %v", rows, got, err)
	}
}
