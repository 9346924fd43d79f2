package casework

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/tenant"
)

// Recordings fetches a recording from the provider and keeps it in the company's storage under a key. ErrNoRecording when it
// will never come: another host than the provider's, no audio, too large.
type Recordings interface {
	Keep(ctx context.Context, t tenant.ID, url, key string) (bytes int64, kind, wholeKey string, err error)
}

// ErrNoRecording says that trying again helps nothing.
var ErrNoRecording = errors.New("no recording can be kept")

// When a recording is fetched (§7.2), and how long it is kept (§7.4).
const (
	recordingAfter = 30 * time.Second
	recordingKept  = 60 * 24 * time.Hour
)

var recordingPauses = [...]time.Duration{time.Minute, time.Minute, 15 * time.Minute, time.Hour}

// Record keeps the recording of a case's call, if the caller agreed to it. It says when to try again (zero: not).
func (k *Keeper) Record(ctx context.Context, t tenant.ID, id string, try int) (again time.Duration, err error) {
	c, ok, err := k.Store.Case(ctx, t, id)
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, ErrUnknown
	}
	if c.Deletion != nil || c.Recording.State != desk.RecordingPending || k.Recordings == nil {
		return 0, nil
	}
	heard, ok, err := k.Store.Call(ctx, t, c.CallID)
	if err != nil || !ok || !heard.Over() {
		return 0, err // the call's end will ask again
	}
	kept := desk.Recording{State: desk.RecordingUnavailable}
	switch {
	case heard.RecordingConsent == "refused":
	case heard.RecordingURL == "" || heard.RecordingConsent != "granted": // both may come with the analysis
		if try < len(recordingPauses) {
			return recordingPauses[try], nil
		}
	default:
		kept.Bytes, kept.Type, kept.Key, err = k.Recordings.Keep(ctx, t, heard.RecordingURL, fmt.Sprintf("recordings/%s.mp3", c.ID))
		switch {
		case err == nil:
			until := k.Now().Add(recordingKept)
			kept.State, kept.ExpiresAt = desk.RecordingStored, &until
		case !errors.Is(err, ErrNoRecording) && try < len(recordingPauses):
			return recordingPauses[try], nil
		default:
			kept = desk.Recording{State: desk.RecordingUnavailable}
		}
	}
	_, err = k.change(ctx, t, id, 0, system, "", func(x *change) error {
		if x.c.Recording.State != desk.RecordingPending {
			return errNothing
		}
		x.c.Recording = kept
		if kept.State == desk.RecordingStored {
			x.tell(event.CaseAudioReady{Head: k.head(t, x), CaseID: id, Bytes: kept.Bytes, ExpiresAt: *kept.ExpiresAt})
		}
		return nil
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return 0, err
}
