package target

import (
	"net/netip"
	"net/url"
	"strings"
)

// ReceiversVariable names the receivers of the local stack, as 127.0.0.1:3002, several with commas.
const ReceiversVariable = "ASKPRO_LOCAL_RECEIVERS"

// Locally lets the receivers of the local stack be called, over http, by their address. It takes two witnesses, so that no
// slip in a template opens anything: the variable, and AWS itself standing on a loopback address (AWS_ENDPOINT_URL), which
// is only true on the local stack. Anything but a loopback address with a port is ignored.
func (r Rules) Locally(getenv func(string) string) Rules {
	aws, err := url.Parse(getenv("AWS_ENDPOINT_URL"))
	if err != nil || !loopback(aws.Hostname()) {
		return r
	}
	for _, s := range strings.Split(getenv(ReceiversVariable), ",") {
		if a, err := netip.ParseAddrPort(strings.TrimSpace(s)); err == nil && a.Addr().IsLoopback() && a.Port() != 0 {
			r.local = append(r.local[:len(r.local):len(r.local)], a)
		}
	}
	return r
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
