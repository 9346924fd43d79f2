// Package calcom speaks Cal.com's API v2 and its webhooks. Its one rule: a POST is never repeated, and an answer that
// cannot be read is an unknown outcome, never a no. It knows Cal.com's words and ours, no table and no telephone.
package calcom

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/scheduling"
)

// The versions that each group of calls needs; another one silently gets an old shape (calcom.md §4.2).
const (
	versionBookings   = "2024-08-13"
	versionSlots      = "2024-09-04"
	versionEventTypes = "2024-06-14"
)

// The longest waits (§13.1); a caller's context is often shorter.
const (
	slotsWithin = 2 * time.Second
	postWithin  = 5 * time.Second
	maxAnswer   = 4 << 20
)

// Client calls the API with the key that a reference names. It is a scheduling.Calendar.
type Client struct {
	Base    string // https://api.cal.com/v2
	HTTP    *http.Client
	Secrets interface {
		Get(ctx context.Context, refs ...string) ([]string, error)
	}
	Now func() time.Time
	// Spent hears that a key has no request left until an instant: the next one would block it for a minute. nil: nobody does.
	Spent func(ctx context.Context, who scheduling.Account, until time.Time)
}

// NewClient makes a client with its own connections: connecting takes at most a second.
func NewClient(base string, secrets *lambdakit.Secrets, now func() time.Time) *Client {
	return &Client{Base: base, HTTP: &http.Client{Transport: lambdakit.NewTransport()}, Secrets: secrets, Now: now}
}

// Slots lists the bookable starts of an event type in [from, to). A missing day, {} and [] all mean none.
func (c *Client) Slots(ctx context.Context, who scheduling.Account, eventTypeID int64, from, to time.Time, zone string) ([]time.Time, error) {
	return c.SlotsToMove(ctx, who, eventTypeID, from, to, zone, "")
}

// SlotsToMove lists the starts as for moving a booking, whose own time counts as free.
func (c *Client) SlotsToMove(ctx context.Context, who scheduling.Account, eventTypeID int64, from, to time.Time, zone, uid string) ([]time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, slotsWithin)
	defer cancel()
	query := url.Values{
		"eventTypeId": {strconv.FormatInt(eventTypeID, 10)}, "start": {stamp(from)}, "end": {stamp(to)}, "timeZone": {zone}, "format": {"time"},
	}
	if uid != "" {
		query.Set("bookingUidToReschedule", uid)
	}
	var data json.RawMessage
	if err := c.get(ctx, who, "/slots?"+query.Encode(), versionSlots, &data); err != nil {
		return nil, err
	}
	if trimmed := bytes.TrimSpace(data); len(trimmed) == 0 || trimmed[0] == '[' || string(trimmed) == "null" {
		return nil, nil
	}
	var days map[string][]struct {
		Start time.Time `json:"start"`
	}
	if err := json.Unmarshal(data, &days); err != nil {
		return nil, &scheduling.Refused{Why: scheduling.Unknown, Err: fmt.Errorf("read the slots: %w", err)}
	}
	var starts []time.Time
	for _, day := range days {
		for _, s := range day {
			if at := s.Start.UTC(); !at.Before(from) && at.Before(to) {
				starts = append(starts, at)
			}
		}
	}
	sortTimes(starts)
	return starts, nil
}

// Create books. Metadata values are strings of at most 500 characters.
func (c *Client) Create(ctx context.Context, who scheduling.Account, o scheduling.Order) (scheduling.Booked, error) {
	attendee := map[string]string{"name": o.Name, "email": o.Email, "timeZone": o.Zone, "language": "de"}
	if o.Phone != "" {
		attendee["phoneNumber"] = o.Phone
	}
	return c.post(ctx, who, "/bookings", map[string]any{
		"eventTypeId": o.EventTypeID, "start": stamp(o.Start), "attendee": attendee, "metadata": o.Metadata,
	})
}

// Booking reads one booking.
func (c *Client) Booking(ctx context.Context, who scheduling.Account, uid string) (scheduling.Booked, error) {
	var b bookingJSON
	if err := c.get(ctx, who, "/bookings/"+url.PathEscape(uid), versionBookings, &b); err != nil {
		return scheduling.Booked{}, err
	}
	return b.booked(), nil
}

// Search lists an attendee's bookings that start at an instant, cancelled ones too.
func (c *Client) Search(ctx context.Context, who scheduling.Account, email string, start time.Time) ([]scheduling.Booked, error) {
	query := url.Values{
		"attendeeEmail": {email}, "afterStart": {stamp(start.Add(-time.Second))}, "beforeEnd": {stamp(start.Add(24 * time.Hour))},
		"sortCreated": {"asc"}, "take": {"250"},
	}
	var list []bookingJSON
	if err := c.get(ctx, who, "/bookings?"+query.Encode(), versionBookings, &list); err != nil {
		return nil, err
	}
	var found []scheduling.Booked
	for _, b := range list {
		if x := b.booked(); x.Start.Equal(start) {
			found = append(found, x)
		}
	}
	return found, nil
}

// Cancel frees a booking. One that is gone or cancelled already is a success (§11.3); one that was replaced is not.
func (c *Client) Cancel(ctx context.Context, who scheduling.Account, uid, reason string) error {
	_, err := c.post(ctx, who, "/bookings/"+url.PathEscape(uid)+"/cancel", map[string]any{"cancellationReason": reason})
	if err == nil || scheduling.WhyOf(err) == scheduling.Gone {
		return nil
	}
	b, readErr := c.Booking(ctx, who, uid)
	switch {
	case readErr != nil || b.Live():
		return err
	case b.RescheduledTo != "":
		return &scheduling.Refused{Why: scheduling.Over, Err: err}
	}
	return nil
}

// Reschedule moves a booking; the answer is the new one. Who asked is not said: the owner's address would skip an
// approval that the event type wants.
func (c *Client) Reschedule(ctx context.Context, who scheduling.Account, uid string, start time.Time, reason string) (scheduling.Booked, error) {
	return c.post(ctx, who, "/bookings/"+url.PathEscape(uid)+"/reschedule", map[string]any{"start": stamp(start), "reschedulingReason": reason})
}

// List reads one page of bookings, ended ones too, the earliest of q.From or of what was touched first.
func (c *Client) List(ctx context.Context, who scheduling.Account, q scheduling.Page) (found []scheduling.Booked, more bool, err error) {
	query := url.Values{"take": {strconv.Itoa(pageSize)}, "skip": {strconv.Itoa(q.Skip)}}
	stamped := func(name string, t time.Time) {
		if !t.IsZero() {
			query.Set(name, stamp(t))
		}
	}
	stamped("afterUpdatedAt", q.UpdatedSince)
	stamped("afterCreatedAt", q.CreatedSince)
	stamped("afterStart", q.From)
	stamped("beforeEnd", q.Until)
	// Neither ever changes: a booking that is moved is another one.
	if query.Set("sortCreated", "asc"); !q.From.IsZero() {
		query.Del("sortCreated")
		query.Set("sortStart", "asc")
	}
	var page whole
	if err := c.get(ctx, who, "/bookings?"+query.Encode(), versionBookings, &page); err != nil {
		return nil, false, err
	}
	for _, b := range page.Data {
		found = append(found, b.booked())
	}
	// Whoever gives fewer than were asked for says whether there are more.
	if more = len(found) == pageSize; page.Pagination.HasNextPage != nil {
		more = *page.Pagination.HasNextPage && len(found) > 0
	}
	return found, more, nil
}

// whole is an answer that is read with what stands beside its data.
type whole struct {
	Data       []bookingJSON `json:"data"`
	Pagination struct {
		HasNextPage *bool `json:"hasNextPage"`
	} `json:"pagination"`
}

// pageSize is the most that one page of bookings holds.
const pageSize = 250

// EventType reads one event type; Gone when there is none.
func (c *Client) EventType(ctx context.Context, who scheduling.Account, id int64) (scheduling.EventType, error) {
	var e struct {
		ID      int64  `json:"id"`
		Title   string `json:"title"`
		Minutes int    `json:"lengthInMinutes"`
		Price   *int64 `json:"price"` // only where Cal.com is paid through
		TeamID  int64  `json:"teamId"`
	}
	err := c.get(ctx, who, "/event-types/"+strconv.FormatInt(id, 10), versionEventTypes, &e)
	return scheduling.EventType{ID: e.ID, Title: e.Title, Minutes: e.Minutes, PriceCents: e.Price, TeamID: e.TeamID}, err
}

// Me checks a key; it returns the account's name.
func (c *Client) Me(ctx context.Context, who scheduling.Account) (string, error) {
	var me struct{ Username, Email string }
	err := c.get(ctx, who, "/me", "", &me)
	return me.Username, err
}

// stamp is UTC with Z: a text without zone would be read as UTC anyway, one with an offset converted.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// get repeats once when the connection fails, within the caller's time.
func (c *Client) get(ctx context.Context, who scheduling.Account, path, version string, data any) error {
	err := c.call(ctx, http.MethodGet, who, path, version, nil, data)
	var connection net.Error
	if errors.As(err, &connection) && !connection.Timeout() && ctx.Err() == nil {
		err = c.call(ctx, http.MethodGet, who, path, version, nil, data)
	}
	return err
}

func (c *Client) post(ctx context.Context, who scheduling.Account, path string, body any) (scheduling.Booked, error) {
	ctx, cancel := context.WithTimeout(ctx, postWithin)
	defer cancel()
	raw, err := json.Marshal(body)
	if err != nil {
		return scheduling.Booked{}, err
	}
	var b bookingJSON
	if err := c.call(ctx, http.MethodPost, who, path, versionBookings, raw, &b); err != nil {
		return scheduling.Booked{}, err
	}
	return b.booked(), nil
}

func (c *Client) call(ctx context.Context, method string, who scheduling.Account, path, version string, body []byte, data any) error {
	keys, err := c.Secrets.Get(ctx, who.Key)
	if err != nil {
		return &scheduling.Refused{Why: scheduling.Misconfigured, Err: fmt.Errorf("the key of Cal.com: %w", err)}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+keys[0])
	if version != "" {
		req.Header.Set("cal-api-version", version)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return &scheduling.Refused{Why: scheduling.Unknown, Err: withoutURL(err)}
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return &scheduling.Refused{Why: scheduling.Unknown, Err: err}
	}
	if c.Spent != nil && spent(resp.Header) {
		now := c.Now()
		c.Spent(ctx, who, now.Add(rest(resp.Header, now)))
	}
	if resp.StatusCode/100 != 2 {
		return refused(resp, raw, c.Now())
	}
	var envelope struct {
		Data json.RawMessage `json:"data"`
	}
	if _, all := data.(*whole); all {
		err = json.Unmarshal(raw, data)
	} else if err = json.Unmarshal(raw, &envelope); err == nil {
		err = json.Unmarshal(envelope.Data, data)
	}
	if err != nil {
		return &scheduling.Refused{Why: scheduling.Unknown, Err: fmt.Errorf("an answer that cannot be read: %w", err)}
	}
	return nil
}

// withoutURL keeps the cause only: the URL of a search holds an e-mail address.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
