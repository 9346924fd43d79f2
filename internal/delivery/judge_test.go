package delivery_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
)

func TestWhatAnAnswerMeans(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		a     delivery.Answer
		class delivery.Class // empty: a success
		retry bool
	}{
		{"200", delivery.Answer{Status: 200, Body: []byte(`{"id":"1"}`)}, "", false},
		{"204", delivery.Answer{Status: 204}, "", false},
		{"200 with a page", delivery.Answer{Status: 200, Body: []byte("<html>ok</html>")}, "", false},
		{"200 with a list", delivery.Answer{Status: 200, Body: []byte(`[{"error":"x"}]`)}, "", false},
		{"200 with members that say nothing", delivery.Answer{Status: 200, Body: []byte(`{"error":null,"errors":[],"error_message":" ","exception":{},"fault":false,"success":true,"status":"new"}`)}, "", false},
		{"200 with an HTTP status", delivery.Answer{Status: 200, Body: []byte(`{"status":201}`)}, "", false},
		{"an error", delivery.Answer{Status: 200, Body: []byte(`{"error":"no such queue"}`)}, "SemanticError:error", false},
		{"OTRS's error", delivery.Answer{Status: 200, Body: []byte(`{"Error":{"ErrorCode":"TicketCreate.AuthFail"}}`)}, "SemanticError:error", false},
		{"errors", delivery.Answer{Status: 201, Body: []byte(`{"errors":["x"]}`)}, "SemanticError:errors", false},
		{"an error message", delivery.Answer{Status: 200, Body: []byte(`{"error_message":"x"}`)}, "SemanticError:error_message", false},
		{"an exception", delivery.Answer{Status: 200, Body: []byte(`{"exception":{"a":1}}`)}, "SemanticError:exception", false},
		{"a fault", delivery.Answer{Status: 200, Body: []byte(`{"fault":true}`)}, "SemanticError:fault", false},
		{"no success", delivery.Answer{Status: 200, Body: []byte(`{"success":false}`)}, "SemanticError:success", false},
		{"no success in words", delivery.Answer{Status: 200, Body: []byte(`{"success":"false"}`)}, "SemanticError:success", false},
		{"a status of 400", delivery.Answer{Status: 200, Body: []byte(`{"status":400}`)}, "SemanticError:status", false},
		{"a status of 4e2", delivery.Answer{Status: 200, Body: []byte(`{"status":4e2}`)}, "SemanticError:status", false},
		{"rejected", delivery.Answer{Status: 200, Body: []byte(`{"status":"Rejected"}`)}, "SemanticError:status", false},
		{"said twice, once as no", delivery.Answer{Status: 200, Body: []byte(`{"success":true,"success":false}`)}, "SemanticError:success", false},
		{"an error in an answer that was too long to read", delivery.Answer{Status: 200, Cut: true, Body: []byte(`{"success":false,"trace":"` + strings.Repeat("x", 1000))}, "SemanticError:success", false},
		{"an answer that broke off", delivery.Answer{Status: 200, Failed: delivery.Timeout, Body: []byte(`{"succ`)}, delivery.Timeout, true},
		{"an answer that broke off after saying no", delivery.Answer{Status: 200, Failed: delivery.Timeout, Body: []byte(`{"error":"x","a`)}, "SemanticError:error", false},
		{"301", delivery.Answer{Status: 301}, delivery.RedirectRefused, false},
		{"304", delivery.Answer{Status: 304}, delivery.RedirectRefused, false},
		{"400", delivery.Answer{Status: 400}, "http_400", false},
		{"404", delivery.Answer{Status: 404}, "http_404", false},
		{"408", delivery.Answer{Status: 408}, "http_408", true},
		{"410", delivery.Answer{Status: 410}, delivery.Gone, false},
		{"429", delivery.Answer{Status: 429}, "http_429", true},
		{"500", delivery.Answer{Status: 500}, "http_500", true},
		{"599", delivery.Answer{Status: 599}, "http_599", true},
		{"a status that is none", delivery.Answer{Status: 999}, "http_999", false},
		{"switched", delivery.Answer{Status: 101}, "http_101", false},
		{"nobody there", delivery.Answer{Failed: delivery.NetworkError}, delivery.NetworkError, true},
		{"a wrong certificate", delivery.Answer{Failed: delivery.TLSError}, delivery.TLSError, true},
		{"silence", delivery.Answer{Failed: delivery.Timeout}, delivery.Timeout, true},
		{"a blocked address", delivery.Answer{Failed: delivery.BlockedAddress}, delivery.BlockedAddress, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := delivery.Judge(tt.a, delivery.Judging{Semantic: true}, noon)
			if o.OK != (tt.class == "") || o.Class != tt.class || o.Retry != tt.retry {
				t.Errorf("%+v", o)
			}
			if !o.OK && o.Retry == (o.Reason != "") {
				t.Errorf("neither retried nor dead, or both: %+v", o)
			}
		})
	}
}

func TestGoneAndBlockedDisable(t *testing.T) {
	t.Parallel()
	if o := delivery.Judge(delivery.Answer{Status: 410}, delivery.Judging{}, noon); o.Disable != delivery.DisabledGone || o.Reason != delivery.Permanent {
		t.Errorf("410: %+v", o)
	}
	if o := delivery.Judge(delivery.Answer{Failed: delivery.BlockedAddress}, delivery.Judging{}, noon); o.Disable != delivery.DisabledBlocked || o.Reason != delivery.BlockedByUs {
		t.Errorf("blocked: %+v", o)
	}
}

func TestWithoutTheCheckABodySaysNothing(t *testing.T) {
	t.Parallel()
	for _, a := range []delivery.Answer{{Status: 200, Body: []byte(`{"success":false}`)}, {Status: 202, Failed: delivery.Timeout}} {
		if o := delivery.Judge(a, delivery.Judging{}, noon); !o.OK {
			t.Errorf("%+v", o)
		}
	}
}

func TestRetryAfterIsHeeded(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 503} {
		o := delivery.Judge(delivery.Answer{Status: status, Header: http.Header{"Retry-After": {"120"}}}, delivery.Judging{}, noon)
		if !o.RetryAfter.Equal(noon.Add(2 * time.Minute)) {
			t.Errorf("%d: %+v", status, o)
		}
		d := try(t, delivery.Plan(webhook(), noon), o)
		if d.State != delivery.Retrying || d.NextAt.Sub(noon) < 120*time.Second {
			t.Errorf("%d: %s at %s", status, d.State, d.NextAt)
		}
	}
}

func TestTheReceiversTicketIsFound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, path, body, want string }{
		{"the first usual member", "", `{"number":"INC1","key":"IT-1"}`, "IT-1"},
		{"a number", "", `{"id":12345678901234567890}`, "12345678901234567890"},
		{"zero", "", `{"id":"0"}`, "0"},
		{"an empty one is passed over", "", `{"id":"","key":" ","ticket_id":null,"number":{},"sys_id":"a"}`, "a"},
		{"a yes is none", "", `{"id":true}`, ""},
		{"a path", "result.number", `{"id":"x","result":{"number":"INC0010001"}}`, "INC0010001"},
		{"a path from the root", "$.ticket.id", `{"ticket":{"id":35436}}`, "35436"},
		{"a path into a list", "issues[1].key", `{"issues":[{"key":"A"},{"key":"B"}]}`, "B"},
		{"a path that leads nowhere", "result.number", `{"id":"x"}`, "x"},
		{"control and direction characters go", "", `{"id":"IT\u0000-\u202e1\r\n"}`, "IT-1"},
		{"100 characters", "", `{"id":"` + strings.Repeat("ü", 100) + `"}`, strings.Repeat("ü", 100)},
		{"101 characters are none", "", `{"id":"` + strings.Repeat("a", 101) + `","key":"K"}`, "K"},
		{"a cut answer", "", `{"id":"7","self":"https://exam`, "7"},
		{"no JSON", "", `ok`, ""},
		{"a list", "", `[{"id":"1"}]`, ""},
		{"deeper than anybody needs", "", strings.Repeat("[", 70000), ""},
	} {
		o := delivery.Judge(delivery.Answer{Status: 200, Body: []byte(tt.body)}, delivery.Judging{Semantic: true, ReferencePath: tt.path}, noon)
		if !o.OK || o.Reference != tt.want {
			t.Errorf("%s: %+v", tt.name, o)
		}
	}
}

func TestAPathIsJudgedOnSave(t *testing.T) {
	t.Parallel()
	for path, good := range map[string]bool{
		"": true, "id": true, "$.a.b": true, "a[0].b": true, "a[0][1]": true, "$": true, "$[0]": true,
		"a..b": false, "a.": false, "a[": false, "a[x]": false, "a[-1]": false, "a.*": false, "a[0]b": false, "a b": false, "['a']": false, strings.Repeat("a", 201): false,
	} {
		if err := delivery.CheckPath(path); (err == nil) != good {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add([]byte(`{"success":false}`), "result.number")
	f.Add([]byte(`{"result":{"number":"INC1"}}`), "$.result.number")
	f.Add([]byte(`[[{"a":1`), "a[0]")
	f.Fuzz(func(t *testing.T, body []byte, path string) {
		o := delivery.Judge(delivery.Answer{Status: 200, Body: body}, delivery.Judging{Semantic: true, ReferencePath: path}, noon)
		if o.OK == (o.Class != "") || len([]rune(o.Reference)) > 100 || strings.ContainsAny(o.Reference, "\x00\r\n") {
			t.Errorf("%+v", o)
		}
	})
}
