package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/weights"
)

// PullOptions say how to pull. Convert is needed, everything else has a good
// zero value.
type PullOptions struct {
	Mirror  string // takes the place of scheme and host, see Entry.Address
	From    string // a file that was downloaded by other means
	SHA256  string // digest of the download where only a hub's answer tells it
	Offline bool   // no network
	Force   bool   // even if it has been pulled

	Silence time.Duration // longest wait for bytes; 0: 30 seconds
	Retries int           // tries again without progress; negative: none, 0: 3
	Agent   string        // User-Agent

	// Convert turns the verified bytes into a model.
	Convert func(data []byte, e Entry) (*weights.Model, error)
	// Progress is called with the bytes so far and in all, -1 where unknown.
	Progress func(have, total int64)
	// Waiting is called once where another process pulls the same weights.
	Waiting func()
	// Retrying is called before another try, with why the last one failed.
	Retrying func(err error)
	// Converting is called when the bytes are there and verified.
	Converting func()

	client *http.Client  // nil: of newClient
	pause  time.Duration // 0: a second
}

// ConvertError is why verified bytes could not be turned into a model.
type ConvertError struct{ Err error }

func (e *ConvertError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *ConvertError) Unwrap() error { return e.Err }

// Pull brings an entry into the store, unless it is there; fresh tells whether
// it was not. Nothing is in its place before its bytes have been verified and
// converted. What was downloaded when ctx ended or the connection broke stays
// for the next pull.
func (s *Store) Pull(ctx context.Context, e Entry, o PullOptions) (p Pulled, fresh bool, err error) {
	if p, ok, err := s.Lookup(e); err != nil || ok && !o.Force {
		return p, false, err
	}
	if o.Offline && o.From == "" {
		return Pulled{}, false, errors.New("not pulled yet, and --offline forbids to")
	}
	if err := os.MkdirAll(s.Dir, 0o777); err != nil {
		return Pulled{}, false, err
	}
	unlock, err := lock(ctx, s.base(e)+".lock", o.Waiting)
	if err != nil {
		return Pulled{}, false, err
	}
	defer unlock()
	if p, ok, err := s.Lookup(e); err != nil || ok && !o.Force {
		return p, false, err // pulled meanwhile
	}
	p, err = s.pull(ctx, e, o)
	return p, err == nil, err
}

func (s *Store) pull(ctx context.Context, e Entry, o PullOptions) (Pulled, error) {
	p := Pulled{Name: e.Name(), URL: e.URL, Time: time.Now().UTC().Truncate(time.Second)}
	var data []byte
	var err error
	if o.From != "" {
		data, p.SourceSHA256, err = readVerified(o.From, e.expects(o, origin{}), e.limit())
	} else {
		data, err = s.download(ctx, e, o, &p)
	}
	if err != nil {
		return Pulled{}, err
	}
	if o.Converting != nil {
		o.Converting()
	}
	m, err := o.Convert(data, e)
	if err != nil {
		return Pulled{}, &ConvertError{err}
	}
	if err := ctx.Err(); err != nil {
		return Pulled{}, err
	}
	m.Name, m.License = e.Name(), e.License
	m.Source = fmt.Sprintf("%s, sha256 %s", p.URL, p.SourceSHA256)
	if err := s.put(e, m, &p); err != nil {
		return Pulled{}, err
	}
	return p, removeAll(s.Part(e), s.Part(e)+".json")
}

// expects is the digest that the bytes must have.
func (e Entry) expects(o PullOptions, from origin) Digest {
	switch {
	case !e.Hub:
		return e.Digest
	case o.SHA256 != "":
		return Digest{SHA256: o.SHA256}
	}
	return Digest{SHA256: from.SHA256}
}

// limit bounds a download: twice the architecture's parameters, and some.
func (e Entry) limit() int64 {
	const around = 64 << 20
	v, err := model.Lookup(e.Variant)
	if err != nil {
		return around
	}
	values := 0
	for _, spec := range v.ParamSpecs(e.Classes) {
		values += spec.Len()
	}
	return 2*4*int64(values) + around
}

// download fetches an entry's file and verifies it. One that fails the
// verification is fetched once more from its beginning where a part of it was
// from an earlier run, and then dropped.
func (s *Store) download(ctx context.Context, e Entry, o PullOptions, p *Pulled) ([]byte, error) {
	address, err := e.Address(o.Mirror)
	if err != nil {
		return nil, err
	}
	if u, err := url.Parse(address); e.Hub && o.SHA256 == "" && (err != nil || u.Scheme != "https") {
		return nil, fmt.Errorf("only the hub's answer tells the digest of these weights: ask it by https, or give the digest with --sha256")
	}
	p.URL = withoutUser(address)
	for {
		data, resumed, err := s.fetch(ctx, e, o, address, p)
		var wrong *DigestError
		if !errors.As(err, &wrong) {
			return data, err
		}
		if err := removeAll(s.Part(e), s.Part(e)+".json"); err != nil {
			return nil, err
		}
		if !resumed {
			return nil, err
		}
	}
}

func (s *Store) fetch(ctx context.Context, e Entry, o PullOptions, address string, p *Pulled) (data []byte, resumed bool, err error) {
	part, err := openPart(s.Part(e), address)
	if err != nil {
		return nil, false, err
	}
	defer part.file.Close()
	resumed = part.have > 0
	d := &download{
		address: address, client: o.client, limit: e.limit(), silence: o.Silence, retries: o.Retries, pause: o.pause,
		agent: o.Agent, progress: o.Progress, retrying: o.Retrying,
	}
	d.defaults()
	if err := d.run(ctx, part); err != nil {
		return nil, false, err
	}
	p.Commit = part.origin.Commit
	data, p.SourceSHA256, err = readVerified(part.path, e.expects(o, part.origin), d.limit)
	return data, resumed, err
}

func (d *download) defaults() {
	if d.silence == 0 {
		d.silence = defaultSilence
	}
	if d.retries == 0 {
		d.retries = defaultRetries
	}
	if d.pause == 0 {
		d.pause = time.Second
	}
	if d.client == nil {
		d.client = newClient(d.silence)
	}
	if d.agent == "" {
		d.agent = "effnet"
	}
}

func withoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.User = nil
	return u.String()
}

// readVerified reads a file to the heap, and so verifies the very bytes that
// will be used.
func readVerified(path string, want Digest, limit int64) (data []byte, sha256 string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, "", err
	case !info.Mode().IsRegular():
		return nil, "", &os.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	case info.Size() > limit:
		return nil, "", fmt.Errorf("the file has %d bytes, more than %d", info.Size(), limit)
	}
	var b bytes.Buffer
	b.Grow(int(info.Size()) + bytes.MinRead)
	seen := newSums()
	if _, err := io.Copy(io.MultiWriter(&b, seen), io.LimitReader(f, limit)); err != nil {
		return nil, "", err
	}
	return b.Bytes(), seen.sha256(), want.check(seen)
}

// put writes a model and its record to their places, the model last.
func (s *Store) put(e Entry, m *weights.Model, p *Pulled) error {
	path := s.Path(e)
	f, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	seen := newSums()
	counted := &counter{w: io.MultiWriter(f, seen)}
	err = weights.Write(counted, m)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(path + ".part")
		return err
	}
	p.SHA256, p.Size, p.Path, p.Entry = seen.sha256(), counted.n, path, e
	record, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := writeFile(s.base(e)+".json", append(record, '\n')); err != nil {
		return err
	}
	if err := os.Rename(path+".part", path); err != nil {
		return err
	}
	syncDir(filepath.Dir(path))
	return nil
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// Check recomputes the digest of a pulled model file.
func (p Pulled) Check() error {
	f, err := os.Open(p.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	seen := newSums()
	if _, err := io.Copy(seen, f); err != nil {
		return err
	}
	if p.SHA256 == "" {
		return errors.New("the record of the pull is gone")
	}
	return Digest{SHA256: p.SHA256}.check(seen)
}
