package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Output is the destination of records: a regular file, written as FILE.part that takes
// FILE's place when all is done, or a device or pipe, written directly.
type Output struct {
	file  *os.File
	final string // empty where the file is written directly
}

// Create opens path for writing. Symbolic links are followed; a regular file that may
// not be written is an error, though it could be replaced.
func Create(path string) (*Output, error) {
	final, info, err := locate(path)
	if err != nil {
		return nil, err
	}
	if final == "" {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		return &Output{file: f}, err
	}
	return createPart(final, info)
}

// locate follows symbolic links to the regular file that path names; final is empty for
// a device or pipe, replaced nil where there is no file yet.
func locate(path string) (final string, replaced fs.FileInfo, err error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return "", nil, &fs.PathError{Op: "open", Path: path, Err: syscall.EISDIR}
	case err == nil && !info.Mode().IsRegular():
		return "", info, nil
	case err == nil:
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return "", nil, err
		}
		f.Close()
	case !errors.Is(err, fs.ErrNotExist):
		return "", nil, err
	}
	final, err = target(path)
	return final, info, err
}

// createPart takes over the permissions of the file that will be replaced.
func createPart(final string, replaced fs.FileInfo) (*Output, error) {
	f, err := openBeside(final+".part", os.O_RDWR|os.O_CREATE|os.O_TRUNC, replaced)
	if err != nil {
		return nil, err
	}
	return &Output{file: f, final: final}, nil
}

// openBeside opens a regular file of our own beside the one that it will replace.
func openBeside(name string, flag int, replaced fs.FileInfo) (*os.File, error) {
	if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("exists and is not a regular file")}
	}
	f, err := os.OpenFile(name, flag, 0o666)
	if err != nil {
		return nil, err
	}
	if replaced != nil {
		if err := os.Chmod(name, replaced.Mode().Perm()); err != nil {
			f.Close()
			return nil, err
		}
	}
	return f, nil
}

// target follows the symbolic links at path to a name that is none, which need not exist.
func target(path string) (string, error) {
	for range 40 {
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		next, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(path), next)
		}
		path = next
	}
	return "", fmt.Errorf("%s: too many symbolic links", path)
}

// Write appends to the file.
func (o *Output) Write(p []byte) (int, error) { return o.file.Write(p) }

// Part names the file that holds the records until Commit, "" where there is none.
func (o *Output) Part() string {
	if o.final == "" {
		return ""
	}
	return o.file.Name()
}

// Commit makes the records durable and gives them their name. Where it fails, the part
// stays and an older file is intact.
func (o *Output) Commit() error {
	if o.final == "" {
		return o.file.Close()
	}
	if err := errors.Join(o.file.Sync(), o.file.Close()); err != nil {
		return err
	}
	if err := os.Rename(o.file.Name(), o.final); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(o.final))
}

// Keep closes the file and leaves the part as it is.
func (o *Output) Keep() error { return o.file.Close() }

// Drop closes the file and removes the part, so that nothing has changed.
func (o *Output) Drop() error {
	err := o.file.Close()
	if part := o.Part(); part != "" {
		return errors.Join(err, os.Remove(part))
	}
	return err
}
