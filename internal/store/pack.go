package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// packed is long text, compressed and written once. Above MaxPacked it goes to the bucket and Key names it there.
type packed struct {
	Gzip []byte `json:"gzip,omitempty"`
	Key  string `json:"object_key,omitempty"`
}

// MaxPacked is how much compressed text an item holds (design §3); more goes to the bucket.
const MaxPacked = 8 << 10

func pack(x *ledger.Transcript) (packed, error) {
	if x.ObjectKey != "" {
		return packed{Key: x.ObjectKey}, nil
	}
	b, err := PackTranscript(x)
	return packed{Gzip: b}, err
}

// PackTranscript compresses a transcript as the table and the bucket keep it.
func PackTranscript(x *ledger.Transcript) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(x); err != nil {
		return nil, fmt.Errorf("pack the transcript: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack the transcript: %w", err)
	}
	return b.Bytes(), nil
}

// UnpackTranscript reads it back, at most 8 MB.
func UnpackTranscript(b []byte) (ledger.Transcript, error) {
	var x ledger.Transcript
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return x, fmt.Errorf("unpack the transcript: %w", err)
	}
	err = json.NewDecoder(io.LimitReader(z, 8<<20)).Decode(&x)
	return x, err
}

// Transcript of a call; ObjectKey is set where the text lies in the bucket.
func (s *Table) Transcript(ctx context.Context, t tenant.ID, callID string) (ledger.Transcript, bool, error) {
	p, _, ok, err := one[packed](ctx, s, t, transcriptKey(t, callID), "transcript")
	if err != nil || !ok {
		return ledger.Transcript{}, false, err
	}
	if p.Key != "" {
		return ledger.Transcript{CallID: callID, ObjectKey: p.Key}, true, nil
	}
	x, err := UnpackTranscript(p.Gzip)
	x.CallID = callID
	return x, err == nil, err
}
