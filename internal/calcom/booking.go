package calcom

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/phone"
	"github.com/askpro/gateway/internal/scheduling"
)

// bookingJSON is API v2's booking (2024-08-13), as far as we need it.
type bookingJSON struct {
	ID              int64              `json:"id"`
	UID             string             `json:"uid"`
	ICSUID          string             `json:"icsUid"`
	Status          string             `json:"status"`
	Start           time.Time          `json:"start"`
	End             time.Time          `json:"end"`
	EventTypeID     int64              `json:"eventTypeId"`
	EventType       struct{ ID int64 } `json:"eventType"`
	Hosts           []hostJSON         `json:"hosts"`
	Attendees       people             `json:"attendees"`
	Answers         answers            `json:"bookingFieldsResponses"`
	Metadata        metadata           `json:"metadata"`
	RescheduledTo   string             `json:"rescheduledToUid"`
	RescheduledFrom string             `json:"rescheduledFromUid"`
	RescheduledBy   string             `json:"rescheduledByEmail"`
	CancelledBy     string             `json:"cancelledByEmail"`
	Reason          string             `json:"cancellationReason"`
	UpdatedAt       *time.Time         `json:"updatedAt"`
	CreatedAt       time.Time          `json:"createdAt"`
}

type hostJSON struct {
	ID    looseID `json:"id"`
	Name  string  `json:"name"`
	Email string  `json:"email"`
}

// looseID is a number that has been seen as a string.
type looseID int64

// UnmarshalJSON reads either form.
func (i *looseID) UnmarshalJSON(b []byte) error {
	var n json.Number
	if err := json.Unmarshal([]byte(strings.Trim(string(b), `"`)), &n); err != nil {
		return nil // no id is no reason to lose a booking
	}
	v, _ := n.Int64()
	*i = looseID(v)
	return nil
}

// person is an attendee, of a booking or of a webhook.
type person struct {
	Name    string `json:"name"`
	Email   string `json:"email"`
	Display string `json:"displayEmail,omitempty"` // without the tag that managed users carry (calcom.md §7.9)
	Phone   string `json:"phoneNumber,omitempty"`
	Absent  bool   `json:"absent,omitempty"`
	NoShow  bool   `json:"noShow,omitempty"` // the webhook's word for it
}

// people are attendees, the booker first. A list of another shape is no reason to lose a booking.
type people []person

// UnmarshalJSON reads what can be read.
func (p *people) UnmarshalJSON(b []byte) error {
	var list []person
	if json.Unmarshal(b, &list) == nil {
		*p = list
	}
	return nil
}

// answers of the booking form by slug: plain, or with their label around them.
type answers map[string]any

// UnmarshalJSON keeps the answers that could be a number or a note: of everything else that people are asked we need nothing.
func (a *answers) UnmarshalJSON(b []byte) error {
	var all map[string]any
	if json.Unmarshal(b, &all) != nil {
		return nil
	}
	kept := answers{}
	for slug, v := range all {
		if m, labelled := v.(map[string]any); labelled {
			v = m["value"]
		}
		if text, is := v.(string); is && slices.Contains(phoneSlugs, strings.ToLower(slug)) && len(text) <= 100 {
			kept[strings.ToLower(slug)] = text
		}
	}
	*a = kept
	return nil
}

// phoneSlugs are under which names a form asks for a number (§13.2), the likeliest first.
var phoneSlugs = []string{"attendeephonenumber", "phone", "telefon"}

// maxMetadata is how much of what others attach to a booking is looked at (§13.2). Ours are four short texts.
const maxMetadata = 64 << 10

// metadata of a booking, texts only; more than maxMetadata counts as none.
type metadata map[string]string

// UnmarshalJSON reads texts; newer versions also hand out numbers and truth values.
func (m *metadata) UnmarshalJSON(b []byte) error {
	var all map[string]any
	if len(b) > maxMetadata || json.Unmarshal(b, &all) != nil {
		return nil
	}
	out := make(metadata, len(all))
	for k, v := range all {
		switch v := v.(type) {
		case string:
			out[k] = v
		case float64, bool:
			out[k] = fmt.Sprint(v)
		}
	}
	*m = out
	return nil
}

func (b bookingJSON) booked() scheduling.Booked {
	x := scheduling.Booked{
		UID: b.UID, ID: b.ID, ICSUID: b.ICSUID, Status: strings.ToLower(b.Status), Start: b.Start.UTC(), End: b.End.UTC(),
		EventTypeID: b.EventTypeID, Attendee: b.Attendees.booker(b.Answers), Metadata: b.Metadata,
		RescheduledTo: b.RescheduledTo, RescheduledFrom: b.RescheduledFrom, MovedBy: b.RescheduledBy, CancelledBy: b.CancelledBy, Reason: b.Reason,
		Absent: len(b.Attendees) > 0 && b.Attendees[0].Absent, CreatedAt: b.CreatedAt.UTC(), UpdatedAt: b.CreatedAt.UTC(),
	}
	if x.EventTypeID == 0 {
		x.EventTypeID = b.EventType.ID
	}
	if b.UpdatedAt != nil {
		x.UpdatedAt = b.UpdatedAt.UTC()
	}
	if len(b.Hosts) > 0 {
		x.Host = scheduling.Host{ID: int64(b.Hosts[0].ID), Name: b.Hosts[0].Name, Email: b.Hosts[0].Email}
	}
	return x
}

// booker is who booked: the first attendee, the number from wherever it was given.
func (p people) booker(forms ...answers) scheduling.Attendee {
	if len(p) == 0 {
		return scheduling.Attendee{}
	}
	who := scheduling.Attendee{Name: shortened(p[0].Name, 150), Email: address(p[0].Email)}
	if clean := address(p[0].Display); clean != "" {
		who.Email = clean
	}
	numbers := []string{p[0].Phone}
	for _, form := range forms {
		for _, slug := range phoneSlugs {
			text, _ := form[slug].(string)
			numbers = append(numbers, text)
		}
	}
	for _, text := range numbers {
		if n, err := phone.Parse(text); err == nil {
			who.Phone = string(n)
			break
		}
	}
	return who
}

// address is an attendee's mail address, small; what the calendar makes up from a number is none (calcom.md §7.10).
func address(text string) string {
	a, err := mail.ParseAddress(text)
	if err != nil || a.Address != text || len(text) > 255 || strings.HasSuffix(strings.ToLower(text), "@sms.cal.com") {
		return ""
	}
	return strings.ToLower(text)
}

func shortened(text string, most int) string {
	letters := []rune(strings.TrimSpace(text))
	return string(letters[:min(len(letters), most)])
}

func sortTimes(list []time.Time) { slices.SortFunc(list, time.Time.Compare) }
