package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const plenty = 1 << 30

func open(t *testing.T, dir string, maxBytes int64) *Dir {
	t.Helper()
	d, err := Open(dir, maxBytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.root.Close() })
	return d
}

// keyOf is the i-th key of the tests, valueOf its value of n bytes.
func keyOf(i int) string {
	sum := sha256.Sum256(fmt.Append(nil, i))
	return hex.EncodeToString(sum[:])
}

func valueOf(i, n int) []byte { return bytes.Repeat([]byte{byte(i), byte(i >> 8), 1}, n/3+1)[:n] }

func pathOf(dir, key string) string { return filepath.Join(dir, key[:2], key[2:]) }

func expect(t *testing.T, d *Dir, key string, want []byte) {
	t.Helper()
	got, ok := d.Get(key)
	if ok != (want != nil) || !bytes.Equal(got, want) {
		t.Errorf("%.8s: %v, %d bytes; want %d", key, ok, len(got), len(want))
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestKeptFromRunToRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "cache")
	d := open(t, dir, plenty)
	expect(t, d, keyOf(1), nil)
	d.Put(keyOf(1), valueOf(1, 4000))
	d.Put(keyOf(2), []byte{})
	d.Put(keyOf(3), []byte("old"))
	d.Put(keyOf(3), []byte("new"))
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = open(t, dir, plenty)
	expect(t, d, keyOf(1), valueOf(1, 4000))
	expect(t, d, keyOf(2), []byte{})
	expect(t, d, keyOf(3), []byte("new"))
	expect(t, d, keyOf(4), nil)
	tag, err := os.ReadFile(filepath.Join(dir, "CACHEDIR.TAG"))
	if err != nil || !bytes.HasPrefix(tag, []byte("Signature: 8a477f597d28d172789f06886806bc55\n")) {
		t.Errorf("marker %q, %v", tag, err)
	}
}

func TestKeysAreHexadecimal(t *testing.T) {
	outer := t.TempDir()
	d := open(t, filepath.Join(outer, "cache"), plenty)
	good := keyOf(1)
	for _, key := range []string{
		"", "../" + good[3:], good[:61] + "/..", strings.ToUpper(keyOf(1)), good[1:], good + "0", good[:63] + "\n", good[:63] + "é",
		"/" + good[1:], good[:2] + "/" + good[3:], strings.Repeat(".", 64), good + "\n",
	} {
		d.Put(key, []byte("value"))
		if _, ok := d.Get(key); ok {
			t.Errorf("%q is a key", key)
		}
	}
	if found := files(t, outer); len(found) != 1 {
		t.Errorf("files: %v", found)
	}
}

// files are the sizes of all regular files below dir.
func files(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			found[path] = info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestForeignFoldersAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"photo.jpg":         "picture",
		".hidden":           "",
		"ab/" + keyOf(1):    "looks like an entry",
		tagName:             "Signature: 8a477f597d28d172789f06886806bc55\n# of another program\n",
		tagName + "/inside": "a folder",
		tagName + ".old":    tagText,
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, name), []byte(text))
		if _, err := Open(dir, plenty); !errors.Is(err, errForeign) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", name, err)
		}
		if found := files(t, dir); len(found) != 1 {
			t.Errorf("%s: now %v", name, found)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, nil)
	if _, err := Open(file, plenty); err == nil {
		t.Error("a file is taken")
	}
	if _, err := Open(filepath.Join(t.TempDir(), "x"), 0); err == nil {
		t.Error("no bytes are enough")
	}
	started := t.TempDir() // by a process that was killed
	write(t, filepath.Join(started, tagName+".ABC.tmp"), []byte(tagText[:9]))
	open(t, started, plenty)
}

func TestManyOpenAtOnce(t *testing.T) {
	for range 20 {
		dir := filepath.Join(t.TempDir(), "cache")
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				d, err := Open(dir, plenty)
				if err != nil {
					t.Error(err)
					return
				}
				d.Put(keyOf(i), valueOf(i, 10))
				d.Close()
			})
		}
		wg.Wait()
	}
}

func TestSpoiledEntriesAreMisses(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, plenty)
	key := keyOf(1)
	d.Put(key, valueOf(1, 100))
	d.Put(keyOf(2), valueOf(2, 100))
	path := pathOf(dir, key)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(pathOf(dir, keyOf(2)))
	if err != nil {
		t.Fatal(err)
	}
	spoiled := [][]byte{append(bytes.Clone(good), 0), other}
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 4
		spoiled = append(spoiled, b, good[:i])
	}
	for _, b := range spoiled {
		write(t, path, b)
		expect(t, d, key, nil)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("the spoiled file stays: %v", err)
		}
	}
	d.Put(key, valueOf(1, 100))
	expect(t, d, key, valueOf(1, 100))
}

func TestLargeEntriesAreNotRead(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, plenty)
	d.Put(keyOf(1), make([]byte, maxEntry))
	expect(t, d, keyOf(1), nil)
	write(t, pathOf(dir, keyOf(2)), seal(keyOf(2), make([]byte, maxEntry)))
	expect(t, d, keyOf(2), nil)
	small := open(t, t.TempDir(), 100)
	small.Put(keyOf(3), make([]byte, 100))
	expect(t, small, keyOf(3), nil)
}

// Where nothing can be written the run goes on, and soon stops trying.
func TestUnwritableFolder(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, plenty)
	d.Put(keyOf(0), valueOf(0, 10))
	for i := range 256 {
		if name := fmt.Sprintf("%02x", i); name != keyOf(0)[:2] {
			write(t, filepath.Join(dir, name), nil)
		}
	}
	for i := 1; i <= 3*mostFailures; i++ {
		d.Put(keyOf(i), valueOf(i, 10))
		expect(t, d, keyOf(i), nil)
	}
	if d.failures != mostFailures {
		t.Errorf("%d failures", d.failures)
	}
	expect(t, d, keyOf(0), valueOf(0, 10))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	expect(t, d, keyOf(0), nil)
}

func TestHitsMakeYoung(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, plenty)
	for _, tt := range []struct {
		age     time.Duration
		touched bool
	}{{touchAfter / 2, false}, {2 * touchAfter, true}, {-2 * touchAfter, true}} {
		d.Put(keyOf(1), valueOf(1, 10))
		then := time.Now().Add(-tt.age)
		if err := os.Chtimes(pathOf(dir, keyOf(1)), then, then); err != nil {
			t.Fatal(err)
		}
		expect(t, d, keyOf(1), valueOf(1, 10))
		info, err := os.Stat(pathOf(dir, keyOf(1)))
		if err != nil {
			t.Fatal(err)
		}
		if touched := info.ModTime().Sub(then).Abs() > time.Minute; touched != tt.touched {
			t.Errorf("age %v: touched %v", tt.age, touched)
		}
	}
}

func BenchmarkCache(b *testing.B) {
	d, err := Open(b.TempDir(), plenty)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	value := valueOf(1, 4100)
	b.Run("put", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			d.Put(keyOf(i%5000), value)
		}
	})
	b.Run("get", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			d.Get(keyOf(i % 1000))
		}
	})
}
