package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/askpro/gateway/internal/lambdakit"
)

// figure is a metric of CloudWatch and how it is read. All of ours have one dimension.
type figure struct {
	namespace, metric string
	of, which         string // the dimension and its value, which may be a token
	read              string // Sum, Average, Maximum, SampleCount, p95
}

// alarm wakes a person when its figure is above a limit, in so many of the last periods. Where nothing is measured nothing
// is wrong. CloudWatch takes $0.10 a month for each figure.
type alarm struct {
	name    string // after askpro-<stage>-
	todo    string // whoever is woken reads it
	figures []figure
	formula string // of m0, m1, …; empty: the only figure itself
	above   float64
	minutes int // of a period
	times   int // periods above the limit …
	among   int // … among so many
}

// atOnce is an alarm of what should not happen at all.
func atOnce(a alarm) alarm {
	a.times, a.among = 1, 1
	return a
}

// alarms are those of the specification (service desk, §18), for what there is in the system: nothing logs in yet, and how old
// time zones are is not known at run time.
func alarms(s *system) []alarm {
	var all []alarm
	for _, id := range s.dead {
		all = append(all, atOnce(alarm{
			name: "dead-letters-" + id, minutes: 1,
			todo: "Messages lie in " + id + ", for 14 days: they failed in all their tries. The log of the function that works on them says why, " +
				"of an event its message's attributes. Then put them back: SQS redrives them, an event is sent to the queue it was for.",
			figures: []figure{s.queue(id, "ApproximateNumberOfMessagesVisible", "Maximum")},
		}))
	}
	for _, id := range s.work {
		all = append(all, alarm{
			name: "backlog-" + id, minutes: 1, times: 5, among: 5, above: 120,
			todo: "Messages wait in " + id + " for longer than two minutes: is its function throttled, failing or slow? See the dashboard.",
			// An age counts from the sending, and AWS does not say that it leaves out messages with a delay. Ours wait that way,
			// up to 15 minutes, and a failed one stays invisible for six: what is old counts where something could be taken.
			figures: []figure{s.queue(id, "ApproximateAgeOfOldestMessage", "Maximum"), s.queue(id, "ApproximateNumberOfMessagesVisible", "Maximum")},
			formula: "IF(m1 > 0, m0, 0)",
		})
	}
	for _, id := range slices.Sorted(maps.Keys(s.functions)) {
		folder := s.functions[id]
		all = append(all,
			alarm{
				name: "errors-" + folder, minutes: 5, times: 2, among: 3,
				todo:    folder + " broke off or ran out of time, again and again: see its log.",
				figures: []figure{s.function(id, "Errors", "Sum")},
			},
			alarm{
				name: "throttles-" + folder, minutes: 5, times: 2, among: 3,
				todo:    folder + " was called more often than Lambda let it run: look at the account's and the function's concurrency.",
				figures: []figure{s.function(id, "Throttles", "Sum")},
			})
	}
	all = append(all,
		alarm{
			name: "requests-failed", minutes: 5, times: 2, among: 3, above: 1,
			todo:    "Of the requests to the HTTP API more than one in a hundred failed on our side: see the dashboard for the function and its log.",
			figures: []figure{s.api("5xx", "Sum"), s.api("Count", "Sum")},
			formula: "100 * m0 / m1",
		},
		atOnce(alarm{
			name: "letters-returned", minutes: 60, above: 0.02,
			todo:    "Of the letters more than two in a hundred came back; SES stops an account at ten. Find the company whose addresses are wrong in the logs of work-notifications and work-gateway.",
			figures: []figure{{namespace: "AWS/SES", metric: "Reputation.BounceRate", of: "ses:configuration-set", which: s.ref("MailSet"), read: "Average"}},
		}),
		alarm{
			name: "deliveries-slow", minutes: 15, times: 2, among: 2, above: 180,
			todo:    "Of the cases one in twenty takes longer than three minutes to leave: see the dashboard for backlogs and refused attempts, then the receivers.",
			figures: []figure{s.ours(lambdakit.DeliverySeconds, "p95"), s.ours(lambdakit.DeliverySeconds, "SampleCount")},
			formula: "IF(m1 >= 10, m0, 0)",
		},
		atOnce(alarm{
			name: "enrichment-late", minutes: 60, above: 0.1,
			todo:    "Of the cases more than one in ten left without what its call brings: are the telephone's events late, or the queues default and gateway?",
			figures: []figure{s.ours(lambdakit.EnrichmentTimedOut, "Average"), s.ours(lambdakit.EnrichmentTimedOut, "SampleCount")},
			formula: "IF(m1 >= 10, m0, 0)",
		}))
	for _, name := range slices.Sorted(maps.Keys(lambdakit.Alarms)) {
		all = append(all, atOnce(alarm{name: name, minutes: 5, todo: lambdakit.Alarms[name], figures: []figure{s.ours(name, "Sum")}}))
	}
	return all
}

func (s *system) queue(id, metric, read string) figure {
	return figure{namespace: "AWS/SQS", metric: metric, of: "QueueName", which: s.attribute(id, "QueueName"), read: read}
}

func (s *system) function(id, metric, read string) figure {
	return figure{namespace: "AWS/Lambda", metric: metric, of: "FunctionName", which: s.ref(id), read: read}
}

func (s *system) api(metric, read string) figure {
	return figure{namespace: "AWS/ApiGateway", metric: metric, of: "ApiId", which: s.ref("Api"), read: read}
}

func (s *system) ours(metric, read string) figure {
	return figure{namespace: lambdakit.Namespace, metric: metric, of: "stage", which: s.stage.name, read: read}
}

// key of the nth figure in a formula.
func key(n int) string { return fmt.Sprint("m", n) }
