// Package booking finds free times and keeps appointments. A free time is offered, held for two minutes, then booked or
// free again; an appointment is written down as pending before the calendar hears of it and is confirmed only by the
// calendar's own answer with our id in it. It knows no phone, no database and no wire format.
package booking

import (
	"time"

	"github.com/askpro/gateway/internal/german"
)

// Figures of the specification (§18).
const (
	HoldFor      = 120 * time.Second
	HoldSegments = 180 * time.Second // a composite service in segments
	OfferFor     = 30 * time.Minute
	PinFor       = 30 * time.Minute
	SearchDays   = 14
	MaxOptions   = 3
	Horizon      = 365 * 24 * time.Hour
	nearMinutes  = 30
	sameDayReach = 2 * time.Hour
)

// Status of an appointment. "Active" means Pending or Confirmed.
type Status string

// The states an appointment has.
const (
	Pending   Status = "pending"
	Confirmed Status = "confirmed"
	Completed Status = "completed"
	Cancelled Status = "cancelled"
	NoShow    Status = "no_show"
)

// SyncStatus says what the calendar is known to know.
type SyncStatus string

// Unknown means that the calendar may or may not have booked: a state, not an error.
const (
	SyncPending SyncStatus = "pending"
	Synced      SyncStatus = "synced"
	SyncUnknown SyncStatus = "unknown"
	SyncFailed  SyncStatus = "failed"
	// SyncNotNeeded: the calendar is not to hear of it.
	SyncNotNeeded SyncStatus = "not_required"
	// SyncGone, of a segment: it was cancelled in the calendar alone, and takes no time any more.
	SyncGone SyncStatus = "cancelled"
)

// Appointment as spec §2 has it. Foreign ids stand beside our own.
type Appointment struct {
	ID            string     `json:"id"`
	BranchID      string     `json:"branch_id"`
	CustomerID    string     `json:"customer_id"`
	ContactKey    string     `json:"contact_key"` // whose card lists it: the phone number, or the customer's id without one
	ServiceID     string     `json:"service_id"`
	StaffID       string     `json:"staff_id,omitempty"`
	Resource      string     `json:"resource"`
	CallID        string     `json:"call_id,omitempty"`
	StartsAt      time.Time  `json:"starts_at"`
	EndsAt        time.Time  `json:"ends_at"`
	Timezone      string     `json:"timezone"`
	Status        Status     `json:"status"`
	PendingReason string     `json:"pending_reason,omitempty"` // calendar, host_approval, taking_back
	Source        string     `json:"source"`                   // phone, calcom, …
	SyncOrigin    string     `json:"sync_origin"`              // system, calcom
	PriceCents    int64      `json:"price_cents"`
	Notes         string     `json:"notes,omitempty"`
	AttendeeName  string     `json:"attendee_name"`
	AttendeeEmail string     `json:"attendee_email,omitempty"`
	AttendeePhone string     `json:"attendee_phone,omitempty"`
	EventTypeID   int64      `json:"calcom_event_type_id"`
	BookingID     int64      `json:"calcom_booking_id,omitempty"`
	UID           string     `json:"calcom_booking_uid,omitempty"`
	ICSUID        string     `json:"ics_uid,omitempty"`
	PreviousUIDs  []string   `json:"previous_uids,omitempty"`
	HostID        int64      `json:"calcom_host_id,omitempty"`
	SyncStatus    SyncStatus `json:"sync_status"`
	SyncError     string     `json:"sync_error,omitempty"`
	// AskedAt is when the calendar was asked for the segment that is under way, zero for the first: its checks count from it.
	AskedAt time.Time `json:"asked_at,omitzero"`
	// AskedAgainAt is when the one repeated POST of §10.8 was decided; written before it is made.
	AskedAgainAt       *time.Time `json:"asked_again_at,omitempty"`
	NeedsReview        bool       `json:"needs_review,omitempty"`
	ReviewReason       string     `json:"review_reason,omitempty"`
	CancelledAt        *time.Time `json:"cancelled_at,omitempty"`
	CancelledBy        string     `json:"cancelled_by,omitempty"`
	CancellationSource string     `json:"cancellation_source,omitempty"`
	CancellationReason string     `json:"cancellation_reason,omitempty"`
	// NewDateWished: the host cancelled in the calendar and asked for another date; somebody was asked to find one.
	NewDateWished    bool       `json:"new_date_wished,omitempty"`
	PreviousStartsAt *time.Time `json:"previous_starts_at,omitempty"`
	// Pending is a change that the calendar was asked for and whose outcome is not known yet (§11.3).
	Pending *PendingChange `json:"pending_change,omitempty"`
	// RescheduleCount counts the customer's own moves, ever: the basis of max_reschedules_per_appointment.
	RescheduleCount int        `json:"reschedule_count,omitempty"`
	ReminderSentAt  *time.Time `json:"reminder_sent_at,omitempty"`
	// Segments are the parts of a composite service that is booked part by part; empty: one booking for the whole time.
	Segments []Segment `json:"segments,omitempty"`
	// TroubledSince is when it began to be Troubled.
	TroubledSince *time.Time `json:"troubled_since,omitempty"`
	// Sequence is iCalendar's: one more per change the attendee is told of (RFC 5545 §3.8.7.4).
	Sequence int `json:"sequence"`
	// ChangedAt is the calendar's time of the last change applied; an older webhook is not applied itself (§13.2).
	ChangedAt time.Time `json:"changed_at"`
	CreatedAt time.Time `json:"created_at"`
	Version   int       `json:"-"`
}

// PendingChange is a cancellation or move that was decided and is being carried out. It is written before the calendar is
// asked and holds everything that is needed to end it, whoever learns of the outcome: the call, a webhook or a job.
type PendingChange struct {
	Kind            string    `json:"kind"` // cancel, reschedule
	StartsAt        time.Time `json:"starts_at,omitzero"`
	EndsAt          time.Time `json:"ends_at,omitzero"`
	Reason          string    `json:"reason,omitempty"`
	ActorType       string    `json:"actor_type"` // customer, staff, system
	Via             string    `json:"via"`        // phone, portal, admin
	CallID          string    `json:"call_id,omitempty"`
	FeeCents        int64     `json:"fee_cents,omitempty"`
	FeeConsent      bool      `json:"fee_consent,omitempty"`
	NoticeMinutes   int       `json:"notice_minutes"`
	RequiredMinutes int       `json:"required_minutes"`
	At              time.Time `json:"at"`
	// AskedAgainAt is when the one repetition of §11.3 was decided; written before it is made.
	AskedAgainAt *time.Time `json:"asked_again_at,omitempty"`
}

// Kinds of a PendingChange.
const (
	ToCancel     = "cancel"
	ToReschedule = "reschedule"
)

// Segment is one part of a composite appointment: a booking of its own at the calendar (§12.2). They are booked in order,
// and where one stands tells how far it came: the first without UID is under way or was refused, those after it were never asked for.
type Segment struct {
	Key         string     `json:"key"`
	Name        string     `json:"name"`
	OffsetMin   int        `json:"offset_min"` // from the appointment's start
	StaffID     string     `json:"staff_id,omitempty"`
	Resource    string     `json:"resource"`
	EventTypeID int64      `json:"calcom_event_type_id"`
	StartsAt    time.Time  `json:"starts_at"`
	EndsAt      time.Time  `json:"ends_at"`
	UID         string     `json:"calcom_booking_uid,omitempty"`
	BookingID   int64      `json:"calcom_booking_id,omitempty"`
	SyncStatus  SyncStatus `json:"sync_status"`
	AwaitsHost  bool       `json:"awaits_host,omitempty"` // the event type wants the host's yes
}

// Active tells whether the appointment still takes time.
func (a Appointment) Active() bool { return a.Status == Pending || a.Status == Confirmed }

// Troubled tells whether somebody should keep an eye on the appointment: the calendar's side of it is not known or failed,
// or a person was asked to look.
func (a Appointment) Troubled() bool {
	return a.NeedsReview || a.Active() && (a.SyncStatus == SyncUnknown || a.SyncStatus == SyncFailed)
}

// Watched is a troubled appointment as the company's list of them has it.
type Watched struct {
	AppointmentID string    `json:"appointment_id"`
	Since         time.Time `json:"since"`
}

// Change is one line of an appointment's history: the basis of quotas and audit. Changes are only ever added.
type Change struct {
	ID            string    `json:"id"`
	AppointmentID string    `json:"appointment_id"`
	CustomerID    string    `json:"customer_id,omitempty"`
	Type          string    `json:"type"` // created, cancel, reschedule, imported, restored, corrected
	ActorType     string    `json:"actor_type"`
	Via           string    `json:"via"`
	Reason        string    `json:"reason,omitempty"`
	OldStartsAt   time.Time `json:"old_starts_at,omitzero"`
	NewStartsAt   time.Time `json:"new_starts_at,omitzero"`
	NoticeMinutes int       `json:"notice_minutes"`
	// RequiredMinutes is what the policy asked for at the time of the change; WithinPolicy whether it was kept.
	RequiredMinutes int       `json:"required_minutes,omitempty"`
	WithinPolicy    bool      `json:"within_policy"`
	FeeCents        int64     `json:"fee_cents"`
	FeeConsent      bool      `json:"fee_consent,omitempty"`
	CreatedAt       time.Time `json:"created_at"`
}

// Claim says whose a Cal.com uid is: one appointment of ours, or a foreign booking that only blocks time. A uid is
// claimed once (§17.1).
type Claim struct {
	UID           string    `json:"uid"`
	AppointmentID string    `json:"appointment_id,omitempty"`
	Foreign       *Foreign  `json:"foreign,omitempty"`
	ChangedAt     time.Time `json:"changed_at,omitzero"`
	Version       int       `json:"-"`
}

// Foreign is a booking made in the calendar without us: its times and whose calendar it blocks.
type Foreign struct {
	StartsAt    time.Time `json:"starts_at"`
	EndsAt      time.Time `json:"ends_at"`
	Status      string    `json:"status"`
	HostID      int64     `json:"host_id,omitempty"`
	Resource    string    `json:"resource,omitempty"`
	EventTypeID int64     `json:"event_type_id,omitempty"`
}

// Offer is one option told to a caller: everything that booking it needs is fixed in it (§9.6, §17.7).
type Offer struct {
	ID          string `json:"i"`
	Start       int64  `json:"s"` // unix seconds
	Minutes     int    `json:"m"`
	ServiceID   string `json:"v"`
	StaffID     string `json:"p,omitempty"`
	Resource    string `json:"r,omitempty"` // only where it is not the staff
	EventTypeID int64  `json:"e"`
	PriceCents  int64  `json:"c"`
	Until       int64  `json:"u"`
	// Segments of a service that is booked part by part; the staff above does the first one.
	Segments []OfferSegment `json:"g,omitempty"`
}

// StartsAt of the offer.
func (o Offer) StartsAt() time.Time { return time.Unix(o.Start, 0).UTC() }

// EndsAt of the offer.
func (o Offer) EndsAt() time.Time { return o.StartsAt().Add(time.Duration(o.Minutes) * time.Minute) }

// Takes names whose time the offer needs.
func (o Offer) Takes() string {
	if o.Resource != "" {
		return o.Resource
	}
	return o.StaffID
}

// Alive tells whether the offer can still be picked.
func (o Offer) Alive(now time.Time) bool { return o.Until > now.Unix() }

// DayKey names a Day.
type DayKey struct {
	Resource string
	Date     german.Date
}

// SlotKey names a cached list of slots: one Cal.com event type on one local date.
type SlotKey struct {
	EventTypeID int64
	Date        german.Date
}

// SlotDay is a cached answer of the calendar. It may offer, never decide (§9.2).
type SlotDay struct {
	EventTypeID int64       `json:"-"`
	Date        german.Date `json:"-"`
	// Minutes since local midnight's instant, elapsed (so the two Sundays with 23 and 25 hours are unambiguous).
	Minutes   []int `json:"minutes,omitempty"`
	FetchedAt int64 `json:"fetched_at"`
	FreshTill int64 `json:"fresh_till"`
	// Calendar is the Day's counter under which the slots were asked for.
	Calendar   int   `json:"calendar"`
	LeaseUntil int64 `json:"lease_until,omitempty"`
}

// How long an answer counts (§9.2).
const (
	fullFor  = 300 * time.Second
	emptyFor = 60 * time.Second
	staleFor = 15 * time.Minute
)

// NewSlotDay keeps what the calendar answered for one local date.
func NewSlotDay(key SlotKey, midnight time.Time, starts []time.Time, calendar int, now time.Time) SlotDay {
	s := SlotDay{EventTypeID: key.EventTypeID, Date: key.Date, FetchedAt: now.Unix(), Calendar: calendar}
	for _, t := range starts {
		s.Minutes = append(s.Minutes, int(t.Sub(midnight)/time.Minute))
	}
	life := fullFor
	if len(starts) == 0 {
		life = emptyFor
	}
	s.FreshTill = now.Add(life).Unix()
	return s
}

// Fresh tells whether the list may be offered from.
func (s SlotDay) Fresh(calendar int, now time.Time) bool {
	return s.FetchedAt > 0 && s.FreshTill > now.Unix() && s.Calendar == calendar && s.FetchedAt <= now.Unix()
}

// Stale tells whether the list may still be offered from when the calendar cannot be asked.
func (s SlotDay) Stale(now time.Time) bool {
	return s.FetchedAt > 0 && now.Sub(time.Unix(s.FetchedAt, 0)) <= staleFor
}

// Starts are the instants of the list.
func (s SlotDay) Starts(midnight time.Time) []time.Time {
	out := make([]time.Time, len(s.Minutes))
	for i, m := range s.Minutes {
		out[i] = midnight.Add(time.Duration(m) * time.Minute)
	}
	return out
}
