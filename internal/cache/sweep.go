package cache

import (
	"container/heap"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"
)

// The bound as shares of the largest size. Between two sweeps a process puts at
// most 1/sweepShare; a sweep that finds more than highShare evicts down to
// lowShare, so that what others put meanwhile has room too.
const (
	sweepShare = 16
	highShare  = 7.0 / 8
	lowShare   = 6.0 / 8

	// closeShare is what a process puts at most without a sweep at its end.
	// One that puts less sweeps as seldom as many of them put that much.
	closeShare = 256
)

// leftoverAfter is the age of a temporary file whose writer must be gone.
const leftoverAfter = time.Hour

// due tells whether the size must be looked at; d.mu is held.
func (d *Dir) due() bool {
	return d.total > d.max || d.since > d.max/sweepShare
}

func always() bool { return true }

// drawn decides whether a process that ends looks at the size; d.mu is held.
func (d *Dir) drawn() bool {
	return rand.Float64() < float64(d.since)*closeShare/float64(d.max)
}

// sweep measures the cache and evicts where it is nearly full, unless another
// goroutine did so meanwhile and it is no longer wanted. It ends early when stop
// is closed. wanted is called while d.mu is held.
func (d *Dir) sweep(stop <-chan struct{}, wanted func() bool) {
	d.sweeping.Lock()
	defer d.sweeping.Unlock()
	d.mu.Lock()
	since, pending, skip := d.since, d.pending, !wanted()
	d.mu.Unlock()
	if skip {
		return
	}

	now := time.Now()
	found := int64(0)
	whole := d.walk(stop, func(folder *os.Root, f file) {
		if f.temporary && now.Sub(f.used) > leftoverAfter && folder.Remove(f.name) == nil {
			return
		}
		found += f.size
	})
	if !whole {
		return
	}
	found += pending
	if high := int64(highShare * float64(d.max)); found > high {
		found -= d.evict(found-int64(lowShare*float64(d.max)), stop)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.since -= since
	d.total = found + d.since
}

// evict removes the entries that were not wanted for longest, need bytes
// together, and returns how many bytes it removed.
func (d *Dir) evict(need int64, stop <-chan struct{}) (freed int64) {
	var old oldest
	whole := d.walk(stop, func(_ *os.Root, f file) {
		if f.temporary {
			return
		}
		heap.Push(&old, f)
		old.bytes += f.size
		for old.bytes-old.files[0].size >= need {
			old.bytes -= heap.Pop(&old).(file).size
		}
	})
	if !whole {
		return 0
	}
	for _, f := range old.files {
		if err := d.root.Remove(f.folder + "/" + f.name); err == nil || os.IsNotExist(err) {
			freed += f.size
		}
	}
	return freed
}

// file is a file of ours.
type file struct {
	folder, name string
	size         int64
	used         time.Time
	temporary    bool
}

// walk calls f for each file of ours, in no order; it is false where it was
// stopped. Whatever else is in the folder it passes over.
func (d *Dir) walk(stop <-chan struct{}, f func(folder *os.Root, f file)) (whole bool) {
	entries, _ := fs.ReadDir(d.root.FS(), ".")
	for _, e := range entries {
		select {
		case <-stop:
			return false
		default:
		}
		if e.IsDir() && folderName.MatchString(e.Name()) {
			d.walkFolder(e.Name(), f)
		}
	}
	return true
}

func (d *Dir) walkFolder(name string, f func(folder *os.Root, f file)) {
	folder, err := d.root.OpenRoot(name)
	if err != nil {
		return
	}
	defer folder.Close()
	entries, _ := fs.ReadDir(folder.FS(), ".")
	for _, e := range entries {
		temporary := temporaryName.MatchString(e.Name())
		if !temporary && !entryName.MatchString(e.Name()) {
			continue
		}
		info, err := folder.Lstat(e.Name())
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		f(folder, file{name, e.Name(), info.Size(), info.ModTime(), temporary})
	}
}

// oldest is a heap with the youngest file first; equal times go by name.
type oldest struct {
	files []file
	bytes int64
}

func (o *oldest) Len() int { return len(o.files) }
func (o *oldest) Less(i, j int) bool {
	a, b := o.files[i], o.files[j]
	if c := a.used.Compare(b.used); c != 0 {
		return c > 0
	}
	return a.folder+a.name > b.folder+b.name
}
func (o *oldest) Swap(i, j int) { o.files[i], o.files[j] = o.files[j], o.files[i] }
func (o *oldest) Push(x any)    { o.files = append(o.files, x.(file)) }
func (o *oldest) Pop() any {
	last := o.files[len(o.files)-1]
	o.files = o.files[:len(o.files)-1]
	return last
}
