package sources

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	"github.com/askpro/gateway/infra/local/template"
)

// schedule fires when the stack's clock crosses a multiple of its distance; an advance over several fires once.
type schedule struct {
	of       *Sources
	function string
	every    time.Duration
	last     int64 // multiple that was seen
	running  atomic.Bool
}

// fire looks at the clock. The function runs in the background and, as with EventBridge, nobody hears what it answers; a
// minute that comes while the last one's still runs is left out.
func (x *schedule) fire(ctx context.Context) {
	now := x.of.Now()
	slot := now.UnixNano() / int64(x.every)
	if x.last == 0 || slot < x.last { // started, or the clock was set back
		x.last = slot
	}
	if slot == x.last || x.running.Swap(true) {
		return
	}
	x.last = slot
	payload, _ := json.Marshal(map[string]any{ // strings and lists always marshal
		"version": "0", "id": "local", "detail-type": "Scheduled Event", "source": "aws.events", "account": template.Account, "region": template.Region,
		"time": now.Format(time.RFC3339), "resources": []string{}, "detail": map[string]any{},
	})
	x.of.serving.Go(func() {
		defer x.running.Store(false)
		_, _ = x.of.Invoke(context.WithoutCancel(ctx), x.function, payload) // the host reports it
	})
}
