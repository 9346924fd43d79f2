package redact_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/redact"
)

func TestABodyWithoutWhatMustNotBeKept(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, body, want string }{
		{"secrets", `{"api_key":"a","apiKey":"a","APIKey":1,"Authorization":"a","signing-secret":["a"],"access_token":{"a":{"b":1}},"password":true,"x_signature":"a"}`,
			`{"api_key":"[removed]","apiKey":"[removed]","APIKey":"[removed]","Authorization":"[removed]","signing-secret":"[removed]","access_token":"[removed]","password":"[removed]","x_signature":"[removed]"}`},
		{"what is nobody's business", `{"provider_call_id":"a","agent_id":"a","llm_model":"a","base_cost":1,"price":2,"margin":3,"system_prompt":"a","voice":"a","internal_id":4}`,
			`{"provider_call_id":"[removed]","agent_id":"[removed]","llm_model":"[removed]","base_cost":"[removed]","price":"[removed]","margin":"[removed]","system_prompt":"[removed]","voice":"[removed]","internal_id":"[removed]"}`},
		{"persons", `{"customer":{"name":"Erika","phone":"+4930123456","email":"e@example.de","location":"2. OG"},"description":"x","transcript":{"segments":[{"role":"user","text":"a"}]}}`,
			`{"customer":{"name":"[removed]","phone":"[removed]","email":"[removed]","location":"[removed]"},"description":"[removed]","transcript":"[removed]"}`},
		{"what helps stays", `{"id":"IT-7","status":400,"errors":{"priority":"is required"},"message":"Feld fehlt","ok":false,"n":1.50,"author":"a","monkey":1,"tokenized":2,"keyboard":null}`,
			`{"id":"IT-7","status":400,"errors":{"priority":"is required"},"message":"Feld fehlt","ok":false,"n":1.50,"author":"a","monkey":1,"tokenized":2,"keyboard":null}`},
		{"nothing is told to be nothing", `{"phone":null,"password":null}`, `{"phone":null,"password":null}`},
		{"known persons, wherever they stand", `{"message":"Kunde Erika Muster angelegt","Erika":1,"list":["030 123456"]}`, `{"message":"Kunde [removed] angelegt","[removed]":1,"list":["[removed]"]}`},
		{"lists at the top", `[{"token":"a"},[1,{"token":"b"}]]`, `[{"token":"[removed]"},[1,{"token":"[removed]"}]]`},
		{"twice the same member", `{"token":"a","token":"b"}`, `{"token":"[removed]","token":"[removed]"}`},
		{"a cut answer", `{"id":"IT-7","token":"abc","mess`, `{"id":"IT-7","token":"[removed]",…`},
		{"cut inside a secret", `{"id":"IT-7","token":{"a":"geheim","b":"gehei`, `{"id":"IT-7","token":"[removed]"…`},
		{"more than one value", `{"token":"a"} {"token":"b"}`, `{"token":"[removed]"}`},
		{"a form", `user=x&password=geh%20eim&n=1`, `user=x&password=[removed]&n=1`},
		{"a page", `<p>Error for e.muster@example.de</p>`, `<p>Error for [removed]</p>`},
		{"nothing", ``, ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := redact.Body([]byte(tt.body), "Erika Muster", "Erika", "030 123456", "x"); got != tt.want {
				t.Errorf("\n%s, want\n%s", got, tt.want)
			}
		})
	}
}

func TestATextWithoutWhatLooksSecretOrPersonal(t *testing.T) {
	t.Parallel()
	hex := strings.Repeat("0123456789abcdef", 2)
	for _, tt := range []struct{ text, want string }{
		{"Bearer abc.def", "Bearer [removed]"},
		{"authorization: Basic YXNr", "authorization: [removed]"},
		{`token: "abc", rest`, `token: "[removed]", rest`},
		{"a " + hex + " b", "a [removed] b"},
		{"a " + hex[:31] + " b", "a " + hex[:31] + " b"},
		{strings.ToUpper(hex), "[removed]"},
		{"with sk-abcdefgh1234 and pk-abcdefgh1234", "with [removed] and [removed]"},
		{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "[removed]"},
		{"key_0123456789", "[removed]"},
		{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x", "[removed]"},
		{"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqrTwjU", "[removed]"},
		{"Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"},
		{"ruf +49 (30) 123-456 an", "ruf [removed] an"},
		{"+49 30", "+49 30"},
		{"1+1=2", "1+1=2"},
		{"an e.muster+x@sub.example.de.", "an [removed]"},
		{"ein@ohne", "ein@ohne"},
		{"TKT-2026-00042 am 24.11.2026 um 10:15", "TKT-2026-00042 am 24.11.2026 um 10:15"},
		{"01JDABCDEFGHJKMNPQRSTVWXYZ", "01JDABCDEFGHJKMNPQRSTVWXYZ"},
		{"2026112410000014", "2026112410000014"},
		{"\xff", "\ufffd"},
	} {
		if got := redact.Text(tt.text); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	got := redact.Header(http.Header{
		"Authorization": {"Basic x"}, "Webhook-Signature": {"v1,x"}, "X-Signature": {"x"}, "X-Api-Key": {"x"}, "Set-Cookie": {"a=b", "c=d"}, "X-Auth": {"x"},
		"Webhook-Id": {"msg_1"}, "User-Agent": {"AskPro-Webhooks/1.0"}, "Content-Type": {"application/json"}, "X-Ticket-Reference": {"TKT-2026-00042"},
		"X-Trace": {"a", "b"}, "Location": {"https://u:p@x.example/a?token=b"}, "X-Own": {"sk-0123456789"},
	})
	for name, want := range map[string]string{
		"Authorization": redact.Removed, "Webhook-Signature": redact.Removed, "X-Signature": redact.Removed, "X-Api-Key": redact.Removed, "Set-Cookie": redact.Removed,
		"X-Auth": redact.Removed, "Webhook-Id": "msg_1", "User-Agent": "AskPro-Webhooks/1.0", "Content-Type": "application/json", "X-Ticket-Reference": "TKT-2026-00042",
		"X-Trace": "a, b", "Location": "x.example/a?…", "X-Own": redact.Removed,
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://user:secret@x.example:8443/api/v2/tickets?key=a#b": "x.example:8443/api/v2/tickets?…",
		"https://x.example": "x.example", "https://x.example/?": "x.example/",
		"https://hooks.slack.com/services/T000/B000/abcdefghijklmnopqrstuvwx":                    "hooks.slack.com/services/…/…/…",
		"https://prod-1.logic.azure.com/workflows/0123456789abcdef0123/triggers?sig=x":           "prod-1.logic.azure.com/workflows/…/triggers?…",
		"https://x.example/nph-genericinterface.pl/Webservice/GenericTicketConnectorREST/Ticket": "x.example/nph-genericinterface.pl/Webservice/GenericTicketConnectorREST/Ticket",
		"://": redact.Removed,
	} {
		if got := redact.Place(url); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
}

func TestErrorMessagesNameNoPathAddressOrCredential(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ message, want string }{
		{"dial tcp 10.0.0.1:443: connection refused", "dial tcp [removed]: connection refused"},
		{"read tcp 10.0.0.1:5000->192.168.1.1:443: reset", "read tcp [removed]->[removed]: reset"},
		{"dial tcp [fe80::1]:443: refused", "dial tcp [[removed]]:443: refused"},
		{"host 2001:db8::1 unreachable", "host [removed] unreachable"},
		{`Post "https://u:p@x.example/a/b?c=d": EOF`, `Post "https://x.example/a/b": EOF`},
		{"Get https://10.0.0.1:8443/x", "Get https://[removed]/x"},
		{"open /var/task/config.yaml: no such file", "open [removed]: no such file"},
		{`open C:\Users\x: denied`, `open [removed]: denied`},
		{"panic in internal/webhook/sign.go:12", "panic in [removed]"},
		{"addr=10.0.0.1 n=1", "addr=[removed] n=1"},
		{"and/or is no path", "and/or is no path"},
		{"mail to a.b@example.de failed", "mail to [removed] failed"},
		{"line 2, column 5: unknown_variable", "line 2, column 5: unknown_variable"},
		{"", ""},
	} {
		if got := redact.Message(tt.message); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.message, got, tt.want)
		}
	}
	if got := redact.Message(strings.Repeat("ü ", 5000)); utf8.RuneCountInString(got) != 1000 || !strings.HasSuffix(got, "…") {
		t.Errorf("%d characters", utf8.RuneCountInString(got))
	}
}

func TestRecipients(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{"erika.muster@example.de": "eri***@example.de", "ab@example.de": "ab***@example.de", "öäüß@x.de": "öäü***@x.de", "@x.de": redact.Removed, "x": redact.Removed} {
		if got := redact.Recipient(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// Whatever the structure, what stands behind a sensitive name and who is known never survives, and the copy is JSON again.
func TestNothingPlantedSurvives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		planted := "geheim" + rapid.StringMatching(`[a-z]{4}`).Draw(t, "planted")
		body, err := json.Marshal(tree(t, planted, 0))
		if err != nil {
			t.Fatal(err)
		}
		got := redact.Body(body, "Erika Muster")
		if strings.Contains(got, planted) || strings.Contains(got, "Erika Muster") || !json.Valid([]byte(got)) {
			t.Fatalf("%s became %s", body, got)
		}
		cut := redact.Body(body[:rapid.IntRange(0, len(body)).Draw(t, "cut")], "Erika Muster")
		if strings.Contains(cut, planted) || strings.Contains(cut, "Erika Muster") {
			t.Fatalf("%s, cut, became %s", body, cut)
		}
	})
}

func tree(t *rapid.T, planted string, depth int) any {
	o := map[string]any{
		rapid.SampledFrom([]string{"token", "apiKey", "customer_name", "E-Mail", "callCost"}).Draw(t, "name"): rapid.SampledFrom([]any{planted, []string{planted}, map[string]string{"a": planted}}).Draw(t, "secret"),
		"note_" + rapid.StringMatching(`[a-z]{1,4}`).Draw(t, "key"):                                           "x Erika Muster\n\"y\"",
		"open": "Frau Erika Muster, \\ bitte",
	}
	if depth < 3 {
		for i := range rapid.IntRange(0, 2).Draw(t, "children") {
			o[fmt.Sprintf("child%d", i)] = []any{tree(t, planted, depth+1), 1, nil, true}
		}
	}
	return o
}

// What would make a careless pattern slow is walked through once: a quadratic walk over these would take minutes.
func TestHostileTextsAreWalkedThroughOnce(t *testing.T) {
	t.Parallel()
	const n = 1 << 18
	for _, part := range []string{"a", "a@", "+1", "+", "=", "[", `{"a":`, "token=", "token:\"", "a.", "/a", "://", "->", "\\", "1.", "é", "key "} {
		s := strings.Repeat(part, n/len(part))
		_ = redact.Text(s, "aaa", "a@a")
		_ = redact.Body([]byte(s), "aaa")
		_ = redact.Message(s)
	}
}

func FuzzBody(f *testing.F) {
	f.Add([]byte(`{"token":"a","b":[1,{"name":"x"}]}`), "Erika")
	f.Add([]byte("password=a&b"), "ove")
	f.Add([]byte(`{"a":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`), "[removed]")
	f.Add([]byte("xx\u0085"), "xx\xc2")
	f.Fuzz(func(t *testing.T, body []byte, person string) {
		got := redact.Body(body, person)
		if json.Valid(body) && len(body) > 0 && (body[0] == '{' || body[0] == '[') && !strings.HasSuffix(got, "…") && !json.Valid([]byte(got)) {
			t.Fatalf("%q became %q", body, got)
		}
		for _, s := range []string{got, redact.Message(string(body)), redact.Place(string(body)), redact.Text(string(body))} {
			if !utf8.ValidString(s) {
				t.Fatalf("no UTF-8: %q", s)
			}
		}
	})
}
