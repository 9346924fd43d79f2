package outside

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/target"
)

// Failure is why nothing could be fetched. Its text names no address.
type Failure struct {
	Class  delivery.Class
	Detail string
}

func (f *Failure) Error() string { return string(f.Class) + ": " + f.Detail }

// plain is an error without the addresses that the network's own errors tell.
func plain(ctx context.Context, err error) error {
	a := failed(ctx, err)
	return &Failure{a.Failed, a.Detail}
}

// failed sorts an error into its class, with words of our own.
func failed(ctx context.Context, err error) delivery.Answer {
	class, detail := classify(ctx, err)
	return delivery.Answer{Failed: class, Detail: detail}
}

func classify(ctx context.Context, err error) (delivery.Class, string) {
	var (
		network   net.Error
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
	)
	if p, ok := target.ProblemOf(err); ok {
		if p == target.Unresolvable {
			return delivery.NetworkError, "the name stands for no address"
		}
		return delivery.BlockedAddress, target.Code
	}
	switch {
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout():
		return delivery.Timeout, "no answer in time"
	case errors.As(err, &dns) && dns.IsNotFound:
		return delivery.NetworkError, "the name stands for no address"
	case errors.As(err, &dns):
		return delivery.NetworkError, "the name server gave no answer"
	case errors.As(err, &authority):
		return delivery.TLSError, "the certificate is from an unknown authority"
	case errors.As(err, &hostname):
		return delivery.TLSError, "the certificate is for another name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return delivery.TLSError, "the certificate has expired or is not valid yet"
	case errors.As(err, &invalid), errors.As(err, &verify):
		return delivery.TLSError, "the certificate is not valid"
	case errors.As(err, &record):
		return delivery.TLSError, "the receiver does not speak TLS"
	case errors.As(err, &alert):
		return delivery.TLSError, "the receiver refused the TLS handshake"
	case errors.Is(err, syscall.ECONNREFUSED):
		return delivery.NetworkError, "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return delivery.NetworkError, "the connection was reset"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return delivery.NetworkError, "the receiver cannot be reached"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return delivery.NetworkError, "the connection ended before the answer"
	}
	return delivery.NetworkError, "the exchange failed"
}
