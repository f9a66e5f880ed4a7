package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights"
)

// payload is a download of some size whose bytes tell their place.
func payload(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8*13)
	}
	return b
}

func sum256(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// entry is official weights whose download is data.
func entry(data []byte) Entry {
	e, err := Find("b0@timm")
	if err != nil {
		panic(err)
	}
	e.Hub, e.SHA256 = false, sum256(data)
	return e
}

// convert stands for a reader of weights: it keeps nothing of the data but
// makes a network that can be written.
func convert([]byte, Entry) (*weights.Model, error) {
	v, err := model.Lookup("d0.1,w0.1,r64")
	if err != nil {
		return nil, err
	}
	return &weights.Model{Variant: v.Name, Profile: profile.ImageNet(64), Params: model.Random(v.ParamSpecs(2), 1)}, nil
}

// server serves one file and does as it is told to the requests in turn.
type server struct {
	*httptest.Server
	data []byte
	etag string

	mu     sync.Mutex
	faults []fault
	ranges []string // Range of each request
}

// fault is what becomes of one request; the zero value is none.
type fault struct {
	cut      int // bytes of the body after which the connection breaks; 0: before the headers; -1: none
	answer   http.HandlerFunc
	isAnswer bool
}

func cutAfter(n int) fault            { return fault{cut: n} }
func answer(f http.HandlerFunc) fault { return fault{answer: f, isAnswer: true} }

func serve(t *testing.T, data []byte, faults ...fault) *server {
	t.Helper()
	s := &server{data: data, etag: `"v1"`, faults: faults}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	n := len(s.ranges)
	s.ranges = append(s.ranges, r.Header.Get("Range"))
	data, etag := s.data, s.etag
	f := fault{cut: -1}
	if n < len(s.faults) {
		f = s.faults[n]
	}
	s.mu.Unlock()
	if f.isAnswer {
		f.answer(w, r)
		return
	}
	if etag != "" {
		w.Header().Set("ETag", etag)
	}
	if f.cut == 0 {
		panic(http.ErrAbortHandler)
	}
	if f.cut > 0 {
		w = &cutter{w, f.cut}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

func (s *server) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.ranges...)
}

// cutter breaks the connection after some bytes of the body have been sent.
type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(p []byte) (int, error) {
	n := min(len(p), c.left)
	c.ResponseWriter.Write(p[:n])
	if c.left -= n; c.left == 0 {
		c.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, nil
}

// body answers 200 with a body and whatever length it claims.
func body(claim int, data []byte, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		if claim >= 0 {
			w.Header().Set("Content-Length", strconv.Itoa(claim))
		}
		w.Write(data)
	}
}

// part206 answers with bytes from start on, as a server would that looks at no
// If-Range.
func part206(data []byte, start, total int, etag string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", etag)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, len(data)-1, total))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(data[start:])
	}
}

// options are quick ones for a server.
func options(s *server) PullOptions {
	return PullOptions{
		Mirror: s.URL, Convert: convert, Silence: 10 * time.Second, Retries: 2,
		client: s.Client(), pause: time.Millisecond,
	}
}
