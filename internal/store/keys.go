package store

import (
	"fmt"
	"strings"
	"time"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/callback"
	"github.com/askpro/gateway/internal/delivery"
	"github.com/askpro/gateway/internal/exchange"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/tenant"
)

// key is the place of an item. All key shapes of the table are in this file and nowhere else: the database enforces the
// company by the beginning of the partition key, and never looks at the index attributes of a write.
type key struct{ pk, sk string }

const (
	companyPrefix   = "COMPANY#"
	directoryPrefix = "DIRECTORY#"
	duePrefix       = "DUE#"
	// companiesPartition lists all companies, for what is done for each of them by the clock.
	companiesPartition = directoryPrefix + "COMPANIES"
	eventPrefix        = "EVENT#"
	timerPrefix        = "TIMER#"
	toolPrefix         = "TOOL#"
	changePrefix       = "CHANGE#"
	noticePrefix       = "NOTICE#"
	messagePrefix      = "MESSAGE#"
	openPrefix         = "OPEN#"
	watchPrefix        = "APPOINTMENT#"
	hostPrefix         = "HOST#"
	vanishedPrefix     = "VANISHED#"
	notePrefix         = "NOTE#"
	activityPrefix     = "ACTIVITY#"
	outgoingPrefix     = "DELIVERY#"
	heldPrefix         = "HELD#"
	auditPrefix        = "ENTRY#"
	failedPrefix       = "FAILED#"
	// digestState stands for all of a company's digests where each has its number.
	digestState = "ALL"
	// dueShards spreads the timers of all companies over partitions of the index due.
	dueShards = 8
)

func partition(t tenant.ID, collection ...string) string {
	if t.IsZero() {
		panic("store: a key without its company")
	}
	return strings.Join(append([]string{companyPrefix + t.String()}, collection...), "#")
}

// The company's configuration is one partition: read whole, cached, re-checked by its VERSION.
func configPartition(t tenant.ID) string          { return partition(t) }
func configKey(t tenant.ID, sk string) key        { return key{partition(t), sk} }
func versionKey(t tenant.ID) key                  { return key{partition(t), "VERSION"} }
func hostSK(id int64) string                      { return fmt.Sprint(hostPrefix, id) }
func vanishedSK(eventType int64) string           { return fmt.Sprint(vanishedPrefix, eventType) }
func restKey(t tenant.ID, ref string) key         { return key{partition(t, "CALCOM", ref), "REST"} }
func callPartition(t tenant.ID, id string) string { return partition(t, "CALL", id) }
func callKey(t tenant.ID, id string) key          { return key{callPartition(t, id), "HEAD"} }
func sessionKey(t tenant.ID, id string) key       { return key{callPartition(t, id), "SESSION"} }
func transcriptKey(t tenant.ID, id string) key    { return key{callPartition(t, id), "TRANSCRIPT"} }
func toolKey(t tenant.ID, id string, seq int) key {
	return key{callPartition(t, id), fmt.Sprintf("%s%04d", toolPrefix, seq)}
}

func appointmentPartition(t tenant.ID, id string) string { return partition(t, "APPOINTMENT", id) }
func appointmentKey(t tenant.ID, id string) key          { return key{appointmentPartition(t, id), "HEAD"} }
func changeKey(t tenant.ID, id, change string) key {
	return key{appointmentPartition(t, id), changePrefix + change}
}

// A timer lives beside what it is about, so that the transaction that changes the one can set or clear the other.
func timerKey(t tenant.ID, x ledger.Timer) key {
	return key{partition(t, string(x.Kind), x.About), timerPrefix + x.Queue + "#" + x.Name}
}

// What became of a message stands beside what it is about, so that its page shows it.
func deliveriesPartition(t tenant.ID, kind ledger.Kind, about string) string {
	return partition(t, string(kind), about)
}
func deliveryKey(t tenant.ID, d notify.Delivery) key {
	return key{deliveriesPartition(t, d.Kind, d.About), messagePrefix + d.Name()}
}

func noticesPartition(t tenant.ID, userID string) string { return partition(t, "USER", userID) }
func noticeKey(t tenant.ID, x notify.Notice) key {
	return key{noticesPartition(t, x.UserID), noticePrefix + listSort(x.At, strings.Join([]string{x.CaseID, string(x.Event), x.Version}, "#"))}
}

func dayKey(t tenant.ID, d booking.DayKey) key {
	return key{partition(t, "BUSY", d.Resource), "DAY#" + d.Date.String()}
}
func slotKey(t tenant.ID, s booking.SlotKey) key {
	return key{partition(t, "SLOTS", fmt.Sprint(s.EventTypeID)), "DAY#" + s.Date.String()}
}
func cardKey(t tenant.ID, contact string) key { return key{partition(t, "CONTACT", contact), "CARD"} }
func emailKey(t tenant.ID, email string) key {
	return key{partition(t, "EMAIL", strings.ToLower(email)), "CUSTOMER"}
}
func customerKey(t tenant.ID, id string) key { return key{partition(t, "CUSTOMER", id), "HEAD"} }
func claimKey(t tenant.ID, uid string) key   { return key{partition(t, "BOOKING", uid), "CLAIM"} }
func onceKey(t tenant.ID, name string) key   { return key{partition(t, "ONCE", name), "LEASE"} }
func callbackKey(t tenant.ID, id string) key { return key{partition(t, "CALLBACK", id), "HEAD"} }

// The open callbacks of a branch stand in one partition; who is done leaves it. The key is the id alone, because a promise
// may be brought forward.
func openCallbacksPartition(t tenant.ID, branch string) string {
	return partition(t, "CALLBACKS", branch)
}
func openCallbackKey(t tenant.ID, r *callback.Request) key {
	return key{openCallbacksPartition(t, r.BranchID), openPrefix + r.ID}
}

// The service desk's configuration is a partition of its own, so that calls about appointments do not read it.
func deskPartition(t tenant.ID) string   { return partition(t, "DESK") }
func deskKey(t tenant.ID, sk string) key { return key{deskPartition(t), sk} }
func outputKey(t tenant.ID, id string, version int) key {
	return key{partition(t, "OUTPUT", id), fmt.Sprintf("VERSION#%06d", version)}
}

// A capture is its own timer: as long as a case is owed for it, it stands in the index due.
func captureKey(t tenant.ID, callID string) key {
	return timerKey(t, ledger.Timer{Kind: ledger.OfCall, About: callID, Queue: "gateway", Name: CaptureTimer})
}

func casePartition(t tenant.ID, id string) string { return partition(t, string(ledger.OfCase), id) }
func caseKey(t tenant.ID, id string) key          { return key{casePartition(t, id), "HEAD"} }
func noteKey(t tenant.ID, caseID, id string) key {
	return key{casePartition(t, caseID), notePrefix + id}
}
func activityKey(t tenant.ID, caseID, id string) key {
	return key{casePartition(t, caseID), activityPrefix + id}
}
func outgoingKey(t tenant.ID, caseID, id string) key {
	return key{casePartition(t, caseID), outgoingPrefix + id}
}
func caseNumberKey(t tenant.ID, year int, count int64) key {
	return key{partition(t, "CASENUMBER", fmt.Sprint(year, "-", count)), "CASE"}
}
func caseCounterKey(t tenant.ID, year int) key {
	return key{partition(t, "CASENUMBERS"), fmt.Sprintf("YEAR#%04d", year)}
}

// What stands before a destination, what is told of an output, what went out: a day's exchanges in one partition, by time.
func gateKey(t tenant.ID, host string) key { return key{partition(t, "GATE", host), "STATE"} }
func alertsKey(t tenant.ID, outputID string) key {
	return key{partition(t, "OUTPUT", outputID), "ALERTS"}
}
func exchangePartition(t tenant.ID, day time.Time) string {
	return partition(t, "EXCHANGE", day.UTC().Format("2006-01-02"))
}
func exchangeKey(t tenant.ID, l exchange.Line) key {
	return key{exchangePartition(t, l.CreatedAt), listSort(l.CreatedAt, l.ID)}
}
func originalKey(t tenant.ID, messageID string) key {
	return key{partition(t, "MESSAGE", messageID), "ORIGINAL"}
}

// A company's digests of what failed: how they stand with their timer, what each of them holds by time, and of each failure
// that it is in one.
func digestKey(t tenant.ID) key {
	return key{partition(t, string(ledger.OfDigest), digestState), "STATE"}
}
func failuresPartition(t tenant.ID, digest int) string {
	return partition(t, string(ledger.OfDigest), fmt.Sprint(digest))
}
func failureKey(t tenant.ID, digest int, f delivery.Failure) key {
	return key{failuresPartition(t, digest), failedPrefix + listSort(f.At, f.DeliveryID)}
}
func failedKey(t tenant.ID, deliveryID string) key {
	return key{partition(t, "FAILED", deliveryID), "DIGEST"}
}

// The open cases of a group stand in one partition; what is done leaves it.
func openCasesPartition(t tenant.ID, group string) string { return partition(t, "OPENCASES", group) }
func openCaseKey(t tenant.ID, group, id string) key {
	return key{openCasesPartition(t, group), openPrefix + id}
}

// How often a case's recording was handed out in a minute.
func playsKey(t tenant.ID, caseID string, minute time.Time) key {
	return key{partition(t, "PLAYS", caseID), minute.UTC().Format("MINUTE#2006-01-02T15:04")}
}

// outputList holds an output's Deliveries by their making.
func outputList(t tenant.ID, outputID string) string {
	return partition(t, "OUTPUT", outputID, "DELIVERIES")
}
func redeliveryKey(t tenant.ID, id string) key {
	return key{partition(t, string(ledger.OfRedelivery), id), "HEAD"}
}

// A company's trail is one partition: its lines by their numbers, where they end, and what was told of them.
func auditPartition(t tenant.ID) string { return partition(t, "AUDIT") }
func auditHeadKey(t tenant.ID) key      { return key{auditPartition(t), "HEAD"} }
func auditKey(t tenant.ID, seq int64) key {
	return key{auditPartition(t), fmt.Sprintf("%s%012d", auditPrefix, seq)}
}

// casesList holds a company's cases by creation, deletedCasesList those that were deleted by when they were.
func casesList(t tenant.ID) string        { return partition(t, "CASES") }
func deletedCasesList(t tenant.ID) string { return partition(t, "CASES", "DELETED") }

// Each reading of a meter is an item of its own; usageList holds them by their time.
func usageKey(t tenant.ID, reading string) key { return key{partition(t, "USAGE", reading), "READING"} }
func usageList(t tenant.ID) string             { return partition(t, "USAGE") }

// What each call was taken for is one, too; modesList holds them by their time.
func modeKey(t tenant.ID, callID string) key { return key{partition(t, "MODE", callID), "RESOLUTION"} }
func modesList(t tenant.ID) string           { return partition(t, "MODES") }

// What an endpoint is sent stands beside how it is. Ids of messages sort by occurrence, and so do the held ones.
func endpointPartition(t tenant.ID, id string) string {
	return partition(t, string(ledger.OfEndpoint), id)
}
func endpointStateKey(t tenant.ID, id string) key { return key{endpointPartition(t, id), "STATE"} }
func endpointTurnKey(t tenant.ID, id string) key  { return key{endpointPartition(t, id), "TURN"} }
func endpointMessageKey(t tenant.ID, endpointID, id string) key {
	return key{endpointPartition(t, endpointID), outgoingPrefix + id}
}
func endpointHeldKey(t tenant.ID, endpointID, id string) key {
	return key{endpointPartition(t, endpointID), heldPrefix + id}
}

// A ring is an output's or an endpoint's, and no part of their partitions: they are listed, secrets are not.
func ringKey(t tenant.ID, id string) key { return key{partition(t, "RING", id), "SECRETS"} }

func eventKey(partition, id string) key { return key{partition, eventPrefix + id} }
func routeKey(route string) key         { return key{directoryPrefix + "ROUTE#" + route, "ENTRY"} }
func companiesKey(id string) key        { return key{companiesPartition, id} }
func numberKey(e164 string) key         { return key{directoryPrefix + "NUMBER#" + e164, "ENTRY"} }

// What the rounds of a company know of it: how far they have come, what the last comparison found, which appointments are
// in trouble, how many bookings of an hour the calendar took.
func roundKey(t tenant.ID) key               { return key{partition(t, "ROUND"), "STATE"} }
func reportKey(t tenant.ID, kind string) key { return key{partition(t, "ROUND"), "REPORT#" + kind} }
func watchPartition(t tenant.ID) string      { return partition(t, "WATCH") }
func watchKey(t tenant.ID, id string) key    { return key{watchPartition(t), watchPrefix + id} }
func tallyPartition(t tenant.ID) string      { return partition(t, "TALLY") }
func tallyKey(t tenant.ID, at time.Time) key { return key{tallyPartition(t), tallyHour(at)} }
func tallyHour(at time.Time) string          { return at.UTC().Format("HOUR#2006-01-02T15") }

// callsList is the partition of the index list that holds a company's calls, newest last.
func callsList(t tenant.ID) string { return partition(t, "CALLS") }

// appointmentsList holds a branch's appointments by their start, namesList the customers of one folded name.
func appointmentsList(t tenant.ID, branch string) string {
	return partition(t, "BRANCH", branch, "APPOINTMENTS")
}
func namesList(t tenant.ID, folded string) string { return partition(t, "NAME", folded) }

// listSort orders a list by time; the id parts what has the same.
func listSort(at time.Time, id string) string {
	return at.UTC().Format("2006-01-02T15:04:05Z") + "#" + id
}

func dueShard(shard int) string { return fmt.Sprintf("%s%d", duePrefix, shard) }

// dateOf reads the date of a DAY# sort key.
func dateOf(sk string) german.Date {
	t, err := time.Parse("2006-01-02", strings.TrimPrefix(sk, "DAY#"))
	if err != nil {
		return german.Date{}
	}
	return german.DateOf(t, time.UTC)
}

// lastPart is what stands behind the last # of a partition key.
func lastPart(pk string) string { return pk[strings.LastIndexByte(pk, '#')+1:] }
