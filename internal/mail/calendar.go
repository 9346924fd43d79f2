package mail

import (
	"fmt"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/askpro/gateway/internal/notify"
)

// Calendar writes an invitation as iCalendar (RFC 5545), its times in the branch's zone with that zone's rules.
func Calendar(i notify.Invite, now time.Time) (string, error) {
	loc, err := time.LoadLocation(i.Zone)
	if err != nil {
		return "", fmt.Errorf("calendar entry: zone %q: %w", i.Zone, err)
	}
	c := ics.NewCalendarFor("AskPro")
	c.SetMethod(ics.Method(i.Method))
	c.SetVersion("2.0")
	addZone(c, loc, i.Start.Year())
	e := c.AddEvent(i.UID)
	e.SetDtStampTime(now.UTC())
	e.SetSequence(i.Sequence)
	local := ics.WithTZID(loc.String())
	e.SetProperty(ics.ComponentPropertyDtStart, i.Start.In(loc).Format("20060102T150405"), local)
	e.SetProperty(ics.ComponentPropertyDtEnd, i.End.In(loc).Format("20060102T150405"), local)
	e.SetSummary(i.Summary)
	e.SetLocation(i.Location)
	e.SetDescription(i.Description)
	status := ics.ObjectStatusConfirmed
	if i.Method == "CANCEL" {
		status = ics.ObjectStatusCancelled
	}
	e.SetStatus(status)
	if i.Organizer != "" {
		e.SetOrganizer("mailto:"+i.Organizer, ics.WithCN(i.OrganizerName))
	}
	e.AddAttendee("mailto:"+i.Attendee, ics.WithCN(i.AttendeeName), ics.ParticipationStatusAccepted, ics.WithRSVP(false))
	return c.Serialize(ics.WithNewLineWindows), nil
}

// addZone writes the zone's two changes of the year (VTIMEZONE, RFC 5545 §3.6.5), read from the zone database.
func addZone(c *ics.Calendar, loc *time.Location, year int) {
	zone := c.AddTimezone(loc.String())
	changes := 0
	for at := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() == year; at = at.Add(time.Hour) {
		_, before := at.Add(-time.Hour).In(loc).Zone()
		name, after := at.In(loc).Zone()
		if before == after {
			continue
		}
		changes++
		// The onset is told in the time that was valid before it.
		onset := at.UTC().Add(time.Duration(before) * time.Second).Format("20060102T150405")
		if at.In(loc).IsDST() {
			d := &ics.Daylight{}
			zone.Components = append(zone.Components, d)
			observance(&d.ComponentBase, onset, name, before, after)
		} else {
			s := ics.NewStandard()
			zone.Components = append(zone.Components, s)
			observance(&s.ComponentBase, onset, name, before, after)
		}
	}
	if changes == 0 {
		name, offset := time.Date(year, 1, 1, 0, 0, 0, 0, loc).Zone()
		s := ics.NewStandard()
		zone.Components = append(zone.Components, s)
		observance(&s.ComponentBase, "19700101T000000", name, offset, offset)
	}
}

func observance(b *ics.ComponentBase, onset, name string, before, after int) {
	b.SetProperty(ics.ComponentPropertyDtStart, onset)
	b.SetProperty(ics.ComponentProperty(ics.PropertyTzoffsetfrom), offset(before))
	b.SetProperty(ics.ComponentProperty(ics.PropertyTzoffsetto), offset(after))
	b.SetProperty(ics.ComponentProperty(ics.PropertyTzname), strings.TrimSpace(name))
}

func offset(seconds int) string {
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	return fmt.Sprintf("%s%02d%02d", sign, seconds/3600, seconds/60%60)
}
