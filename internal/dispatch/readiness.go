package dispatch

import (
	"context"
	"slices"
	"time"

	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/tenant"
)

// Light is how a channel of an output stands (§9.7).
type Light string

// The lights.
const (
	Ready     Light = "ready"
	Partly    Light = "partial" // some of what went out lately was not taken
	Failing   Light = "failed"  // nothing can be sent, or nothing was taken
	NoTraffic Light = "no_traffic"
)

// Readiness of one channel, with what is wrong.
type Readiness struct {
	Channel delivery.Channel
	Light   Light
	Issues  []delivery.Class
}

const (
	lately     = 24 * time.Hour
	mostLately = 500 // lines of a day that are looked at
)

// Readiness says of each channel whether it could send, and how the attempts of the last day went, tests included.
func (d *Dispatcher) Readiness(ctx context.Context, t tenant.ID, outputID string) ([]Readiness, error) {
	conf, err := d.Store.Desk(ctx, t)
	if err != nil {
		return nil, err
	}
	o, ok := conf.Output(outputID)
	if !ok {
		return nil, ErrNoOutput
	}
	now := d.Now().UTC()
	var lines []exchange.Line
	for _, day := range []time.Time{now, now.Add(-lately)} {
		some, err := d.Store.Exchanges(ctx, t, day, mostLately)
		if err != nil {
			return nil, err
		}
		lines = append(lines, some...)
	}
	var out []Readiness
	for _, channel := range channels(o) {
		r := Readiness{Channel: channel, Light: NoTraffic}
		taken, refused := 0, 0
		for _, l := range lines {
			if l.OutputID != outputID || l.Direction != exchange.Outbound || (l.Method == "MAIL") != (channel == delivery.Email) || now.Sub(l.CreatedAt) > lately {
				continue
			}
			if !l.HasErrors() {
				taken++
				continue
			}
			if refused++; !slices.Contains(r.Issues, l.Class) {
				r.Issues = append(r.Issues, l.Class)
			}
		}
		switch {
		case refused > 0 && taken > 0:
			r.Light = Partly
		case refused > 0:
			r.Light = Failing
		case taken > 0:
			r.Light = Ready
		}
		class := fault(o, channel)
		if !o.Active {
			class = outputInactive
		}
		if class != "" {
			r.Light, r.Issues = Failing, slices.Insert(r.Issues, 0, class)
		}
		out = append(out, r)
	}
	return out, nil
}
