package booking

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/german"
)

var (
	tuesday = german.Date{Year: 2026, Month: 11, Day: 24}
	salon   = company.Branch{ID: "b", Timezone: "Europe/Berlin", BusinessHours: map[string][]string{"tuesday": {"09:00-18:00"}}}
	// The perm of the specification (§12.2): 50 · 15 · 5 · 10 · 15 · 0 · 40.
	perm = company.Service{
		ID: "perm", DurationMinutes: 135, Composite: true, CompositeMode: "segments", Segments: []company.Segment{
			{Key: "A", DurationMin: 50, GapAfterMin: 15}, {Key: "B", DurationMin: 5, GapAfterMin: 10}, {Key: "C", DurationMin: 15}, {Key: "D", DurationMin: 40},
		},
	}
)

func clock(hour, minute int) time.Time {
	return salon.At(tuesday, german.TimeOfDay(hour*60+minute)).UTC()
}

// shop is a view of a Tuesday on which the calendar has a slot every five minutes for whoever is named per segment.
func shop(s company.Service, doers ...string) View {
	v := View{
		Now: clock(0, 0), CallID: "call", Branch: salon, Service: s, Slots: map[SlotKey]SlotDay{}, Days: map[DayKey]Day{},
	}
	for i, d := range doers { // "A Anna"
		key, who := d[:1], d[2:]
		event := int64(i + 1)
		v.Doers = append(v.Doers, company.Doer{Staff: company.Staff{ID: who, Name: who}, Segment: key, EventTypeID: event, Resource: who})
		list := SlotDay{EventTypeID: event, Date: tuesday}
		for m := 9 * 60; m < 18*60; m += 5 {
			list.Minutes = append(list.Minutes, m)
		}
		v.Slots[SlotKey{event, tuesday}] = list
	}
	return v
}

func (v View) taken(who string, from, to time.Time) {
	k := DayKey{who, tuesday}
	v.Days[k] = v.Days[k].With(Entry{Start: from.Unix(), End: to.Unix(), Kind: Ours, Owner: from.String()}, v.Now)
}

// hands says who does the segments of the appointment that begins at a time, "-" when it cannot.
func hands(v View, at time.Time) string {
	for _, s := range v.Free(tuesday) {
		if s.Start.Equal(at) {
			names := ""
			for _, p := range s.Segments {
				names += p.Segment + " " + p.StaffID + ", "
			}
			return names[:len(names)-2]
		}
	}
	return "-"
}

func TestASegmentedServiceIsOfferedWhereEverySegmentFits(t *testing.T) {
	t.Parallel()
	anna := []string{"A Anna", "B Anna", "C Anna", "D Anna", "D Mario"}
	ten := clock(10, 0)
	for _, tt := range []struct {
		name  string
		doers []string
		with  func(v *View)
		want  string
	}{
		{"one does all of it", anna, nil, "A Anna, B Anna, C Anna, D Anna"},
		{"another customer in the first gap is in nobody's way", anna, func(v *View) { v.taken("Anna", clock(10, 50), clock(11, 5)) }, "A Anna, B Anna, C Anna, D Anna"},
		{"another customer in both gaps", anna, func(v *View) {
			v.taken("Anna", clock(10, 50), clock(11, 5))
			v.taken("Anna", clock(11, 10), clock(11, 20))
		}, "A Anna, B Anna, C Anna, D Anna"},
		{"a minute of segment B is taken", anna, func(v *View) { v.taken("Anna", clock(10, 50), clock(11, 6)) }, "-"},
		{"where Anna is taken, Mario cuts", anna, func(v *View) { v.taken("Anna", clock(12, 0), clock(13, 0)) }, "A Anna, B Anna, C Anna, D Mario"},
		{"a start that the calendar does not have for C", anna, func(v *View) {
			l := v.Slots[SlotKey{3, tuesday}]
			l.Minutes = slices.DeleteFunc(slices.Clone(l.Minutes), func(m int) bool { return m == 11*60+20 })
			v.Slots[SlotKey{3, tuesday}] = l
		}, "-"},
		{"the calendar was not asked about D at all", anna[:3], nil, "-"},
		{"somebody else's hold on segment D", []string{"A Anna", "B Anna", "C Anna", "D Anna"}, func(v *View) {
			v.Days[DayKey{"Anna", tuesday}] = Day{}.With(Entry{Start: clock(12, 0).Unix(), End: clock(12, 30).Unix(), Kind: Hold, Owner: "other", Until: clock(1, 0).Unix()}, v.Now)
		}, "-"},
		{"the call's own hold", anna, func(v *View) {
			v.Days[DayKey{"Anna", tuesday}] = Day{}.With(Entry{Start: ten.Unix(), End: clock(12, 15).Unix(), Kind: Hold, Owner: "call", Until: clock(1, 0).Unix()}, v.Now)
		}, "A Anna, B Anna, C Anna, D Anna"},
		{"the least busy does all", []string{"A Anna", "A Jana", "B Anna", "B Jana", "C Anna", "C Jana", "D Anna", "D Jana"}, func(v *View) { v.taken("Anna", clock(15, 0), clock(16, 0)) }, "A Jana, B Jana, C Jana, D Jana"},
		{"hands change as seldom as can be", []string{"A Anna", "A Jana", "B Anna", "B Jana", "C Anna", "C Jana", "D Jana"}, func(v *View) { v.taken("Jana", clock(10, 0), clock(10, 10)) }, "A Anna, B Anna, C Anna, D Jana"},
		{"a segment that wants the same hands gets them", []string{"A Anna", "B Anna", "B Jana", "C Anna", "C Jana", "D Jana"}, func(v *View) {
			v.Service.Segments = slices.Clone(v.Service.Segments)
			v.Service.Segments[3].PreferSameStaff = true
			v.taken("Jana", clock(16, 0), clock(17, 0))
		}, "A Anna, B Anna, C Jana, D Jana"},
		{"a lunch break that begins in segment C", []string{"A Anna", "B Anna", "C Anna", "D Anna"}, func(v *View) {
			for i := range v.Doers {
				v.Doers[i].Staff.WorkingHours = []company.WorkingHours{{Weekday: 2, Start: "09:00", End: "18:00", BreakStart: "11:30", BreakEnd: "11:35"}}
			}
		}, "-"},
		{"a break within a gap", []string{"A Anna", "B Anna", "C Anna", "D Anna"}, func(v *View) {
			for i := range v.Doers {
				v.Doers[i].Staff.WorkingHours = []company.WorkingHours{{Weekday: 2, Start: "09:00", End: "18:00", BreakStart: "10:50", BreakEnd: "11:05"}}
			}
		}, "A Anna, B Anna, C Anna, D Anna"},
		{"too soon", anna, func(v *View) { v.Now, v.Notice = clock(9, 46), 15*time.Minute }, "-"},
		{"just in time", anna, func(v *View) { v.Now, v.Notice = clock(9, 45), 15*time.Minute }, "A Anna, B Anna, C Anna, D Anna"},
		{"no more than so many a day, and a composite counts once", anna, func(v *View) {
			for i := range v.Doers {
				v.Doers[i].Staff.MaxPerDay = 2
			}
			d := Day{}
			for _, h := range []int{13, 14, 15} {
				d = d.With(Entry{Start: clock(h, 0).Unix(), End: clock(h, 30).Unix(), Kind: Ours, Owner: "one composite"}, v.Now)
			}
			v.Days[DayKey{"Anna", tuesday}] = d
		}, "A Anna, B Anna, C Anna, D Anna"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := shop(perm, tt.doers...)
			if tt.with != nil {
				tt.with(&v)
			}
			if got := hands(v, ten); got != tt.want {
				t.Errorf("got %s, wanted %s", got, tt.want)
			}
		})
	}
}

func TestTheWholeSpanLiesWithinTheOpeningHours(t *testing.T) {
	t.Parallel()
	free := shop(perm, "A Anna", "B Anna", "C Anna", "D Anna").Free(tuesday)
	if first, last := free[0].Start, free[len(free)-1]; !first.Equal(clock(9, 0)) || !last.End.Equal(clock(18, 0)) {
		t.Errorf("from %s to %s", first, last.End)
	}
}

func TestTheTimesOfTheSpecification(t *testing.T) {
	t.Parallel()
	v := shop(perm, "A Anna", "B Anna", "C Anna", "D Anna")
	i := slices.IndexFunc(v.Free(tuesday), func(s Slot) bool { return s.Start.Equal(clock(10, 0)) })
	got := ""
	for _, p := range v.Free(tuesday)[i].Parts() {
		got += fmt.Sprintf("%s %s-%s ", p.Segment, p.Start.In(salon.Location()).Format("15:04"), p.End.In(salon.Location()).Format("15:04"))
	}
	if want := "A 10:00-10:50 B 11:05-11:10 C 11:20-11:35 D 11:35-12:15 "; got != want {
		t.Errorf("got %s, wanted %s", got, want)
	}
}

func TestInModeBlockTheGapsAreTaken(t *testing.T) {
	t.Parallel()
	block := perm
	block.CompositeMode = "block"
	v := shop(block, "  Anna")
	v.Doers[0].Segment = ""
	for _, at := range []time.Time{clock(10, 0), clock(8, 50)} {
		busy := v
		busy.Days = map[DayKey]Day{}
		busy.taken("Anna", clock(10, 50), clock(11, 5))
		if slices.ContainsFunc(busy.Free(tuesday), func(s Slot) bool { return s.Start.Equal(at) }) {
			t.Errorf("%s is offered over a customer in the gap", at)
		}
	}
	if s := v.Free(tuesday)[0]; len(s.Parts()) != 1 || s.Parts()[0].End.Sub(s.Parts()[0].Start) != 135*time.Minute {
		t.Errorf("taken are %+v", s.Parts())
	}
}

func TestAnOfferKeepsItsSegments(t *testing.T) {
	t.Parallel()
	v := shop(perm, "A Anna", "B Anna", "C Anna", "D Mario")
	v.Doers[2].Staff, v.Doers[2].Resource = company.Staff{}, "perm" // nobody in particular rinses
	for _, s := range v.Free(tuesday) {
		o := Offer{Start: s.Start.Unix(), Minutes: 135, StaffID: s.StaffID, EventTypeID: s.EventTypeID, Segments: s.OfferSegments()}
		if got := o.Slot(); !slices.Equal(got.Segments, s.Segments) {
			t.Fatalf("the offer is of %+v, the slot was %+v", got.Segments, s.Segments)
		}
	}
}

// TestNobodyIsInTwoPlaces books and holds at random and asks the two promises of §9.3 and §12.2 after each step: the busy parts of one
// person never overlap, and a start is offered exactly when each of its segments has somebody.
func TestNobodyIsInTwoPlaces(t *testing.T) {
	t.Parallel()
	staff := []string{"Anna", "Jana", "Mario"}
	rapid.Check(t, func(t *rapid.T) {
		service := company.Service{ID: "s", Composite: true, CompositeMode: "segments"}
		var doers []string
		for i := range rapid.IntRange(1, 4).Draw(t, "segments") {
			x := company.Segment{
				Key: string(rune('A' + i)), DurationMin: 5 * rapid.IntRange(1, 10).Draw(t, "minutes"), GapAfterMin: 5 * rapid.IntRange(0, 4).Draw(t, "gap"),
				PreferSameStaff: rapid.Bool().Draw(t, "same"),
			}
			service.Segments = append(service.Segments, x)
			service.DurationMinutes += x.DurationMin + x.GapAfterMin
			can := rapid.SliceOfNDistinct(rapid.SampledFrom(staff), 1, 3, rapid.ID[string]).Draw(t, "who")
			for _, who := range can {
				doers = append(doers, x.Key+" "+who)
			}
		}
		v := shop(service, doers...)
		for k, l := range v.Slots { // the calendar knows of more than we do
			every := rapid.SampledFrom([]int{5, 5, 10, 15}).Draw(t, "every")
			l.Minutes = slices.DeleteFunc(l.Minutes, func(m int) bool { return m%every != 0 })
			v.Slots[k] = l
		}
		for n := range rapid.IntRange(1, 8).Draw(t, "bookings") {
			if rapid.Bool().Draw(t, "single") { // a customer of something else
				who := rapid.SampledFrom(staff).Draw(t, "busy")
				from := clock(9, 0).Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "from")) * 5 * time.Minute)
				p := Part{Start: from, End: from.Add(time.Duration(rapid.IntRange(1, 12).Draw(t, "for")) * 5 * time.Minute), Resource: who}
				if !Conflict(v.Days, salon, []Part{p}, v.Now, "call", "") {
					v.enter(t, []Part{p}, fmt.Sprint("single ", n))
				}
				continue
			}
			free := v.Free(tuesday)
			v.provesEachStart(t, free)
			if len(free) == 0 {
				continue
			}
			s := rapid.SampledFrom(free).Draw(t, "slot")
			if v.Busy(s) {
				t.Fatal("offered and busy: check and booking disagree")
			}
			v.enter(t, s.Parts(), fmt.Sprint("composite ", n))
			if !v.Busy(s) {
				t.Fatal("booked and still not busy")
			}
			v.gapsAreFree(t, s)
		}
	})
}

// enter takes parts and fails when somebody is then in two places.
func (v View) enter(t *rapid.T, parts []Part, owner string) {
	for _, k := range DayKeys(salon, parts) {
		d := v.Days[k]
		for _, e := range k.Entries(salon, parts, Ours, owner) {
			for _, o := range d.Entries {
				if o.Start < e.End && e.Start < o.End {
					t.Fatalf("%s: %v is taken over %v", k.Resource, e, o)
				}
			}
			d = d.With(e, v.Now)
		}
		v.Days[k] = d
	}
}

// provesEachStart compares the offered starts with what each segment by itself allows.
func (v View) provesEachStart(t *rapid.T, free []Slot) {
	offered := map[int64]Slot{}
	for _, s := range free {
		offered[s.Start.Unix()] = s
	}
	for m := 9 * 60; m < 18*60; m += 5 {
		start := salon.At(tuesday, german.TimeOfDay(m))
		can := !start.Add(v.Service.Duration()).After(clock(18, 0))
		at := start
		for _, x := range v.Service.Segments {
			end := at.Add(time.Duration(x.DurationMin) * time.Minute)
			can = can && slices.ContainsFunc(v.Doers, func(d company.Doer) bool {
				minute := int(at.Sub(salon.At(tuesday, 0)) / time.Minute)
				return d.Segment == x.Key && slices.Contains(v.Slots[SlotKey{d.EventTypeID, tuesday}].Minutes, minute) &&
					!v.Days[DayKey{d.Resource, tuesday}].Busy(at, end, v.Now, v.CallID, "")
			})
			at = end.Add(time.Duration(x.GapAfterMin) * time.Minute)
		}
		s, is := offered[start.Unix()]
		if is != can {
			t.Fatalf("%s: offered %t, possible %t", start, is, can)
		}
		for i, p := range s.Segments {
			if x := v.Service.Segments[i]; p.Segment != x.Key || p.End.Sub(p.Start) != time.Duration(x.DurationMin)*time.Minute {
				t.Fatalf("segment %+v is offered as %+v", x, p)
			}
		}
	}
	if len(offered) != len(free) {
		t.Fatal("a start is offered twice")
	}
	if len(slices.Collect(maps.Keys(offered))) > 0 && !slices.IsSortedFunc(free, func(a, b Slot) int { return a.Start.Compare(b.Start) }) {
		t.Fatal("out of order")
	}
}

// gapsAreFree asks whether the appointment leaves the time between its segments to others of the same staff.
func (v View) gapsAreFree(t *rapid.T, s Slot) {
	alone := View{Days: map[DayKey]Day{}, Now: v.Now}
	alone.enter(t, s.Parts(), "it")
	for i := 1; i < len(s.Segments); i++ {
		gap := Part{Start: s.Segments[i-1].End, End: s.Segments[i].Start, Resource: s.Segments[i-1].Resource}
		if gap.End.After(gap.Start) && Conflict(alone.Days, salon, []Part{gap}, v.Now, "", "") {
			t.Fatalf("the gap after %s is taken", s.Segments[i-1].Segment)
		}
	}
}
