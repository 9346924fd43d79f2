package scenarios_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/askpro/gateway/infra/local/stacktest"
	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/blob"
	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
)

// Service desk §4.1: spam and tests are deleted. Nothing leaves the house of a deleted case any more; it can be had back for
// thirty days, and then nothing of it is left.
func TestADeletedCaseSendsNothingComesBackOrIsPurged(t *testing.T) {
	t.Parallel()
	s := stacktest.Own(t)
	s.SetClock(t, "2026-11-24T09:00:00Z", false)
	c := s.NewCompanyWith(t, []string{"recording: true"}, recorded)
	keeper, owner := casesOf(t, s), audit.By{Actor: event.Actor{Kind: casework.User, ID: "inhaberin"}, IP: "198.51.100.7"}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	// One is deleted while its message waits for the call, and is restored.
	x := c.Ring(c.Erika)
	if r := x.Tool(t, "finalize_ticket", map[string]any{"problem_description": "Der Drucker zieht kein Papier mehr ein.", "customer_name": "Erika Test"}); r.Status != "created" {
		t.Fatal(r.Raw)
	}
	s.Idle(t)
	waiting := only(t, c)
	states := func(id string) (list []delivery.State) {
		t.Helper()
		all, err := table(t, s).CaseDeliveries(t.Context(), c.ID, id)
		ok(err)
		for _, d := range all {
			list = append(list, d.State)
		}
		slices.Sort(list)
		return list
	}
	if got := states(waiting.ID); !slices.Equal(got, []delivery.State{delivery.Waiting}) {
		t.Fatalf("before it is deleted its deliveries are %v", got)
	}
	_, err := keeper.Delete(t.Context(), c.ID, waiting.ID, 0, owner, "Testanruf")
	ok(err)
	s.Idle(t)
	s.Advance(t, "3h")
	s.Idle(t)
	if got := states(waiting.ID); !slices.Equal(got, []delivery.State{delivery.Cancelled}) || len(filed(t, c)) != 0 {
		t.Errorf("once it is deleted its deliveries are %v, and %d cases are listed", got, len(filed(t, c)))
	}
	if deleted, err := table(t, s).DeletedCaseIDs(t.Context(), c.ID, 5); err != nil || !slices.Equal(deleted, []string{waiting.ID}) {
		t.Errorf("deleted are %v, %v", deleted, err)
	}
	_, err = keeper.Restore(t.Context(), c.ID, waiting.ID, owner)
	ok(err)
	s.Idle(t)
	s.Advance(t, "5m")
	s.Idle(t)
	if got := states(waiting.ID); !slices.Equal(got, []delivery.State{delivery.Cancelled, delivery.Sent}) || only(t, c).Status != desk.New {
		t.Errorf("once it is back its deliveries are %v", got)
	}

	// Another one has all that a case can have, and is purged.
	_, k, _ := recordedCall(t, c, "ja")
	bucket := blob.Open(s.Env, s.Bucket, sessions{s, t})
	keeper.Objects = bucket
	const plan = "%PDF-1.7\nein Plan"
	_, note, err := keeper.AddNote(t.Context(), c.ID, k.ID, owner.Actor, casework.Writing{Text: "Vertraulich", Files: []desk.File{{Name: "plan.pdf", Bytes: int64(len(plan))}}})
	ok(err)
	link, err := keeper.Upload(t.Context(), c.ID, k.ID, note.ID, note.Attachments[0].ID, owner.Actor)
	ok(err)
	if status := s.Do(t, http.MethodPut, link.URL, link.Header, []byte(plan), nil); status != http.StatusOK {
		t.Fatalf("the upload is answered %d", status)
	}
	stored := []string{k.Recording.Key, "attachments/" + c.ID.String() + "/" + k.ID + "/" + note.ID + "/" + note.Attachments[0].ID}
	there := func() (n int) {
		for _, key := range stored {
			if _, err := bucket.GetUpTo(t.Context(), c.ID, key, 1<<20); err == nil {
				n++
			}
		}
		return n
	}
	_, err = keeper.Link(t.Context(), c.ID, waiting.ID, k.ID, desk.Related, owner.Actor)
	ok(err)
	_, err = keeper.Delete(t.Context(), c.ID, k.ID, 0, owner, "Spaßanruf")
	ok(err)
	s.Idle(t)
	if there() != 2 {
		t.Fatal("its recording or attachment is gone before it can no longer be had back")
	}
	s.Advance(t, "722h")
	s.Idle(t)
	if lines, err := table(t, s).Activity(t.Context(), c.ID, k.ID); err != nil || len(lines) > 0 {
		t.Errorf("of its history is left: %v, %v", lines, err)
	}
	if _, there, err := table(t, s).Case(t.Context(), c.ID, k.ID); there || err != nil {
		t.Errorf("it is there: %t, %v", there, err)
	}
	if n := there(); n > 0 {
		t.Errorf("%d of its recording and attachment are there", n)
	}
	if left := only(t, c); left.ID != waiting.ID || len(left.Links) > 0 {
		t.Errorf("of the other is left: %+v", left)
	}
	trail, err := table(t, s).AuditTrail(t.Context(), c.ID, 0, 5)
	ok(err)
	var done []audit.Action
	for _, l := range trail {
		done = append(done, l.Action)
	}
	if want := []audit.Action{audit.PurgedCase, audit.DeletedCase, audit.Replayed, audit.RestoredCase, audit.DeletedCase}; !slices.Equal(done, want) {
		t.Errorf("the trail says %v", done)
	}
}
