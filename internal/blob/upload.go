package blob

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/askpro/gateway/internal/tenant"
)

// UploadOf lets whoever has the link put one object of a company, of exactly this type and size, where nothing lies yet; for as
// long as a session has left at least (lambdakit.Sessions). Type, size and condition are signed with it, so that S3 refuses
// every other request and what came first stays. header is what the request has to say beside its length.
func (b *Bucket) UploadOf(ctx context.Context, t tenant.ID, key, kind string, size int64, ttl time.Duration) (url string, header map[string]string, err error) {
	req, err := s3.NewPresignClient(b.client()).PresignPutObject(ctx,
		&s3.PutObjectInput{Bucket: &b.name, Key: &key, ContentType: &kind, ContentLength: &size, IfNoneMatch: aws.String("*")},
		s3.WithPresignExpires(ttl), s3.WithPresignClientFromClientOptions(b.as(t)))
	if err != nil {
		return "", nil, fmt.Errorf("link to an upload: %w", err)
	}
	header = map[string]string{}
	for name := range req.SignedHeader {
		if name != "Host" && name != "Content-Length" { // every client's own business
			header[name] = req.SignedHeader.Get(name)
		}
	}
	return req.URL, header, nil
}

// StartOf reads the first bytes of an object of a company by its whole key: at most so many, all of it where it has fewer.
func (b *Bucket) StartOf(ctx context.Context, t tenant.ID, key string, most int64) ([]byte, error) {
	out, err := b.client().GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key, Range: aws.String(fmt.Sprintf("bytes=0-%d", most-1))}, b.as(t))
	if err != nil {
		return nil, fmt.Errorf("get the start of an object: %w", err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(io.LimitReader(out.Body, most))
	if err != nil {
		return nil, fmt.Errorf("get the start of an object: %w", err)
	}
	return body, nil
}

// RemoveOf deletes an object of a company by its whole key. One that is not there is no error.
func (b *Bucket) RemoveOf(ctx context.Context, t tenant.ID, key string) error {
	if _, err := b.client().DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key}, b.as(t)); err != nil {
		return fmt.Errorf("delete an object: %w", err)
	}
	return nil
}
