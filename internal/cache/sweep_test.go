package cache

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// kept is how many bytes of entries and markers half written are in a cache.
func kept(t *testing.T, dir string) (total int64) {
	t.Helper()
	for path, size := range files(t, dir) {
		if filepath.Base(path) != tagName {
			total += size
		}
	}
	return total
}

func age(t *testing.T, path string, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
}

func TestSizeIsBounded(t *testing.T) {
	const size, room = 1000, 20
	for _, limit := range []int64{room * size, 3 * size, size, size + size/2} {
		dir := t.TempDir()
		d := open(t, dir, limit)
		most := int64(0)
		for i := range 6 * room {
			d.Put(keyOf(i), valueOf(i, size-sealSize))
			if got := kept(t, dir); got > limit {
				t.Fatalf("limit %d: %d bytes after %d entries", limit, got, i+1)
			} else if i >= room {
				most = max(most, got)
			}
			expect(t, d, keyOf(i), valueOf(i, size-sealSize))
		}
		if low := int64(lowShare*float64(limit)) - size; most < low {
			t.Errorf("limit %d: never more than %d bytes", limit, most)
		}
	}
}

func TestEvictsWhatWasNotWantedForLongest(t *testing.T) {
	const size = 1000
	dir := t.TempDir()
	d := open(t, dir, plenty)
	for i := range 100 {
		d.Put(keyOf(i), valueOf(i, size-sealSize))
		age(t, pathOf(dir, keyOf(i)), time.Duration(i+2)*touchAfter)
	}
	old := []int{99, 80, 70}
	for _, i := range old {
		expect(t, d, keyOf(i), valueOf(i, size-sealSize))
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = open(t, dir, 80*size)
	d.done.Wait()
	for i := range 100 {
		want := valueOf(i, size-sealSize)
		if i >= 57 && i != old[0] && i != old[1] && i != old[2] {
			want = nil
		}
		expect(t, d, keyOf(i), want)
	}
}

// A run that puts little still has the whole cache swept often enough.
func TestShortRunsAreBounded(t *testing.T) {
	const size, limit = 1000, 500 * 1000 // a sweep after half of the runs
	dir := t.TempDir()
	for run := range 800 {
		d := open(t, dir, limit)
		d.Put("00"+keyOf(run)[2:], valueOf(run, size-sealSize)) // in one folder, for speed
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if run%10 == 0 {
			if got := kept(t, dir); got > limit {
				t.Fatalf("%d bytes after %d runs", got, run)
			}
		}
	}
}

func TestForeignFilesStay(t *testing.T) {
	outside := t.TempDir()
	dir := filepath.Join(t.TempDir(), "cache")
	d := open(t, dir, plenty)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	key := keyOf(1)
	foreign := []string{
		filepath.Join(dir, "notes.txt"),
		filepath.Join(dir, key[2:]),
		filepath.Join(dir, "ab", "readme.md"),
		filepath.Join(dir, "ab", key[2:]+".tmp"),
		filepath.Join(dir, "ab", key[2:]+".jpg"),
		filepath.Join(dir, "AB", key[2:]),
		filepath.Join(dir, "photos", key[2:]),
		filepath.Join(dir, "ab", "cd", key[2:]),
		filepath.Join(dir, "ab", key[2:], key[2:]), // a folder named like an entry
		filepath.Join(outside, key[2:]),
	}
	for _, path := range foreign {
		write(t, path, make([]byte, 500))
		age(t, path, 1000*time.Hour)
	}
	links := map[string]string{filepath.Join(dir, "cd"): outside, filepath.Join(dir, "ab", keyOf(2)[2:]): foreign[0]}
	for link, target := range links {
		if err := os.Symlink(target, link); err != nil {
			t.Logf("no symbolic links here: %v", err)
			delete(links, link)
		}
	}
	d = open(t, dir, 2000)
	for i := range 100 {
		d.Put(keyOf(i), valueOf(i, 300))
	}
	d.Put("cd"+key[2:], valueOf(1, 300)) // through the link
	d.Get("ab" + keyOf(2)[2:])
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range foreign {
		if info, err := os.Stat(path); err != nil || info.Size() != 500 {
			t.Errorf("%s: %v", path, err)
		}
	}
	if found := files(t, outside); len(found) != 1 {
		t.Errorf("outside: %v", found)
	}
	for link := range links {
		if info, err := os.Lstat(link); err != nil || info.Mode().Type() != fs.ModeSymlink {
			t.Errorf("%s: %v", link, err)
		}
	}
}

func TestLeftoversAreRemoved(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir, plenty).Close(); err != nil {
		t.Fatal(err)
	}
	old := pathOf(dir, keyOf(1)) + ".ABCDEFGHIJKLMNOPQRSTUVWXYZ.tmp"
	young := pathOf(dir, keyOf(2)) + ".ABCDEFGHIJKLMNOPQRSTUVWXYZ.tmp"
	write(t, old, []byte("half"))
	write(t, young, []byte("half"))
	age(t, old, 2*leftoverAfter)
	d := open(t, dir, plenty)
	d.done.Wait()
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old one: %v", err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("the young one: %v", err)
	}
}
