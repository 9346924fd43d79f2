package calcom

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

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
	Metadata        map[string]any     `json:"metadata"`
	RescheduledTo   string             `json:"rescheduledToUid"`
	RescheduledFrom string             `json:"rescheduledFromUid"`
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

func (b bookingJSON) booked() scheduling.Booked {
	x := scheduling.Booked{
		UID: b.UID, ID: b.ID, ICSUID: b.ICSUID, Status: strings.ToLower(b.Status), Start: b.Start.UTC(), End: b.End.UTC(),
		EventTypeID: b.EventTypeID, Metadata: texts(b.Metadata), RescheduledTo: b.RescheduledTo, RescheduledFrom: b.RescheduledFrom, UpdatedAt: b.CreatedAt.UTC(),
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

// texts of the metadata: newer versions also hand out numbers and truth values.
func texts(m map[string]any) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		if s, ok := v.(string); ok {
			out[k] = s
		} else if v != nil {
			out[k] = fmt.Sprint(v)
		}
	}
	return out
}

func sortTimes(list []time.Time) { slices.SortFunc(list, time.Time.Compare) }
