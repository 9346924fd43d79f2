package histories_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/askpro/gateway/infra/histories"
)

func TestOrdersAreAllOrdersAndAllWithOneTwice(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{1: 1 + 1, 2: 2 + 2*3, 3: 6 + 3*12, 6: 720 + 6*2520} {
		if got := histories.Orders(n); got != want {
			t.Errorf("%d messages: %d orders, wanted %d", n, got, want)
		}
	}
}

func TestEachNumberIsAnOrderOfItsOwn(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 4; n++ {
		seen := map[string]int{}
		for i := range histories.Orders(n) {
			order := histories.Nth(n, i)
			if other, twice := seen[fmt.Sprint(order)]; twice {
				t.Errorf("%d and %d are both %v", other, i, order)
			}
			seen[fmt.Sprint(order)] = i
			times := make([]int, n)
			for _, m := range order {
				times[m]++
			}
			doubles := 0
			for _, k := range times {
				doubles += k - 1
				if k < 1 || k > 2 {
					t.Errorf("order %d of %d messages: %v", i, n, order)
				}
			}
			if doubles > 1 {
				t.Errorf("order %d has %d duplicates: %v", i, doubles, order)
			}
		}
	}
}

// small is a history of Max's calls, with messages of its own.
func small(t *testing.T, messages ...map[string]any) histories.History {
	t.Helper()
	for _, m := range messages {
		for _, kind := range []string{"tool", "event"} {
			if body, ok := m[kind].(map[string]any); ok {
				body["call"] = map[string]any{"call_id": "$call_1", "direction": "inbound", "call_type": "phone_call", "from_number": "$max", "to_number": "$salon"}
			}
		}
	}
	raw, err := json.Marshal(map[string]any{"says": "a test", "before": []any{}, "at": "09:25", "messages": messages})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "small.json"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := histories.Load(dir, histories.Recorded)
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func played(t *testing.T, h *histories.History, every int) (o histories.Outcome) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var err error
		if o, err = histories.Run(h, prepared(t, h), every); err != nil {
			t.Fatal(err)
		}
	})
	return o
}

func tool(name, tool string, args map[string]any) map[string]any {
	return map[string]any{"name": name, "tool": map[string]any{"name": tool, "args": args}}
}

func TestAnEndThatDependsOnTheOrderIsFound(t *testing.T) {
	t.Parallel()
	wish := func(words string) map[string]any {
		return tool(words, "request_callback", map[string]any{"action": "cancel", "reason": words})
	}
	h := small(t, wish("first"), wish("second")) // what is wished first is the reason, what is wished then a note
	o := played(t, &h, 1)
	if o.Ran != 8 || len(o.Others) == 0 {
		t.Fatalf("%d orders ran, %d of their ends differ", o.Ran, len(o.Others))
	}
	found := o.Others[0]
	if arrival := h.Arrival(found.Order); arrival != "second → first" {
		t.Errorf("the shortest order that ends otherwise: %s", arrival)
	}
	if d := histories.Differ(o.Want, found.End); !strings.Contains(d, "-     reason: first") || !strings.Contains(d, "+     reason: second") {
		t.Errorf("the difference is told as\n%s", d)
	}
}

func TestOnlyTheWantedOrdersRun(t *testing.T) {
	t.Parallel()
	h := small(t, tool("a", "get_opening_hours", nil), tool("b", "list_services", nil), tool("c", "check_customer", nil))
	for every, want := range map[int]int{1: 42, 2: 21, 5: 9, 100: 1} {
		if o := played(t, &h, every); o.Ran != want {
			t.Errorf("every %d: %d orders ran, wanted %d", every, o.Ran, want)
		}
	}
}

func TestAHistoryIsSound(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a member nobody knows": `{"says":"x","before":[],"at":"09:25","messages":[{"name":"a","fax":{}}]}`,
		"no messages":           `{"says":"x","before":[],"at":"09:25","messages":[]}`,
		"two of one name":       `{"says":"x","before":[],"at":"09:25","messages":[{"name":"a","job":"sync x"},{"name":"a","job":"sync y"}]}`,
		"two things at once":    `{"says":"x","before":[],"at":"09:25","messages":[{"name":"a","job":"sync x","tool":{}}]}`,
		"before out of order":   `{"says":"x","before":[{"at":"09:20","tool":{}},{"at":"09:10","tool":{}}],"at":"09:25","messages":[{"name":"a","job":"sync x"}]}`,
		"no time of day":        `{"says":"x","before":[],"at":"noon","messages":[{"name":"a","job":"sync x"}]}`,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "x.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := histories.Load(dir, histories.Recorded); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func TestWhatIsDifferentIsToldByRecord(t *testing.T) {
	t.Parallel()
	got := histories.Differ("a 1\n    x: 1\n    y: 2\nb\nc\n", "a 1\n    x: 1\n    y: 3\nc\nc\n")
	if want := "  a 1\n-     y: 2\n+     y: 3\n- b\n+ c\n"; got != want {
		t.Errorf("told as\n%swanted\n%s", got, want)
	}
	if same := histories.Differ("a\nb\n", "b\na\n"); same != "" {
		t.Errorf("the order of records is told as\n%s", same)
	}
}
