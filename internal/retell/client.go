package retell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/askpro/gateway/internal/call"
	"github.com/askpro/gateway/internal/keeper"
	"github.com/askpro/gateway/internal/lambdakit"
)

// Client asks Retell's REST API (retell.md §5). It only ever reads.
type Client struct {
	Base    string // https://api.retellai.com
	HTTP    *http.Client
	Secrets interface {
		Get(ctx context.Context, refs ...string) ([]string, error)
	}
	Now func() time.Time
}

// NewClient makes a client with its own connections.
func NewClient(base string, secrets *lambdakit.Secrets, now func() time.Time) *Client {
	return &Client{Base: base, HTTP: &http.Client{Transport: lambdakit.NewTransport()}, Secrets: secrets, Now: now}
}

const (
	askWithin = 8 * time.Second
	maxAnswer = 8 << 20 // a call object with both transcripts
)

// errRefused says that a key is not accepted.
var errRefused = errors.New("retell refuses the key")

// Ask reads how a call stands with the first of the keys that Retell accepts: not every key that signs may read.
func (c *Client) Ask(ctx context.Context, keyRefs []string, callID string) (keeper.Standing, error) {
	keys, err := c.Secrets.Get(ctx, keyRefs...)
	if errors.Is(err, lambdakit.ErrNoSecret) {
		return keeper.Standing{}, keeper.ErrNoKey
	}
	if err != nil {
		return keeper.Standing{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	for _, key := range keys {
		stands, err := c.call(ctx, key, callID)
		if errors.Is(err, errRefused) {
			continue
		}
		if err != nil { // the next poll asks again, so nobody else would say it
			lambdakit.Log(ctx).Warn("retell", "outcome", "not asked", "call", callID, "error", err)
		}
		return stands, err
	}
	return keeper.Standing{}, keeper.ErrNoKey
}

func (c *Client) call(ctx context.Context, key, callID string) (keeper.Standing, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Base+"/v2/get-call/"+url.PathEscape(callID), nil)
	if err != nil {
		return keeper.Standing{}, err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return keeper.Standing{}, fmt.Errorf("ask retell: %w", err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return keeper.Standing{}, errRefused
	case resp.StatusCode == http.StatusNotFound:
		return keeper.Standing{State: keeper.Unknown}, nil
	case resp.StatusCode != http.StatusOK:
		return keeper.Standing{}, fmt.Errorf("ask retell: it answered %s", resp.Status)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return keeper.Standing{}, fmt.Errorf("ask retell: %w", err)
	}
	return c.standing(raw)
}

// standing reads a call object. One that is registered only has not begun, and may never.
func (c *Client) standing(raw []byte) (keeper.Standing, error) {
	o, err := read(raw)
	if err != nil {
		return keeper.Standing{}, fmt.Errorf("ask retell: %w", err)
	}
	event := call.Ended
	if len(o.object("call_analysis")) > 0 {
		event = call.Analysed
	}
	switch o.text("call_status") {
	case "ended", "not_connected", "error":
		return keeper.Standing{State: keeper.Over, News: news(event, o, c.Now())}, nil
	case "ongoing":
		return keeper.Standing{State: keeper.Ongoing}, nil
	}
	return keeper.Standing{State: keeper.Unknown}, nil
}
