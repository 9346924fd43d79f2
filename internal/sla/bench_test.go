package sla_test

import (
	"testing"
	"time"

	"github.com/askpro/gateway/internal/sla"
)

func BenchmarkHours(b *testing.B) {
	c := sla.DefaultCalendar("BY")
	c.HalfDays = sla.YearEnd[:]
	b.ReportAllocs()
	for range b.N {
		c.Hours()
	}
}

// BenchmarkDue is three working days ahead, from another day each time.
func BenchmarkDue(b *testing.B) {
	h := sla.DefaultCalendar("BY").Hours()
	start := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for i := range b.N {
		h.Due(sla.Business, start.Add(time.Duration(i%8760)*time.Hour), 24*time.Hour)
	}
}

// BenchmarkCase is all that a change of a case asks: its state and its milestones, with a pause and a raised priority.
func BenchmarkCase(b *testing.B) {
	start := time.Date(2026, 11, 24, 9, 15, 0, 0, time.UTC)
	l := sla.Start(start, sla.DefaultPolicy(), sla.Normal, sla.DefaultCalendar("BY"))
	l.Pause(start.Add(time.Hour), sla.WaitingCustomer)
	l.Continue(start.Add(20 * time.Hour))
	l.Change(start.Add(21*time.Hour), sla.PriorityChanged, sla.DefaultPolicy(), sla.High, sla.DefaultCalendar("BY"))
	b.ReportAllocs()
	for range b.N {
		l.At(start.Add(22 * time.Hour))
		l.Milestones()
	}
}

func BenchmarkExplain(b *testing.B) {
	start := time.Date(2026, 11, 24, 9, 15, 0, 0, time.UTC)
	l := sla.Start(start, sla.DefaultPolicy(), sla.Low, sla.DefaultCalendar("BY"))
	b.ReportAllocs()
	for range b.N {
		_ = l.Explain(sla.Resolution, start.Add(time.Hour)).String()
	}
}

// BenchmarkNeverDue is the most that a due date can cost: the twenty years after which it gives up.
func BenchmarkNeverDue(b *testing.B) {
	h := sla.DefaultCalendar("BY").Hours()
	start := time.Date(2026, 11, 24, 9, 15, 0, 0, time.UTC)
	b.ReportAllocs()
	for range b.N {
		if _, ok := h.Due(sla.Business, start, 1_000_000*time.Hour); ok {
			b.Fatal("due within twenty years")
		}
	}
}
