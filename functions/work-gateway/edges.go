package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/blob"
	"github.com/askpro/gateway/internal/casework"
	"github.com/askpro/gateway/internal/dispatch"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/mail"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/outside"
	"github.com/askpro/gateway/internal/playback"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/subscribe"
	"github.com/askpro/gateway/internal/tenant"
)

// post writes to people of a company; ours is where mail goes when a company has named nobody.
type post struct {
	letters mail.Letters
	ours    string
}

func (p post) backup(ctx context.Context, t tenant.ID, to []string, subject, text string) error {
	if len(to) == 0 {
		to = []string{p.ours}
	}
	return p.each(ctx, t, "backup/"+subject, to, subject, text)
}

// Alert tells a company's people what became of an endpoint.
func (p post) Alert(ctx context.Context, t tenant.ID, m subscribe.Mail) error {
	return p.each(ctx, t, m.Key, m.To, m.Subject, m.Text)
}

// each writes to everybody by themselves: nobody sees another's address.
func (p post) each(ctx context.Context, t tenant.ID, key string, to []string, subject, text string) error {
	var failed []error
	for _, address := range to {
		_, err := p.letters.SendLetter(ctx, t, notify.Letter{Key: t.String() + "/" + key + "/" + address, To: address, FromName: "AskPro", Subject: subject, Text: text})
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// failed and unlogged note what failed beside a message that went its way.
func failed(ctx context.Context, company, what string, err error) {
	lambdakit.Log(ctx).Warn("aside", "company", company, "what", what, "error", err)
}

func unlogged(ctx context.Context, t tenant.ID, err error) {
	lambdakit.Log(ctx).Warn("aside", "company", t.String(), "what", "exchange log", "error", err)
}

// transcripts are in the table, or in the bucket where they are long.
type transcripts struct {
	table  *store.Table
	bucket *blob.Bucket
}

// Said is a call's text; empty when there is none.
func (x transcripts) Said(ctx context.Context, t tenant.ID, callID string) (string, error) {
	words, ok, err := x.table.Transcript(ctx, t, callID)
	if err != nil || !ok || words.ObjectKey == "" {
		return words.Text, err
	}
	packed, err := x.bucket.GetOf(ctx, t, words.ObjectKey)
	if err != nil {
		return "", err
	}
	words, err = store.UnpackTranscript(packed)
	return words.Text, err
}

// objects are the company's recordings. Links are made where the stage has a public address and a key.
type objects struct {
	bucket  *blob.Bucket
	base    string
	key     string // reference of a secret
	secrets *lambdakit.Secrets
}

// Link lets anybody who has it fetch a recording until a time; web-recording hands it out.
func (x objects) Link(ctx context.Context, t tenant.ID, caseID string, until time.Time) (string, error) {
	if x.base == "" {
		return "", nil
	}
	keys, err := x.secrets.Get(ctx, x.key)
	if errors.Is(err, lambdakit.ErrNoSecret) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	token, err := playback.Token([]byte(keys[0]), playback.Link{Company: t, Case: caseID, Until: until})
	if err != nil { // no reason to keep the case back
		lambdakit.Log(ctx).Error("recording link", "company", t.String(), "error", err)
		return "", nil
	}
	return playback.URL(x.base, token), nil
}

// Read gives the recording itself, where it is short enough for a letter.
func (x objects) Read(ctx context.Context, t tenant.ID, key string) ([]byte, error) {
	return x.bucket.GetUpTo(ctx, t, key, dispatch.MostAttached)
}

// Limits of a recording (§7.4).
const (
	mostOfRecording = 100 << 20
	recordingWithin = 60 * time.Second
)

// recordings fetches them from the telephone's own hosts alone, through the guarded way out, and keeps them in the company's
// folder.
type recordings struct {
	sender *outside.Sender
	bucket *blob.Bucket
	hosts  []string
}

// Keep fetches and keeps one.
func (r recordings) Keep(ctx context.Context, t tenant.ID, from, key string) (bytes int64, kind string, whole string, err error) {
	if !r.allowed(from) {
		return 0, "", "", fmt.Errorf("the host is none of the telephone's: %w", casework.ErrNoRecording)
	}
	ctx, cancel := context.WithTimeout(ctx, recordingWithin)
	defer cancel()
	resp, err := r.sender.Get(ctx, from, nil, mostOfRecording)
	if err != nil {
		return 0, "", "", err
	}
	defer resp.Body.Close()
	kind, _, _ = strings.Cut(resp.Header.Get("Content-Type"), ";")
	switch {
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusNotFound: // it may not be there yet
		return 0, "", "", fmt.Errorf("the telephone answered %d", resp.StatusCode)
	case resp.StatusCode != http.StatusOK:
		return 0, "", "", fmt.Errorf("the telephone answered %d: %w", resp.StatusCode, casework.ErrNoRecording)
	case !strings.HasPrefix(kind, "audio/"):
		return 0, "", "", fmt.Errorf("a %q is no recording: %w", kind, casework.ErrNoRecording)
	}
	file, err := os.CreateTemp("", "recording")
	if err != nil {
		return 0, "", "", err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // the next start of the function begins with an empty folder
	defer file.Close()           //nolint:errcheck // it was read
	bytes, err = io.Copy(file, resp.Body)
	if errors.Is(err, outside.ErrTooLarge) {
		return 0, "", "", fmt.Errorf("%w: %w", err, casework.ErrNoRecording)
	}
	if err != nil {
		return 0, "", "", err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0, "", "", err
	}
	whole, err = r.bucket.KeepOf(ctx, t, key, file, kind)
	return bytes, kind, whole, err
}

func (r recordings) allowed(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(r.hosts, func(h string) bool {
		h = strings.TrimSpace(h)
		suffix, wild := strings.CutPrefix(h, "*")
		return h != "" && (u.Host == h || wild && strings.HasSuffix(u.Host, suffix))
	})
}
