package dispatch

import (
	"context"
	"time"

	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/tenant"
)

// AlarmRate: too many of a company's attempts fail.
const AlarmRate = "delivery_rate"

// When it is raised (§18): of the tries of a quarter of an hour fewer than 95 in 100 were taken. Of fewer than ten nothing is said.
const (
	rateOver   = 15 * time.Minute
	rateOf     = 10
	rateTaken  = 95 // of 100
	mostOfRate = 100
)

// rate looks how a company's last attempts went and raises AlarmRate. It is asked after each that failed, since none that was
// taken makes a rate worse. It reads the exchange log, because a metric of each company cannot say "of at least ten": an
// alarm on many companies' metrics compares one figure of each with a threshold, and each would be paid for every month.
func (d *Dispatcher) rate(ctx context.Context, t tenant.ID) error {
	conf, err := d.Store.Desk(ctx, t)
	if err != nil {
		return err
	}
	now := d.Now().UTC()
	since := now.Add(-rateOver)
	days := []time.Time{now}
	if since.Day() != now.Day() {
		days = append(days, since)
	}
	tried, taken := 0, 0
	for _, day := range days {
		lines, err := d.Store.Exchanges(ctx, t, day, mostOfRate)
		if err != nil {
			return err
		}
		for _, l := range lines {
			_, ours := conf.Output(l.OutputID) // else a subscribed endpoint's, which are watched and switched off by themselves
			if !ours || l.Direction != exchange.Outbound || l.Test || !l.CompletedAt.After(since) {
				continue
			}
			if tried++; !l.HasErrors() {
				taken++
			}
		}
	}
	if tried >= rateOf && 100*taken < rateTaken*tried {
		d.Alarm(ctx, AlarmRate, t.String())
	}
	return nil
}
