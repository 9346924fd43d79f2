package calcom

import (
	"net/http"
	"strconv"
	"time"
)

// horizon is how far ahead Cal.com looks: further ends are clamped, further bookings refused.
const horizon = 365 * 24 * time.Hour

// getSlots answers the free starts by day, both in the zone that was asked for (UTC if none). Days without are missing.
func (s *Server) getSlots(a *account, r *http.Request) respond {
	q := r.URL.Query()
	id, err := strconv.ParseInt(q.Get("eventTypeId"), 10, 64)
	if err != nil {
		return invalid(flaw(nil, "eventTypeId", q.Get("eventTypeId"), "isNumber", "eventTypeId must be a number conforming to the specified constraints"))
	}
	e := a.eventType(id)
	if e == nil {
		return no(http.StatusNotFound, "NotFoundException", "Event Type not found")
	}
	from, err := boundary(q.Get("start"), 0)
	if err != nil {
		return badRequest("Invalid start date")
	}
	to, err := boundary(q.Get("end"), 24*time.Hour-time.Second)
	if err != nil || to.Before(from) {
		return badRequest("Invalid end date")
	}
	zone, err := time.LoadLocation(q.Get("timeZone"))
	if err != nil {
		return badRequest("Invalid time zone " + q.Get("timeZone"))
	}
	if last := s.now().Add(horizon); to.After(last) {
		to = last
	}
	days := map[string][]map[string]string{}
	for _, at := range s.slots(a, e, from, to, q.Get("bookingUidToReschedule")) {
		local := at.In(zone)
		slot := map[string]string{"start": local.Format(slotStamp)}
		if q.Get("format") == "range" {
			slot["end"] = local.Add(e.minutes()).Format(slotStamp)
		}
		day := local.Format(time.DateOnly)
		days[day] = append(days[day], slot)
	}
	return ok(http.StatusOK, days)
}

// slotStamp writes an offset even for UTC.
const slotStamp = "2006-01-02T15:04:05.000-07:00"

// boundary reads start or end of a question: a date alone means its first or last second, in UTC.
func boundary(text string, dateOnly time.Duration) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.Add(dateOnly), nil
	}
	return instant(text)
}

// instant reads a time as Cal.com does: an offset is converted, without a zone it is UTC.
func instant(text string) (time.Time, error) {
	if t, err := time.Parse("2006-01-02T15:04:05", text); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	return t.UTC(), err
}
