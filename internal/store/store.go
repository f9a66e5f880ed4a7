package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Env names the folder of pulled models; without it they are in the user's
// cache folder.
const Env = "EFFNET_MODELS"

// maxRecord bounds the small files beside a model, in bytes.
const maxRecord = 1 << 16

// Store is a folder of pulled models. Of each there is NAME.safetensors, this
// project's own format, and NAME.json, where it came from; while a pull runs or
// waits to be resumed, also NAME.part, NAME.part.json and NAME.lock.
type Store struct{ Dir string }

// Open finds the folder, which need not exist yet.
func Open() (*Store, error) {
	if dir := os.Getenv(Env); dir != "" {
		return &Store{dir}, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("no folder for models: %w; $%s names one", err, Env)
	}
	return &Store{filepath.Join(cache, "effnet", "models")}, nil
}

// Pulled is a model in the store.
type Pulled struct {
	Name         string    `json:"name"`
	URL          string    `json:"url"`              // where it was downloaded, or the entry's where it came from a file
	SourceSHA256 string    `json:"source_sha256"`    // of the file as published
	Commit       string    `json:"commit,omitempty"` // of the hub's repository
	SHA256       string    `json:"sha256"`           // of the model file
	Size         int64     `json:"size"`             // of the model file, in bytes
	Time         time.Time `json:"time"`

	Path  string `json:"-"`
	Entry Entry  `json:"-"`
}

func (s *Store) base(e Entry) string { return filepath.Join(s.Dir, e.file()) }

// Path is where the model file of an entry is, or would be.
func (s *Store) Path(e Entry) string { return s.base(e) + ".safetensors" }

// Part is where the download of an entry is kept until it is whole.
func (s *Store) Part(e Entry) string { return s.base(e) + ".part" }

// Lookup finds an entry among the pulled ones.
func (s *Store) Lookup(e Entry) (Pulled, bool, error) {
	info, err := os.Stat(s.Path(e))
	if errors.Is(err, fs.ErrNotExist) {
		return Pulled{}, false, nil
	}
	if err != nil {
		return Pulled{}, false, err
	}
	var p Pulled
	if record, err := os.Open(s.base(e) + ".json"); err == nil {
		defer record.Close()
		if err := json.NewDecoder(&limited{record, maxRecord}).Decode(&p); err != nil {
			p = Pulled{}
		}
	}
	p.Name, p.Entry, p.Path, p.Size = e.Name(), e, s.Path(e), info.Size()
	return p, info.Mode().IsRegular(), nil
}

// limited reads at most n bytes.
type limited struct {
	file *os.File
	n    int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.n <= 0 {
		return 0, errors.New("too large")
	}
	n, err := l.file.Read(p[:min(len(p), l.n)])
	l.n -= n
	return n, err
}

// List gives what has been pulled, in the catalogue's order.
func (s *Store) List() ([]Pulled, error) {
	var list []Pulled
	for _, e := range catalogue() {
		p, ok, err := s.Lookup(e)
		if err != nil {
			return nil, err
		}
		if ok {
			list = append(list, p)
		}
	}
	return list, nil
}

// Remove deletes an entry's model and the remains of pulls. It returns how
// many bytes that freed; 0 where there was nothing.
func (s *Store) Remove(e Entry) (freed int64, err error) {
	if _, err := os.Stat(s.Dir); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	unlock, ok, err := tryLockFile(s.base(e) + ".lock")
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, errors.New("it is being pulled right now")
	}
	defer unlock()
	for _, path := range []string{s.Path(e), s.Path(e) + ".part", s.base(e) + ".json", s.Part(e), s.Part(e) + ".json"} {
		if info, err := os.Lstat(path); err == nil {
			freed += info.Size()
		}
		if err := removeAll(path); err != nil {
			return freed, err
		}
	}
	return freed, nil
}
