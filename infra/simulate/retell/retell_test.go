package retell_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/simulate/retell"
)

// start runs a simulator and returns its address.
func start(t *testing.T) string {
	t.Helper()
	s := retell.New()
	s.Now = func() time.Time { return time.UnixMilli(1764000000000) }
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server.URL
}

// ask calls the simulator with a valid key; the answer is read into out unless nil.
func ask(t *testing.T, url, method, path, body string, out any) int {
	t.Helper()
	return as(t, "Bearer key_demo_webhook", url, method, path, body, out)
}

func as(t *testing.T, authorization, url, method, path, body string, out any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", authorization)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			t.Fatalf("%v in %s", err, raw)
		}
	}
	return resp.StatusCode
}

// refused checks Retell's error document.
func refused(t *testing.T, got int, e map[string]string, status int, message string) {
	t.Helper()
	if got != status || e["status"] != "error" || !strings.Contains(e["message"], message) || len(e) != 2 {
		t.Errorf("got %d %v, want %d with %q", got, e, status, message)
	}
}

func TestAPlayedCallCanBeLookedUp(t *testing.T) {
	t.Parallel()
	url := start(t)
	raw, err := os.ReadFile("../../../testdata/retell/03-retell-call_analyzed.json")
	if err != nil {
		t.Fatal(err)
	}
	var event struct{ Call json.RawMessage }
	if err := json.Unmarshal(raw, &event); err != nil {
		t.Fatal(err)
	}
	if status := ask(t, url, "POST", "/_sim/calls", string(event.Call), nil); status != http.StatusNoContent {
		t.Fatalf("status %d", status)
	}
	var told, got map[string]any
	if err := json.Unmarshal(event.Call, &told); err != nil {
		t.Fatal(err)
	}
	if status := ask(t, url, "GET", "/retell/v2/get-call/"+told["call_id"].(string), "", &got); status != http.StatusOK || len(got) != len(told) || got["transcript"] != told["transcript"] {
		t.Errorf("%d %v", status, got)
	}
}

func TestACallToldOfAgainIsReplaced(t *testing.T) {
	t.Parallel()
	url := start(t)
	for _, status := range []string{"ongoing", "ended"} {
		ask(t, url, "POST", "/_sim/calls", `{"call_id":"call_1","call_status":"`+status+`","start_timestamp":1760958000123}`, nil)
	}
	var list struct{ Items []map[string]any }
	ask(t, url, "POST", "/retell/v3/list-calls", "{}", &list)
	if len(list.Items) != 1 || list.Items[0]["call_status"] != "ended" {
		t.Errorf("%v", list)
	}
}

func TestErrorsAreRetells(t *testing.T) {
	t.Parallel()
	url := start(t)
	for _, tt := range []struct {
		name, authorization, method, path, body string
		status                                  int
		message                                 string
	}{
		{"a call of nobody", "Bearer key_x", "GET", "/v2/get-call/call_0", "", 404, "Call not found"},
		{"no key", "", "GET", "/v2/get-call/call_0", "", 401, "Invalid API key"},
		{"another service's key", "Bearer cal_live", "GET", "/v2/get-call/call_0", "", 401, "Invalid API key"},
		{"an older path", "Bearer key_x", "POST", "/v2/list-calls", "{}", 404, "Cannot POST /v2/list-calls"},
		{"an agent of nobody", "Bearer key_x", "GET", "/get-agent/agent_0", "", 404, "Agent not found"},
		{"a limit that is none", "Bearer key_x", "POST", "/v3/list-calls", `{"limit":0}`, 422, "limit"},
		{"a condition that is none", "Bearer key_x", "POST", "/v3/list-calls", `{"filter_criteria":{"mood":{}}}`, 422, "mood"},
		{"an op that its type has not", "Bearer key_x", "POST", "/v3/list-calls", `{"filter_criteria":{"call_status":{"type":"enum","op":"eq","value":"ended"}}}`, 422, "no op"},
		{"no JSON", "Bearer key_x", "POST", "/v3/list-calls", `ended`, 400, "Invalid JSON"},
		{"an agent without voice", "Bearer key_x", "POST", "/create-agent", `{"response_engine":{"type":"custom-llm"}}`, 422, "voice_id"},
		{"an agent with an LLM of nobody", "Bearer key_x", "POST", "/create-agent", `{"voice_id":"v","response_engine":{"type":"retell-llm","llm_id":"llm_0"}}`, 422, "LLM not found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var e map[string]string
			status := as(t, tt.authorization, url, tt.method, "/retell"+tt.path, tt.body, &e)
			refused(t, status, e, tt.status, tt.message)
		})
	}
	if status := ask(t, url, "POST", "/_sim/calls", `{"agent_id":"a"}`, nil); status != http.StatusBadRequest {
		t.Errorf("a call without id: %d", status)
	}
}

func TestCallsAreListed(t *testing.T) {
	t.Parallel()
	url := start(t)
	for _, c := range []string{
		`{"call_id":"call_a","agent_id":"agent_1","agent_version":1,"call_status":"ended","from_number":"+4915112345678","start_timestamp":1000,"transcript":"Guten Tag","metadata":{"route":"demo"}}`,
		`{"call_id":"call_b","agent_id":"agent_1","agent_version":2,"call_status":"ongoing","from_number":"anonymous","start_timestamp":3000}`,
		`{"call_id":"call_c","agent_id":"agent_2","agent_version":1,"call_status":"ended","from_number":"+4915112345679","start_timestamp":2000,"duration_ms":60000}`,
	} {
		ask(t, url, "POST", "/_sim/calls", c, nil)
	}
	type page struct {
		Items         []map[string]any
		HasMore       bool   `json:"has_more"`
		PaginationKey string `json:"pagination_key"`
		Total         *int
	}
	for _, tt := range []struct{ name, body, want string }{
		{"the latest first", `{}`, "b c a"},
		{"the oldest first", `{"sort_order":"ascending"}`, "a c b"},
		{"by status", `{"filter_criteria":{"call_status":{"type":"enum","op":"in","value":["ended"]}}}`, "c a"},
		{"by a number's beginning", `{"filter_criteria":{"from_number":{"type":"string","op":"sw","value":"+49"}}}`, "c a"},
		{"by what a number is not", `{"filter_criteria":{"from_number":{"type":"string","op":"ne","value":"anonymous"}}}`, "c a"},
		{"by a span of time", `{"filter_criteria":{"start_timestamp":{"type":"range","op":"bt","value":[1500,3000]}}}`, "b c"},
		{"by conditions joined by AND", `{"filter_criteria":{"start_timestamp":{"type":"number","op":"ge","value":2000},"call_status":{"type":"enum","op":"in","value":["ended"]}}}`, "c"},
		{"by agents joined by OR", `{"filter_criteria":{"agent":[{"agent_id":"agent_1","version":[2]},{"agent_id":"agent_2"}]}}`, "b c"},
		{"by metadata", `{"filter_criteria":{"metadata":[{"key":"route","type":"string","op":"eq","value":"demo"}]}}`, "a"},
		{"by presence", `{"filter_criteria":{"metadata":[{"key":"route","type":"present","op":"np"}]}}`, "b c"},
		{"a page", `{"limit":1,"skip":1}`, "c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var p page
			ask(t, url, "POST", "/retell/v3/list-calls", tt.body, &p)
			var names []string
			for _, c := range p.Items {
				names = append(names, strings.TrimPrefix(c["call_id"].(string), "call_"))
				if c["transcript"] != nil {
					t.Error("lists have no transcripts")
				}
			}
			if got := strings.Join(names, " "); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	var first, second page
	ask(t, url, "POST", "/retell/v3/list-calls", `{"limit":2,"include_total":true}`, &first)
	if !first.HasMore || first.Total == nil || *first.Total != 3 {
		t.Errorf("the first page: %+v", first)
	}
	ask(t, url, "POST", "/retell/v3/list-calls", `{"limit":2,"pagination_key":"`+first.PaginationKey+`"}`, &second)
	if len(second.Items) != 1 || second.HasMore || second.Total != nil {
		t.Errorf("the second page: %+v", second)
	}
}

func TestAnAgentAndItsLLMAreMade(t *testing.T) {
	t.Parallel()
	url := start(t)
	var llm, agent, again map[string]any
	if status := ask(t, url, "POST", "/retell/create-retell-llm", `{"general_prompt":"Sie sind die Telefonassistenz."}`, &llm); status != http.StatusCreated {
		t.Fatalf("status %d", status)
	}
	id := llm["llm_id"].(string)
	if ask(t, url, "GET", "/retell/get-retell-llm/"+id, "", &again); again["general_prompt"] != "Sie sind die Telefonassistenz." {
		t.Errorf("%v", again)
	}
	if status := ask(t, url, "POST", "/retell/create-agent", `{"voice_id":"v","agent_name":"A","response_engine":{"type":"retell-llm","llm_id":"`+id+`"}}`, &agent); status != http.StatusCreated {
		t.Fatalf("status %d: %v", status, agent)
	}
	path := agent["agent_id"].(string)
	if status := ask(t, url, "PATCH", "/retell/update-agent/"+path, `{"agent_name":"AskPro","agent_id":"agent_other"}`, &again); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	again = nil
	ask(t, url, "GET", "/retell/get-agent/"+path+"?version=0", "", &again)
	if again["agent_name"] != "AskPro" || again["voice_id"] != "v" || again["agent_id"] != path || again["last_modification_timestamp"] != 1764000000000.0 {
		t.Errorf("%v", again)
	}
	var e map[string]string
	refused(t, ask(t, url, "GET", "/retell/get-agent/"+path+"?version=7", "", &e), e, 404, "Agent not found")
	e = nil
	refused(t, ask(t, url, "GET", "/retell/get-agent/"+id, "", &e), e, 404, "Agent not found")
}
