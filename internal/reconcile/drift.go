package reconcile

import (
	"context"
	"slices"
	"strconv"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/scheduling"
)

// mapped is an event type with what it is for.
type mapped struct {
	service company.Service
	company.EventType
}

// mappings are the event types of all services that can be booked, vanished ones too, in order.
func mappings(c *company.Config) (list []mapped) {
	for _, v := range c.Services {
		if !v.Active {
			continue
		}
		for _, e := range v.EventTypes {
			list = append(list, mapped{v, e})
		}
	}
	for _, v := range c.Vanished {
		if service, ok := c.Service(v.ServiceID); ok {
			list = append(list, mapped{service, v.EventType})
		}
	}
	slices.SortFunc(list, func(a, b mapped) int { return int(a.ID - b.ID) })
	return list
}

// eventTypes compares the calendar's event types with the services they are mapped to. Differences are told; what vanished
// can no longer be booked until it is back, because every booking of it would fail in front of a caller.
func (x *round) eventTypes(n *Night) error {
	list := mappings(x.config)
	for ; n.Checked < len(list); n.Checked++ {
		if err := x.inTime(); err != nil {
			return err
		}
		m := list[n.Checked]
		n.Report.Requests++
		e, err := x.eventType(m.ID)
		drift := func(what, ours, theirs string) {
			n.Report.Drift = append(n.Report.Drift, Drift{EventType: m.ID, Service: m.service.Slug, What: what, Ours: ours, Theirs: theirs})
		}
		switch {
		case err == nil:
			compareEventType(m, e, x.config.Company.CalcomTeamID, drift)
			if x.vanished(m) {
				drift("back", "", e.Title)
				if err := x.Store.Vanish(x.ctx, x.t, company.Vanished{ServiceID: m.service.ID, EventType: m.EventType}, true); err != nil {
					return err
				}
			}
		case scheduling.WhyOf(err) == scheduling.Gone:
			n.Gone = append(n.Gone, m.ID)
			drift("vanished", m.service.Name, "")
		case scheduling.WhyOf(err) == scheduling.Misconfigured:
			x.Alarm(x.ctx, scheduling.AlarmMisconfigured, x.t.String())
			drift("refused", "", "")
		default:
			return err
		}
		if n.Checked%10 == 9 {
			n.Checked++
			err := x.save()
			if n.Checked--; err != nil {
				return err
			}
		}
	}
	if len(list) > 1 && len(n.Gone) == len(list) {
		// That all of them went at once is less likely than that we ask the wrong place or with the wrong key.
		x.Alarm(x.ctx, scheduling.AlarmMisconfigured, x.t.String())
		return nil
	}
	for _, m := range list {
		if gone := slices.Contains(n.Gone, m.ID); gone && !x.vanished(m) {
			if err := x.Store.Vanish(x.ctx, x.t, company.Vanished{ServiceID: m.service.ID, EventType: m.EventType, Since: x.Now()}, false); err != nil {
				return err
			}
			x.Alarm(x.ctx, AlarmVanished, x.t.String())
		}
	}
	return nil
}

func (x *round) vanished(m mapped) bool {
	return slices.ContainsFunc(x.config.Vanished, func(v company.Vanished) bool { return v.EventType == m.EventType })
}

func (x *round) eventType(id int64) (scheduling.EventType, error) {
	within, cancel := context.WithTimeout(x.ctx, askWithin)
	defer cancel()
	return x.Calendar.EventType(within, x.who, id)
}

// compareEventType tells the differences of one. Of a segment only its length is its own.
func compareEventType(m mapped, e scheduling.EventType, team int64, drift func(what, ours, theirs string)) {
	minutes, name := m.service.DurationMinutes, m.service.Name
	if m.Segment != "" {
		name = ""
		if i := slices.IndexFunc(m.service.Segments, func(s company.Segment) bool { return s.Key == m.Segment }); i >= 0 {
			minutes = m.service.Segments[i].DurationMin
		}
	}
	if name != "" && company.Fold(name) != company.Fold(e.Title) {
		drift("name", name, e.Title)
	}
	if e.Minutes != 0 && e.Minutes != minutes {
		drift("minutes", strconv.Itoa(minutes), strconv.Itoa(e.Minutes))
	}
	if e.PriceCents != nil && *e.PriceCents != 0 && *e.PriceCents != m.service.PriceCents && m.Segment == "" {
		drift("price", strconv.FormatInt(m.service.PriceCents, 10), strconv.FormatInt(*e.PriceCents, 10))
	}
	if team != 0 && e.TeamID != team {
		drift("team", strconv.FormatInt(team, 10), strconv.FormatInt(e.TeamID, 10))
	}
}

// returned looks in each round for vanished event types that are back: what can be booked again should be.
func (x *round) returned() error {
	for _, v := range x.config.Vanished {
		switch _, err := x.eventType(v.EventType.ID); {
		case err == nil:
			if err := x.Store.Vanish(x.ctx, x.t, v, true); err != nil {
				return err
			}
		case scheduling.WhyOf(err) == scheduling.Gone, scheduling.WhyOf(err) == scheduling.Misconfigured:
		default:
			return err
		}
	}
	return nil
}
