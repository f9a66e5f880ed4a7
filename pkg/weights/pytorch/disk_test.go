package pytorch

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A file that is read tensor by tensor gives what it gives as a whole, again
// and again.
func TestParseAt(t *testing.T) {
	for _, name := range []string{
		"torchvision.pth", "torchvision_old.pth", "timm_lite.pth", "efficientnet_pytorch_views.pth", "timm_checkpoint.pth.tar",
	} {
		data := file(t, name)
		d, err := ParseAt(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		if !d.Lazy || !SniffAt(bytes.NewReader(data), int64(len(data))) {
			t.Errorf("%s is not lazy", name)
		}
		want := values(t, mustParse(t, data))
		for range 2 {
			if diff := cmp.Diff(want, values(t, d)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}

// A file that became shorter after it was opened is an error where it ends.
func TestParseAtOfAFileThatShrinks(t *testing.T) {
	for _, data := range [][]byte{small(t), smallOld()} {
		r := &shrinking{data: data}
		d, err := ParseAt(r, int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		r.data = data[:bytes.Index(data, []byte(sixFloats()))+8]
		_, err = d.Tensors[0].Load()
		checkError(t, err, "cannot be read on")
	}
}

type shrinking struct{ data []byte }

func (s *shrinking) ReadAt(p []byte, offset int64) (int, error) {
	return bytes.NewReader(s.data).ReadAt(p, offset)
}

// Pickles of the old format may be longer than what is read of them at first.
func TestLongPickles(t *testing.T) {
	long := "\x80\x02" + "}(" + "X\x00\x00\x30\x00" + string(make([]byte, 0x300000)) + "N" + matrixPickle()[len("\x80\x02}"):]
	long = long[:len(long)-2] + "u."
	data := []byte(legacyHead + long + legacyKeys + sixElements + sixFloats())
	d, err := ParseAt(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if got := values(t, d)["w"]; len(got) != 6 || got[5] != values(t, mustParse(t, smallOld()))["w"][5] {
		t.Error(got)
	}
}
