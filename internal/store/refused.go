package store

import (
	"context"
	"errors"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// AlarmDenied: the database refused a request of our own.
const AlarmDenied = "access_denied"

// refused raises AlarmDenied for each request that the database refuses to the session it is made with. No code that is right
// asks for another company's items; what is wrong may well swallow the error, so it is seen here, where all requests pass.
func refused(alarm func(ctx context.Context, name, company string)) func(*middleware.Stack) error {
	look := func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		out, about, err := next.HandleInitialize(ctx, in)
		var answer smithy.APIError
		if errors.As(err, &answer) && answer.ErrorCode() == "AccessDeniedException" {
			alarm(ctx, AlarmDenied, "")
		}
		return out, about, err
	}
	return func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("refused", look), middleware.Before)
	}
}
