package stack

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/askpro/gateway/infra/operator"
)

// ErrPortTaken says that another process has one of the stack's ports.
var ErrPortTaken = errors.New("the port is taken")

// listen takes the ports of the front door, the partners, the inbox and the AWS endpoint; an emulator's that is to be
// started is looked at.
func listen(p operator.Ports, emulator bool) ([]net.Listener, error) {
	var list []net.Listener
	ports := []int{p.FrontDoor, p.Partners, p.Inbox, p.AWS}
	if emulator {
		ports = append(ports, p.Emulator)
	}
	for _, port := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			for _, open := range list {
				open.Close()
			}
			return nil, fmt.Errorf("%w: %d; stop what uses it, or move all ports together: PORT_BASE=13000 make run", ErrPortTaken, port)
		}
		list = append(list, l)
	}
	for _, looked := range list[4:] {
		looked.Close()
	}
	return list[:4], nil
}

// server answers 503 until the parts behind it are there.
type server struct {
	http.Server
	handler atomic.Pointer[http.Handler]
}

func (s *Stack) serve(l net.Listener) *server {
	x := &server{}
	x.ReadHeaderTimeout = 10 * time.Second
	x.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.answers.Add(1)
		defer s.answers.Done()
		if h := x.handler.Load(); h != nil {
			(*h).ServeHTTP(w, r)
			return
		}
		s.unready(w)
	})
	go x.Serve(l) //nolint:errcheck // it ends with Stop
	return x
}

// unready says what is missing; false when nothing is.
func (s *Stack) unready(w http.ResponseWriter) bool {
	missing := s.missing.Load().(string)
	if missing != "" {
		answer(w, http.StatusServiceUnavailable, map[string]any{"ready": false, "missing": missing})
	}
	return missing != ""
}

func (s *Stack) partners() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/retell/", s.Retell.Handler())
	mux.Handle("/_sim/calls", s.Retell.Handler())
	mux.Handle("/", s.Calcom.Handler())
	return mux
}
