package calcom_test

import (
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/infra/simulate/calcom"
)

func TestAForkKnowsTheBookingsAndGoesItsOwnWay(t *testing.T) {
	t.Parallel()
	var told []string
	take := func(w calcom.Webhook) { told = append(told, w.Company+" "+string(w.Body)) }
	first := calcom.New(calcom.Options{Now: func() time.Time { return monday }, Take: take})
	if err := first.AddCompany(company(t, "demo"), secrets(t)); err != nil {
		t.Fatal(err)
	}
	made, err := first.Behind(calcom.Behind{Company: "demo", Service: "herrenhaarschnitt", Staff: "anna", Start: "2026-11-24T10:00", Action: "made", Webhook: true})
	if err != nil {
		t.Fatal(err)
	}
	fork := first.Fork(calcom.Options{Now: func() time.Time { return monday.Add(time.Hour) }, Take: take})
	if _, err := fork.Behind(calcom.Behind{Company: "demo", UID: made.UID, Action: "cancelled"}); err != nil {
		t.Fatal(err)
	}
	here, there := first.Bookings("demo"), fork.Bookings("demo")
	if len(here) != 1 || here[0].Status != "accepted" || len(here[0].History) != 1 {
		t.Errorf("in the first one stands %+v", here)
	}
	if len(there) != 1 || there[0].UID != made.UID || there[0].Status != "cancelled" || !there[0].History[1].At.Equal(monday.Add(time.Hour)) {
		t.Errorf("in the fork stands %+v", there)
	}
	if len(told) != 1 || !strings.HasPrefix(told[0], `demo {`) || !strings.Contains(told[0], "BOOKING_CREATED") {
		t.Errorf("webhooks taken: %v", told)
	}
}
