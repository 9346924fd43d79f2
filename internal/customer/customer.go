// Package customer is who calls: people known by their number. Its one rule: identity comes from a number or an address,
// never from a name. It knows no call and no storage.
package customer

import (
	"cmp"
	"slices"
	"time"
)

// Customer is a person; Identity is known or anonymous (a caller with suppressed number).
type Customer struct {
	ID               string     `json:"id"`
	Name             string     `json:"name"`
	NameSource       string     `json:"name_source,omitempty"`
	Email            string     `json:"email,omitempty"`
	Phone            string     `json:"phone,omitempty"`
	Identity         string     `json:"identity"`
	Source           string     `json:"source"` // phone, calcom, manual, case
	AppointmentCount int        `json:"appointment_count"`
	CancelledCount   int        `json:"cancelled_count"`
	NoShowCount      int        `json:"no_show_count"`
	LastAppointment  *time.Time `json:"last_appointment_at,omitempty"`
	// Recent holds the services and staff of the last appointments, newest first, at most 20.
	Recent    []Visit   `json:"recent,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	Version   int       `json:"-"`
}

// Visit is one past or coming appointment in a customer's history.
type Visit struct {
	AppointmentID string `json:"a"`
	ServiceID     string `json:"s"`
	StaffID       string `json:"p,omitempty"`
	Start         int64  `json:"t"`           // unix seconds
	Off           bool   `json:"x,omitempty"` // cancelled
}

// MaxRecent is how many visits the share of a favourite is computed over (§6.3).
const MaxRecent = 20

// WithVisit returns the customer with an appointment in their history, newest first, cancelled ones too; false when it
// stands there already as it is.
func (c Customer) WithVisit(v Visit) (Customer, bool) {
	list := make([]Visit, 0, len(c.Recent)+1)
	var before Visit
	for _, old := range c.Recent {
		if old == v {
			return c, false
		}
		if old.AppointmentID == v.AppointmentID {
			before = old
			continue
		}
		list = append(list, old)
	}
	list = append(list, v)
	slices.SortStableFunc(list, func(a, b Visit) int {
		return cmp.Or(cmp.Compare(b.Start, a.Start), cmp.Compare(a.AppointmentID, b.AppointmentID))
	})
	c.Recent = list[:min(len(list), MaxRecent)]
	if before.AppointmentID == "" {
		c.AppointmentCount++
	}
	if v.Off && !before.Off {
		c.CancelledCount++
	}
	c.LastAppointment = nil
	for _, x := range c.Recent { // the newest that takes place
		if !x.Off {
			at := time.Unix(x.Start, 0).UTC()
			c.LastAppointment = &at
			break
		}
	}
	return c, true
}

// Favourite is the most frequent service among the recent visits and its share, 0–1.
func (c Customer) Favourite() (serviceID string, share float64) {
	return favourite(c.Recent, func(v Visit) string { return v.ServiceID })
}

// FavouriteStaff likewise.
func (c Customer) FavouriteStaff() (staffID string, share float64) {
	return favourite(c.Recent, func(v Visit) string { return v.StaffID })
}

func favourite(list []Visit, of func(Visit) string) (best string, share float64) {
	counts := map[string]int{}
	for _, v := range list {
		if id := of(v); id != "" {
			counts[id]++
		}
	}
	for _, v := range list { // newest first: a tie goes to the latest
		if id := of(v); id != "" && counts[id] > counts[best] {
			best = id
		}
	}
	if best == "" {
		return "", 0
	}
	return best, float64(counts[best]) / float64(len(list))
}

// Card is what a call needs of whoever has a number, in one read: the customer, their coming appointments, their open
// callbacks. Key is the phone number (E.164), or the customer's id where there is no number.
type Card struct {
	Key        string     `json:"-"`
	CustomerID string     `json:"customer_id,omitempty"`
	Name       string     `json:"name,omitempty"`
	Email      string     `json:"email,omitempty"`
	Upcoming   []Upcoming `json:"upcoming,omitempty"`
	Callbacks  []Open     `json:"callbacks,omitempty"`
	// Changes are the customer's own cancellations and moves of the last 30 days, by phone or portal: the basis of quotas.
	Changes []Changed `json:"changes,omitempty"`
	Version int       `json:"-"`
}

// Changed is one change that counts against a quota.
type Changed struct {
	AppointmentID string `json:"a"`
	Type          string `json:"y"` // cancel, reschedule
	At            int64  `json:"t"` // unix seconds
}

// WithChange returns the card with a change added, once per appointment, type and instant, and those before since swept.
func (c Card) WithChange(x Changed, since time.Time) Card {
	list := make([]Changed, 0, len(c.Changes)+1)
	for _, old := range c.Changes {
		if old != x && old.At >= since.Unix() {
			list = append(list, old)
		}
	}
	c.Changes = append(list, x)
	return c
}

// ChangesOf are the instants of a type's changes.
func (c Card) ChangesOf(kind string) (at []time.Time) {
	for _, x := range c.Changes {
		if x.Type == kind {
			at = append(at, time.Unix(x.At, 0))
		}
	}
	return at
}

// Upcoming is one active appointment in unix seconds.
type Upcoming struct {
	AppointmentID string `json:"a"`
	ServiceID     string `json:"v"`
	StaffID       string `json:"p,omitempty"`
	Start         int64  `json:"s"`
	End           int64  `json:"e"`
}

// Open is a callback that nobody has made yet.
type Open struct {
	CallbackID string `json:"i"`
	BranchID   string `json:"b"`
	Action     string `json:"n"`
	At         int64  `json:"t"`
}

// With returns the card with an appointment added (or replaced), past ones swept, in order of start.
func (c Card) With(u Upcoming, now time.Time) Card {
	list := make([]Upcoming, 0, len(c.Upcoming)+1)
	placed := false
	for _, o := range c.Without(u.AppointmentID, now).Upcoming {
		if !placed && u.Start < o.Start {
			list, placed = append(list, u), true
		}
		list = append(list, o)
	}
	if !placed {
		list = append(list, u)
	}
	c.Upcoming = list
	return c
}

// Without returns the card without an appointment and without past ones.
func (c Card) Without(appointmentID string, now time.Time) Card {
	list := make([]Upcoming, 0, len(c.Upcoming))
	for _, o := range c.Upcoming {
		if o.AppointmentID != appointmentID && o.End > now.Unix() {
			list = append(list, o)
		}
	}
	c.Upcoming = list
	return c
}

// Overlaps finds an own appointment that overlaps [start, end).
func (c Card) Overlaps(start, end time.Time) (Upcoming, bool) {
	for _, u := range c.Upcoming {
		if u.Start < end.Unix() && start.Unix() < u.End {
			return u, true
		}
	}
	return Upcoming{}, false
}

// mergeFor is how long a second wish is added to the first instead of becoming a callback of its own (§15).
const mergeFor = 24 * time.Hour

// OpenCallback finds the latest callback for the same branch and action, if it is younger than 24 hours: those before it
// were over when it was made.
func (c Card) OpenCallback(branchID, action string, now time.Time) (string, bool) {
	for _, o := range slices.Backward(c.Callbacks) {
		if o.BranchID == branchID && o.Action == action && now.Sub(time.Unix(o.At, 0)) < mergeFor {
			return o.CallbackID, true
		}
	}
	return "", false
}

// WithCallback returns the card with an open callback added and old ones swept.
func (c Card) WithCallback(o Open, now time.Time) Card {
	list := make([]Open, 0, len(c.Callbacks)+1)
	for _, old := range c.Callbacks {
		if now.Sub(time.Unix(old.At, 0)) < mergeFor && old.CallbackID != o.CallbackID {
			list = append(list, old)
		}
	}
	c.Callbacks = append(list, o)
	return c
}
