package playback

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Store is what playback asks of the table.
type Store interface {
	Case(ctx context.Context, t tenant.ID, id string) (desk.Case, bool, error)
	Call(ctx context.Context, t tenant.ID, id string) (call.Call, bool, error)
	// CountPlay counts one more of a case's recordings that are handed out in a minute and returns which it is; 0 when there
	// were most already.
	CountPlay(ctx context.Context, t tenant.ID, caseID string, minute time.Time, most int) (nth int, err error)
	Commit(ctx context.Context, t tenant.ID, step *ledger.Step) error
}

// Objects links to a stored object under a file's name, for a moment.
type Objects interface {
	LinkOf(ctx context.Context, t tenant.ID, key, filename string, ttl time.Duration) (string, error)
}

// What is answered instead of a recording.
var (
	ErrNone = errors.New("there is no such recording") // also: somebody else's, a forged link
	ErrOver = errors.New("the link, or the time for which the recording is kept, is over")
	ErrBusy = errors.New("the recording was fetched too often in the last minute")
)

// Limits (§7.4). A browser follows the link at once.
const (
	mostPerMinute = 10
	followWithin  = time.Minute
)

// Player hands recordings out.
type Player struct {
	Store   Store
	Objects Objects
	Keys    func(ctx context.Context) ([][]byte, error) // that links are proven with
	Now     func() time.Time
}

// Hand verifies a token and says where the recording can be fetched within the next minute. from is what is known of who
// asks beside the link: where, and in which request.
func (p *Player) Hand(ctx context.Context, token string, from audit.By) (url string, err error) {
	keys, err := p.Keys(ctx)
	if err != nil {
		return "", err
	}
	l, err := Verify(token, keys...)
	if err != nil {
		return "", ErrNone
	}
	now := p.Now()
	if !now.Before(l.Until) {
		return "", ErrOver
	}
	c, err := p.stored(ctx, l, now)
	if err != nil {
		return "", err
	}
	// The link is made first: once the hand-out is counted and written down, nothing can fail any more.
	url, err = p.Objects.LinkOf(ctx, l.Company, c.Recording.Key, c.Number.String()+".mp3", followWithin)
	if err != nil {
		return "", err
	}
	minute := now.UTC().Truncate(time.Minute)
	nth, err := p.Store.CountPlay(ctx, l.Company, c.ID, minute, mostPerMinute)
	if err != nil {
		return "", err
	}
	if nth == 0 {
		return "", ErrBusy
	}
	from.Actor = desk.Actor{Kind: "token"}
	return url, p.Store.Commit(ctx, l.Company, &ledger.Step{
		Activities: []desk.Activity{{
			ID:     ident.DeriveAt(now, "recording played", c.ID, minute.Format(time.RFC3339), strconv.Itoa(nth)),
			CaseID: c.ID, Actor: from.Actor, Action: desk.PlayedRecording, At: now.UTC(),
		}},
		Audit: []audit.Entry{{By: from, Action: audit.PlayedRecording, Object: audit.Object{Kind: "case", ID: c.ID, Name: c.Number.String()}, At: now.UTC()}},
	})
}

// consented is how a call says that its caller agreed to the recording.
const consented = "granted"

// stored gives the case of a link, if its recording may be heard.
func (p *Player) stored(ctx context.Context, l Link, now time.Time) (desk.Case, error) {
	c, ok, err := p.Store.Case(ctx, l.Company, l.Case)
	if err != nil {
		return c, err
	}
	r := c.Recording
	if !ok || c.Deletion != nil || r.State != desk.RecordingStored || r.Key == "" {
		return c, ErrNone
	}
	if r.ExpiresAt != nil && !now.Before(*r.ExpiresAt) {
		return c, ErrOver
	}
	heard, ok, err := p.Store.Call(ctx, l.Company, c.CallID)
	if err != nil {
		return c, err
	}
	if !ok || heard.RecordingConsent != consented { // a refusal may have come since
		return c, ErrNone
	}
	return c, nil
}
