// Package target judges where AskPro may send something: which URLs may be saved and which addresses may be dialled. Its
// one rule: what is not surely a public https server is refused, and the refusal never tells which address was found. It
// opens no connection and asks no name server; the guarded sender does, and asks here about every answer.
package target

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Code is what every refusal says, on save and in the exchange log.
const Code = "blocked_address"

// Problem is the rule that a URL breaks.
type Problem string

// The rules of §10.4, in the order in which they are judged.
const (
	TooLong        Problem = "url_too_long"   // 2 048 characters, the host 253
	Characters     Problem = "url_characters" // control characters, spaces, backslash, no UTF-8
	Malformed      Problem = "url_malformed"  // no absolute URL
	NotHTTPS       Problem = "https_only"
	Userinfo       Problem = "userinfo"           // user@, also an empty one
	HostCharacters Problem = "host_characters"    // % in the host, no domain name, no IP address
	OtherPort      Problem = "port"               // 443; others by platform setting
	LocalName      Problem = "name_refused"       // localhost, *.internal, metadata services
	NotPublic      Problem = "address_not_public" // an IP address, or one of those that the name stands for
	Unresolvable   Problem = "unresolvable"       // the name stands for nothing
)

var sentences = map[Problem]string{
	TooLong:        "a URL has at most 2048 characters, its host 253",
	Characters:     "a URL has no control characters, spaces or backslashes",
	Malformed:      "this is no absolute URL",
	NotHTTPS:       "only https is called",
	Userinfo:       "a URL names no user: credentials have their own fields",
	HostCharacters: "this host is no domain name and no IP address",
	OtherPort:      "this port is not called",
	LocalName:      "names of the inner network are not called",
	NotPublic:      "only public addresses are called",
	Unresolvable:   "this name stands for no address",
}

// Refused says which rule a URL breaks. Its text is for the person who wrote the URL.
type Refused struct{ Problem Problem }

func (r *Refused) Error() string { return Code + ": " + sentences[r.Problem] }

// ProblemOf returns the broken rule of a refusal; false for other errors.
func ProblemOf(err error) (Problem, bool) {
	var r *Refused
	if !errors.As(err, &r) {
		return "", false
	}
	return r.Problem, true
}

func refuse(p Problem) (Target, error) { return Target{}, &Refused{p} }

const (
	maxURL  = 2048
	maxHost = 253
)

// Rules of a platform. The zero value is production's: port 443 and public addresses.
type Rules struct {
	Ports []uint16 // what may be called beside 443, such as 8443
	local []netip.AddrPort
}

// Target is a URL that may be asked for; the addresses that its name stands for are still to be judged.
type Target struct {
	URL  *url.URL // canonical: A-labels, addresses in their usual form, no fragment
	Host string   // without port and brackets
	Port uint16
	Addr netip.Addr // if the host is an address; otherwise invalid
}

// Parse judges a URL as a person wrote it. It is pure: names are not resolved. The error is a *Refused.
func (r Rules) Parse(raw string) (Target, error) {
	if len(raw) > 4*maxURL || utf8.RuneCountInString(raw) > maxURL {
		return refuse(TooLong)
	}
	if !utf8.ValidString(raw) || strings.ContainsFunc(raw, forbidden) {
		return refuse(Characters)
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" || u.Opaque != "" || u.Host == "" {
		if authority(raw) != "" && strings.Contains(authority(raw), "%") {
			return refuse(HostCharacters)
		}
		return refuse(Malformed)
	}
	if strings.Contains(authority(raw), "@") || u.User != nil {
		return refuse(Userinfo)
	}
	if strings.Contains(authority(raw), "%") {
		return refuse(HostCharacters)
	}
	t, err := r.host(u)
	if err != nil {
		return Target{}, err
	}
	u.Fragment, u.RawFragment = "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	if t.URL = u; len(u.String()) > maxURL { // with its escapes: the canonical form is what is kept and called
		return refuse(TooLong)
	}
	return t, nil
}

// forbidden are the characters that no URL of ours has: parsers disagree about them.
func forbidden(c rune) bool {
	return c == '\\' || unicode.IsControl(c) || unicode.IsSpace(c) || unicode.Is(unicode.Cf, c) && c != '\u00ad' && c != '\u200c' && c != '\u200d'
}

// authority is the part between // and the path, as it was written.
func authority(raw string) string {
	_, rest, ok := strings.Cut(raw, "//")
	if !ok {
		return ""
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// host judges scheme, host and port and writes them back in their canonical form.
func (r Rules) host(u *url.URL) (Target, error) {
	port, portErr := portOf(u)
	name := u.Hostname()
	if a, err := netip.ParseAddr(name); err == nil && portErr == nil && slices.Contains(r.local, netip.AddrPortFrom(a, port)) &&
		(u.Scheme == "http" || u.Scheme == "https") {
		return Target{Host: name, Port: port, Addr: a}, nil // a receiver of the local stack
	}
	if !strings.EqualFold(u.Scheme, "https") {
		return refuse(NotHTTPS)
	}
	u.Scheme = "https"
	t := Target{Port: port}
	if strings.HasPrefix(u.Host, "[") {
		a, err := netip.ParseAddr(name)
		if err != nil || !a.Is6() || a.Zone() != "" {
			return refuse(HostCharacters)
		}
		t.Addr = a.Unmap()
	} else {
		ascii, err := toASCII(name)
		if err != nil {
			return Target{}, err
		}
		t.Host = ascii
		if numeric(ascii) {
			if t.Addr = oldIPv4(ascii); !t.Addr.IsValid() {
				return refuse(HostCharacters)
			}
		}
	}
	if portErr != nil || port != 443 && !slices.Contains(r.Ports, port) {
		return refuse(OtherPort)
	}
	switch {
	case t.Addr.IsValid() && !Public(t.Addr):
		return refuse(NotPublic)
	case t.Addr.IsValid():
		t.Host = t.Addr.String()
	case innerName(t.Host):
		return refuse(LocalName)
	}
	u.Host = t.Host
	if t.Addr.Is6() {
		u.Host = "[" + t.Host + "]"
	}
	if port != 443 {
		u.Host += ":" + strconv.Itoa(int(port))
	}
	return t, nil
}

func portOf(u *url.URL) (uint16, error) {
	switch s := u.Port(); {
	case s != "":
		n, err := strconv.ParseUint(s, 10, 16)
		return uint16(n), err
	case u.Scheme == "http":
		return 80, nil
	}
	return 443, nil
}

// names maps as browsers do (UTS 46, not transitional): full-width digits become digits before anybody judges them.
// Its tables are large: who judges no name does not carry them.
func names() *idna.Profile {
	namesOnce.Do(func() {
		namesMade = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))
	})
	return namesMade
}

var (
	namesOnce sync.Once
	namesMade *idna.Profile
)

func toASCII(name string) (string, error) {
	if len(name) > 4*maxHost {
		return "", &Refused{TooLong}
	}
	ascii, err := names().ToASCII(name)
	ascii = strings.TrimSuffix(ascii, ".") // the root's, however it was written
	if len(ascii) > maxHost {
		return "", &Refused{TooLong}
	}
	if err != nil || ascii == "" || strings.HasSuffix(ascii, ".") || strings.ContainsFunc(ascii, func(c rune) bool {
		return c != '.' && c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z')
	}) {
		return "", &Refused{HostCharacters}
	}
	return ascii, nil
}

// innerNames end the names that only an inner network knows (RFC 6761, 6762, 8375) and those of cloud metadata services.
var innerNames = []string{
	"localhost", "localdomain", "local", "internal", "intranet", "lan", "svc", "cluster.local", "home.arpa", "in-addr.arpa", "ip6.arpa",
	"metadata.goog", "instance-data.amazonaws.com", "metadata.azure.com", "metadata.packet.net", "metadata.platformequinix.com", "metadata.tencentyun.com",
}

// innerName also holds names without a dot: which domain is added to them is the network's secret.
func innerName(host string) bool {
	if !strings.Contains(host, ".") {
		return true
	}
	return slices.ContainsFunc(innerNames, func(end string) bool { return host == end || strings.HasSuffix(host, "."+end) })
}
