// Package outside is the one guarded way out: every URL that a company or a partner wrote is called through it. Its one
// rule: the address that is really dialled is judged, every answer is bounded, and no redirect, proxy or kept connection
// leads around that. It knows no payload and no company; it is a delivery.Sender.
package outside

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/target"
)

// maxHeader bounds what a receiver may say before its body; net/http's own bound is 1 MB.
const maxHeader = 16 << 10

// Resolver asks for the addresses of a name; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Sender calls URLs. It keeps no connections: each attempt dials, so each attempt is judged, and no receiver's leftovers
// reach another company's request.
type Sender struct {
	rules     target.Rules
	resolver  Resolver
	transport *http.Transport
	// control sees every address after it was judged, before a packet goes to it; only tests have one.
	control func(network, address string) error
}

// New makes a sender. Without a resolver it is the system's.
func New(rules target.Rules, resolver Resolver) *Sender {
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	s := &Sender{rules: rules, resolver: resolver}
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	s.transport = &http.Transport{
		Proxy:                  nil, // not even from the environment
		DialContext:            s.dial,
		TLSHandshakeTimeout:    delivery.ConnectWithin,
		DisableKeepAlives:      true,
		DisableCompression:     true, // unpacked here, where it is counted
		MaxResponseHeaderBytes: maxHeader,
		Protocols:              http1,
	}
	return s
}

// Send makes one POST and reads its answer within the request's time.
func (s *Sender) Send(ctx context.Context, r delivery.Request) delivery.Answer {
	began := time.Now()
	within := delivery.TotalWithin
	if r.Within > 0 {
		within = min(within, r.Within)
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	a := s.send(ctx, r)
	a.Took = time.Since(began)
	return a
}

func (s *Sender) send(ctx context.Context, r delivery.Request) delivery.Answer {
	header := r.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Accept-Encoding", "gzip") // receivers pack anyway; asked, they say so
	response, err := s.ask(ctx, http.MethodPost, r.URL, header, r.Body)
	if err != nil {
		return failed(ctx, err)
	}
	defer response.Body.Close()
	a := delivery.Answer{Status: response.StatusCode, Header: response.Header}
	if response.StatusCode < 200 || response.StatusCode == http.StatusNoContent {
		return a // nothing to read: after 101 the body would be an endless stream
	}
	a.Body, a.Cut, err = bounded(response, delivery.MaxAnswer)
	if err != nil {
		broken := failed(ctx, err)
		a.Failed, a.Detail = broken.Failed, broken.Detail
	}
	return a
}

// ask sends a request to a judged URL.
func (s *Sender) ask(ctx context.Context, method, url string, header http.Header, body []byte) (*http.Response, error) {
	t, err := s.rules.Parse(url)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, t.URL.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	request.Header = header
	request.GetBody = nil                 // an attempt is one attempt: nothing is sent again behind our back
	return s.transport.RoundTrip(request) // not a Client: it would follow redirects and keep cookies
}

// bounded reads at most limit bytes of an answer, counted after unpacking, and at most as many before it. The error is
// the connection's; what cannot be unpacked is only cut off.
func bounded(response *http.Response, limit int64) (body []byte, cut bool, err error) {
	packed := &io.LimitedReader{R: response.Body, N: limit}
	var from io.Reader = packed
	if strings.EqualFold(strings.TrimSpace(response.Header.Get("Content-Encoding")), "gzip") {
		unpacked, err := gzip.NewReader(packed)
		if errors.Is(err, io.EOF) {
			return nil, false, nil // nothing, packed or not
		}
		if err != nil {
			return after(nil, packed, err)
		}
		from = unpacked
	}
	body, err = io.ReadAll(io.LimitReader(from, limit))
	if int64(len(body)) == limit {
		return body, true, nil
	}
	return after(body, packed, err)
}

func after(body []byte, packed *io.LimitedReader, err error) ([]byte, bool, error) {
	var corrupt flate.CorruptInputError
	if packed.N == 0 || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt) {
		return body, true, nil
	}
	return body, false, err
}

// dial resolves the name once, judges all that it stands for, and dials only what was judged: a name server that changes
// its mind in between changes nothing.
func (s *Sender) dial(ctx context.Context, _, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, delivery.ConnectWithin)
	defer cancel()
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := net.LookupPort("tcp", service)
	if err != nil {
		return nil, err
	}
	addresses, err := s.addresses(ctx, host, uint16(port))
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{ControlContext: s.judge, KeepAlive: -1}
	for i, a := range addresses {
		var conn net.Conn
		attempt, stop := context.WithTimeout(ctx, share(ctx, len(addresses)-i))
		conn, err = dialer.DialContext(attempt, "tcp", netip.AddrPortFrom(a, uint16(port)).String())
		stop()
		if err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// share of the time that is left, among the addresses that are left.
func share(ctx context.Context, left int) time.Duration {
	end, _ := ctx.Deadline()
	return time.Until(end) / time.Duration(left)
}

// judge is the dialer's last look at an address, whatever was said before.
func (s *Sender) judge(_ context.Context, network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" {
		return &target.Refused{Problem: target.NotPublic}
	}
	if err := s.rules.MayDial(to); err != nil {
		return err
	}
	if s.control != nil {
		return s.control(network, address)
	}
	return nil
}

// tried is how many addresses of a name are dialled; more are judged.
const tried = 4

// addresses are those of a host, IPv4 first (functions have no IPv6 route by default). One that is not public refuses all.
func (s *Sender) addresses(ctx context.Context, host string, port uint16) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, s.rules.MayDial(netip.AddrPortFrom(a, port))
	}
	found, err := s.resolver.LookupNetIP(ctx, "ip", host+".") // the dot: no search domain is added
	if err != nil {
		return nil, err
	}
	var first, second []netip.Addr
	for _, a := range found {
		if !target.Public(a) {
			return nil, &target.Refused{Problem: target.NotPublic}
		}
		if a = a.Unmap(); a.Is4() {
			first = append(first, a)
		} else {
			second = append(second, a)
		}
	}
	all := append(first, second...)
	if len(all) == 0 {
		return nil, &target.Refused{Problem: target.Unresolvable}
	}
	return all[:min(len(all), tried)], nil
}

// Check judges a URL on save: its form, and every address that its name stands for today. It returns the canonical form.
// The error is a *target.Refused.
func (s *Sender) Check(ctx context.Context, url string) (string, error) {
	t, err := s.rules.Parse(url)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, delivery.ConnectWithin)
	defer cancel()
	if _, err := s.addresses(ctx, t.Host, t.Port); err != nil {
		if _, refused := target.ProblemOf(err); !refused {
			err = &target.Refused{Problem: target.Unresolvable}
		}
		return "", err
	}
	return t.URL.String(), nil
}

// ErrTooLarge says that an answer goes on beyond its limit; what was read of it is of no use.
var ErrTooLarge = errors.New("larger than allowed")

// Get fetches something large, a recording or a calendar. The answer is the caller's to judge and to close; its body ends
// with ErrTooLarge beyond limit bytes. The caller's context bounds the time, of reading too.
func (s *Sender) Get(ctx context.Context, url string, header http.Header, limit int64) (*http.Response, error) {
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Accept-Encoding", "identity")
	response, err := s.ask(ctx, http.MethodGet, url, header, nil)
	if err != nil {
		return nil, plain(ctx, err)
	}
	if response.ContentLength > limit {
		response.Body.Close()
		return nil, ErrTooLarge
	}
	response.Body = &limited{response.Body, limit}
	return response, nil
}

// limited is a body that says when it was too long, instead of looking complete.
type limited struct {
	io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.ReadCloser.Read(p)
	if int64(n) > l.left {
		n, err = int(l.left), ErrTooLarge
	}
	l.left -= int64(n)
	return n, err
}
