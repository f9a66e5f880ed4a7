package jpeg

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// findMarker returns where the n-th marker m of data stands, n from 0.
func findMarker(t *testing.T, data []byte, m byte, n int) int {
	t.Helper()
	at := 0
	for {
		i := bytes.Index(data[at:], []byte{0xff, m})
		if i < 0 {
			t.Fatalf("no marker %#02x number %d", m, n)
		}
		if n == 0 {
			return at + i
		}
		at, n = at+i+2, n-1
	}
}

// splice replaces data[from:to].
func splice(data []byte, from, to int, with ...byte) []byte {
	return append(append(bytes.Clone(data[:from]), with...), data[to:]...)
}

func TestEveryPrefixIsTruncated(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 11
	}
	for name, data := range goldenFiles(t) {
		for n := 2; n < len(data); n += step {
			var format *FormatError
			if _, err := Decode(data[:n], Options{}); !errors.As(err, &format) || !format.Truncated {
				t.Fatalf("%s: %d of %d bytes: %v", name, n, len(data), err)
			}
			if _, err := Decode(data[:n], Options{Scale: 8, Region: onePixel}); !errors.As(err, &format) || !format.Truncated {
				t.Fatalf("%s: %d of %d bytes, a pixel at 1/8: %v", name, n, len(data), err)
			}
			img, err := Decode(data[:n], Options{Lenient: true})
			if err == nil && !img.Damaged {
				t.Fatalf("%s: %d of %d bytes pass as whole", name, n, len(data))
			}
		}
		if img, err := Decode(data[:len(data)-2], Options{Lenient: true}); err != nil || !img.Damaged {
			t.Errorf("%s without end marker, lenient: %v", name, err)
		}
	}
}

func TestDamageIsRefused(t *testing.T) {
	restart := goldenFile(t, "420-restart")
	separate := goldenFile(t, "420-separate-scans")
	progressive := goldenFile(t, "420-progressive")
	base := goldenFile(t, "444-q100")
	rst := func(n byte) int { return findMarker(t, restart, markerRST0+n, 0) }
	marker := func(data []byte, m byte) int { return findMarker(t, data, m, 0) }
	secondScan := findMarker(t, separate, markerSOS, 1)
	thirdScan := findMarker(t, separate, markerSOS, 2)
	firstScan := marker(progressive, markerSOS)
	lastScan := bytes.LastIndex(progressive, []byte{0xff, markerSOS})
	sof2 := marker(progressive, markerSOF2)
	dht := marker(base, markerDHT)
	sof := marker(base, markerSOF0)
	cases := []struct {
		name string
		data []byte
		want string
	}{
		{"restart marker missing", splice(restart, rst(1), rst(1)+2), "left over in scan 1"},
		{"restart markers swapped", splice(splice(restart, rst(1)+1, rst(1)+2, markerRST0+2), rst(2)+1, rst(2)+2, markerRST0+1), "restart marker 2 instead of 1"},
		{"restart interval missing", splice(restart, rst(1), rst(2)), "restart marker 2 instead of 1"},
		{"data left before a restart marker", splice(restart, rst(1), rst(1), 0), "left over"},
		{"data left after a scan", splice(base, len(base)-2, len(base)-2, bytes.Repeat([]byte{0x55, 0xff, 0}, 10)...), "left over"},
		{"scan missing", splice(separate, secondScan, thirdScan), "scans for coefficient 0 of component 2 are missing"},
		{"last progressive scan missing", splice(progressive, lastScan, len(progressive)-2), "are missing"},
		{"component coded twice", splice(separate, thirdScan, thirdScan, separate[secondScan:thirdScan]...), "twice"},
		{"first progressive scan missing", splice(progressive, firstScan, firstScan+bytes.Index(progressive[firstScan:], []byte{0xff, markerDHT})), "out of order"},
		{"oversubscribed code", splice(base, dht+5, dht+8, 5, 1, 0), "oversubscribed"},
		{"Huffman table longer than its segment", splice(base, dht+20, dht+21, 200), "212 codes"},
		{"no quantisation table", splice(base, marker(base, markerDQT)+4, marker(base, markerDQT)+5, 3), "no quantisation table 0"},
		{"zero height", splice(base, sof+5, sof+7, 0, 0), "33×0"},
		{"zero width", splice(base, sof+7, sof+9, 0, 0), "0×17"},
		{"sampling factor 5", splice(base, sof+11, sof+12, 0x51), "5×1"},
		{"sampling factor 0", splice(base, sof+11, sof+12, 0x10), "1×0"},
		{"second frame", splice(base, dht, dht, base[sof:sof+19]...), "second frame"},
		{"second start", splice(base, dht, dht, 0xff, markerSOI), "second start"},
		{"unknown marker", splice(base, dht, dht, 0xff, 0x02), "unknown marker"},
		{"unknown component", splice(base, marker(base, markerSOS)+5, marker(base, markerSOS)+6, 9), "0x09"},
		{"no frame", []byte{0xff, markerSOI, 0xff, markerEOI}, "no frame"},
		{"no scan", splice(base, marker(base, markerSOS), len(base)-2), "no scan"},
		{"scan before frame", splice(base, sof, sof+19), "before the frame"},
		{"claims far more than it holds", splice(base, sof+5, sof+9, 0x20, 0, 0x20, 0), "8192×8192"},
		{"progressive that claims far more", splice(progressive, sof2+5, sof2+9, 0x20, 0, 0x20, 0), "8192×8192"},
		{"text", []byte("not a picture"), "not a JPEG"},
		{"empty", nil, "not a JPEG"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode(c.data, Options{})
			var format *FormatError
			if !errors.As(err, &format) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want a *FormatError with %q", err, c.want)
			}
		})
	}
}

func TestUnsupported(t *testing.T) {
	base := goldenFile(t, "444-q100")
	sof := findMarker(t, base, markerSOF0, 0)
	two := splice(base, sof+3, sof+19, 14, 8, 0, 17, 0, 33, 2, 1, 0x11, 0, 2, 0x11, 0)
	cases := []struct {
		name string
		data []byte
		want string
	}{
		{"12 bits", splice(base, sof+4, sof+5, 12), "12 bits"},
		{"lossless", splice(base, sof+1, sof+2, 0xc3), "lossless"},
		{"arithmetic", splice(base, sof+1, sof+2, 0xc9), "arithmetic coding"},
		{"progressive arithmetic", splice(base, sof+1, sof+2, 0xca), "arithmetic coding"},
		{"hierarchical", splice(base, sof+1, sof+2, 0xc5), "hierarchical"},
		{"JPEG-LS", splice(base, sof+1, sof+2, 0xf7), "JPEG-LS"},
		{"two components", two, "2 colour components"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, lenient := range []bool{false, true} {
				_, err := Decode(c.data, Options{Lenient: lenient})
				var unsupported *UnsupportedError
				if !errors.As(err, &unsupported) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want an *UnsupportedError with %q", err, c.want)
				}
			}
		})
	}
}

func TestStrayBytesPass(t *testing.T) {
	base := goldenFile(t, "444-q100")
	want, _, _ := goldenPixels(t, "444-q100")
	dht := findMarker(t, base, markerDHT, 0)
	for name, data := range map[string][]byte{
		"before a marker":       splice(base, dht, dht, 1, 2, 3, 0xff, 0, 4),
		"fill bytes":            splice(base, dht, dht, 0xff, 0xff, 0xff),
		"before the end marker": splice(base, len(base)-2, len(base)-2, 0, 0, 0),
		"after the end marker":  splice(base, len(base), len(base), 0xff, markerSOI, 7),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Decode(data, Options{})
			if err != nil {
				t.Fatal(err)
			}
			comparePixels(t, got, want)
		})
	}
}

// An interval that is damaged or missing stays grey; the others are whole.
func TestLenientResynchronises(t *testing.T) {
	data := goldenFile(t, "420-restart") // 5×3 MCUs of 16×16, each its own interval
	want, width, _ := goldenPixels(t, "420-restart")
	at := func(n int) int { return findMarker(t, data, markerRST0+byte(n), 0) }
	for name, damaged := range map[string][]byte{
		"cut":     splice(data, at(1)+4, at(2)),
		"missing": splice(data, at(1), at(2)),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Decode(damaged, Options{Lenient: true})
			if err != nil || !got.Damaged {
				t.Fatalf("error %v, damaged %v", err, got != nil && got.Damaged)
			}
			for _, p := range []struct {
				x, y int
				same bool
			}{{8, 8, true}, {24, 8, true}, {40, 8, false}, {60, 8, true}, {8, 24, true}, {64, 32, true}} {
				o := (p.y*width + p.x) * 3
				if same := bytes.Equal(got.Pix[o:o+3], want[o:o+3]); same != p.same {
					t.Errorf("pixel (%d, %d): %d, undamaged %d", p.x, p.y, got.Pix[o:o+3], want[o:o+3])
				}
			}
		})
	}
}

func TestLenientNeedsAScan(t *testing.T) {
	base := goldenFile(t, "444-q100")
	sos := findMarker(t, base, markerSOS, 0)
	for _, n := range []int{0, 2, sos, sos + 4} {
		if _, err := Decode(base[:n], Options{Lenient: true}); err == nil {
			t.Errorf("%d bytes pass", n)
		}
	}
}

func TestLimit(t *testing.T) {
	data := goldenFile(t, "444-q100")
	var limit *LimitError
	for _, lenient := range []bool{false, true} {
		_, err := Decode(data, Options{MaxPixels: 33*17 - 1, Lenient: lenient})
		if !errors.As(err, &limit) || limit.Width != 33 || limit.Height != 17 {
			t.Errorf("error %v", err)
		}
	}
	if _, err := Decode(data, Options{MaxPixels: 33 * 17}); err != nil {
		t.Error(err)
	}
	sof := findMarker(t, data, markerSOF0, 0)
	huge := splice(data, sof+5, sof+9, 0xff, 0xff, 0xff, 0xff)[:sof+19]
	if _, err := Decode(huge, Options{}); !errors.As(err, &limit) || limit.Max != DefaultMaxPixels {
		t.Errorf("header of 65535×65535 pixels: %v", err)
	}
}

func TestScansAreBounded(t *testing.T) {
	data := goldenFile(t, "grey-progressive")
	sos := findMarker(t, data, markerSOS, 0)
	end := findMarker(t, data, markerDHT, 1)
	var file []byte
	file = append(file, data[:sos]...)
	repeated := splice(data[sos:end], 9, 10, 0x00) // a first pass down to bit 0 may come again
	for range maxScans + 1 {
		file = append(file, repeated...)
	}
	file = append(file, 0xff, markerEOI)
	if _, err := Decode(file, Options{}); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("error %v", err)
	}
}

func TestEXIF(t *testing.T) {
	base := goldenFile(t, "444-q100")
	exif := func(payload string) []byte {
		body := "Exif\x00\x00" + payload
		return append([]byte{0xff, markerAPP1, 0, byte(len(body) + 2)}, body...)
	}
	xmp := append([]byte{0xff, markerAPP1, 0, 9}, "http://"...)
	sos := findMarker(t, base, markerSOS, 0)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"none":           {base, ""},
		"first":          {splice(base, 2, 2, exif("abc")...), "abc"},
		"two":            {splice(base, 2, 2, append(exif("abc"), exif("de")...)...), "abc"},
		"after XMP":      {splice(base, 2, 2, append(xmp, exif("abc")...)...), "abc"},
		"before a scan":  {splice(base, sos, sos, exif("abc")...), "abc"},
		"behind a scan":  {splice(base, len(base)-2, len(base)-2, exif("abc")...), ""},
		"cut":            {splice(base, 2, 2, exif("abc")...)[:12], ""},
		"not a JPEG":     {exif("abc"), ""},
		"stray and fill": {splice(base, 2, 2, append([]byte{1, 0xff}, exif("abc")...)...), "abc"},
	} {
		if got := string(EXIF(c.data)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
