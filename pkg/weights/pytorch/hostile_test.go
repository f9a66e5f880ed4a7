package pytorch

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// Pieces of pickles.
const (
	start       = "\x80\x02"
	odict       = "ccollections\nOrderedDict\n)R"
	floats      = "ctorch\nFloatStorage\n"
	rebuild     = "ctorch._utils\n_rebuild_tensor_v2\n"
	twoByThree  = "(K\x02K\x03t(K\x03K\x01t"
	restOfArgs  = "\x89" + odict + "t"
	legacyHead  = "\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}(X\x0d\x00\x00\x00little_endian\x88u."
	legacyKeys  = "\x80\x02]X\x01\x00\x00\x000a."
	sixElements = "\x06\x00\x00\x00\x00\x00\x00\x00"
)

func text(s string) string { return "X" + string([]byte{byte(len(s)), 0, 0, 0}) + s }

// reference is a storage of n elements.
func reference(class, key string, n byte) string {
	return "(" + text("storage") + class + text(key) + text("cpu") + "K" + string([]byte{n}) + "tQ"
}

// matrixPickle is {"w": a 2×3 tensor of storage "0"}.
func matrixPickle() string {
	return start + "}" + text("w") + rebuild + "(" + reference(floats, "0", 6) + "K\x00" + twoByThree + restOfArgs + "Rs."
}

func sixFloats() string {
	var b []byte
	for i := range 6 {
		b = binary.LittleEndian.AppendUint32(b, 0x3f800000+uint32(i))
	}
	return string(b)
}

type entry struct {
	name, body string
	change     func(*zip.FileHeader)
}

// archived makes a zip file of stored entries.
func archived(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Store}
		if e.change != nil {
			e.change(h)
		}
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = f.Write([]byte(e.body))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func small(t testing.TB) []byte {
	return archived(t, entry{"m/data.pkl", matrixPickle(), nil}, entry{"m/data/0", sixFloats(), nil})
}

func smallOld() []byte {
	return []byte(legacyHead + matrixPickle() + legacyKeys + sixElements + sixFloats())
}

func TestSmallFiles(t *testing.T) {
	for name, data := range map[string][]byte{"zip": small(t), "old": smallOld()} {
		d := mustParse(t, data)
		if got := values(t, d)["w"]; len(got) != 6 || got[0] != 1 || !slices.Equal(d.Tensors[0].Shape, []int{2, 3}) {
			t.Errorf("%s: %v", name, got)
		}
		for n := range data {
			if d, err := Parse(data[:n]); err == nil && loads(d) == nil {
				t.Errorf("%s: the first %d bytes of %d are taken for the whole", name, n, len(data))
			}
		}
		for i := range data {
			for bit := range 8 {
				broken := slices.Clone(data)
				broken[i] ^= 1 << bit
				tryAll(broken)
			}
		}
	}
}

// Whatever a pickle names outside the list is refused by that name, in either
// format and by either opcode.
func TestGlobalsAreRefusedByName(t *testing.T) {
	for pickle, want := range map[string]string{
		start + "cos\nsystem\n(" + text("id") + "tR.":                           `"os.system"`,
		start + "cbuiltins\neval\n" + text("1") + "\x85R.":                      `"builtins.eval"`,
		"\x80\x04" + text("posix") + text("system") + "\x93" + text("id") + ".": `"posix.system"`,
		start + "ctorchvision.models.efficientnet\nEfficientNet\n)\x81.":        `"torchvision.models.efficientnet.EfficientNet"`,
		start + "ccollections\ndefaultdict\n.":                                  `"collections.defaultdict"`,
		start + "c" + strings.Repeat("a", 200) + "\nb\n.":                       `"aaaa`,
	} {
		_, err := Parse(archived(t, entry{"a/data.pkl", pickle, nil}))
		checkError(t, err, want)
		_, err = Parse([]byte(legacyHead + pickle))
		checkError(t, err, want)
	}
}

func TestMalformedPickles(t *testing.T) {
	deep := strings.Repeat("(", 3000) + strings.Repeat("t", 3000)
	loop := "]q\x00h\x00a"
	for pickle, want := range map[string]string{
		"":                                       "ends early",
		".":                                      "stack is empty",
		start + "(.":                             "a mark in place",
		start + "K":                              "ends early",
		"\x80\x06N.":                             "protocol 6",
		start + "h\x07.":                         "nothing was stored under 7",
		start + "t.":                             "no mark",
		start + "}K\x01" + "s.":                  "the stack is empty",
		start + "}(K\x01u.":                      "a key without a value",
		start + "N(K\x01e.":                      "items for something",
		start + "NNR.":                           "something other than a global is called",
		start + "ccollections\nOrderedDict\nNR.": "without a tuple",
		start + floats + ")R.":                   "torch.FloatStorage",
		start + "X\xff\xff\xff\xffab.":           "ends early",
		start + "\x8e\xff\xff\xff\xff\xff\xff\xff\xffab.": "ends early",
		start + "\x8b\xff\xff\xff\xff.":                   "ends early",
		start + "i.":                                      "operation 0x69",
		start + "NQ.":                                     "other than a storage",
		start + rebuild + ")R.":                           "a tensor without",
		start + "(K\x01K\x02t.":                           "no dictionary of tensors",
		start + "}.":                                      "no dictionary of tensors",
		start + deep + ".":                                "no dictionary of tensors",
		start + loop + ".":                                "no dictionary of tensors",
		start + "}q\x00" + text("model") + "h\x00s.":      "no dictionary of tensors",
		start + strings.Repeat("N0", maxOps) + ".":        "more than",
		start + rebuild + "(" + reference(floats, "0", 5) + "K\x00" + twoByThree + restOfArgs + "R.": "beyond the 5 elements",
		start + rebuild + "(" + reference(floats, "0", 7) + "K\x02" + twoByThree + restOfArgs + "R.": "beyond the 7 elements",
		start + rebuild + "(" + reference(floats, "0", 6) + "K\x00" + twoByThree + restOfArgs + "R.": "a single tensor of shape [2 3]",
	} {
		_, err := Parse(archived(t, entry{"a/data.pkl", pickle, nil}))
		checkError(t, err, want)
	}
}

func TestArchivesAreRefused(t *testing.T) {
	pickle := entry{"m/data.pkl", matrixPickle(), nil}
	data := entry{"m/data/0", sixFloats(), nil}
	deflated := func(h *zip.FileHeader) { h.Method = zip.Deflate }
	for want, entries := range map[string][]entry{
		"without data.pkl":                    {{"m/config.json", "{}", nil}},
		"several data.pkl":                    {pickle, {"n/data.pkl", matrixPickle(), nil}},
		`leads out of it: "m/../../etc/x"`:    {pickle, {"m/../../etc/x", "", nil}},
		`leads out of it: "/etc/x"`:           {pickle, {"/etc/x", "", nil}},
		`leads out of it: "m\\..\\x"`:         {pickle, {"m\\..\\x", "", nil}},
		`two entries "m/data/0"`:              {pickle, data, data},
		`"m/data.pkl" is compressed`:          {{pickle.name, pickle.body, deflated}},
		`"m/data/0" is compressed`:            {pickle, {data.name, strings.Repeat("\x00", 1<<20), deflated}},
		`no entry "m/data/0"`:                 {pickle},
		"has 4 bytes, its 6 elements take 24": {pickle, {data.name, "1234", nil}},
		`byte order "middle" is not known`:    {pickle, data, {"m/byteorder", "middle", nil}},
	} {
		d, err := Parse(archived(t, entries...))
		if err == nil {
			_, err = d.Tensors[0].Load()
		}
		checkError(t, err, want)
	}
	encrypted := small(t)
	for _, signature := range []string{"PK\x01\x02", "PK\x03\x04"} { // flags of the directory and of the entry
		at := bytes.Index(encrypted, []byte(signature))
		encrypted[at+6+2*strings.Count(signature, "\x01")] |= 1
	}
	_, err := Parse(encrypted)
	checkError(t, err, `"m/data.pkl" is encrypted`)
}

func TestOldFilesAreRefused(t *testing.T) {
	whole := string(smallOld())
	for want, data := range map[string]string{
		"version 1002":                      strings.Replace(whole, "M\xe9\x03", "M\xea\x03", 1),
		"storage \"1\" is unknown":          strings.Replace(whole, legacyKeys, strings.Replace(legacyKeys, "0a", "1a", 1), 1),
		"storage \"0\" is not in the file":  strings.Replace(whole, legacyKeys, "\x80\x02].", 1),
		"no list of storages":               strings.Replace(whole, legacyKeys, "\x80\x02N.", 1),
		"has 7 elements, the pickle says 6": strings.Replace(whole, sixElements, "\x07"+sixElements[1:], 1),
		"ends inside storage":               whole[:len(whole)-1],
		"ends before storage":               whole[:len(whole)-25],
		"a part of another":                 legacyHead + start + strings.Replace(reference(floats, "0", 6), "tQ", "("+text("v")+"K\x00K\x06ttQ", 1) + ".",
	} {
		_, err := Parse([]byte(data))
		checkError(t, err, want)
	}
}

// FuzzParse holds that nothing panics, that errors are one line, and that what
// loads has as many values as its shape says.
func FuzzParse(f *testing.F) {
	f.Add(small(f))
	f.Add(smallOld())
	f.Add([]byte(legacyHead + start + "cos\nsystem\n."))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, d := range [][]byte{data, append([]byte(legacyHead), data...)} {
			dict, err := Parse(d)
			if err != nil {
				checkError(t, err, "")
				continue
			}
			for _, x := range dict.Tensors {
				if v, err := x.Load(); err != nil {
					checkError(t, err, "")
				} else if len(v) != x.Len() || len(v) > len(data) {
					t.Fatalf("%d values of shape %v in %d bytes", len(v), x.Shape, len(data))
				}
			}
		}
	})
}
