package callback_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/callback"
)

// moves are all transitions that people and timers make.
var moves = map[string]func(callback.Request, time.Time) (callback.Request, error){
	"assign":   func(r callback.Request, now time.Time) (callback.Request, error) { return r.Assign("anna", now) },
	"contact":  callback.Request.Contact,
	"complete": callback.Request.Complete,
	"cancel":   callback.Request.Cancel,
	"expire":   callback.Request.Expire,
}

func TestTransitions(t *testing.T) {
	t.Parallel()
	now := at(13, 9, 0)
	for _, tt := range []struct {
		from callback.Status
		move string
		to   callback.Status
		err  error
	}{
		{callback.Pending, "assign", callback.Assigned, nil},
		{callback.Pending, "contact", callback.Pending, callback.ErrNobodyHasIt},
		{callback.Pending, "complete", callback.Pending, callback.ErrNotContacted},
		{callback.Pending, "cancel", callback.Cancelled, nil},
		{callback.Pending, "expire", callback.Expired, nil},
		{callback.Assigned, "assign", callback.Assigned, nil},
		{callback.Assigned, "contact", callback.Contacted, nil},
		{callback.Assigned, "complete", callback.Assigned, callback.ErrNotContacted},
		{callback.Assigned, "cancel", callback.Cancelled, nil},
		{callback.Assigned, "expire", callback.Expired, nil},
		{callback.Contacted, "assign", callback.Assigned, nil},
		{callback.Contacted, "contact", callback.Contacted, nil},
		{callback.Contacted, "complete", callback.Completed, nil},
		{callback.Contacted, "cancel", callback.Cancelled, nil},
		{callback.Contacted, "expire", callback.Expired, nil},
		{callback.Completed, "assign", callback.Completed, callback.ErrOver},
		{callback.Completed, "contact", callback.Completed, callback.ErrOver},
		{callback.Completed, "complete", callback.Completed, callback.ErrOver},
		{callback.Completed, "cancel", callback.Completed, callback.ErrOver},
		{callback.Completed, "expire", callback.Completed, callback.ErrOver},
		{callback.Cancelled, "contact", callback.Cancelled, callback.ErrOver},
		{callback.Expired, "assign", callback.Expired, callback.ErrOver},
	} {
		r := callback.Request{Status: tt.from}
		if tt.from != callback.Pending {
			r.AssignedTo = "mario"
		}
		r, err := moves[tt.move](r, now)
		if r.Status != tt.to || !errors.Is(err, tt.err) {
			t.Errorf("%s from %s: %s, %v", tt.move, tt.from, r.Status, err)
		}
	}
}

func TestEveryCallBackCountsAndAnotherPersonBeginsAnew(t *testing.T) {
	t.Parallel()
	r := callback.Request{Status: callback.Pending}
	for i, step := range []string{"assign", "contact", "contact", "assign", "contact"} {
		var err error
		if r, err = moves[step](r, at(13, 9, i)); err != nil {
			t.Fatal(err)
		}
	}
	if r.Attempts != 3 || r.Tries != 1 || !r.ContactedAt.Equal(at(13, 9, 4)) || !r.AssignedAt.Equal(at(13, 9, 3)) {
		t.Errorf("%+v", r)
	}
}

// However they are moved, requests end once, and nobody is done with whom nobody called.
func TestWhatMovesNeverDo(t *testing.T) {
	t.Parallel()
	names := []string{"assign", "contact", "complete", "cancel", "expire"}
	rapid.Check(t, func(t *rapid.T) {
		r := callback.Request{Status: callback.Pending}
		for range rapid.IntRange(0, 12).Draw(t, "moves") {
			before := r
			name := rapid.SampledFrom(names).Draw(t, "move")
			var err error
			r, err = moves[name](r, at(13, 9, 0))
			switch {
			case err != nil && !reflect.DeepEqual(r, before):
				t.Fatalf("a refused %s changed %+v to %+v", name, before, r)
			case !before.Open() && err == nil:
				t.Fatalf("%s after the end", name)
			case r.Status == callback.Completed && r.Attempts == 0, r.Attempts < r.Tries, r.Status != callback.Pending && r.Open() && r.AssignedTo == "":
				t.Fatalf("%s makes %+v", name, r)
			}
		}
	})
}
