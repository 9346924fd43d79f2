package outside_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/outside"
	"github.com/askpro/gateway/internal/target"
)

// names is a name server of a test: each look-up of a name gives its next list of addresses, the last one for ever.
type names struct {
	mu    sync.Mutex
	lists map[string][][]string
	asked int
}

func (n *names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	lists, ok := n.lists[strings.TrimSuffix(host, ".")]
	if !ok || !strings.HasSuffix(host, ".") {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	if len(lists) > 1 {
		n.lists[strings.TrimSuffix(host, ".")] = lists[1:]
	}
	var out []netip.Addr
	for _, s := range lists[0] {
		out = append(out, netip.MustParseAddr(s))
	}
	return out, nil
}

// trap is a listener that nobody may reach.
type trap struct {
	net.Listener
	reached atomic.Int64
}

// traps listen on one port of several loopback addresses.
func traps(t *testing.T) (port uint16, all []*trap) {
	t.Helper()
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = uint16(first.Addr().(*net.TCPAddr).Port)
	listeners := []net.Listener{first}
	for _, host := range []string{"127.0.0.2", "127.1.2.3", "[::1]"} {
		if l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", host, port)); err == nil { // not every machine has them
			listeners = append(listeners, l)
		}
	}
	for _, l := range listeners {
		tr := &trap{Listener: l}
		all = append(all, tr)
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				tr.reached.Add(1)
				c.Close()
			}
		}()
	}
	return port, all
}

// The set of §22.14, for every way out: on save (Check), a message (Send: webhook, test, Slack, escalation) and something
// fetched (Get: recordings, iCal). The port is allowed and somebody listens, so only the address stands in the way.
func TestNoPacketGoesToAPrivateAddress(t *testing.T) {
	t.Parallel()
	port, listening := traps(t)
	for _, tt := range []struct {
		name, url string
		addresses [][]string // of the name, look-up by look-up
		later     bool       // good when it was saved
	}{
		{"short", "https://127.1:PORT/", nil, false},
		{"hexadecimal", "https://0x7f000001:PORT/", nil, false},
		{"decimal", "https://2130706434:PORT/", nil, false},
		{"octal", "https://0177.0.0.2:PORT/", nil, false},
		{"wide digits", "https://１２７.０.０.１:PORT/", nil, false},
		{"nothing", "https://0:PORT/", nil, false},
		{"mapped metadata", "https://[::ffff:169.254.169.254]:PORT/", nil, false},
		{"mapped loopback", "https://[::ffff:127.0.0.1]:PORT/", nil, false},
		{"loopback, version 6", "https://[::1]:PORT/", nil, false},
		{"NAT64", "https://[64:ff9b::127.0.0.1]:PORT/", nil, false},
		{"6to4", "https://[2002:7f00:1::]:PORT/", nil, false},
		{"a user", "https://hooks.example.com@127.0.0.1:PORT/", nil, false},
		{"a user and a backslash", `https://127.0.0.1:PORT\@hooks.example.com/`, nil, false},
		{"localhost", "https://localhost:PORT/", nil, false},
		{"an IDN that is localhost", "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:PORT/", nil, false},
		{"an IDN with a private address", "https://bücher.example:PORT/", [][]string{{"10.1.2.3"}}, false},
		{"a name with a private address", "https://hooks.example.com:PORT/", [][]string{{"127.0.0.1"}}, false},
		{"an alias of a private name", "https://alias.example.com:PORT/", [][]string{{"192.168.0.1"}}, false}, // what a CNAME resolves to
		{"one private address among public ones", "https://hooks.example.com:PORT/", [][]string{{"1.1.1.1", "2606:4700:4700::1111", "127.0.0.2"}}, false},
		{"a mapped address by name", "https://hooks.example.com:PORT/", [][]string{{"::ffff:127.0.0.1"}}, false},
		{"no address", "https://hooks.example.com:PORT/", [][]string{{}}, false},
		{"no name", "https://nobody.example.com:PORT/", nil, false},
		{"rebinding between saving and sending", "https://hooks.example.com:PORT/", [][]string{{"1.1.1.1"}, {"127.0.0.1"}}, true},
		{"rebinding to metadata", "https://hooks.example.com:PORT/", [][]string{{"1.1.1.1"}, {"169.254.169.254"}}, true},
		{"rebinding to version 6", "https://hooks.example.com:PORT/", [][]string{{"1.1.1.1"}, {"fd00:ec2::254"}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url := strings.ReplaceAll(tt.url, "PORT", fmt.Sprint(port))
			server := func() *names {
				return &names{lists: map[string][][]string{"hooks.example.com": tt.addresses, "alias.example.com": tt.addresses, "xn--bcher-kva.example": tt.addresses}}
			}
			watched := func() *outside.Sender {
				s := outside.New(target.Rules{Ports: []uint16{port}}, server())
				s.Watch(func(_, address string) error {
					t.Errorf("a packet would go to %s", address)
					if netip.MustParseAddrPort(address).Addr().IsLoopback() {
						return nil // let it: the listeners count
					}
					return errors.New("kept here")
				})
				return s
			}
			s := watched()
			_, err := s.Check(context.Background(), url)
			if tt.later != (err == nil) {
				t.Errorf("saving: %v", err)
			}
			if _, refused := target.ProblemOf(err); !tt.later && !refused {
				t.Errorf("refused without a rule: %v", err)
			}
			if !tt.later { // sending as if it had been saved long ago, under other rules
				s = watched()
			}
			a := s.Send(context.Background(), delivery.Request{URL: url, Body: []byte("{}")})
			unresolved := tt.addresses == nil && strings.Contains(url, "nobody") || len(tt.addresses) == 1 && len(tt.addresses[0]) == 0
			if want := delivery.BlockedAddress; unresolved {
				if a.Failed != delivery.NetworkError {
					t.Errorf("sending: %s, want another try", a.Failed)
				}
			} else if a.Failed != want || a.Status != 0 || a.Detail != target.Code {
				t.Errorf("sending: %+v", a)
			}
			_, err = s.Get(context.Background(), url, nil, 1000)
			var f *outside.Failure
			if !errors.As(err, &f) || f.Class != a.Failed {
				t.Errorf("fetching: %v", err)
			}
		})
	}
	t.Cleanup(func() { // after all of them
		for _, l := range listening {
			if n := l.reached.Load(); n > 0 {
				t.Errorf("%s was reached %d times", l.Addr(), n)
			}
		}
	})
}

// The dialer looks once more at what it dials, as if nobody had looked before.
func TestTheDialersLastLookStandsAlone(t *testing.T) {
	t.Parallel()
	s := outside.New(target.Rules{}, nil)
	for _, tt := range []struct {
		network, address string
		good             bool
	}{
		{"tcp4", "1.1.1.1:443", true}, {"tcp6", "[2606:4700:4700::1111]:443", true},
		{"tcp4", "127.0.0.1:443", false}, {"tcp4", "169.254.169.254:443", false}, {"tcp6", "[::1]:443", false}, {"tcp6", "[::ffff:10.0.0.1]:443", false},
		{"tcp6", "[64:ff9b::a00:1]:443", false}, {"tcp6", "[fe80::1%eth0]:443", false}, {"udp4", "1.1.1.1:443", false}, {"unix", "/run/x", false},
	} {
		err := s.LastLook(tt.network, tt.address)
		if _, refused := target.ProblemOf(err); refused == tt.good || (err == nil) != tt.good {
			t.Errorf("%s %s: %v", tt.network, tt.address, err)
		}
	}
}

// The counter-proof: where it is allowed, the same listener is reached, so the test above can fail.
func TestALocalReceiverIsReachedWhereItIsAllowed(t *testing.T) {
	t.Parallel()
	port, listening := traps(t)
	url := fmt.Sprintf("http://127.0.0.1:%d/", port)
	a := outside.New(local(url[:len(url)-1]), nil).Send(context.Background(), delivery.Request{URL: url})
	if a.Failed != delivery.NetworkError || listening[0].reached.Load() != 1 {
		t.Errorf("%+v, reached %d times", a, listening[0].reached.Load())
	}
	for _, l := range listening[1:] {
		other := "http://" + l.Addr().String() + "/"
		if a := outside.New(local(url[:len(url)-1]), nil).Send(context.Background(), delivery.Request{URL: other}); a.Failed != delivery.BlockedAddress || l.reached.Load() > 0 {
			t.Errorf("%s, which is not allowed: %+v", other, a)
		}
	}
}

// Only what was judged is dialled: the addresses of one look-up, IPv4 first, and nothing that the environment names.
func TestExactlyTheJudgedAddressesAreDialled(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://9.9.9.9:3128")
	t.Setenv("HTTP_PROXY", "http://9.9.9.9:3128")
	server := &names{lists: map[string][][]string{"hooks.example.com": {{"2606:4700:4700::1111", "1.1.1.1", "::ffff:1.0.0.1"}, {"127.0.0.1"}}}}
	s := outside.New(target.Rules{}, server)
	var dialled []string
	s.Watch(func(_, address string) error { dialled = append(dialled, address); return errors.New("kept here") })
	a := s.Send(context.Background(), delivery.Request{URL: "https://hooks.example.com/", Header: http.Header{"X-Event": {"a"}}})
	if a.Failed != delivery.NetworkError || fmt.Sprint(dialled) != "[1.1.1.1:443 1.0.0.1:443 [2606:4700:4700::1111]:443]" || server.asked != 1 {
		t.Errorf("%+v; dialled %v after %d look-ups", a, dialled, server.asked)
	}
}

func FuzzSend(f *testing.F) {
	for _, s := range []string{"https://127.1/", "https://a.example/x", "https://[::1]/", "https://1.1.1.1@10.0.0.1/", "https://bücher.example:443/?q#f"} {
		f.Add(s, []byte{127, 0, 0, 1})
	}
	f.Add("https://a.example/", []byte("\x20\x02\x0a\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, url string, address []byte) {
		a, ok := netip.AddrFromSlice(address)
		if !ok {
			a = netip.MustParseAddr("192.168.1.1")
		}
		s := outside.New(target.Rules{}, anybody{a})
		s.Watch(func(network, dialled string) error {
			to := netip.MustParseAddrPort(dialled)
			if !target.Public(to.Addr()) || to.Port() != 443 || to.Addr().IsPrivate() || to.Addr().IsLoopback() || to.Addr().IsLinkLocalUnicast() || to.Addr().IsMulticast() || to.Addr().IsUnspecified() {
				t.Errorf("%q leads to %s", url, dialled)
			}
			return errors.New("kept here")
		})
		if a := s.Send(context.Background(), delivery.Request{URL: url}); a.Status != 0 || a.Failed == "" {
			t.Errorf("%q was answered: %+v", url, a)
		}
	})
}

// anybody is a name server that knows every name.
type anybody struct{ a netip.Addr }

func (n anybody) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{n.a}, nil
}
