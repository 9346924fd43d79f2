package target_test

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/target"
)

func TestAURLIsRefusedForTheRuleItBreaks(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 60)
	for _, tt := range []struct {
		name, url string
		want      target.Problem
	}{
		{"http", "http://example.com/", target.NotHTTPS},
		{"another scheme", "ftp://example.com/", target.NotHTTPS},
		{"no scheme", "example.com/hook", target.Malformed},
		{"no host", "https:///hook", target.Malformed},
		{"opaque", "https:example.com", target.Malformed},
		{"nothing", "", target.Malformed},
		{"a user", "https://user@example.com/", target.Userinfo},
		{"a user with a password", "https://user:secret@example.com/", target.Userinfo},
		{"an empty user", "https://@example.com/", target.Userinfo},
		{"two @", "https://example.com@evil.example@127.0.0.1/", target.Userinfo},
		{"a host that looks like a user", "https://example.com:443@127.0.0.1/", target.Userinfo},
		{"a percent in the host", "https://example%2ecom/", target.HostCharacters},
		{"a zone", "https://[fe80::1%25eth0]/", target.HostCharacters},
		{"a backslash", `https://example.com\@127.0.0.1/`, target.Characters},
		{"a NUL", "https://example.com/\x00", target.Characters},
		{"a line break", "https://example.com/\r\nHost: other", target.Characters},
		{"a space", "https://example.com /", target.Characters},
		{"a direction mark", "https://example.com/\u202egepj", target.Characters},
		{"no UTF-8", "https://example.com/\xff", target.Characters},
		{"a URL of 2 049 characters", "https://example.com/" + strings.Repeat("x", 2029), target.TooLong},
		{"a URL that is too long with its escapes", "https://example.com/" + strings.Repeat("ü", 400), target.TooLong},
		{"a host of 254 characters", "https://" + strings.Repeat(long+".", 4) + "example.com/", target.TooLong},
		{"a label of 64 characters", "https://" + strings.Repeat("a", 64) + ".example.com/", target.HostCharacters},
		{"an underscore", "https://a_b.example.com/", target.HostCharacters},
		{"an empty label", "https://a..example.com/", target.HostCharacters},
		{"a slash in disguise", "https://example.com／.evil.example/", target.HostCharacters},
		{"port 80", "https://example.com:80/", target.OtherPort},
		{"port 8443 where the platform does not allow it", "https://example.com:8443/", target.OtherPort},
		{"port 0", "https://example.com:0/", target.OtherPort},
		{"a port beyond", "https://example.com:65536/", target.OtherPort},
		{"localhost", "https://localhost/", target.LocalName},
		{"localhost with a dot", "https://LOCALHOST./", target.LocalName},
		{"localhost with two dots", "https://localhost../", target.HostCharacters},
		{"localhost with a wide dot", "https://localhost．/", target.LocalName},
		{"localhost with an ideographic dot and another", "https://localhost｡./", target.HostCharacters},
		{"dots alone", "https://./", target.HostCharacters},
		{"below localhost", "https://a.localhost/", target.LocalName},
		{"a printer", "https://printer.local/", target.LocalName},
		{"a name of the cloud", "https://ip-10-0-0-1.eu-central-1.compute.internal/", target.LocalName},
		{"a service", "https://billing.default.svc/", target.LocalName},
		{"a service of the cluster", "https://billing.default.svc.cluster.local/", target.LocalName},
		{"metadata", "https://metadata.google.internal/computeMetadata/v1/", target.LocalName},
		{"a name without a dot", "https://metadata/", target.LocalName},
		{"wide letters", "https://ｌｏｃａｌｈｏｓｔ/", target.LocalName},
		{"a letter in a circle", "https://ⓛocalhost/", target.LocalName},
		{"loopback", "https://127.0.0.1/", target.NotPublic},
		{"loopback, short", "https://127.1/", target.NotPublic},
		{"loopback, hexadecimal", "https://0x7f000001/", target.NotPublic},
		{"loopback, hexadecimal parts", "https://0x7f.0x0.0x0.0x1/", target.NotPublic},
		{"loopback, decimal", "https://2130706433/", target.NotPublic},
		{"loopback, octal", "https://0177.0.0.1/", target.NotPublic},
		{"loopback, wide digits", "https://１２７.０.０.１/", target.NotPublic},
		{"loopback, ideographic dots", "https://127。0。0。1/", target.NotPublic},
		{"loopback with a dot", "https://127.0.0.1./", target.NotPublic},
		{"this network", "https://0/", target.NotPublic},
		{"a number that overflows", "https://4294967296/", target.HostCharacters},
		{"five parts", "https://1.2.3.4.5/", target.HostCharacters},
		{"no octal digit", "https://1.2.3.08/", target.HostCharacters},
		{"loopback, version 6", "https://[::1]/", target.NotPublic},
		{"unspecified, version 6", "https://[::]/", target.NotPublic},
		{"metadata in version 6", "https://[::ffff:169.254.169.254]/", target.NotPublic},
		{"metadata in version 6, hexadecimal", "https://[::ffff:a9fe:a9fe]/", target.NotPublic},
		{"private behind NAT64", "https://[64:ff9b::10.0.0.1]/", target.NotPublic},
		{"private behind 6to4", "https://[2002:a00:1::]/", target.NotPublic},
		{"EC2 metadata, version 6", "https://[fd00:ec2::254]/", target.NotPublic},
		{"version 4 in brackets", "https://[127.0.0.1]/", target.Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := target.Rules{}.Parse(tt.url)
			p, ok := target.ProblemOf(err)
			if !ok || p != tt.want {
				t.Errorf("%q: %+v, %v, want %s", tt.url, got, err, tt.want)
			}
			if err != nil && !strings.HasPrefix(err.Error(), target.Code) {
				t.Errorf("%q says %q, without %s", tt.url, err, target.Code)
			}
		})
	}
}

func TestAPublicURLIsWrittenInItsCanonicalForm(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ url, want string }{
		{"https://hooks.example.com/a?b=c", "https://hooks.example.com/a?b=c"},
		{"HTTPS://Hooks.Example.COM:443", "https://hooks.example.com/"},
		{"https://example.com./x", "https://example.com/x"},
		{"https://example.com:8443/x#here", "https://example.com:8443/x"},
		{"https://münchen.example/ö", "https://xn--mnchen-3ya.example/%C3%B6"},
		{"https://straße.example/", "https://xn--strae-oqa.example/"},
		{"https://1.1.1.1/", "https://1.1.1.1/"},
		{"https://0x01010101/", "https://1.1.1.1/"},
		{"https://[2606:4700:4700::1111]:8443/", "https://[2606:4700:4700::1111]:8443/"},
		{"https://[64:ff9b::1.1.1.1]/", "https://[64:ff9b::101:101]/"},
		{"https://example.com/a%2Fb?c=%00", "https://example.com/a%2Fb?c=%00"},
	} {
		got, err := target.Rules{Ports: []uint16{8443}}.Parse(tt.url)
		if err != nil {
			t.Errorf("%q: %v", tt.url, err)
		} else if got.URL.String() != tt.want {
			t.Errorf("%q is %q, want %q", tt.url, got.URL, tt.want)
		}
	}
}

func TestEveryBlockedRangeIsNotPublicFromItsFirstToItsLastAddress(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
		"192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"::/128", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8", "fd00:ec2::254/128",
	} {
		p := netip.MustParsePrefix(s)
		for _, a := range []netip.Addr{p.Addr(), last(p)} {
			for _, form := range forms(a) {
				if target.Public(form) {
					t.Errorf("%s of %s is public", form, s)
				}
			}
		}
	}
	for _, s := range []string{"1.1.1.1", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "223.255.255.255", "2606:4700:4700::1111"} {
		for _, form := range forms(netip.MustParseAddr(s)) {
			if !target.Public(form) {
				t.Errorf("%s is not public", form)
			}
		}
	}
	if target.Public(netip.Addr{}) || target.Public(netip.MustParseAddr("2606:4700:4700::1111%eth0")) {
		t.Error("no address or one with a zone is public")
	}
}

// forms of an IPv4 address inside IPv6: mapped, NAT64, 6to4.
func forms(a netip.Addr) []netip.Addr {
	if !a.Is4() {
		return []netip.Addr{a}
	}
	b := a.As4()
	mapped := netip.AddrFrom16(a.As16())
	nat := netip.MustParseAddr("64:ff9b::").As16()
	copy(nat[12:], b[:])
	six := netip.MustParseAddr("2002::").As16()
	copy(six[2:], b[:])
	return []netip.Addr{a, mapped, netip.AddrFrom16(nat), netip.AddrFrom16(six)}
}

func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func TestLocalReceiversNeedTwoWitnesses(t *testing.T) {
	t.Parallel()
	const receiver = "http://127.0.0.1:3002/hook"
	for _, tt := range []struct {
		name, aws, receivers, url string
		want                      bool
	}{
		{"the local stack", "http://127.0.0.1:4566", "127.0.0.1:3002", receiver, true},
		{"one of several", "http://127.0.0.1:4566", "127.0.0.1:9999, 127.0.0.1:3002", receiver, true},
		{"another port", "http://127.0.0.1:4566", "127.0.0.1:3003", receiver, false},
		{"another address", "http://127.0.0.1:4566", "127.0.0.1:3002", "http://127.0.0.2:3002/", false},
		{"by name", "http://127.0.0.1:4566", "127.0.0.1:3002", "http://localhost:3002/", false},
		{"AWS without endpoint", "", "127.0.0.1:3002", receiver, false},
		{"AWS elsewhere", "https://dynamodb.eu-central-1.amazonaws.com", "127.0.0.1:3002", receiver, false},
		{"no variable", "http://127.0.0.1:4566", "", receiver, false},
		{"a private address never", "http://127.0.0.1:4566", "10.0.0.1:80", "http://10.0.0.1/", false},
		{"no port never", "http://127.0.0.1:4566", "127.0.0.1", "http://127.0.0.1/", false},
	} {
		rules := target.Rules{}.Locally(func(name string) string {
			return map[string]string{"AWS_ENDPOINT_URL": tt.aws, target.ReceiversVariable: tt.receivers}[name]
		})
		if _, err := rules.Parse(tt.url); (err == nil) != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err := rules.MayDial(netip.MustParseAddrPort("127.0.0.1:3002")); tt.url == receiver && (err == nil) != tt.want {
			t.Errorf("%s: dialling: %v", tt.name, err)
		}
	}
}

func TestNothingThatIsDeployedNamesLocalReceivers(t *testing.T) {
	t.Parallel()
	template, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(template), target.ReceiversVariable) {
		t.Errorf("template.yaml sets %s", target.ReceiversVariable)
	}
}

// A URL that was let through once is let through again as it was written back, and means the same.
func TestTheCanonicalFormIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		host := rapid.OneOf(rapid.StringMatching(`[a-z0-9ü.\-]{1,20}\.(com|de|example|1|0x1)`), rapid.StringMatching(`(0x)?[0-9a-f]{1,9}(\.[0-7]{1,3}){0,3}`)).Draw(t, "host")
		raw := "https://" + host + rapid.StringMatching(`(:443|:8443)?(/[a-z%]{0,5})?(\?[a-z=]{0,4})?`).Draw(t, "rest")
		checkStable(t, raw)
	})
}

type failer interface {
	Fatalf(format string, args ...any)
}

func checkStable(t failer, raw string) {
	rules := target.Rules{Ports: []uint16{8443}}
	first, err := rules.Parse(raw)
	if err != nil {
		if _, ok := target.ProblemOf(err); !ok {
			t.Fatalf("%q: an error that names no rule: %v", raw, err)
		}
		return
	}
	second, err := rules.Parse(first.URL.String())
	if err != nil || second.URL.String() != first.URL.String() {
		t.Fatalf("%q is %q, then %v, %v", raw, first.URL, second.URL, err)
	}
	if first.URL.Scheme != "https" || first.URL.User != nil || first.URL.Port() != "" && first.URL.Port() != "8443" || first.URL.Hostname() != first.Host {
		t.Fatalf("%q is %q", raw, first.URL)
	}
	if a, err := netip.ParseAddr(first.Host); err == nil && !target.Public(a) {
		t.Fatalf("%q may be dialled at %s", raw, a)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"https://example.com/hook?x=1", "https://0x7f.1/", "https://[::ffff:127.0.0.1]/", "https://１２７.1/", "https://a@b@c/", "https://münchen.example:8443/#x",
		"https://[64:ff9b::1.1.1.1]:8443", "https://xn--mnchen-3ya.example", "https://EXAMPLE.com.:443?", "https://ex\u00adample.com/", "https://˼..", "https://localhost｡.",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) { checkStable(t, raw) })
}
