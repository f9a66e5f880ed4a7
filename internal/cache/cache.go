// Package cache keeps values in a folder that many processes may share, on one
// machine or several. It never fails a run: what it cannot keep or read is a
// miss.
//
// A value of the key 0123… (64 hexadecimal digits) is the file 01/23…, written
// under another name and renamed, so that it is there as a whole or not at all.
// Its modification time says when it was last wanted.
package cache

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"
)

const (
	maxEntry     = 16 << 20  // bytes of the largest file kept or read
	touchAfter   = time.Hour // age from which a hit makes an entry young again
	mostFailures = 8         // writes that fail one after another until no more are tried
)

// Dir is a cache in a folder. Its methods may be called from many goroutines.
type Dir struct {
	root *os.Root
	max  int64 // bytes of all files

	mu       sync.Mutex
	total    int64 // bytes found by the last sweep and put since
	since    int64 // bytes put since the last sweep began
	pending  int64 // bytes of the puts under way
	failures int   // of writing, one after another

	sweeping sync.Mutex    // held by the one sweep that runs
	closing  chan struct{} // closed where the background's sweep shall end
	done     sync.WaitGroup
}

// Open makes or opens the cache in a folder and keeps the files in it to
// maxBytes together, dropping those that were not wanted for longest. A folder
// that holds other things and is not marked as a cache of this program is
// refused. Of several processes each must name the same maxBytes.
func Open(dir string, maxBytes int64) (*Dir, error) {
	if maxBytes <= 0 {
		return nil, fmt.Errorf("a cache of %d bytes can hold nothing", maxBytes)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	if err := mark(root); err != nil {
		root.Close()
		return nil, &fs.PathError{Op: "open", Path: dir, Err: err}
	}
	d := &Dir{root: root, max: maxBytes, closing: make(chan struct{})}
	d.done.Go(func() { d.sweep(d.closing, always) })
	return d, nil
}

// Get returns the value of a key.
func (d *Dir) Get(key string) (value []byte, ok bool) {
	name, ok := nameOf(key)
	if !ok {
		return nil, false
	}
	info, err := d.root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, false
	}
	data, err := d.read(name)
	if err != nil {
		return nil, false
	}
	if value, ok = unseal(key, data); !ok {
		d.root.Remove(name)
		return nil, false
	}
	now := time.Now()
	if age := now.Sub(info.ModTime()); age > touchAfter || age < -touchAfter {
		d.root.Chtimes(name, now, now)
	}
	return value, true
}

func (d *Dir) read(name string) ([]byte, error) {
	f, err := d.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxEntry+1))
}

// Put keeps a value, if it can.
func (d *Dir) Put(key string, value []byte) {
	name, ok := nameOf(key)
	size := int64(sealSize + len(value))
	if !ok || !d.reserve(size) {
		return
	}
	err := d.write(name, seal(key, value))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending -= size
	if err == nil {
		d.failures = 0
	} else {
		d.failures++
	}
}

// reserve makes room for a file.
func (d *Dir) reserve(size int64) bool {
	if size > d.max || size > maxEntry {
		return false
	}
	d.mu.Lock()
	if d.failures >= mostFailures {
		d.mu.Unlock()
		return false
	}
	d.total += size
	d.since += size
	d.pending += size
	due := d.due()
	d.mu.Unlock()
	if due {
		d.sweep(nil, d.due)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.total <= d.max {
		return true
	}
	d.total -= size
	d.pending -= size
	d.failures++
	return false
}

// write writes a file under another name in its folder and renames it.
func (d *Dir) write(name string, data []byte) error {
	temporary := name + "." + rand.Text() + temporarySuffix
	f, err := d.root.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if errors.Is(err, fs.ErrNotExist) {
		d.root.Mkdir(name[:2], 0o777)
		f, err = d.root.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = d.root.Rename(temporary, name)
	}
	if err != nil {
		d.root.Remove(temporary)
	}
	return err
}

// Close ends the work in the background, after a last look at the size where
// this process has put much. The cache must not be used afterwards.
func (d *Dir) Close() error {
	close(d.closing)
	d.done.Wait()
	d.sweep(nil, d.drawn)
	return d.root.Close()
}
