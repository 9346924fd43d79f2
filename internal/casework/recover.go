package casework

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// Times of the recovery (§2.4).
const (
	// OwedAfter is when a case that was asked for and is not there is made.
	OwedAfter = time.Minute
	// StillTalking is how long what is not finished yet may wait while the call goes on.
	StillTalking = 5 * time.Minute
	longestCall  = 2 * time.Hour
	// backupAfter is when people are told by mail what was said, because no case could be made of it.
	backupAfter = 5 * time.Minute
)

// Recover makes the case that is owed for what a call said: the tool call that should have made it broke off, or the call
// ended before the caller had said all. over: the call is known to have ended. After five minutes without success all that
// was said goes out by mail. What nothing is owed for is kept a day and then forgotten.
func (k *Keeper) Recover(ctx context.Context, t tenant.ID, callID string, over bool) error {
	said, ok, err := k.Store.Captured(ctx, t, callID)
	if err != nil || !ok || said.CaseID != "" {
		return err
	}
	now := k.Now()
	if said.Settled() {
		if now.Before(*said.WordsUntil) {
			return nil
		}
		return k.Store.CaptureForget(ctx, t, said)
	}
	c, known, err := k.Store.Call(ctx, t, callID)
	if err != nil {
		return err
	}
	over = over || known && c.Over()
	end := now
	if known && c.EndedAt != nil {
		end = *c.EndedAt
	}
	end = end.Add(desk.KeepCapture)
	if known && (c.Connection == "not_connected" || c.Connection == "error") {
		return k.Store.CaptureOver(ctx, t, said, end) // nobody spoke: a rejected call creates nothing
	}
	if !said.Complete() && !over && now.Sub(said.FirstAt) < longestCall {
		return k.Store.CaptureLater(ctx, t, callID, now.Add(StillTalking), false)
	}
	if !said.Reports() {
		return k.Store.CaptureOver(ctx, t, said, end)
	}
	began := said.FirstAt
	if known {
		began = c.Began()
	}
	err = k.build(ctx, t, said, began, now)
	if err == nil || ledger.ConflictOn(err, "capture") {
		return nil
	}
	k.Alarm(ctx, AlarmCaseFailed, t.String())
	if now.Sub(said.FirstAt) >= backupAfter {
		if sent := k.backup(ctx, t, said); sent == nil {
			return k.Store.CaptureOver(ctx, t, said, now.Add(desk.KeepCapture))
		}
	}
	if later := k.Store.CaptureLater(ctx, t, callID, now.Add(OwedAfter), true); later != nil {
		return fmt.Errorf("%w; put off: %w", err, later)
	}
	return nil
}

func (k *Keeper) build(ctx context.Context, t tenant.ID, said desk.Capture, began, now time.Time) error {
	config, err := k.Store.Config(ctx, t)
	if err != nil {
		return err
	}
	d, err := k.Store.Desk(ctx, t)
	if err != nil {
		return err
	}
	number, err := k.Opener.Number(ctx, t, config, d, now)
	if err != nil {
		return err
	}
	branchID, caller := said.From()
	branch, ok := config.Branch(branchID)
	if !ok && len(config.Branches) > 0 {
		branch = config.Branches[0]
	}
	step := &ledger.Step{}
	k.Opener.Open(ctx, t, config, d, said, Facts(branch, caller, "", said.CallID, began, now), number, step)
	return k.Store.Commit(ctx, t, step)
}

// backup writes all that was said to people. Its text is plain: nothing of it is interpreted on the way.
func (k *Keeper) backup(ctx context.Context, t tenant.ID, said desk.Capture) error {
	var to []string
	if d, err := k.Store.Desk(ctx, t); err == nil {
		to = d.Gateway.AlertEmails
	}
	at := said.FirstAt.In(company.Berlin()).Format("02.01.2006 15:04")
	var b strings.Builder
	fmt.Fprintf(&b, "Zu einem Anruf vom %s konnte kein Vorgang angelegt werden. Bitte melden Sie sich beim Anrufer.\n", at)
	if _, caller := said.From(); caller != "" {
		fmt.Fprintf(&b, "\nRufnummer: %s\n", caller)
	}
	b.WriteString("\nDas wurde am Telefon gesagt:\n")
	for _, s := range said.Said {
		fmt.Fprintf(&b, "\n%s\n", s.Args)
	}
	return k.Backup(ctx, t, to, "Anruf ohne Vorgang vom "+at, b.String())
}
