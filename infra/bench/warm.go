package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/askpro/gateway/infra/operator"
	"github.com/askpro/gateway/internal/retell"
)

// Flow is what one thing that happens costs.
type Flow struct {
	Name string
	Rows []Row
}

// Row is a line of the AWS endpoint's count.
type Row struct {
	Function   string  `json:"function"`
	Service    string  `json:"service"`
	Operation  string  `json:"operation"`
	Calls      int     `json:"calls"`
	ReadUnits  float64 `json:"read_units"`
	WriteUnits float64 `json:"write_units"`
}

// caller rings the demo company.
type caller struct {
	ports operator.Ports
	calls int
	id    string
}

func newCaller(p operator.Ports) *caller { return &caller{ports: p} }

func (c *caller) url(port int, path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d%s", port, path)
}

func (c *caller) send(method, url string, header map[string]string, body, out any) error {
	raw, ok := body.([]byte)
	if !ok && body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequest(method, url, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s %s", method, url, resp.Status, answer)
	}
	if out != nil {
		return json.Unmarshal(answer, out)
	}
	return nil
}

// ring begins another call: limits are per call.
func (c *caller) ring() {
	c.calls++
	c.id = fmt.Sprintf("call_bench_%d", c.calls)
}

// ask asks a tool and returns its status and the time it took.
func (c *caller) ask(tool string, args map[string]any) (string, time.Duration, error) {
	raw, err := json.Marshal(map[string]any{"name": tool, "args": args, "call": map[string]any{
		"call_id": c.id, "call_type": "phone_call", "direction": "inbound", "from_number": fmt.Sprintf("+49170%08d", c.calls), "to_number": "+493012345670", "agent_id": "agent_bench",
	}})
	if err != nil {
		return "", 0, err
	}
	header := map[string]string{retell.Header: retell.Sign("key_demo_webhook", raw, time.Now())}
	var r struct{ Status string }
	began := time.Now()
	err = c.send(http.MethodPost, c.url(c.ports.FrontDoor, "/webhooks/retell/demo/tools"), header, raw, &r)
	return r.Status, time.Since(began), err
}

// day is an open day of the demo salon: a weekday some days on.
func day(n int) string {
	d := time.Now().AddDate(0, 0, n)
	for d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
		d = d.AddDate(0, 0, 1)
	}
	return d.Format(time.DateOnly)
}

var voiceTools = map[string]map[string]any{
	"initialize_call": {}, "current_time_berlin": {}, "check_customer": {}, "list_services": {}, "get_service_info": {"service": "Färben"}, "get_opening_hours": {"date": "morgen"},
	"get_customer_appointments": {}, "check_availability": {"service": "Herrenhaarschnitt", "date": day(5), "time": "vormittags"},
}

func (c *caller) tools(out map[string]Tool) error {
	measure := func(n int) (map[string][]float64, error) {
		took := map[string][]float64{}
		for range n {
			for tool, args := range voiceTools {
				c.ring()
				_, d, err := c.ask(tool, args)
				if err != nil {
					return nil, err
				}
				took[tool] = append(took[tool], ms(d))
			}
		}
		return took, nil
	}
	if _, err := measure(3); err != nil { // warm
		return err
	}
	plain, err := measure(60)
	if err != nil {
		return err
	}
	faults := c.url(c.ports.AWS, "/_local/faults")
	if err := c.send(http.MethodPost, faults, nil, map[string]any{"mode": "delay", "ms": 5, "times": -1}, nil); err != nil {
		return err
	}
	slow, err := measure(30)
	if err != nil {
		return err
	}
	if err := c.send(http.MethodDelete, faults, nil, nil, nil); err != nil {
		return err
	}
	for tool := range voiceTools {
		out[tool] = Tool{quantile(plain[tool], 0.5), quantile(plain[tool], 0.95), quantile(slow[tool], 0.5), quantile(slow[tool], 0.95)}
	}
	return nil
}

// flows counts what single things cost, from the request to the last consumer.
func (c *caller) flows() ([]Flow, error) {
	var out []Flow
	count := func(name string, do func() error) error {
		if err := c.send(http.MethodGet, c.url(c.ports.AWS, "/_local/idle?timeout=20s"), nil, nil, nil); err != nil {
			return err
		}
		calls := c.url(c.ports.AWS, "/_local/calls")
		if err := c.send(http.MethodDelete, calls, nil, nil, nil); err != nil {
			return err
		}
		if err := do(); err != nil {
			return err
		}
		if err := c.send(http.MethodGet, c.url(c.ports.AWS, "/_local/idle?timeout=20s"), nil, nil, nil); err != nil {
			return err
		}
		f := Flow{Name: name}
		if err := c.send(http.MethodGet, calls, nil, nil, &f.Rows); err != nil {
			return err
		}
		out = append(out, f)
		return nil
	}
	want := func(status, tool string, args map[string]any) error {
		got, _, err := c.ask(tool, args)
		if err == nil && got != status {
			err = fmt.Errorf("%s answered %s, wanted %s", tool, got, status)
		}
		return err
	}
	c.ring()
	if err := count("availability, slots cached", func() error {
		return want("available", "check_availability", map[string]any{"service": "Herrenhaarschnitt", "date": day(5), "time": "10 Uhr"})
	}); err != nil {
		return nil, err
	}
	if err := count("booking for a new customer, to the letters", func() error {
		return want("booked", "book_appointment", map[string]any{"offer_id": "opt1", "name": "Berta Bench", "email": "berta@example.org", "confirm": "true"})
	}); err != nil {
		return nil, err
	}
	for _, change := range []struct {
		name, tool, question, done string
		args                       map[string]any
	}{
		{"moving", "reschedule_appointment", "need_confirmation", "rescheduled", map[string]any{"new_date": day(6), "new_time": "15 Uhr"}},
		{"cancelling", "cancel_appointment", "need_confirmation", "cancelled", map[string]any{}},
	} {
		if err := count(change.name+", the question", func() error { return want(change.question, change.tool, change.args) }); err != nil {
			return nil, err
		}
		change.args["confirm"] = "true"
		if err := count(change.name+", the yes, to the letters", func() error { return want(change.done, change.tool, change.args) }); err != nil {
			return nil, err
		}
	}
	c.ring()
	if err := count("a case, to its deliveries", func() error {
		return want("created", "finalize_ticket", map[string]any{"problem_description": "Die Färbung ist orange geworden.", "customer_name": "Berta Bench", "customer_email": "berta@example.org"})
	}); err != nil {
		return nil, err
	}
	return out, count("the end of a call, analysed", func() error {
		for _, event := range []string{"call_ended", "call_analyzed"} {
			raw := fmt.Appendf(nil, `{"event":%q,"call":{"call_id":%q,"direction":"inbound","from_number":"+4917000000001","to_number":"+493012345670","disconnection_reason":"user_hangup","transcript":"User: Danke.","call_analysis":{"call_summary":"x"}}}`, event, c.id)
			header := map[string]string{retell.Header: retell.Sign("key_demo_webhook", raw, time.Now())}
			if err := c.send(http.MethodPost, c.url(c.ports.FrontDoor, "/webhooks/retell/demo/events"), header, raw, nil); err != nil {
				return err
			}
		}
		return nil
	})
}
