package casework_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/sla"
	"github.com/askpro/gateway/internal/store/twin"
	"github.com/askpro/gateway/internal/tenant"
)

var byAnna = audit.By{Actor: anna, IP: "198.51.100.7", RequestID: "r1"}

func (o *office) deletes(t *testing.T, id string) desk.Case {
	t.Helper()
	c, err := o.keeper.Delete(t.Context(), us, id, 0, byAnna, " Werbeanruf ")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestADeletionNeedsAReasonAndTheVersionThatWasSeen(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.reported(t, "call_1", broken)
	for _, reason := range []string{"", "  ab  ", strings.Repeat("x", desk.MaxReason+1)} {
		if _, err := o.keeper.Delete(t.Context(), us, c.ID, 0, byAnna, reason); !errors.Is(err, desk.ErrDeletionReason) {
			t.Errorf("%.10q: %v", reason, err)
		}
	}
	var stale *casework.Stale
	if _, err := o.keeper.Delete(t.Context(), us, c.ID, c.Version+1, byAnna, "Werbung"); !errors.As(err, &stale) {
		t.Errorf("another version: %v", err)
	}
	if now, _, _ := o.Case(t.Context(), us, c.ID); now.Version != c.Version {
		t.Error("something was written")
	}
}

func TestADeletedCaseIsNobodysToSeeOrChange(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	other, c := o.reported(t, "call_1", broken), o.reported(t, "call_2", broken)
	merged := o.reported(t, "call_3", broken)
	if _, err := o.keeper.Merge(t.Context(), us, merged.ID, c.ID, anna); err != nil {
		t.Fatal(err)
	}
	o.deletes(t, c.ID)
	for _, id := range []string{c.ID, merged.ID} {
		if found, ok, err := o.keeper.Find(t.Context(), us, id); ok || err != nil || found.ID != "" {
			t.Errorf("it is found: %+v, %v", found, err)
		}
	}
	ctx := t.Context()
	for name, try := range map[string]func() error{
		"delete":     func() error { _, err := o.keeper.Delete(ctx, us, c.ID, 0, byAnna, "Werbung"); return err },
		"an old one": func() error { _, err := o.keeper.Delete(ctx, us, c.ID, 1, byAnna, "Werbung"); return err }, // not Stale: that shows the case
		"take":       func() error { _, err := o.keeper.Take(ctx, us, c.ID, anna); return err },
		"note": func() error {
			_, _, err := o.keeper.AddNote(ctx, us, c.ID, anna, casework.Writing{Text: "Hallo"})
			return err
		},
		"move": func() error {
			_, err := o.keeper.Move(ctx, us, c.ID, 0, anna, desk.Move{To: desk.Opened}, false)
			return err
		},
		"reply":      func() error { _, _, _, err := o.keeper.Reply(ctx, us, c.ID, anna, "Hallo?", nil); return err },
		"merge":      func() error { _, err := o.keeper.Merge(ctx, us, c.ID, other.ID, anna); return err },
		"merge into": func() error { _, err := o.keeper.Merge(ctx, us, other.ID, c.ID, anna); return err },
		"link to":    func() error { _, err := o.keeper.Link(ctx, us, other.ID, c.ID, desk.Related, anna); return err },
	} {
		if err := try(); !errors.Is(err, casework.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What its call brings later is taken, and changes nothing.
	o.rung(t, "call_2", func(c *call.Call) {
		c.Status, c.RecordingConsent, c.RecordingURL = call.Analyzed, "granted", "https://x.example"
	})
	o.transcribed(t, "call_2")
	was, _, _ := o.Case(ctx, us, c.ID)
	for _, m := range []struct{ kind, body string }{
		{"call.analyzed.v1", `{"call_id":"call_2"}`}, {"case.created.v1", `{"case_id":"` + c.ID + `"}`}, {casework.KindEnrich, `{"case_id":"` + c.ID + `","try":4}`},
		{casework.KindRecord, `{"case_id":"` + c.ID + `"}`}, {casework.KindDeadline, `{"case_id":"` + c.ID + `"}`},
	} {
		if _, err := o.keeper.Handle(ctx, us, m.kind, []byte(m.body)); err != nil {
			t.Errorf("%s: %v", m.kind, err)
		}
	}
	if now, _, _ := o.Case(ctx, us, c.ID); now.Version != was.Version {
		t.Errorf("it was changed: %+v", now)
	}
}

func TestARestoredCaseIsAsItWas(t *testing.T) {
	t.Parallel()
	for _, status := range []desk.Status{desk.New, desk.Pending, desk.Resolved} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			c := o.reported(t, "call_1", broken)
			move := desk.Move{To: status, Note: "Stecker gezogen", PendingReason: desk.WaitingCustomer}
			if status != desk.New {
				if _, err := o.keeper.Move(t.Context(), us, c.ID, 0, anna, move, true); err != nil {
					t.Fatal(err)
				}
			}
			was := o.the(t, "call_1")
			stood := was.SLA.At(o.clock())
			o.told()
			o.deletes(t, c.ID)
			wants(t, "told", o.told(), "case.deleted.v1")
			o.after(10 * 24 * time.Hour) // its clocks would have passed all their marks
			for range 2 {
				if wanted, err := o.keeper.Tend(t.Context(), us, c.ID); err != nil || !wanted {
					t.Fatalf("its timer is wanted: %t, %v", wanted, err)
				}
			}
			wants(t, "told of a deleted case", o.told())
			back, err := o.keeper.Restore(t.Context(), us, c.ID, byAnna)
			if err != nil {
				t.Fatal(err)
			}
			wants(t, "told", o.told(), "case.restored.v1")
			now := back.SLA.At(o.clock())
			if now.Response.Remaining != stood.Response.Remaining || now.Resolution.Remaining != stood.Resolution.Remaining || now.State != stood.State {
				t.Errorf("its clocks: %+v\nwere %+v", now, stood)
			}
			was.Version, was.UpdatedAt, was.TouchedAt, was.SLA = 0, time.Time{}, time.Time{}, sla.Ledger{}
			back.Version, back.UpdatedAt, back.TouchedAt, back.SLA = 0, time.Time{}, time.Time{}, sla.Ledger{}
			if fmt.Sprintf("%+v", back) != fmt.Sprintf("%+v", was) {
				t.Errorf("%+v\nwas %+v", back, was)
			}
			if _, err := o.keeper.Restore(t.Context(), us, c.ID, byAnna); !errors.Is(err, desk.ErrNotDeleted) {
				t.Errorf("once more: %v", err)
			}
			later, err := o.keeper.Handle(t.Context(), us, event.CaseRestored{}.Name(), []byte(`{"case_id":"`+c.ID+`"}`))
			if err != nil || len(later) != 2 || later[0].Kind != casework.KindEnrich || later[1].Kind != casework.KindRecord {
				t.Errorf("what its call brought meanwhile is not looked for: %+v, %v", later, err)
			}
			trail, err := o.AuditTrail(t.Context(), us, 0, 10)
			if err != nil || len(trail) != 2 || trail[0].Action != audit.RestoredCase || trail[1].Action != audit.DeletedCase || trail[1].Reason != "Werbeanruf" || trail[1].IP != byAnna.IP {
				t.Errorf("%+v, %v", trail, err)
			}
		})
	}
}

func TestADeletedCaseCanBeHadBackForThirtyDays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		after time.Duration
		want  error
	}{
		{desk.RestoreWithin, nil},
		{desk.RestoreWithin + time.Second, desk.ErrPurged},
	} {
		o := newOffice(t)
		c := o.reported(t, "call_1", broken)
		o.deletes(t, c.ID)
		o.after(tt.after)
		if wanted, err := o.keeper.Tend(t.Context(), us, c.ID); !wanted || err != nil {
			t.Errorf("after %s: its timer is wanted: %t, %v", tt.after, wanted, err)
		}
		if _, err := o.keeper.Restore(t.Context(), us, c.ID, byAnna); !errors.Is(err, tt.want) {
			t.Errorf("after %s: %v", tt.after, err)
		}
	}
}

// brittle is a drawer that jams when it is told to.
type brittle struct {
	*drawer
	broke func() *twin.Fault
}

// RemoveOf deletes, or fails before or after it did.
func (b brittle) RemoveOf(ctx context.Context, t tenant.ID, key string) error {
	f := b.broke()
	if f == nil || f.Done {
		if err := b.drawer.RemoveOf(ctx, t, key); err != nil {
			return err
		}
	}
	if f != nil {
		return f.Err
	}
	return nil
}

func TestNothingIsAttachedToADeletedCaseOrFetchedFromIt(t *testing.T) {
	t.Parallel()
	s := newSheet(t)
	s.files[s.key(0)] = pdf
	if err := s.hears(t, s.key(0), ""); err != nil {
		t.Fatal(err)
	}
	s.deletes(t, s.c.ID)
	if url, err := s.fetch(t, 0, desk.ForAdmin); !errors.Is(err, desk.ErrNoAttachment) {
		t.Errorf("it is fetched: %q, %v", url, err)
	}
	if u, err := s.keeper.Upload(t.Context(), us, s.c.ID, s.n.ID, s.n.Attachments[1].ID, anna); !errors.Is(err, desk.ErrNoAttachment) {
		t.Errorf("it is uploaded: %+v, %v", u, err)
	}
	s.files[s.key(1)] = "MZ"
	if err := s.hears(t, s.key(1), desk.Infected); err != nil || len(s.files) != 1 {
		t.Errorf("what is scanned late: %v, %v", s.files, err)
	}
}

// Every request of the table and of the storage breaks once, before and after it was carried out: the timer comes again.
func TestAPurgeBrokenOffAnywhereGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	run := func(nth int, done bool) (calls int) {
		o := newOffice(t)
		broke := func() *twin.Fault {
			if calls++; calls == nth {
				return &twin.Fault{Err: errors.New("broken off"), Done: done}
			}
			return nil
		}
		c, other := o.reported(t, "call_1", broken), o.reported(t, "call_2", broken)
		if _, err := o.keeper.Link(t.Context(), us, other.ID, c.ID, desk.FollowUp, anna); err != nil {
			t.Fatal(err)
		}
		_, n, err := o.keeper.AddNote(t.Context(), us, c.ID, anna, casework.Writing{Text: "Vertraulich", Files: []desk.File{{Name: "plan.pdf", Bytes: 8}}})
		if err != nil {
			t.Fatal(err)
		}
		c = o.the(t, "call_1")
		c.Recording = desk.Recording{State: desk.RecordingStored, Key: "companies/x/recordings/1.mp3"}
		if err := o.Commit(t.Context(), us, &ledger.Step{Case: &c}); err != nil {
			t.Fatal(err)
		}
		o.deletes(t, c.ID)
		objects := &drawer{files: map[string]string{c.Recording.Key: "", "attachments/" + us.String() + "/" + c.ID + "/" + n.ID + "/" + n.Attachments[0].ID: ""}}
		o.keeper.Objects = brittle{objects, broke}
		o.after(desk.RestoreWithin + 2*time.Hour)
		o.Fault = func(string) *twin.Fault { return broke() }
		for try := 0; ; try++ {
			wanted, err := o.keeper.Tend(t.Context(), us, c.ID)
			if err == nil && !wanted {
				break
			}
			if try == 2 {
				t.Fatalf("fault %d, done %t: it never works: %v", nth, done, err)
			}
		}
		o.Fault = nil
		_, there, err := o.Case(t.Context(), us, c.ID)
		notes, errNotes := o.Notes(t.Context(), us, c.ID)
		_, numbered, errNumber := o.CaseNumbered(t.Context(), us, c.Number.Year, c.Number.Count)
		left, _, errLeft := o.Case(t.Context(), us, other.ID)
		if err := errors.Join(err, errNotes, errNumber, errLeft); err != nil {
			t.Fatal(err)
		}
		if there || numbered || len(notes) > 0 || len(left.Links) > 0 || len(objects.files) > 0 {
			t.Errorf("fault %d, done %t: case %t, number %t, notes %v, links of the other %v, objects %v", nth, done, there, numbered, notes, left.Links, objects.files)
		}
		trail, err := o.AuditTrail(t.Context(), us, 0, 10)
		if err != nil || len(trail) != 2 || trail[0].Action != audit.PurgedCase || trail[0].Object.Name != c.Number.String() || trail[0].Actor.Kind != "system" {
			t.Errorf("fault %d, done %t: the trail says %+v, %v", nth, done, trail, err)
		}
		return calls
	}
	points := run(-1, false)
	for n := 1; n <= points; n++ {
		run(n, false)
		run(n, true)
	}
	t.Logf("%d points", points)
}
