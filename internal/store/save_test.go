package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/lambdakit"
)

// stubborn is a table in which nothing lies, and which takes some transactions and no more.
type stubborn struct {
	takes        int
	transactions [][]string // what each that was taken writes, by sort keys
}

// RoundTrip answers a request.
func (s *stubborn) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	status, answer := http.StatusOK, "{}"
	if _, operation, _ := strings.Cut(req.Header.Get("X-Amz-Target"), "."); operation == "TransactWriteItems" {
		if len(s.transactions) == s.takes {
			status, answer = http.StatusBadRequest, `{"__type":"com.amazonaws.dynamodb.v20120810#AccessDeniedException","message":"no more"}`
		} else {
			s.transactions = append(s.transactions, written(body))
		}
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewBufferString(answer)), Request: req}, nil
}

// written are the sort keys of a transaction, a condition with a ?.
func written(body []byte) (sks []string) {
	var in struct {
		TransactItems []struct {
			Put            struct{ Item map[string]att }
			ConditionCheck struct{ Key map[string]att }
		}
	}
	_ = json.Unmarshal(body, &in) // of attributes that are no text nothing is asked
	for _, x := range in.TransactItems {
		if x.ConditionCheck.Key != nil {
			sks = append(sks, "?"+x.ConditionCheck.Key["sk"].S)
		} else {
			sks = append(sks, x.Put.Item["sk"].S)
		}
	}
	return sks
}

// A save that is too large for one transaction is cut off after any of them: whatever was saved has its line and its fact, and
// the version did not move.
func TestNothingIsSavedWithoutItsLine(t *testing.T) {
	t.Parallel()
	c := desk.NoConfiguration()
	for i := range 90 {
		c.Categories = append(c.Categories, desk.Category{ID: fmt.Sprintf("k%02d", i), Slug: fmt.Sprintf("k-%02d", i), Name: "K"})
	}
	const all = 3 // transactions
	for takes := range all + 1 {
		server := &stubborn{takes: takes}
		env := lambdakit.Env{Region: "eu-central-1", Credentials: anybody{}.For(us), HTTP: &http.Client{Transport: server}, Base: "http://table.invalid"}
		err := Open(env, anybody{}, "table", func() time.Time { return noon }).SaveDesk(t.Context(), us, c, audit.By{Actor: event.Actor{Kind: "operator"}})
		if (err == nil) != (takes == all) {
			t.Errorf("%d transactions: %v", takes, err)
		}
		for i, sks := range server.transactions {
			count := map[string]int{}
			for _, sk := range sks {
				kind, _, _ := strings.Cut(sk, "#")
				count[kind]++
			}
			objects := len(sks) - count["ENTRY"] - count["EVENT"] - count["HEAD"] - count["VERSION"] - count["?VERSION"]
			if objects == 0 || objects > objectsAtOnce || count["ENTRY"] != objects || count["EVENT"] != objects || count["HEAD"] != 1 {
				t.Errorf("transaction %d writes %v", i+1, count)
			}
			if last := i == all-1; (count["VERSION"] == 1) != last || (count["?VERSION"] == 1) == last {
				t.Errorf("transaction %d: the version moves %d times, is looked at %d times", i+1, count["VERSION"], count["?VERSION"])
			}
		}
	}
}
