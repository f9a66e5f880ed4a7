package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Bounds of a download.
const (
	defaultSilence = 30 * time.Second
	defaultRetries = 3
	enough         = 16 << 10 // bytes that must come within one silence
	maxPause       = 30 * time.Second
)

var (
	errSlow      = errors.New("the server sends nothing, or almost nothing")
	errDifferent = errors.New("the file changed on the server")
)

// download fetches one address into a part.
type download struct {
	address  string
	client   *http.Client
	limit    int64         // most bytes
	silence  time.Duration // longest wait for some bytes
	retries  int           // tries again without any byte between
	pause    time.Duration // before the first of them, doubled each time
	agent    string
	progress func(have, total int64)
	retrying func(err error) // may be nil, like progress
}

// run downloads until p is whole. Where the connection breaks it goes on from
// there, at most retries times without getting any further. p stays as it is
// on an error.
func (d *download) run(ctx context.Context, p *part) error {
	for failures := 0; ; {
		before := p.have
		err := d.attempt(ctx, p)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !temporary(err):
			return err
		case p.have > before:
			failures = 0
		}
		if failures++; failures > d.retries {
			return err
		}
		if d.retrying != nil {
			d.retrying(err)
		}
		select {
		case <-time.After(min(d.pause<<(failures-1), maxPause)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// transient is a failure that another try may not meet.
type transient struct{ error }

func (e transient) Unwrap() error { return e.error }

func temporary(err error) bool {
	var t transient
	return errors.As(err, &t)
}

// attempt makes one request for what is missing and appends its answer.
func (d *download) attempt(ctx context.Context, p *part) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if p.have > 0 && p.origin.Validator == "" {
		if err := p.restart(); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", d.agent)
	if p.have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", p.have))
		req.Header.Set("If-Range", p.origin.Validator)
	}
	resp, answers, err := d.send(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	done, err := d.place(p, resp, answers)
	if done || err != nil {
		return err
	}
	if err := d.copy(p, resp.Body, cancel); err != nil {
		if cause := context.Cause(ctx); cause == errSlow {
			return transient{errSlow}
		}
		return err
	}
	if total := p.origin.Total; total >= 0 && p.have < total {
		return transient{fmt.Errorf("the answer ended after %d of %d bytes", p.have, total)}
	}
	return nil
}

// send follows redirects and keeps the headers of every answer on the way.
func (d *download) send(req *http.Request) (*http.Response, []http.Header, error) {
	var answers []http.Header
	client := *d.client
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		answers = append(answers, req.Response.Header)
		return checkRedirect(req, via)
	}
	resp, err := client.Do(req)
	if err != nil {
		if final(err) || req.Context().Err() != nil {
			return nil, nil, reason(err)
		}
		return nil, nil, transient{reason(err)}
	}
	return resp, append(answers, resp.Header), nil
}

// final tells whether the next try would fail in the same way.
func final(err error) bool {
	var refused *refusal
	var unknownHost *net.DNSError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &refused) || errors.As(err, &unknownHost) && unknownHost.IsNotFound || errors.As(err, &certificate)
}

// place decides where the answer's body belongs in p; done where nothing is
// missing.
func (d *download) place(p *part, resp *http.Response, answers []http.Header) (done bool, err error) {
	o := origin{URL: p.origin.URL, Validator: validator(resp.Header), Total: resp.ContentLength}
	o.SHA256, o.Commit = hubDigest(answers), header(answers, "X-Repo-Commit")
	switch resp.StatusCode {
	case http.StatusOK:
		if err := p.restart(); err != nil {
			return false, err
		}
	case http.StatusPartialContent:
		start, total, ok := contentRange(resp.Header.Get("Content-Range"))
		o.Total = total
		if !ok || start != p.have || o.differs(p.origin) {
			return false, d.again(p)
		}
		o.Validator = p.origin.Validator
		if o.SHA256 == "" {
			o.SHA256, o.Commit = p.origin.SHA256, p.origin.Commit
		}
	case http.StatusRequestedRangeNotSatisfiable:
		_, total, ok := contentRange(resp.Header.Get("Content-Range"))
		if o.Total = total; ok && total == p.have && !o.differs(p.origin) {
			return true, nil
		}
		return false, d.again(p)
	case http.StatusRequestTimeout, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return false, transient{fmt.Errorf("the server answers %s", status(resp))}
	default:
		return false, refuse("the server answers %s", status(resp))
	}
	if o.Total > d.limit {
		return false, refuse("the file has %d bytes, more than %d", o.Total, d.limit)
	}
	return false, p.from(o)
}

// again drops bytes that are not those of the file on the server.
func (d *download) again(p *part) error {
	if err := p.restart(); err != nil {
		return err
	}
	return transient{errDifferent}
}

// differs tells whether an answer is of other bytes than those of before, as
// far as either says.
func (o origin) differs(before origin) bool {
	other := func(a, b string) bool { return a != "" && b != "" && a != b }
	return other(o.Validator, before.Validator) || other(o.SHA256, before.SHA256) ||
		o.Total >= 0 && before.Total >= 0 && o.Total != before.Total
}

func status(resp *http.Response) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode)))
}

// copy appends the body. stop is called with errSlow where less than enough
// bytes come within a silence.
func (d *download) copy(p *part, body io.Reader, stop context.CancelCauseFunc) error {
	watchdog := time.AfterFunc(d.silence, func() { stop(errSlow) })
	defer watchdog.Stop()
	buffer := make([]byte, 64<<10)
	since := 0
	for {
		n, err := body.Read(buffer)
		if int64(n) > d.limit-p.have {
			return refuse("the file has more than %d bytes", d.limit)
		}
		if _, err := p.Write(buffer[:n]); err != nil {
			return err
		}
		if since += n; since >= enough {
			since = 0
			watchdog.Reset(d.silence)
		}
		if n > 0 && d.progress != nil {
			d.progress(p.have, p.origin.Total)
		}
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return transient{fmt.Errorf("the connection broke after %d bytes", p.have)}
		case err != nil:
			return transient{err}
		}
	}
}

// validator is what If-Range takes: a strong ETag, else a date, else nothing.
func validator(h http.Header) string {
	if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
		return tag
	}
	return h.Get("Last-Modified")
}

// contentRange reads "bytes START-END/TOTAL" and "bytes */TOTAL"; total is -1
// where it is *.
func contentRange(text string) (start, total int64, ok bool) {
	span, whole, ok := strings.Cut(strings.TrimPrefix(text, "bytes "), "/")
	if !ok || !strings.HasPrefix(text, "bytes ") {
		return 0, 0, false
	}
	total = -1
	if whole != "*" {
		var err error
		if total, err = strconv.ParseInt(whole, 10, 64); err != nil || total < 0 {
			return 0, 0, false
		}
	}
	if span == "*" {
		return 0, total, true
	}
	first, _, ok := strings.Cut(span, "-")
	start, err := strconv.ParseInt(first, 10, 64)
	return start, total, ok && err == nil && start >= 0
}

var hex64 = regexp.MustCompile(`^[0-9a-f]{64}$`)

// hubDigest is the SHA-256 that a hub's answer carries: of a large file as
// X-Linked-Etag, before it redirects to where the bytes are, else as the ETag
// of the bytes.
func hubDigest(answers []http.Header) string {
	for _, tag := range []string{header(answers, "X-Linked-Etag"), answers[len(answers)-1].Get("ETag")} {
		if sum := strings.Trim(tag, `"`); hex64.MatchString(sum) {
			return sum
		}
	}
	return ""
}

// header is the first value that the answers have of a key, those of the hub
// itself before those of a host that it leads to.
func header(answers []http.Header, key string) string {
	for _, h := range answers {
		if v := h.Get(key); v != "" {
			return v
		}
	}
	return ""
}
