package store

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const maxRedirects = 10

// refusal is an answer that no second try would change.
type refusal struct{ msg string }

func (e *refusal) Error() string { return e.msg }

func refuse(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

// newClient makes a client that honours the proxy variables and waits for no
// answer longer than silence.
func newClient(silence time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: silence, KeepAlive: 30 * time.Second}
	return &http.Client{Transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    silence,
		ResponseHeaderTimeout:  silence,
		MaxResponseHeaderBytes: 1 << 20,
		DisableCompression:     true, // ranges count the bytes of the file
		MaxIdleConns:           2,
		IdleConnTimeout:        silence,
	}}
}

// checkRedirect lets an answer lead only to https, so that nobody on the way
// sends a download elsewhere in the clear or to a file of this machine.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if req.URL.Scheme != "https" {
		return refuse("a redirect to %s is refused: only https is followed", req.URL.Redacted())
	}
	if len(via) >= maxRedirects {
		return refuse("more than %d redirects", maxRedirects)
	}
	return nil
}

// Address is where an entry is downloaded from: its URL, or the same path at
// a mirror, whose own path stands before it.
func (e Entry) Address(mirror string) (string, error) {
	if mirror == "" {
		return e.URL, nil
	}
	own, err := url.Parse(e.URL)
	if err != nil {
		return "", err
	}
	base, err := ParseMirror(mirror)
	if err != nil {
		return "", err
	}
	base.Path = strings.TrimSuffix(base.Path, "/") + own.Path
	base.RawPath = ""
	return base.String(), nil
}

// ParseMirror reads the address of a mirror: http or https, a host, perhaps a
// path.
func ParseMirror(mirror string) (*url.URL, error) {
	base, err := url.Parse(mirror)
	switch {
	case err != nil:
		return nil, fmt.Errorf("mirror %q is not a URL", mirror)
	case base.Scheme != "https" && base.Scheme != "http" || base.Host == "":
		return nil, fmt.Errorf("mirror %q is neither https://HOST… nor http://HOST…", mirror)
	case base.RawQuery != "" || base.Fragment != "":
		return nil, fmt.Errorf("mirror %q has a query or a fragment", mirror)
	}
	return base, nil
}

// reason drops from an error of net/http the address that the caller says.
func reason(err error) error {
	var refused *refusal
	if errors.As(err, &refused) {
		return refused
	}
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
