// Package blob keeps what is too long for a message or an item in the one bucket. Its one rule: a key under companies/ or
// attachments/ goes on with the company and is touched in that company's session; a key under incoming/ says nothing of
// anybody. It knows no content.
package blob

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/tenant"
)

// Sessions gives the session of a company.
type Sessions interface {
	For(t tenant.ID) aws.CredentialsProvider
}

// Bucket is the one bucket. Its client is made when something is too long, which is rare: start-up does not pay for it.
type Bucket struct {
	client   func() *s3.Client
	name     string
	sessions Sessions // nil where only incoming/ is used
}

// Open makes the bucket.
func Open(env lambdakit.Env, name string, sessions Sessions) *Bucket {
	return &Bucket{name: name, sessions: sessions, client: sync.OnceValue(func() *s3.Client {
		return s3.New(s3.Options{
			Region: env.Region, Credentials: env.Credentials, HTTPClient: env.HTTP, BaseEndpoint: env.Endpoint("S3"),
			UsePathStyle:               env.Endpoint("S3") != nil,
			RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
			ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		})
	})}
}

// Put writes an object with the function's own role.
func (b *Bucket) Put(ctx context.Context, key string, body []byte) error {
	return b.put(ctx, key, body)
}

// mostRead bounds what is read of an object unless its reader says otherwise: no message or transcript is longer.
const mostRead = 8 << 20

// Get reads an object, at most 8 MB, with the function's own role.
func (b *Bucket) Get(ctx context.Context, key string) ([]byte, error) {
	return b.get(ctx, key, mostRead)
}

// PutOf writes an object of a company; the key is below its own folder. It returns the whole key.
func (b *Bucket) PutOf(ctx context.Context, t tenant.ID, key string, body []byte) (string, error) {
	whole := folder(t) + key
	return whole, b.put(ctx, whole, body, b.as(t))
}

// GetOf reads an object of a company, at most 8 MB, by its whole key.
func (b *Bucket) GetOf(ctx context.Context, t tenant.ID, key string) ([]byte, error) {
	return b.get(ctx, key, mostRead, b.as(t))
}

// GetUpTo reads an object of a company by its whole key, and refuses one of more than most bytes.
func (b *Bucket) GetUpTo(ctx context.Context, t tenant.ID, key string, most int64) ([]byte, error) {
	return b.get(ctx, key, most, b.as(t))
}

// KeepOf writes a large object of a company, with its type; the key is below its own folder. It returns the whole key.
func (b *Bucket) KeepOf(ctx context.Context, t tenant.ID, key string, body io.ReadSeeker, kind string) (string, error) {
	whole := folder(t) + key
	_, err := b.client().PutObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: &whole, Body: body, ContentType: &kind}, b.as(t))
	if err != nil {
		return "", fmt.Errorf("keep an object: %w", err)
	}
	return whole, nil
}

// LinkOf lets anybody who has it fetch an object of a company under a file's name, for a moment: the session that signs it
// may end in some minutes. What has to last longer is a link of our own that leads to one of these.
func (b *Bucket) LinkOf(ctx context.Context, t tenant.ID, key, filename string, ttl time.Duration) (string, error) {
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": filename})
	req, err := s3.NewPresignClient(b.client()).PresignGetObject(ctx,
		&s3.GetObjectInput{Bucket: &b.name, Key: &key, ResponseContentDisposition: &disposition},
		s3.WithPresignExpires(ttl), s3.WithPresignClientFromClientOptions(b.as(t)))
	if err != nil {
		return "", fmt.Errorf("link to an object: %w", err)
	}
	return req.URL, nil
}

func folder(t tenant.ID) string { return "companies/" + t.String() + "/" }

func (b *Bucket) as(t tenant.ID) func(*s3.Options) {
	return func(o *s3.Options) { o.Credentials = b.sessions.For(t) }
}

func (b *Bucket) put(ctx context.Context, key string, body []byte, as ...func(*s3.Options)) error {
	_, err := b.client().PutObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: &key, Body: bytes.NewReader(body)}, as...)
	if err != nil {
		return fmt.Errorf("put an object: %w", err)
	}
	return nil
}

// get reads the whole of an object: half a recording, or half a transcript, is no use to anybody.
func (b *Bucket) get(ctx context.Context, key string, most int64, as ...func(*s3.Options)) ([]byte, error) {
	out, err := b.client().GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key}, as...)
	if err != nil {
		return nil, fmt.Errorf("get an object: %w", err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(io.LimitReader(out.Body, most+1))
	if err != nil {
		return nil, fmt.Errorf("get an object: %w", err)
	}
	if int64(len(body)) > most {
		return nil, fmt.Errorf("get an object: it has more than %d bytes", most)
	}
	return body, nil
}
