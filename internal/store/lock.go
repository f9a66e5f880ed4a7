package store

import (
	"context"
	"os"
	"time"
)

const lockEvery = 100 * time.Millisecond

// lock waits until this process alone holds the lock at path. waiting, which
// may be nil, is called once where another holds it.
func lock(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	for {
		unlock, ok, err := tryLockFile(path)
		if ok || err != nil {
			return unlock, err
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockEvery):
		}
	}
}

// tryLockFile takes the lock at path if nobody holds it. The file lives only as
// long as the lock: who locked one that has been removed meanwhile tries again
// with the new one. A process that is killed leaves the file, but not the lock.
func tryLockFile(path string) (unlock func(), ok bool, err error) {
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o666)
		if err != nil {
			return nil, false, err
		}
		got, err := tryLock(f)
		if err != nil || !got {
			f.Close()
			return nil, false, err
		}
		if isStill(f, path) {
			return func() { os.Remove(path); f.Close() }, true, nil
		}
		f.Close()
	}
}

// isStill tells whether path names the open file.
func isStill(f *os.File, path string) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(held, named)
}
