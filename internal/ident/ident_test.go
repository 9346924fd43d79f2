package ident_test

import (
	"testing"
	"time"

	"github.com/askpro/gateway/internal/ident"
)

func TestIdsSortByTheirTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	if a, b := ident.New(at), ident.New(at.Add(time.Second)); a >= b {
		t.Errorf("%s was made before %s and sorts after it", a, b)
	}
}

func TestADerivedIdBelongsToItsWords(t *testing.T) {
	t.Parallel()
	a := ident.Derive("staff", "demo", "anna")
	if a != ident.Derive("staff", "demo", "anna") || !ident.Valid(a) {
		t.Errorf("%s is not the same id twice, or none", a)
	}
	if a == ident.Derive("staff", "demoanna") {
		t.Error("other words, the same id")
	}
}
