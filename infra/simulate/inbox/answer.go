package inbox

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// tooMuch is how much a receiver says that will not end.
const tooMuch = 1 << 30

// redirected is where a receiver sends its senders; whoever follows is seen there.
const redirected = "/receive/redirected"

// status is what a receiver answers with; 0: with nothing.
func (f *Fault) status() int {
	switch {
	case f.Mode == "hang", f.Mode == "lost", f.Mode == "reset":
		return 0
	case f.Status != 0:
		return f.Status
	case f.Mode == "redirect":
		return http.StatusTemporaryRedirect
	}
	return http.StatusOK
}

// answer says what a receiver is told to say to a webhook that it has taken.
func (f *Fault) answer(w http.ResponseWriter, r *http.Request, got Webhook) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	switch f.Mode {
	case "hang": // until the sender gives up
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case "lost": // it is done, and nobody hears of it
		panic(http.ErrAbortHandler)
	case "delay":
		select {
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		case <-time.After(time.Duration(f.MS) * time.Millisecond):
		}
	case "redirect":
		h.Set("Location", redirected)
	case "bomb":
		h.Set("Content-Encoding", "gzip")
	}
	if f.RetryAfter != 0 {
		h.Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	for name, value := range f.Headers {
		h.Set(name, value)
	}
	w.WriteHeader(f.status())
	switch {
	case f.Mode == "bomb":
		head, part := bomb()
		flood(w, head, part)
	case f.Mode == "huge":
		flood(w, nil, zeros)
	case f.Body != "":
		_, _ = io.WriteString(w, f.Body)
	case f.status() < 300:
		taken(w, got)
	}
}

// zeros is a mebibyte of a JSON number.
var zeros = bytes.Repeat([]byte("0"), 1<<20)

// bomb is the beginning of a gzip stream and a part of it that unpacks to zeros. The part refers to nothing before it, so
// that it can follow itself. The stream has no end: whoever reads so far has lost already.
var bomb = sync.OnceValues(func() (head, part []byte) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_ = z.Flush() // a buffer takes everything
	head = bytes.Clone(packed.Bytes())
	packed.Reset()
	_, _ = z.Write(zeros)
	_ = z.Flush()
	return head, packed.Bytes()
})

// flood writes a part again and again, as often as zeros would make tooMuch, or until the sender has had enough.
func flood(w io.Writer, head, part []byte) {
	if _, err := w.Write(head); err != nil {
		return
	}
	for range tooMuch / len(zeros) {
		if _, err := w.Write(part); err != nil {
			return
		}
	}
}

// reset breaks a connection off as a crashing host does.
func reset(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // an end without a goodbye
	}
	_ = c.Close()
}
