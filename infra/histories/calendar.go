package histories

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/askpro/gateway/infra/simulate/calcom"
)

// calendar is the simulated Cal.com of a world, asked by the product's own client. It is made from that of the world this
// one was forked from when it is first asked: most messages never ask.
type calendar struct {
	world   *World
	of      *calendar
	mu      sync.Mutex
	server  *calcom.Server
	handler http.Handler
	changed bool // by something that was asked of it
}

func (c *calendar) options() calcom.Options {
	// The limit of requests a minute has its own tests; a clock that stands still would always reach it.
	return calcom.Options{Now: c.world.clock, Take: c.take, Limit: 1 << 30}
}

func (c *calendar) get() *calcom.Server {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		c.server = c.of.get().Fork(c.options())
		c.of = nil
	}
	return c.server
}

// client connects straight to the simulator's handler.
func (c *calendar) client() *http.Client { return &http.Client{Transport: c} }

// RoundTrip answers a request; a fault that drops the connection is an error of it.
func (c *calendar) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	server := c.get()
	c.mu.Lock()
	if c.handler == nil {
		c.handler = server.Handler()
	}
	handler := c.handler
	c.changed = c.changed || r.Method != http.MethodGet
	c.mu.Unlock()
	defer func() {
		if gone := recover(); gone != nil {
			if gone != http.ErrAbortHandler {
				panic(gone)
			}
			resp, err = nil, errors.New("the connection was dropped")
		}
	}()
	answer := &answer{header: http.Header{}, status: http.StatusOK}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	handler.ServeHTTP(answer, r)
	return &http.Response{
		StatusCode: answer.status, Status: http.StatusText(answer.status), Header: answer.header, Body: io.NopCloser(&answer.body), Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header of the answer.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader sets the status.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write adds to the body.
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// take is the way of a webhook to us, unless a message of the history waits for it.
func (c *calendar) take(h calcom.Webhook) {
	var head struct {
		Trigger string `json:"triggerEvent"`
	}
	w := c.world
	m := message{queue: "sync", hook: h.Body}
	if json.Unmarshal(h.Body, &head) == nil && w.keep(func(s Step) bool { return s.Webhook == head.Trigger && s.Body == nil }, m) {
		return
	}
	if err := w.hear(m); err != nil {
		w.trouble = append(w.trouble, err.Error())
	}
}

// do what somebody does in the calendar.
func (c *calendar) do(d Doing) error {
	if d.Fault != nil {
		return c.fault(*d.Fault)
	}
	server, slug := c.get(), c.world.names.Slug
	uid := ""
	if d.Of > 0 {
		list := server.Bookings(slug)
		if d.Of > len(list) {
			return fmt.Errorf("there is no booking %d in the calendar", d.Of)
		}
		uid = list[d.Of-1].UID
	}
	if verb := map[string]string{"confirmed": "confirm", "declined": "decline"}[d.Action]; verb != "" {
		return c.post("/v2/bookings/"+uid+"/"+verb, "{}", map[string]string{"cal-api-version": "2024-08-13"})
	}
	_, err := server.Behind(calcom.Behind{Company: slug, Service: d.Service, Staff: d.Staff, Start: d.Start, UID: uid, Action: d.Action, Webhook: true})
	return err
}

func (c *calendar) fault(f calcom.Fault) error {
	body, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return c.post("/_sim/faults", string(body), nil)
}

// post asks the simulator in the company's name.
func (c *calendar) post(path, body string, header map[string]string) error {
	req, err := http.NewRequest(http.MethodPost, "http://calendar"+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer cal_"+c.world.names.Slug)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := c.RoundTrip(req)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		raw, _ := io.ReadAll(resp.Body)
		return fmt.Errorf("%s answered %d: %s", path, resp.StatusCode, raw)
	}
	return nil
}
