package endpoint

import (
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
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
	now  func() time.Time
	list []shelved
}

// keep takes a message with a delay; nil when it has none. Batches with delays are not used by anybody.
func (s *shelf) keep(c *call) *answer {
	var in map[string]any
	if c.operation != "SendMessage" || json.Unmarshal(c.body, &in) != nil {
		return nil
	}
	delay, _ := in["DelaySeconds"].(float64)
	if delay <= 0 {
		return nil
	}
	delete(in, "DelaySeconds")
	body, err := json.Marshal(in)
	if err != nil {
		return nil
	}
	text, _ := in["MessageBody"].(string)
	queue, _ := in["QueueUrl"].(string)
	later := *c
	later.body = body
	s.mu.Lock()
	s.list = append(s.list, shelved{Waiting{queue, s.now().Add(time.Duration(delay) * time.Second)}, &later})
	s.mu.Unlock()
	sum := md5.Sum([]byte(text)) // SQS answers with the body's MD5; it protects nothing
	out, _ := json.Marshal(map[string]string{"MessageId": random(8) + "-0000-4000-8000-000000000000", "MD5OfMessageBody": hex.EncodeToString(sum[:])})
	return &answer{http.StatusOK, http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, out}
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

// Release sends the messages whose time has come.
func (e *Endpoint) Release(ctx context.Context) error {
	due := e.shelf.take(e.Now())
	for i, x := range due {
		if _, err := e.forward(ctx, x.call); err != nil {
			e.shelf.mu.Lock()
			e.shelf.list = append(e.shelf.list, due[i:]...)
			e.shelf.mu.Unlock()
			return err
		}
	}
	if len(due) > 0 {
		e.Nudge()
	}
	return nil
}
