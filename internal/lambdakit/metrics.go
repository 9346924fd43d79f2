package lambdakit

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"
)

// Namespace of our metrics. All of them exist once for the stage; what is counted also for each function and company.
const Namespace = "AskPro"

// What is measured besides Alarms.
const (
	DeliveryTaken      = "delivery_taken"       // an attempt to deliver a case: 1 its receiver took it, 0 it did not
	DeliverySeconds    = "delivery_seconds"     // from a case's first message being made to its being sent
	EnrichmentTimedOut = "enrichment_timed_out" // 1 a case that left without what its call brings, 0 one that was enriched
)

// Count adds one to a metric.
func Count(metric, company string) {
	emit(metric, "Count", 1, company, []string{"stage"}, []string{"function"}, []string{"function", "company"})
}

// Measure notes how long something took.
func Measure(metric string, took time.Duration) {
	emit(metric, "Seconds", took.Seconds(), "", []string{"stage"})
}

// Share notes whether something was so: the metric's average is how often it is, its samples are how many there were.
func Share(metric string, so bool) {
	value := 0.0
	if so {
		value = 1
	}
	emit(metric, "None", value, "", []string{"stage"})
}

// emit writes a metric in CloudWatch's embedded metric format: a log line, no call. A dimension without a value is left out
// with its set: CloudWatch takes none that is empty
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
func emit(metric, unit string, value float64, company string, sets ...[]string) {
	values := map[string]string{"stage": os.Getenv("STAGE"), "function": os.Getenv("AWS_LAMBDA_FUNCTION_NAME"), "company": company}
	line := map[string]any{"version": Version, metric: value}
	dimensions := [][]string{}
	for _, set := range sets {
		if slices.ContainsFunc(set, func(name string) bool { return values[name] == "" }) {
			continue
		}
		dimensions = append(dimensions, set)
		for _, name := range set {
			line[name] = values[name]
		}
	}
	line["_aws"] = map[string]any{
		"Timestamp": time.Now().UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{
			"Namespace": Namespace, "Dimensions": dimensions, "Metrics": []any{map[string]string{"Name": metric, "Unit": unit}},
		}},
	}
	if written, err := json.Marshal(line); err == nil {
		fmt.Println(string(written))
	}
}
