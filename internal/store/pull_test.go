package store

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/weights"
)

const size = 100_000

func newStore(t *testing.T) *Store { return &Store{filepath.Join(t.TempDir(), "models")} }

// files lists the names in the store.
func files(t *testing.T, s *Store) []string {
	t.Helper()
	list, err := os.ReadDir(s.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	names := []string{}
	for _, f := range list {
		names = append(names, f.Name())
	}
	return names
}

var whole = []string{"efficientnet-b0@timm.in1k.json", "efficientnet-b0@timm.in1k.safetensors"}

// checkPulled holds that the model is there and nothing else.
func checkPulled(t *testing.T, s *Store, e Entry, data []byte) {
	t.Helper()
	if diff := cmp.Diff(whole, files(t, s)); diff != "" {
		t.Error(diff)
	}
	p, ok, err := s.Lookup(e)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	if p.SourceSHA256 != sum256(data) || p.Name != e.Name() || p.Size == 0 {
		t.Errorf("%+v", p)
	}
	if err := p.Check(); err != nil {
		t.Error(err)
	}
	model, err := os.ReadFile(p.Path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := weights.Read(model)
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != e.Name() || m.License != "Apache-2.0" || !strings.HasSuffix(m.Source, ", sha256 "+sum256(data)) {
		t.Errorf("%s, %s, %s", m.Name, m.License, m.Source)
	}
}

func TestPull(t *testing.T) {
	data := payload(size)
	srv, st, e := serve(t, data), newStore(t), entry(data)
	o := options(srv)
	last := int64(0)
	o.Progress = func(have, total int64) {
		if have < last || total != size {
			t.Errorf("%d of %d after %d", have, total, last)
		}
		last = have
	}
	p, fresh, err := st.Pull(t.Context(), e, o)
	if err != nil || !fresh {
		t.Fatalf("%v, %v", fresh, err)
	}
	if want := srv.URL + "/timm/tf_efficientnet_b0.in1k/resolve/main/model.safetensors"; p.URL != want || last != size {
		t.Errorf("%s, %d bytes", p.URL, last)
	}
	checkPulled(t, st, e, data)
	again, fresh, err := st.Pull(t.Context(), e, o)
	if err != nil || fresh || len(srv.asked()) != 1 {
		t.Errorf("pulled again: %v, %v, %d requests", fresh, err, len(srv.asked()))
	}
	if diff := cmp.Diff(p, again); diff != "" {
		t.Error(diff)
	}
	o.Force, last = true, 0
	if _, fresh, err = st.Pull(t.Context(), e, o); err != nil || !fresh || len(srv.asked()) != 2 {
		t.Errorf("forced: %v, %v, %d requests", fresh, err, len(srv.asked()))
	}
	list, err := st.List()
	if err != nil || len(list) != 1 || list[0].Name != e.Name() {
		t.Errorf("%v, %v", list, err)
	}
	if freed, err := st.Remove(e); err != nil || freed < p.Size || len(files(t, st)) != 0 {
		t.Errorf("freed %d, %v, left %v", freed, err, files(t, st))
	}
	if freed, err := st.Remove(e); err != nil || freed != 0 {
		t.Errorf("removed twice: %d, %v", freed, err)
	}
}

// Points at which a connection may break: around the ends and the buffers.
var points = []int{0, 1, 2, enough - 1, enough, enough + 1, size / 2, 64<<10 - 1, 64 << 10, 64<<10 + 1, size - 1}

// Where a connection breaks, the same pull goes on from there.
func TestPullGoesOnAfterACut(t *testing.T) {
	data := payload(size)
	for _, n := range points {
		srv, st, e := serve(t, data, cutAfter(n)), newStore(t), entry(data)
		if _, _, err := st.Pull(t.Context(), e, options(srv)); err != nil {
			t.Errorf("after %d: %v", n, err)
			continue
		}
		checkPulled(t, st, e, data)
		want := []string{"", fmt.Sprintf("bytes=%d-", n)}
		if n == 0 {
			want[1] = ""
		}
		if diff := cmp.Diff(want, srv.asked()); diff != "" {
			t.Errorf("after %d: %s", n, diff)
		}
	}
}

// A pull that gave up leaves a part, from where the next one goes on.
func TestPullIsResumed(t *testing.T) {
	data := payload(size)
	for _, n := range points {
		srv, st, e := serve(t, data, cutAfter(n)), newStore(t), entry(data)
		o := options(srv)
		o.Retries = -1
		if _, _, err := st.Pull(t.Context(), e, o); err == nil {
			t.Fatalf("after %d: no error", n)
		}
		if _, ok, _ := st.Lookup(e); ok {
			t.Fatalf("after %d: in its place", n)
		}
		info, err := os.Stat(st.Part(e))
		if err != nil || info.Size() != int64(n) {
			t.Fatalf("after %d: %v, %v", n, info, err)
		}
		if _, _, err := st.Pull(t.Context(), e, o); err != nil {
			t.Errorf("after %d: %v", n, err)
			continue
		}
		checkPulled(t, st, e, data)
	}
}

// Every breaking connection that brings something is worth another try; those
// that bring nothing are counted.
func TestPullRetries(t *testing.T) {
	data := payload(size)
	var many, none []fault
	for range 20 {
		many = append(many, cutAfter(4000))
		none = append(none, cutAfter(0))
	}
	srv, st, e := serve(t, data, many...), newStore(t), entry(data)
	o, said := options(srv), 0
	o.Retrying = func(error) { said++ }
	if _, _, err := st.Pull(t.Context(), e, o); err != nil || said != 20 {
		t.Errorf("%v after %d tries", err, said)
	}
	checkPulled(t, st, e, data)
	srv = serve(t, data, none...)
	if _, _, err := newStore(t).Pull(t.Context(), e, options(srv)); err == nil || len(srv.asked()) != 3 {
		t.Errorf("%v after %d requests, want an error after 3", err, len(srv.asked()))
	}
}

// A download that was whole when the process died needs no byte more.
func TestPullOfAWholePart(t *testing.T) {
	data := payload(size)
	srv, st, e := serve(t, data), newStore(t), entry(data)
	o := options(srv)
	o.Convert = func([]byte, Entry) (*weights.Model, error) { return nil, errors.New("broken") }
	var failed *ConvertError
	if _, _, err := st.Pull(t.Context(), e, o); !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if _, _, err := st.Pull(t.Context(), e, options(srv)); err != nil {
		t.Fatal(err)
	}
	checkPulled(t, st, e, data)
	if diff := cmp.Diff([]string{"", fmt.Sprintf("bytes=%d-", size)}, srv.asked()); diff != "" {
		t.Error(diff)
	}
}

func TestPullWrongDigest(t *testing.T) {
	data := payload(size)
	for name, d := range map[string]Digest{
		"sha256": {SHA256: strings.Repeat("0", 64)}, "prefix": {SHA256Prefix: "00000000"}, "md5": {MD5: strings.Repeat("0", 32)},
	} {
		srv, st, e := serve(t, data), newStore(t), entry(data)
		e.Digest = d
		_, _, err := st.Pull(t.Context(), e, options(srv))
		var wrong *DigestError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "expected") {
			t.Errorf("%s: %v", name, err)
		}
		if left := files(t, st); len(left) != 0 || len(srv.asked()) != 1 {
			t.Errorf("%s: left %v after %d requests", name, left, len(srv.asked()))
		}
	}
}

func TestPullRightDigest(t *testing.T) {
	data := payload(1000)
	srv := serve(t, data)
	for _, d := range []Digest{
		{SHA256: sum256(data)}, {SHA256Prefix: sum256(data)[:8]}, {MD5: fmt.Sprintf("%x", md5.Sum(data))},
	} {
		e := entry(data)
		e.Digest = d
		if _, _, err := newStore(t).Pull(t.Context(), e, options(srv)); err != nil {
			t.Errorf("%v: %v", d, err)
		}
	}
}

// A part that went bad on the disk costs a second download, not an error.
func TestPullOfABadPart(t *testing.T) {
	data := payload(size)
	srv, st, e := serve(t, data, cutAfter(50_000)), newStore(t), entry(data)
	o := options(srv)
	o.Retries = -1
	if _, _, err := st.Pull(t.Context(), e, o); err == nil {
		t.Fatal("no error")
	}
	bad := slices.Clone(data[:50_000])
	bad[123]++
	if err := os.WriteFile(st.Part(e), bad, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := st.Pull(t.Context(), e, o); err != nil {
		t.Fatal(err)
	}
	checkPulled(t, st, e, data)
	if diff := cmp.Diff([]string{"", "bytes=50000-", ""}, srv.asked()); diff != "" {
		t.Error(diff)
	}
}

func TestPullShortBody(t *testing.T) {
	data := payload(size)
	short := answer(body(size, data[:10], "ETag", `"v1"`))
	srv, st, e := serve(t, data, short, short, short, short), newStore(t), entry(data)
	o := options(srv)
	o.Retries = 1
	if _, _, err := st.Pull(t.Context(), e, o); err == nil || !strings.Contains(err.Error(), "after 10 bytes") {
		t.Errorf("%v", err)
	}
	if _, ok, _ := st.Lookup(e); ok {
		t.Error("in its place")
	}
	// Without a length only the digest tells.
	srv, st = serve(t, data, answer(body(-1, data[:10]))), newStore(t)
	var wrong *DigestError
	if _, _, err := st.Pull(t.Context(), e, options(srv)); !errors.As(err, &wrong) {
		t.Errorf("%v", err)
	}
}

// When the file has changed on the server, nothing of the old one is used.
func TestPullOfAChangedFile(t *testing.T) {
	old, data := payload(size), payload(size)
	for i := range data {
		data[i] ^= 0xff
	}
	for name, second := range map[string]fault{
		"the whole":          {cut: -1},
		"another ETag":       answer(part206(data, 40_000, size, `"v2"`)),
		"another length":     answer(part206(data[:50_000], 40_000, 50_000, `"v1"`)),
		"another range":      answer(part206(data, 30_000, size, `"v1"`)),
		"no range":           answer(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusPartialContent) }),
		"nothing beyond":     answer(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestedRangeNotSatisfiable) }),
		"beyond another end": answer(part416(30_000)),
	} {
		srv, st, e := serve(t, old, cutAfter(40_000), second), newStore(t), entry(data)
		o := options(srv)
		o.Retries = -1
		if _, _, err := st.Pull(t.Context(), e, o); err == nil {
			t.Fatal("no error")
		}
		srv.data, srv.etag = data, `"v2"`
		o.Retries = 1
		if _, _, err := st.Pull(t.Context(), e, o); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkPulled(t, st, e, data)
	}
}

func part416(total int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", total))
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
	}
}

// Without anything that tells versions apart, or from another address, a pull
// begins anew.
func TestPullBeginsAnew(t *testing.T) {
	data := payload(size)
	e := entry(data)
	for name, second := range map[string]func(*server, *PullOptions){
		"weak ETag": func(s *server, _ *PullOptions) {}, "no ETag": func(s *server, _ *PullOptions) {},
		"another mirror": func(s *server, o *PullOptions) { o.Mirror += "/x/.." },
	} {
		srv, st := serve(t, data, cutAfter(1000)), newStore(t)
		switch name {
		case "weak ETag":
			srv.etag = `W/"v1"`
		case "no ETag":
			srv.etag = ""
		}
		o := options(srv)
		o.Retries = -1
		if _, _, err := st.Pull(t.Context(), e, o); err == nil {
			t.Fatal("no error")
		}
		second(srv, &o)
		if _, _, err := st.Pull(t.Context(), e, o); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff([]string{"", ""}, srv.asked()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestPullRefusesAnswers(t *testing.T) {
	data := payload(size)
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	e := entry(data)
	for want, f := range map[string]http.HandlerFunc{
		"a redirect to http://127.0.0.1:1/x is refused": redirect("http://127.0.0.1:1/x"),
		"a redirect to file:///etc/passwd is refused":   redirect("file:///etc/passwd"),
		"a redirect to ftp://127.0.0.1/x is refused":    redirect("ftp://127.0.0.1/x"),
		"answers 404 Not Found":                         status(404),
		"answers 403 Forbidden":                         status(403),
		"answers 304 Not Modified":                      status(304),
		"answers 201 Created":                           status(201),
		fmt.Sprintf("more than %d", e.limit()):          body(int(e.limit())+1, nil),
	} {
		srv, st := serve(t, data, answer(f)), newStore(t)
		if _, _, err := st.Pull(t.Context(), e, options(srv)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if n := len(srv.asked()); n != 1 {
			t.Errorf("%s: %d requests", want, n)
		}
	}
	for _, code := range []int{408, 429, 500, 502, 503, 504} {
		srv := serve(t, data, answer(status(code)))
		if _, _, err := newStore(t).Pull(t.Context(), e, options(srv)); err != nil || len(srv.asked()) != 2 {
			t.Errorf("%d: %v after %d requests", code, err, len(srv.asked()))
		}
	}
}

// A body without a length is bounded as it comes.
func TestPullBoundsBodies(t *testing.T) {
	endless := func(w http.ResponseWriter, r *http.Request) {
		for block := make([]byte, 1<<16); r.Context().Err() == nil; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
	srv, st := serve(t, nil, answer(endless)), newStore(t)
	if err := os.MkdirAll(st.Dir, 0o777); err != nil {
		t.Fatal(err)
	}
	p, err := openPart(filepath.Join(st.Dir, "x"), srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer p.file.Close()
	d := &download{address: srv.URL, limit: 1 << 20}
	d.defaults()
	if err := d.run(t.Context(), p); err == nil || !strings.Contains(err.Error(), "more than 1048576 bytes") || p.have > 1<<20 {
		t.Errorf("%d bytes, %v", p.have, err)
	}
}

// A server that goes silent, or all but silent, fails a try.
func TestPullFromASlowServer(t *testing.T) {
	data := payload(size)
	silent := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	stuck := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Length", fmt.Sprint(size))
		w.Write(data[:1000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	dripping := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(size))
		for i := 0; r.Context().Err() == nil && i < size; i++ {
			w.Write(data[i : i+1])
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	for name, f := range map[string]http.HandlerFunc{"silent": silent, "stuck": stuck, "dripping": dripping} {
		srv, st, e := serve(t, data, answer(f), answer(f)), newStore(t), entry(data)
		o := options(srv)
		o.Silence, o.Retries, o.client = 100*time.Millisecond, -1, nil
		if _, _, err := st.Pull(t.Context(), e, o); err == nil {
			t.Errorf("%s: no error", name)
		} else if name != "silent" && !errors.Is(err, errSlow) {
			t.Errorf("%s: %v", name, err)
		}
		o.Retries = 2
		if _, _, err := st.Pull(t.Context(), e, o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What was downloaded when the user stopped it stays, and only as a part.
func TestPullCancelled(t *testing.T) {
	data := payload(size)
	stuck := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Length", fmt.Sprint(size))
		w.Write(data[:5000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	srv, st, e := serve(t, data, answer(stuck)), newStore(t), entry(data)
	ctx, cancel := context.WithCancel(t.Context())
	o := options(srv)
	o.Progress = func(have, _ int64) {
		if have == 5000 {
			cancel()
		}
	}
	if _, _, err := st.Pull(ctx, e, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"efficientnet-b0@timm.in1k.part", "efficientnet-b0@timm.in1k.part.json"}, files(t, st)); diff != "" {
		t.Error(diff)
	}
	if _, _, err := st.Pull(t.Context(), e, options(srv)); err != nil {
		t.Fatal(err)
	}
	checkPulled(t, st, e, data)
	if diff := cmp.Diff([]string{"", "bytes=5000-"}, srv.asked()); diff != "" {
		t.Error(diff)
	}
}

// Of two at once, one downloads and the other waits for it.
func TestTwoPullsAtOnce(t *testing.T) {
	data := payload(size)
	begun, goOn := make(chan bool), make(chan bool)
	slow := func(w http.ResponseWriter, r *http.Request) {
		begun <- true
		<-goOn
		w.Write(data)
	}
	srv, st, e := serve(t, data, answer(slow)), newStore(t), entry(data)
	var wait sync.WaitGroup
	results := make(chan bool, 2)
	pull := func(o PullOptions) {
		defer wait.Done()
		_, fresh, err := st.Pull(t.Context(), e, o)
		if err != nil {
			t.Error(err)
		}
		results <- fresh
	}
	wait.Add(2)
	go pull(options(srv))
	<-begun
	second := options(srv)
	second.Waiting = func() { close(goOn) }
	if _, err := st.Remove(e); err == nil {
		t.Error("removed while it is being pulled")
	}
	go pull(second)
	wait.Wait()
	if a, b := <-results, <-results; a == b || len(srv.asked()) != 1 {
		t.Errorf("%v and %v, %d requests", a, b, len(srv.asked()))
	}
	checkPulled(t, st, e, data)
}

func TestWaitingCanBeStopped(t *testing.T) {
	st, e := newStore(t), entry(nil)
	if err := os.MkdirAll(st.Dir, 0o777); err != nil {
		t.Fatal(err)
	}
	unlock, ok, err := tryLockFile(st.base(e) + ".lock")
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o := PullOptions{Convert: convert, Waiting: cancel}
	if _, _, err := st.Pull(ctx, e, o); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	unlock()
	if left := files(t, st); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

// A write that fails, as on a full disk, ends the pull at once and leaves what
// was written.
func TestPullCannotWrite(t *testing.T) {
	data := payload(size)
	srv, st := serve(t, data), newStore(t)
	if err := os.MkdirAll(st.Dir, 0o777); err != nil {
		t.Fatal(err)
	}
	p, err := openPart(filepath.Join(st.Dir, "x"), srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	p.file.Close()
	if p.file, err = os.Open(p.path); err != nil {
		t.Fatal(err)
	}
	d := &download{address: srv.URL, limit: 1 << 20, pause: time.Hour}
	d.defaults()
	var onPath *fs.PathError
	if err := d.run(t.Context(), p); !errors.As(err, &onPath) || len(srv.asked()) != 1 {
		t.Errorf("%v after %d requests", err, len(srv.asked()))
	}
	// A store that is a file.
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := (&Store{file}).Pull(t.Context(), entry(data), options(srv)); err == nil {
		t.Error("no error")
	}
	// A part that is no regular file.
	if err := os.Symlink("/dev/null", st.Part(entry(data))); err != nil {
		t.Fatal(err)
	}
	if _, _, err := st.Pull(t.Context(), entry(data), options(srv)); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Error(err)
	}
}

func TestPullFromFile(t *testing.T) {
	data := payload(size)
	st, e := newStore(t), entry(data)
	file := filepath.Join(t.TempDir(), "x.pth")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	o := PullOptions{From: file, Offline: true, Convert: convert}
	wrong := e
	wrong.SHA256 = strings.Repeat("0", 64)
	var digest *DigestError
	if _, _, err := st.Pull(t.Context(), wrong, o); !errors.As(err, &digest) || len(files(t, st)) != 0 {
		t.Errorf("%v, left %v", err, files(t, st))
	}
	hub := e
	hub.Digest = Digest{Hub: true}
	if _, _, err := st.Pull(t.Context(), hub, o); err == nil {
		t.Error("pulled without a digest")
	}
	o.SHA256 = sum256(data)
	if _, fresh, err := st.Pull(t.Context(), hub, o); err != nil || !fresh {
		t.Fatal(err)
	}
	checkPulled(t, st, e, data)
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, data) {
		t.Error("the file was touched")
	}
	o.From = t.TempDir()
	o.Force = true
	if _, _, err := st.Pull(t.Context(), e, o); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Error(err)
	}
}

// A name that no host has, and a certificate that nobody vouches for, will not
// be better in a second.
func TestPullGivesUpAtOnce(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer secure.Close()
	nobody := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
	}}}
	for _, client := range []*http.Client{nobody, {}} {
		o := PullOptions{Mirror: secure.URL, Convert: convert, Retries: 3, pause: time.Hour, client: client}
		if _, _, err := newStore(t).Pull(t.Context(), entry(nil), o); err == nil {
			t.Error("no error")
		}
	}
}

// What a mirror is told of its user is not written down.
func TestPasswordIsNotKept(t *testing.T) {
	data := payload(size)
	srv, st, e := serve(t, data, cutAfter(1000)), newStore(t), entry(data)
	o := options(srv)
	o.Mirror, o.Retries = strings.Replace(srv.URL, "://", "://me:secret@", 1), -1
	if _, _, err := st.Pull(t.Context(), e, o); err == nil {
		t.Fatal("no error")
	}
	kept, err := os.ReadFile(st.Part(e) + ".json")
	if err != nil || strings.Contains(string(kept), "secret") {
		t.Errorf("%s, %v", kept, err)
	}
	p, _, err := st.Pull(t.Context(), e, o)
	if err != nil || strings.Contains(p.URL, "secret") {
		t.Errorf("%s, %v", p.URL, err)
	}
	if diff := cmp.Diff([]string{"", "bytes=1000-"}, srv.asked()); diff != "" {
		t.Error(diff)
	}
	checkPulled(t, st, e, data)
}

func TestPullOffline(t *testing.T) {
	data := payload(size)
	srv, st, e := serve(t, data), newStore(t), entry(data)
	o := options(srv)
	o.Offline = true
	if _, _, err := st.Pull(t.Context(), e, o); err == nil {
		t.Error("no error")
	}
	o.Offline = false
	if _, _, err := st.Pull(t.Context(), e, o); err != nil {
		t.Fatal(err)
	}
	o.Offline = true
	if _, fresh, err := st.Pull(t.Context(), e, o); err != nil || fresh || len(srv.asked()) != 1 {
		t.Error(err)
	}
}
