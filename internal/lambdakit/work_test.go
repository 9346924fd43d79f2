package lambdakit_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/askpro/gateway/internal/lambdakit"
)

func TestWhoseAMessageIs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, message, want string }{
		{"our own", `{"kind": "x", "company_id": "A"}`, "A"},
		{"a fact", `{"detail-type": "case.created.v1", "detail": {"company_id": "A"}}`, "A"},
		{"of an object that only the company's session can write", `{"kind": "attachment.scanned", "object_key": "attachments/A/k/n/1"}`, "A"},
		{"of an object that says nothing of anybody", `{"kind": "attachment.scanned", "object_key": "incoming/A/k/n/1"}`, ""},
		{"the company goes before the object", `{"kind": "x", "company_id": "A", "object_key": "attachments/B/k/n/1"}`, "A"},
		{"nobody's", `{"kind": "x"}`, ""},
	} {
		batch, err := json.Marshal(map[string]any{"Records": []any{map[string]string{"messageId": "1", "body": tt.message}}})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		answer, err := lambdakit.QueueEvent(t.Context(), func(_ context.Context, m lambdakit.Incoming) error {
			if got = m.Tenant.String(); got != m.Company {
				t.Errorf("%s: %q and %q", tt.name, got, m.Company)
			}
			return nil
		}, batch)
		if err != nil || got != tt.want || strings.Contains(string(answer), `"itemIdentifier":"1"`) != (tt.want == "") {
			t.Errorf("%s: %q, %s, %v", tt.name, got, answer, err)
		}
	}
}
