package retell_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	simulator "github.com/askpro/gateway/infra/simulate/retell"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/keeper"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/retell"
)

// keys are the values of references.
type keys map[string]string

// Get gives those that have a value.
func (k keys) Get(_ context.Context, refs ...string) (values []string, err error) {
	for _, ref := range refs {
		if v := k[ref]; v != "" {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return nil, lambdakit.ErrNoSecret
	}
	return values, nil
}

var received = time.Date(2025, 10, 20, 11, 0, 0, 0, time.UTC)

func client(base string) *retell.Client {
	return &retell.Client{
		Base: base, HTTP: http.DefaultClient, Now: func() time.Time { return received },
		Secrets: keys{"ssm:/signs": "whsec_signs_only", "ssm:/reads": "key_reads"},
	}
}

// told starts Retell's API and tells it of calls.
func told(t *testing.T, calls ...string) string {
	t.Helper()
	s := httptest.NewServer(simulator.New().Handler())
	t.Cleanup(s.Close)
	for _, c := range calls {
		resp, err := http.Post(s.URL+"/_sim/calls", "application/json", strings.NewReader(c))
		if err != nil || resp.StatusCode != http.StatusNoContent {
			t.Fatal(resp, err)
		}
		resp.Body.Close()
	}
	return s.URL + "/retell"
}

func TestHowACallStands(t *testing.T) {
	t.Parallel()
	base := told(t,
		`{"call_id":"call_ongoing","call_status":"ongoing"}`, `{"call_id":"call_registered","call_status":"registered"}`,
		`{"call_id":"call_ended","call_status":"ended","disconnection_reason":"user_hangup"}`,
		`{"call_id":"call_analysed","call_status":"ended","call_analysis":{"call_summary":"Kurz."}}`,
		`{"call_id":"call_busy","call_status":"not_connected","disconnection_reason":"dial_busy"}`,
		`{"call_id":"call_broken","call_status":"error"}`, `{"call_id":"call/../x","call_status":"ongoing"}`,
	)
	for _, tt := range []struct {
		id         string
		state      keeper.State
		event      string
		connection string
	}{
		{"call_ongoing", keeper.Ongoing, "", ""},
		{"call_registered", keeper.Unknown, "", ""},
		{"call_nobody's", keeper.Unknown, "", ""},
		{"call_ended", keeper.Over, call.Ended, "connected"},
		{"call_analysed", keeper.Over, call.Analysed, "connected"},
		{"call_busy", keeper.Over, call.Ended, "not_connected"},
		{"call_broken", keeper.Over, call.Ended, "error"},
		{"call/../x", keeper.Ongoing, "", ""}, // an id is no path
	} {
		got, err := client(base).Ask(t.Context(), []string{"ssm:/signs", "ssm:/reads"}, tt.id)
		if err != nil || got.State != tt.state || got.News.Event != tt.event || got.News.Connection != tt.connection {
			t.Errorf("%s: %+v, %v", tt.id, got, err)
		}
	}
}

// §17.27: combined_cost is cents, and fractions of them.
func TestCostIsCents(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"12.4": 12, "12.5": 13, "0": 0, "0.49": 0, `"7"`: 7} {
		raw := []byte(`{"event":"call_ended","call":{"call_id":"call_1","call_cost":{"combined_cost":` + text + `}}}`)
		if n, err := retell.ReadEvent(raw, received); err != nil || n.CostCents == nil || *n.CostCents != want {
			t.Errorf("%s: %v, %v", text, n.CostCents, err)
		}
	}
}

// The same call makes the same news, whether Retell tells it or is asked.
func TestTheAnswerReadsLikeTheEvent(t *testing.T) {
	t.Parallel()
	for file, id := range map[string]string{"02-retell-call_ended.json": "call_7d2f0c5b91e84a3fa6b1c0de55", "03-retell-call_analyzed.json": "call_7d2f0c5b91e84a3fa6b1c0de55"} {
		raw, err := os.ReadFile("../../testdata/retell/" + file)
		if err != nil {
			t.Fatal(err)
		}
		var event struct{ Call json.RawMessage }
		if err := json.Unmarshal(raw, &event); err != nil {
			t.Fatal(err)
		}
		want, err := retell.ReadEvent(raw, received)
		if err != nil {
			t.Fatal(err)
		}
		got, err := client(told(t, string(event.Call))).Ask(t.Context(), []string{"ssm:/reads"}, id)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(got.News)
		if string(a) != string(b) {
			t.Errorf("%s is told as\n%s\nand answered as\n%s", file, a, b)
		}
	}
}

func TestWhenRetellCannotBeAsked(t *testing.T) {
	t.Parallel()
	base := told(t)
	for name, refs := range map[string][]string{"no key": nil, "a key without value": {"ssm:/gone"}, "a key that may not read": {"ssm:/signs"}} {
		if _, err := client(base).Ask(t.Context(), refs, "call_1"); !errors.Is(err, keeper.ErrNoKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	answer := ""
	status := http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	defer s.Close()
	for _, tt := range []struct {
		status int
		answer string
	}{{429, "{}"}, {500, "{}"}, {503, "<html>"}, {200, "<html>"}, {200, "[]"}, {200, "null"}} {
		status, answer = tt.status, tt.answer
		if _, err := client(s.URL).Ask(t.Context(), []string{"ssm:/reads"}, "call_1"); err == nil || errors.Is(err, keeper.ErrNoKey) || strings.Contains(err.Error(), "key_reads") {
			t.Errorf("%d %s: %v", tt.status, tt.answer, err)
		}
	}
	s.Close()
	if _, err := client(s.URL).Ask(t.Context(), []string{"ssm:/reads"}, "call_1"); err == nil {
		t.Error("nobody is there, and yet an answer")
	}
}

func TestWhichEventsAreWanted(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"call_started": true, "call_ended": true, "call_analyzed": true, "transfer_started": true, "transfer_bridged": true, "transfer_cancelled": true, "transfer_ended": true,
		"transcript_updated": false, "chat_started": false, "chat_ended": false, "new_thing": false, "": false,
	} {
		body := []byte(`{"event":"` + name + `","call":{"call_id":"call_1"}}`)
		if _, wanted, _, err := retell.Peek(body); err != nil || wanted != want {
			t.Errorf("%s: %t, %v", name, wanted, err)
		}
	}
}

func TestWhenAnEventWasTold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		ms   int64
		want time.Time
	}{
		{"as Retell says", received.Add(-time.Minute).UnixMilli(), received.Add(-time.Minute)},
		{"a clock that is a little fast", received.Add(time.Minute).UnixMilli(), received.Add(time.Minute)},
		{"a time that is still to come", received.Add(time.Hour).UnixMilli(), received},
		{"none", 0, received},
	} {
		raw, err := json.Marshal(map[string]any{"event": "call_analyzed", "event_timestamp": tt.ms, "call": map[string]any{"call_id": "call_1"}})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := retell.ReadEvent(raw, received); err != nil || !n.SentAt.Equal(tt.want) || !n.ReceivedAt.Equal(received) {
			t.Errorf("%s: %s, %v", tt.name, n.SentAt, err)
		}
	}
}
