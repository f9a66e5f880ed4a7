package store

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// hub answers as a model hub does: the digest with a redirect to where the
// bytes are.
func hub(t *testing.T, data []byte, digest string) *httptest.Server {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/blob" {
			w.Header().Set("ETag", `"another"`)
			w.Write(data)
			return
		}
		if digest != "" {
			w.Header().Set("X-Linked-Etag", `"`+digest+`"`)
		}
		w.Header().Set("X-Repo-Commit", "c0ffee")
		http.Redirect(w, r, "/blob", http.StatusFound)
	}))
	t.Cleanup(s.Close)
	return s
}

func pullFrom(t *testing.T, s *httptest.Server, st *Store) (Pulled, error) {
	t.Helper()
	e, err := Find("b0@timm")
	if err != nil || !e.Hub {
		t.Fatalf("%+v, %v", e, err)
	}
	p, _, err := st.Pull(t.Context(), e, PullOptions{Mirror: s.URL, Convert: convert, Retries: -1, client: s.Client()})
	return p, err
}

func TestHubTellsTheDigest(t *testing.T) {
	data := payload(size)
	st := newStore(t)
	p, err := pullFrom(t, hub(t, data, sum256(data)), st)
	if err != nil {
		t.Fatal(err)
	}
	if p.SourceSHA256 != sum256(data) || p.Commit != "c0ffee" {
		t.Errorf("%+v", p)
	}
	checkPulled(t, st, p.Entry, data)
	for digest, want := range map[string]string{
		strings.Repeat("0", 64): "wrong digest", "": "carries no SHA-256", "abc": "carries no SHA-256",
	} {
		st := newStore(t)
		if _, err := pullFrom(t, hub(t, data, digest), st); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", digest, err, want)
		}
		if _, ok, _ := st.Lookup(p.Entry); ok {
			t.Errorf("%q: in its place", digest)
		}
	}
}

// Nobody on the way may tell the digest of what he sends.
func TestHubIsAskedByHTTPS(t *testing.T) {
	data := payload(size)
	s := httptest.NewServer(hub(t, data, sum256(data)).Config.Handler)
	defer s.Close()
	if _, err := pullFrom(t, s, newStore(t)); err == nil || !strings.Contains(err.Error(), "by https") {
		t.Errorf("%v", err)
	}
}
