package store

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
)

// origin is what is known of the bytes in a .part file, so that a later run
// may go on with them. It lies beside the file as FILE.json.
type origin struct {
	URL       string `json:"url"`              // without user and password
	Validator string `json:"validator"`        // strong ETag, else Last-Modified; empty: no resuming
	Total     int64  `json:"total"`            // bytes of the whole, -1 unknown
	SHA256    string `json:"sha256,omitempty"` // as the hub's answer says
	Commit    string `json:"commit,omitempty"` // of the hub's repository
}

// part is a download so far: a file, and where its bytes come from.
type part struct {
	file   *os.File
	path   string
	have   int64
	origin origin
}

// openPart goes on with the download at path if it comes from the address,
// else begins anew.
func openPart(path, address string) (*part, error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("exists and is not a regular file")}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, err
	}
	p := &part{file: f, path: path}
	if p.have, err = f.Seek(0, io.SeekEnd); err != nil {
		f.Close()
		return nil, err
	}
	p.origin = readOrigin(path + ".json")
	if address = withoutUser(address); p.origin.URL != address || p.origin.Validator == "" {
		err = p.restart()
		p.origin = origin{URL: address, Total: -1}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

func readOrigin(path string) origin {
	var o origin
	data, err := os.ReadFile(path)
	if err != nil || len(data) > maxRecord || json.Unmarshal(data, &o) != nil {
		return origin{}
	}
	return o
}

// restart drops the bytes so far and what was known of them.
func (p *part) restart() error {
	if err := os.Remove(p.path + ".json"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := p.file.Truncate(0); err != nil {
		return err
	}
	p.have, p.origin = 0, origin{URL: p.origin.URL, Total: -1}
	_, err := p.file.Seek(0, io.SeekStart)
	return err
}

// from notes where the bytes that follow come from.
func (p *part) from(o origin) error {
	if o == p.origin {
		return nil
	}
	p.origin = o
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return writeFile(p.path+".json", append(text, '\n'))
}

func (p *part) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	p.have += int64(n)
	return n, err
}

// removeAll removes files that need not exist.
func removeAll(paths ...string) error {
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// writeFile replaces a small file in one step.
func writeFile(path string, data []byte) error {
	temporary := path + ".new"
	f, err := os.Create(temporary)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(temporary)
		return err
	}
	return os.Rename(temporary, path)
}

// syncDir makes a rename in dir durable, where the system knows how.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}
