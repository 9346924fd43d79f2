package lambdakit

import (
	"context"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// A line is one JSON object on standard output with the build's version. Values of telling names, and whatever looks like
// a number, an address, a key or a signature, are blacked out: nobody has to remember it at the place of logging.
var logger = sync.OnceValue(func() *slog.Logger { return NewLogger(os.Stdout, os.Getenv("LOG_LEVEL")) })

// NewLogger makes a redacting logger; level is debug, info, warn or error.
func NewLogger(w io.Writer, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	h := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l, ReplaceAttr: redact})
	return slog.New(h).With("version", Version)
}

type logKey struct{}

// Log is the logger of the request in ctx.
func Log(ctx context.Context) *slog.Logger {
	if l, ok := ctx.Value(logKey{}).(*slog.Logger); ok {
		return l
	}
	return logger()
}

// RequestID is the id of the invocation that ctx belongs to, as its log lines have it; empty outside of one.
func RequestID(ctx context.Context) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		return lc.AwsRequestID
	}
	return ""
}

func withLog(ctx context.Context, l *slog.Logger) context.Context {
	return context.WithValue(ctx, logKey{}, l)
}

const blackedOut = "[removed]"

// telling are names whose values are never logged.
var telling = map[string]bool{
	"phone": true, "number": true, "from_number": true, "to_number": true, "name": true, "email": true, "attendee": true, "body": true,
	"args": true, "transcript": true, "summary": true, "signature": true, "secret": true, "key": true, "token": true, "access_token": true,
	"authorization": true, "recording_url": true, "notes": true, "say": true,
}

// patterns are compiled when a value first looks suspicious: most functions never pay for them at start-up.
var patterns = sync.OnceValue(func() []*regexp.Regexp {
	return []*regexp.Regexp{
		regexp.MustCompile(`v=\d+,d=[0-9a-fA-F]+`),
		regexp.MustCompile(`\b(?:key_|cal_|whsec_)[A-Za-z0-9_\-]+`),
		regexp.MustCompile(`[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}`),
		regexp.MustCompile(`\+\d[\d /\-]{5,18}\d`),
		regexp.MustCompile(`\b[0-9a-fA-F]{64}\b`),
		regexp.MustCompile(`(?i)bearer\s+\S+`),
	}
})

func redact(groups []string, a slog.Attr) slog.Attr {
	if telling[a.Key] {
		return slog.String(a.Key, blackedOut)
	}
	switch v := a.Value.Any().(type) {
	case string:
		if len(groups) > 0 || (a.Key != slog.TimeKey && a.Key != slog.LevelKey) {
			return slog.String(a.Key, Redact(v))
		}
	case error:
		return slog.String(a.Key, Redact(v.Error()))
	}
	return a
}

// Redact blacks out what looks personal or secret in a text that was not written by us.
func Redact(s string) string {
	if !strings.ContainsAny(s, "@+_=") && len(s) < 64 && !strings.Contains(strings.ToLower(s), "bearer") {
		return s
	}
	for _, p := range patterns() {
		s = p.ReplaceAllString(s, blackedOut)
	}
	return s
}
