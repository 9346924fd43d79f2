package target

import (
	"net/netip"
	"strconv"
	"strings"

	"code.dny.dev/ssrf"
)

// guard knows the special ranges of the IANA registries; of IPv6 it lets only global unicast pass.
var guard = ssrf.New(ssrf.WithAnyNetwork(), ssrf.WithAnyPort())

var (
	nat64   = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	sixToFo = netip.MustParsePrefix("2002::/16")    // RFC 3056
)

// Public tells whether an address is one of the open internet. Addresses that carry an IPv4 address are judged by it.
func Public(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	return guard.SafeAddr(inner(a)) == nil
}

func inner(a netip.Addr) netip.Addr {
	a = a.Unmap()
	b := a.As16()
	switch {
	case a.Is4():
		return a
	case nat64.Contains(a):
		return netip.AddrFrom4([4]byte(b[12:]))
	case sixToFo.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return a
}

// MayDial judges the address that is really about to be dialled. The error is a *Refused.
func (r Rules) MayDial(to netip.AddrPort) error {
	for _, a := range r.local {
		if a == to {
			return nil
		}
	}
	if !Public(to.Addr()) {
		return &Refused{NotPublic}
	}
	return nil
}

// numeric tells hosts that resolvers read as an IPv4 address, complete or not (WHATWG URL, "ends in a number").
func numeric(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" {
		return false
	}
	if _, err := octet(last); err == nil {
		return true
	}
	return strings.Trim(last, "0123456789") == ""
}

// oldIPv4 reads every form that inet_aton takes: 127.1, 0x7f000001, 0177.0.0.1, 2130706433. Invalid if it is none.
func oldIPv4(host string) netip.Addr {
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}
	}
	var sum uint64
	for i, p := range parts {
		n, err := octet(p)
		if err != nil {
			return netip.Addr{}
		}
		if i < len(parts)-1 {
			if n > 255 {
				return netip.Addr{}
			}
			sum |= n << (8 * (3 - i))
			continue
		}
		if n >= 1<<(8*(4-i)) { // the last part fills what is left
			return netip.Addr{}
		}
		sum |= n
	}
	return netip.AddrFrom4([4]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
}

// octet reads decimal, octal (leading 0) and hexadecimal (0x, also alone, which browsers read as 0).
func octet(s string) (uint64, error) {
	switch {
	case s == "0x":
		return 0, nil
	case strings.HasPrefix(s, "0x"):
		return strconv.ParseUint(s[2:], 16, 33)
	case len(s) > 1 && s[0] == '0':
		return strconv.ParseUint(s[1:], 8, 33)
	}
	return strconv.ParseUint(s, 10, 33)
}
