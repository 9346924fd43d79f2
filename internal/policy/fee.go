package policy

import "github.com/askpro/gateway/internal/company"

// feeFor is what a change costs, in cents: the fixed fee, else the tier, else the share of the price. Which of them counts
// does not depend on who set it. A share of a price that is not known is nothing: only an amount that can be said can be
// consented to. No fee is ever negative.
func (r *rules) feeFor(noticeMinutes int, priceCents int64) (int64, Origin) {
	switch {
	case r.fee.value != nil:
		return max(0, *r.fee.value), r.fee.from
	case r.feeTiers.value != nil:
		return tier(*r.feeTiers.value, noticeMinutes), r.feeTiers.from
	case r.feePercentage.value != nil:
		return percent(*r.feePercentage.value, priceCents), r.feePercentage.from
	}
	return 0, Origin{}
}

// tier charges the highest tier whose hours the notice reaches, and the lowest when it reaches none. Tiers stand in any
// order; of two with the same hours, which no checked configuration has, the customer pays the smaller fee.
func tier(tiers []company.FeeTier, noticeMinutes int) int64 {
	hours := noticeMinutes / 60
	if noticeMinutes%60 < 0 {
		hours--
	}
	lowest, reached := tiers[0], tiers[0]
	for _, t := range tiers {
		if t.MinHours < lowest.MinHours || (t.MinHours == lowest.MinHours && t.Fee < lowest.Fee) {
			lowest = t
		}
		if t.MinHours > hours {
			continue
		}
		if reached.MinHours > hours || t.MinHours > reached.MinHours || (t.MinHours == reached.MinHours && t.Fee < reached.Fee) {
			reached = t
		}
	}
	if lowest.MinHours > hours {
		return max(0, lowest.Fee)
	}
	return max(0, reached.Fee)
}

// percent of a price, half up to the cent. Hundreds and rest apart, so that no price is too large to multiply.
func percent(share int, priceCents int64) int64 {
	p, price := int64(min(max(0, share), 100)), max(0, priceCents)
	return price/100*p + (price%100*p+50)/100
}
