package endpoint

import (
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Waiting is a message that was sent with a delay and whose time has not come on the stack's clock.
type Waiting struct {
	Queue string    `json:"queue"` // URL
	Due   time.Time `json:"due"`
}

type shelved struct {
	Waiting
	call *call
}

// shelf holds delayed messages: the emulator would wait on the machine's clock.
type shelf struct {
	mu   sync.Mutex
	list []shelved
}

const longestDelay = 15 * time.Minute // SQS

// keep takes messages with a delay; nil when there is none and the call goes on as it is. Of a batch, the messages without
// delay are sent at once.
func (e *Endpoint) keep(ctx context.Context, c *call) (*answer, error) {
	var in map[string]any
	if json.Unmarshal(c.body, &in) != nil {
		return nil, nil // the emulator's to refuse
	}
	entries, batch := array(in["Entries"]), c.operation == "SendMessageBatch"
	if !batch {
		entries = []any{in}
	}
	if !slices.ContainsFunc(entries, delayed) {
		return nil, nil
	}
	queue := text(in["QueueUrl"])
	if _, ok := e.System.QueueNamed(queue[strings.LastIndexByte(queue, '/')+1:]); !ok {
		return jsonError(http.StatusBadRequest, "com.amazonaws.sqs#QueueDoesNotExist", "the queue is not in the template: "+queue), nil
	}
	for _, x := range entries {
		if s, _ := object(x)["DelaySeconds"].(float64); s < 0 || s > longestDelay.Seconds() || s != float64(int(s)) {
			return jsonError(http.StatusBadRequest, "com.amazonaws.sqs#InvalidParameterValue", "DelaySeconds is 0 to 900"), nil
		}
	}
	if !batch {
		return jsonAnswer(e.shelve(c, queue, in)), nil
	}
	now := slices.DeleteFunc(slices.Clone(entries), delayed)
	out := map[string]any{}
	if len(now) > 0 { // first: should it fail, nothing was put by
		rest := *c
		in["Entries"] = now
		rest.body, _ = json.Marshal(in) // it came as JSON
		a, err := e.forward(context.WithoutCancel(ctx), &rest)
		if err != nil || a.status != http.StatusOK {
			return a, err
		}
		if err := json.Unmarshal(a.body, &out); err != nil {
			return nil, err
		}
		e.Nudge("sqs", sentTo(c))
	}
	successful := array(out["Successful"])
	for _, x := range slices.DeleteFunc(entries, func(x any) bool { return !delayed(x) }) {
		message := object(x)
		id := message["Id"]
		delete(message, "Id")
		message["QueueUrl"] = queue
		receipt := e.shelve(c, queue, message)
		receipt["Id"] = id
		successful = append(successful, receipt)
	}
	out["Successful"] = successful
	return jsonAnswer(out), nil
}

func delayed(x any) bool { s, ok := object(x)["DelaySeconds"].(float64); return ok && s != 0 }

// shelve puts one message by, as a SendMessage without delay, and answers like SQS.
func (e *Endpoint) shelve(c *call, queue string, message map[string]any) map[string]any {
	seconds, _ := message["DelaySeconds"].(float64)
	delete(message, "DelaySeconds")
	header := c.r.Header.Clone()
	header.Set("X-Amz-Target", "AmazonSQS.SendMessage")
	later := &call{service: c.service, operation: "SendMessage", r: &http.Request{Method: c.r.Method, URL: c.r.URL, Header: header}}
	later.body, _ = json.Marshal(message) // it came as JSON
	e.shelf.mu.Lock()
	e.shelf.list = append(e.shelf.list, shelved{Waiting{queue, e.Now().Add(time.Duration(seconds) * time.Second)}, later})
	e.shelf.mu.Unlock()
	sum := md5.Sum([]byte(text(message["MessageBody"]))) // SQS answers with the body's MD5; it protects nothing
	return map[string]any{"MessageId": uuid(), "MD5OfMessageBody": hex.EncodeToString(sum[:])}
}

func uuid() string {
	h := random(16)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

// sentTo is the queue that a call sends messages to; "" when it does something else.
func sentTo(c *call) string {
	var in struct{ QueueUrl string }
	if c.service != "sqs" || !strings.HasPrefix(c.operation, "SendMessage") || json.Unmarshal(c.body, &in) != nil {
		return ""
	}
	return in.QueueUrl[strings.LastIndexByte(in.QueueUrl, '/')+1:]
}

func (s *shelf) take(now time.Time) []shelved {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []shelved
	s.list = slices.DeleteFunc(s.list, func(x shelved) bool {
		if x.Due.After(now) {
			return false
		}
		due = append(due, x)
		return true
	})
	slices.SortStableFunc(due, func(a, b shelved) int { return cmp.Compare(a.Due.UnixNano(), b.Due.UnixNano()) })
	return due
}

// Shelved lists the messages that wait for their time.
func (e *Endpoint) Shelved() []Waiting {
	e.shelf.mu.Lock()
	defer e.shelf.mu.Unlock()
	list := []Waiting{}
	for _, x := range e.shelf.list {
		list = append(list, x.Waiting)
	}
	return list
}

// Forget drops all delayed messages.
func (e *Endpoint) Forget() {
	e.shelf.mu.Lock()
	defer e.shelf.mu.Unlock()
	e.shelf.list = nil
}

// Release sends the messages whose time has come. What the emulator cannot take now waits for the next Release; what it
// refuses is dropped, and the error says so.
func (e *Endpoint) Release(ctx context.Context) error {
	due := e.shelf.take(e.Now())
	var failed error
	for i, x := range due {
		a, err := e.forward(ctx, x.call)
		if err == nil && a.status >= http.StatusInternalServerError {
			err = fmt.Errorf("the emulator answered %d", a.status)
		}
		if err != nil {
			e.shelf.mu.Lock()
			e.shelf.list = append(e.shelf.list, due[i:]...)
			e.shelf.mu.Unlock()
			return errors.Join(failed, err)
		}
		if a.status != http.StatusOK {
			failed = errors.Join(failed, fmt.Errorf("a message to %s is refused and dropped: %s", x.Queue, a.body))
		}
		e.Nudge("sqs", sentTo(x.call))
	}
	return failed
}
