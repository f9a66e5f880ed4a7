package hdf5

import (
	"errors"
	"runtime"
	"strings"
	"testing"
)

// everything reads all that a file has, and gives the first error.
func everything(f *File) error {
	root, err := f.Root()
	if err != nil {
		return err
	}
	return whole(root)
}

func whole(g *Group) (first error) {
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	keep(attributesOf(&g.object))
	links, err := g.Links()
	keep(err)
	for _, l := range links {
		group, d, err := g.Child(l.Name)
		keep(err)
		switch {
		case group != nil:
			keep(whole(group))
		case d != nil:
			keep(attributesOf(&d.object))
			keep(dataOf(d))
		}
	}
	return first
}

func attributesOf(o *object) error {
	list, err := o.Attributes()
	for _, a := range list {
		if a.Type.IsText() {
			if _, wrong := a.Strings(); wrong != nil {
				err = wrong
			}
		} else if _, wrong := a.Float32s(); wrong != nil {
			err = wrong
		}
	}
	return err
}

func dataOf(d *Dataset) (err error) {
	if d.Type.IsText() {
		_, err = d.Strings()
	} else {
		_, err = d.Float32s()
	}
	return err
}

// say holds errors to their form.
func say(t *testing.T, err error) {
	t.Helper()
	var refused *Error
	if err != nil && (!errors.As(err, &refused) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 2000) {
		t.Fatalf("%T %q", err, err)
	}
}

func TestRefused(t *testing.T) {
	for name, want := range map[string]string{
		"cycle":         `"/a/b/a" is the group "/a" again: a cycle`,
		"root_cycle":    `"/root" is the group "/" again: a cycle`,
		"soft_link":     `"/a" is a link of the soft kind, which is not followed`,
		"external_link": `"/a" is a link of the external kind, which is not followed`,
		"external_data": `"/a": the data is in other files, which are not opened`,
		"virtual":       `"/a": a virtual dataset: its data is in other files, which are not opened`,
		"filter":        `"/a": compressed by filter 32000 ("lzf"), which this reader does not know`,
		"scale_offset":  `"/a": compressed by filter 6 ("scaleoffset"), which this reader does not know`,
		"shape_bomb":    `"/a": shape [1048576 1048576] in chunks of [1024 1024]: more chunks than the file has bytes`,
		"deflate_bomb":  `"/b": shape [1099511627776], but no data`,
		"no_data":       `"/a": shape [3], but no data`,
		"compound":      `"/a" holds elements of type compound of 8 bytes, expected numbers`,
		"named_type":    `shares its message 0x3 with others, which this reader does not know`,
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Open(load(t, "refused_"+name))
			if err == nil {
				err = everything(f)
			}
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
			say(t, err)
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	good := load(t, "small_latest")
	patched := func(at int, b byte) []byte {
		data := append([]byte(nil), good...)
		data[at] = b
		return data
	}
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"empty":            {nil, "not an HDF5 file"},
		"text":             {[]byte("hello, world"), "not an HDF5 file"},
		"signature alone":  {good[:8], "truncated HDF5 file: it ends in the superblock"},
		"half superblock":  {good[:20], "truncated HDF5 file: it ends in the superblock"},
		"half file":        {good[:len(good)/2], "truncated HDF5 file: it says that it ends at"},
		"version":          {patched(8, 9), "superblock of version 9"},
		"narrow":           {patched(9, 4), "offsets of 4"},
		"damaged":          {patched(36, 1), "checksum"},
		"unaligned prefix": {append(make([]byte, 100), good...), "not an HDF5 file"},
	} {
		_, err := Open(tt.data)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
		say(t, err)
	}
}

func TestTruncatedAnywhere(t *testing.T) {
	for _, name := range []string{"small_earliest", "small_latest"} {
		data := load(t, name)
		for n := range data {
			if _, err := Open(data[:n:n]); err == nil {
				t.Fatalf("%s: the first %d of %d bytes were opened", name, n, len(data))
			}
		}
	}
}

// A changed byte is refused, or changes what is read; it never does harm. What
// a checksum covers is refused, so it is tried with checksums off too.
func TestDamagedAnywhere(t *testing.T) {
	for _, tt := range []struct {
		name      string
		unchecked bool
		flips     []byte
	}{
		{"small_earliest", false, []byte{0xff}},
		{"small_latest", false, []byte{0x10}},
		{"small_latest", true, []byte{0x81}},
	} {
		data := load(t, tt.name)
		for at := range data {
			for _, flip := range tt.flips {
				data[at] ^= flip
				f, err := open(data, tt.unchecked)
				if err == nil {
					err = everything(f)
				}
				data[at] ^= flip
				say(t, err)
			}
		}
		f, err := Open(data)
		if err == nil {
			err = everything(f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Whatever a small file claims, reading it takes little memory.
func TestBombsAllocateLittle(t *testing.T) {
	for _, name := range []string{"refused_shape_bomb", "refused_no_data", "refused_deflate_bomb", "refused_cycle"} {
		data := load(t, name)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f, err := Open(data)
		if err == nil {
			err = everything(f)
		}
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s was read", name)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
			t.Errorf("%s of %d bytes allocated %d", name, len(data), n)
		}
	}
}

// FuzzRead holds that no file does harm, whatever its checksums say.
func FuzzRead(f *testing.F) {
	for _, name := range []string{
		"seed_single_gzip", "seed_fixed_all", "seed_fixed_grows", "seed_extensible", "seed_tree", "seed_dense", "seed_varlen", "seed_chunks",
		"refused_cycle", "refused_external_link", "refused_external_data",
	} {
		f.Add(load(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, unchecked := range []bool{false, true} {
			file, err := open(data, unchecked)
			if err == nil {
				err = everything(file)
			}
			say(t, err)
		}
	})
}
