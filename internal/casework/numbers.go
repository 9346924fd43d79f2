package casework

import (
	"context"
	"sync"
	"time"

	"github.com/askpro/gateway/internal/tenant"
)

// Numbers gives away case numbers from blocks that a process leases: a company that gets a case now and then takes them one
// by one and has no gaps, one that gets hundreds at once asks its counter once in sixteen cases. A process that ends leaves
// the rest of its block as a gap (§4.2 allows them). The zero value is ready.
type Numbers struct {
	mu sync.Mutex
	by map[yearOf]*block
}

type yearOf struct {
	company tenant.ID
	year    int
}

type block struct {
	mu         sync.Mutex // one lease at a time
	next, last int64
	size       int
	leased     time.Time
}

const (
	largestBlock = 16
	// busyWithin: a block that is used up so soon was too small.
	busyWithin = 2 * time.Second
	// keptFor is how long a rest is given away: an old one would hand out numbers far behind the newest.
	keptFor = time.Minute
)

// leaser leases numbers of the company's counter.
type leaser interface {
	LeaseNumbers(ctx context.Context, t tenant.ID, year, n int) (first int64, err error)
}

// Next number of a company in a year.
func (n *Numbers) Next(ctx context.Context, s leaser, t tenant.ID, year int, now time.Time) (int64, error) {
	b := n.block(yearOf{t, year})
	b.mu.Lock()
	defer b.mu.Unlock()
	since := now.Sub(b.leased)
	if b.next == 0 || b.next > b.last || since > keptFor || since < 0 {
		size := 1
		if b.next > b.last && since >= 0 && since < busyWithin {
			size = min(2*b.size, largestBlock)
		}
		first, err := s.LeaseNumbers(ctx, t, year, size)
		if err != nil {
			return 0, err
		}
		b.next, b.last, b.size, b.leased = first, first+int64(size)-1, size, now
	}
	b.next++
	return b.next - 1, nil
}

// GiveBack takes back a number that was not used, if nothing was given away after it.
func (n *Numbers) GiveBack(t tenant.ID, year int, number int64) {
	b := n.block(yearOf{t, year})
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == number+1 {
		b.next = number
	}
}

func (n *Numbers) block(k yearOf) *block {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.by == nil || len(n.by) > 1000 {
		n.by = map[yearOf]*block{}
	}
	if n.by[k] == nil {
		n.by[k] = &block{}
	}
	return n.by[k]
}
