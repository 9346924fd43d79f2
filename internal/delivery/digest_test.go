package delivery_test

import (
	"testing"
	"time"

	"github.com/askpro/gateway/internal/delivery"
)

func TestADigestIsClosedBeforeItIsToldAndToldUntilItWas(t *testing.T) {
	t.Parallel()
	var d delivery.Digest
	if next, n := d.Begin(noon); n != 0 || next != d || !d.WakeAt().IsZero() {
		t.Errorf("nothing failed, and digest %d is told", n)
	}
	d = d.Collect(noon.Add(8 * time.Minute))
	if later := d.Collect(noon.Add(50 * time.Minute)); later != d {
		t.Errorf("a second failure changes %+v to %+v", d, later)
	}
	one := noon.Add(time.Hour)
	if _, n := d.Begin(one.Add(-time.Second)); n != 0 || !d.WakeAt().Equal(one) {
		t.Errorf("told before the hour is over; look again at %s", d.WakeAt())
	}
	d, n := d.Begin(one)
	if n != 1 || d.Open != 2 || !d.WakeAt().Equal(one.Add(2*time.Minute)) {
		t.Fatalf("digest %d is told: %+v", n, d)
	}
	d = d.Collect(one.Add(time.Second)) // it goes into the next one
	if _, n := d.Begin(one.Add(time.Minute)); n != 0 {
		t.Error("two workers tell it at once")
	}
	d, n = d.Begin(one.Add(2 * time.Hour)) // the first worker is gone: its digest comes before the next, which is late by now
	if n != 1 || d.Open != 2 || !d.WakeAt().Equal(one.Add(time.Hour)) {
		t.Fatalf("digest %d is told again: %+v", n, d)
	}
	if same := d.End(7); same != d {
		t.Error("another one's end")
	}
	d = d.End(1)
	if d, n = d.Begin(one.Add(2 * time.Hour)); n != 2 {
		t.Fatalf("digest %d is told: %+v", n, d)
	}
	if d = d.End(2); !d.WakeAt().IsZero() || d.Open != 3 {
		t.Errorf("all is told: %+v", d)
	}
}
