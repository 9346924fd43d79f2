package main

import (
	"context"

	"github.com/askpro/gateway/internal/blob"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/store"
	"github.com/askpro/gateway/internal/tenant"
)

// archive puts transcripts that are too long for the table into the bucket.
type archive struct{ bucket *blob.Bucket }

// Keep says where a transcript lies; kept is false when it belongs into the table.
func (a archive) Keep(ctx context.Context, t tenant.ID, callID string, x ledger.Transcript) (key string, kept bool, err error) {
	packed, err := store.PackTranscript(&x)
	if err != nil || len(packed) <= store.MaxPacked {
		return "", false, err
	}
	key, err = a.bucket.PutOf(ctx, t, name(callID), packed)
	return key, err == nil, err
}

// Drop overwrites a transcript with an empty one: the company's session may write, not delete.
func (a archive) Drop(ctx context.Context, t tenant.ID, callID string) error {
	packed, err := store.PackTranscript(&ledger.Transcript{CallID: callID})
	if err != nil {
		return err
	}
	_, err = a.bucket.PutOf(ctx, t, name(callID), packed)
	return err
}

func name(callID string) string { return "transcripts/" + callID + ".json.gz" }
