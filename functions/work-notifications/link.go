package main

import (
	"context"
	"errors"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/manage"
	"github.com/askpro/gateway/internal/tenant"
)

// links are made where the stage has a portal's address and a key; else the letters name the telephone instead.
type links struct {
	base    string
	key     string // reference of a secret
	secrets *lambdakit.Secrets
}

func (l links) link(ctx context.Context, t tenant.ID, a booking.Appointment) (string, error) {
	if l.base == "" || a.CustomerID == "" {
		return "", nil
	}
	keys, err := l.secrets.Get(ctx, l.key)
	if errors.Is(err, lambdakit.ErrNoSecret) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	token, err := manage.Token([]byte(keys[0]), manage.Link{Company: t, Appointment: a.ID, Customer: a.CustomerID})
	if err != nil { // no reason to keep the letter back
		lambdakit.Log(ctx).Error("manage link", "company", t.String(), "error", err)
		return "", nil
	}
	return manage.URL(l.base, token), nil
}
