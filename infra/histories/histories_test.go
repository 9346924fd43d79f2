package histories_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/askpro/gateway/infra/histories"
	"github.com/askpro/gateway/infra/local/template"
)

const folder = "../../testdata/histories"

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // much is made and thrown away, little is kept
	os.Exit(m.Run())
}

func system(t testing.TB) *template.System {
	t.Helper()
	s, err := template.Read("../../template.yaml", template.Options{Stack: "askpro-local", Endpoint: "http://127.0.0.1:4566", Parameters: map[string]string{"Stage": "local"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func recorded(t testing.TB) []histories.History {
	t.Helper()
	all, err := histories.Load(folder, histories.Recorded)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// prepared is a world in which everything but the messages of a history has happened. It is to be made in a bubble.
func prepared(t testing.TB, h *histories.History) *histories.World {
	t.Helper()
	file, _, err := histories.Salon(folder, histories.Recorded)
	if err != nil {
		t.Fatal(err)
	}
	w, err := histories.NewWorld(system(t), file, histories.Recorded, h.Begin())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Prepare(h); err != nil {
		t.Fatal(err)
	}
	return w
}

// every is 1 unless ASKPRO_HISTORIES_EVERY says that every n-th order is enough for now.
func every(t testing.TB) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("ASKPRO_HISTORIES_EVERY"))
	if err != nil || n < 1 {
		return 1
	}
	return n
}

// TestEveryOrderOfArrivalEndsInTheSameState plays twelve recorded histories in every order of their six messages, and in
// every order with one of them arriving twice: 12 × (6! + 6 · 7!/2).
func TestEveryOrderOfArrivalEndsInTheSameState(t *testing.T) {
	t.Parallel()
	began, twelve, all := time.Now(), recorded(t), 0
	for _, h := range twelve {
		all += histories.Orders(len(h.Messages))
	}
	if all != 190_080 {
		t.Errorf("the histories have %d orders, wanted 190080", all)
	}
	var ran, open atomic.Int64
	t.Run("of", func(t *testing.T) {
		for _, h := range twelve {
			t.Run(h.Name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					o, err := histories.Run(&h, prepared(t, &h), every(t))
					if err != nil {
						t.Fatal(err)
					}
					ran.Add(int64(o.Ran))
					switch wrong := report(o); {
					case h.Open == "" && wrong != "":
						t.Error(wrong)
					case h.Open != "" && wrong == "" && every(t) == 1:
						t.Errorf("all orders end alike now: take open out of %s", h.Name)
					case h.Open != "":
						open.Add(1)
						t.Logf("still open: %s\n%s", h.Open, wrong)
					}
				})
			})
		}
	})
	t.Logf("%d of %d orders in %.1f s; %d histories are still open", ran.Load(), all, time.Since(began).Seconds(), open.Load())
}

// report says in how many ways the orders of a history end, and how each differs from the wanted one.
func report(o histories.Outcome) string {
	if len(o.Others) == 0 {
		return ""
	}
	total := 0
	for _, other := range o.Others {
		total += other.Ran
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d orders end otherwise, in %d ways.\n", total, o.Ran, len(o.Others))
	for i, other := range o.Others[:min(len(o.Others), 5)] {
		fmt.Fprintf(&b, "%d. %d orders, the shortest: %s\n(- in order, + so)\n%s\n", i+1, other.Ran, o.History.Arrival(other.Order), histories.Differ(o.Want, other.End))
	}
	return b.String()
}

// TestHistoriesEndAsWrittenDown keeps the end of each history when everything arrives in order: that all orders end alike is
// worth as much as the end is right. make golden rewrites the files; the diff is the review.
func TestHistoriesEndAsWrittenDown(t *testing.T) {
	t.Parallel()
	for _, h := range recorded(t) {
		end := ""
		synctest.Test(t, func(t *testing.T) {
			var err error
			if end, _, err = prepared(t, &h).InOrder(&h); err != nil {
				t.Fatal(err)
			}
		})
		if h.Open == "" && strings.Contains(end, "wrong:") {
			t.Errorf("%s ends with something wrong:\n%s", h.Name, end)
		}
		file := filepath.Join(folder, h.Name+".end.txt")
		if os.Getenv("ASKPRO_GOLDEN") == "write" {
			if err := os.WriteFile(file, []byte(end), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := histories.Differ(string(want), end); d != "" {
			t.Errorf("%s ends otherwise than %s says (- file, + now): run make golden and read the diff\n%s", h.Name, file, d)
		}
	}
}
