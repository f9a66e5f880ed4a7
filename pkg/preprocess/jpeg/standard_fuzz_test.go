package jpeg

import (
	"bytes"
	stdjpeg "image/jpeg"
	"strings"
	"testing"
)

// Why image/jpeg refuses files that Decode reads, by its message.
var onlyOurs = map[string]string{
	"luma/chroma subsampling ratio": "libjpeg reads every ratio",
	"uninitialized Huffman table":   "libjpeg takes the standard ones",
	"unknown color model":           "libjpeg takes four plain components for CMYK",
	"repeated component identifier": "libjpeg takes the components in order",
	"missing 0xff00 sequence":       "image/jpeg reads on over the marker behind a component's last interval",
	"bad Th value":                  "libjpeg lets baseline files use four tables",
	"bad Tq value":                  "libjpeg looks at a table when a scan needs it",
	"unknown marker":                "libjpeg passes over segments that do not concern it, and stray bytes",
	"short segment length":          "stray bytes look like a marker",
	"Huffman table has":             "no code, or more than 162 of them, in a table that is not used so",
	"bad spectral selection":        "libjpeg ignores it in sequential files",
	"successive approximation":      "libjpeg ignores it in sequential files",
	"bad Huffman code":              "met in damaged data alone, which read bit by bit agrees with Decode",
}

// Why Decode refuses files that image/jpeg reads, by our message: it is strict
// about whatever leaves a part of the picture uncertain.
var onlyTheirs = map[string]string{
	"left over":                   "more data than the scan's blocks need",
	"out of range":                "a run beyond the block, which image/jpeg cuts short",
	"beyond the restart interval": "a run beyond the picture",
	"bad Huffman code":            "behind a run that was cut short, or a refinement of more than one bit",
	"ends after":                  "behind a run that was cut short",
	"out of order":                "a refinement of what was not coded",
	"are missing":                 "not every coefficient was coded to its last bit",
	"coded twice":                 "a component in two scans",
	"no quantisation table":       "image/jpeg takes zeros",
	"short quantisation table":    "image/jpeg reads what is there",
	"DC Huffman table":            "a difference of more than 15 bits",
	"oversubscribed":              "image/jpeg lets codes overlap",
	"too many progressive scans":  "bounded work",
	"bytes for":                   "too short for its size",
	"restart marker":              "missing or out of turn",
	"segment":                     "its length is wrong",
	"unknown marker":              "between segments",
	"second":                      "two start markers or frames",
	"scan header":                 "of a length that does not fit its components",
	"blocks an MCU":               "more than ten",
	"Huffman tables":              "an index that no scan needs",
	"progressive scan":            "spectral selection or bits outside their range",
	"restart interval of":         "of a length other than two",
	"frame of":                    "no pixels",
	"no end marker":               "image/jpeg stops before",
}

func listed(list map[string]string, message string) bool {
	for part := range list {
		if strings.Contains(message, part) {
			return true
		}
	}
	return false
}

// What one of two decoders accepts the other accepts, or says why not in words
// that are listed.
func FuzzAgainstStandardLibrary(f *testing.F) {
	for _, data := range goldenFiles(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := stdjpeg.DecodeConfig(bytes.NewReader(data)); err == nil && c.Width*c.Height > 1<<16 {
			return
		}
		if w, h, err := DecodeConfig(data); err == nil && w*h > 1<<16 {
			return
		}
		ours, err := Decode(data, Options{})
		theirs, stdErr := stdjpeg.Decode(bytes.NewReader(data))
		switch {
		case err == nil && stdErr == nil:
			if size := theirs.Bounds(); size.Dx() != ours.Width || size.Dy() != ours.Height {
				t.Errorf("%d×%d, image/jpeg %v", ours.Width, ours.Height, size)
			}
		case err == nil && !listed(onlyOurs, stdErr.Error()):
			t.Errorf("only Decode reads it: %v", stdErr)
		case stdErr == nil && !listed(onlyTheirs, err.Error()):
			t.Errorf("only image/jpeg reads it: %v", err)
		}
	})
}
