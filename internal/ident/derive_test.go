package ident_test

import (
	"testing"
	"time"

	"github.com/askpro/gateway/internal/ident"
)

func TestDerivedIdsSortByTheirTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	id := ident.DeriveAt(at, "a", "b")
	if !ident.Valid(id) || id != ident.DeriveAt(at, "a", "b") {
		t.Errorf("%s is no id, or not the same again", id)
	}
	if other := ident.DeriveAt(at, "ab"); other == id {
		t.Error("other words make the same id")
	}
	earlier := ident.DeriveAt(at.Add(-time.Millisecond), "z")
	if earlier >= ident.Before(at) || ident.Before(at) >= id || id >= ident.Before(at.Add(time.Millisecond)) {
		t.Errorf("%s, %s and %s are out of order", earlier, ident.Before(at), id)
	}
}
