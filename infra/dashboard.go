package main

import (
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/askpro/gateway/internal/lambdakit"
)

// The dashboard's columns, of CloudWatch's 24.
const (
	columns     = 3
	widgetWide  = 24 / columns
	widgetHigh  = 6
	alarmsHigh  = 4
	fiveMinutes = 300
)

// dashboard shows the alarms and, below, the figures that they watch, as CloudWatch's dashboard body
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html).
func dashboard(stack awscdk.Stack, s *system, all []alarm) map[string]any {
	var arns []*string
	for _, a := range all {
		arns = append(arns, stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("cloudwatch"), Resource: jsii.String("alarm"), ResourceName: jsii.String(s.stage.alarmName(a)), ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
		}))
	}
	widgets := []any{map[string]any{
		"type": "alarm", "x": 0, "y": 0, "width": 24, "height": alarmsHigh,
		"properties": map[string]any{"title": "Alarms", "alarms": arns, "sortBy": "stateUpdatedTimestamp"},
	}}
	graph := func(title string, lines ...line) {
		var metrics []any
		for _, l := range lines {
			how := map[string]any{"stat": l.read, "label": l.label}
			if l.right {
				how["yAxis"] = "right"
			}
			metrics = append(metrics, []any{l.namespace, l.metric, l.of, l.which, how})
		}
		n := len(widgets) - 1
		widgets = append(widgets, map[string]any{
			"type": "metric", "x": n % columns * widgetWide, "y": alarmsHigh + n/columns*widgetHigh, "width": widgetWide, "height": widgetHigh,
			"properties": map[string]any{"title": title, "region": stack.Region(), "period": fiveMinutes, "metrics": metrics},
		})
	}
	queues := func(ids []string, metric string) (lines []line) {
		for _, id := range ids {
			lines = append(lines, line{figure: s.queue(id, metric, "Maximum"), label: id})
		}
		return lines
	}
	functions := func(metric, read string) (lines []line) {
		for _, id := range slices.Sorted(maps.Keys(s.functions)) {
			lines = append(lines, line{figure: s.function(id, metric, read), label: s.functions[id]})
		}
		return lines
	}
	var raised []line
	for _, name := range slices.Sorted(maps.Keys(lambdakit.Alarms)) {
		raised = append(raised, line{figure: s.ours(name, "Sum"), label: name})
	}
	graph("Oldest message (s)", queues(s.work, "ApproximateAgeOfOldestMessage")...)
	graph("Waiting messages", queues(s.work, "ApproximateNumberOfMessagesVisible")...)
	graph("Dead letters", queues(s.dead, "ApproximateNumberOfMessagesVisible")...)
	graph("Functions: errors", functions("Errors", "Sum")...)
	graph("Functions: throttles", functions("Throttles", "Sum")...)
	graph("Functions: duration p95 (ms)", functions("Duration", "p95")...)
	graph("Requests", line{figure: s.api("Count", "Sum"), label: "requests"}, line{figure: s.api("5xx", "Sum"), label: "5xx"}, line{figure: s.api("Latency", "p95"), label: "p95 (ms)", right: true})
	graph("Deliveries",
		line{figure: s.ours(lambdakit.DeliveryTaken, "SampleCount"), label: "attempts"}, line{figure: s.ours(lambdakit.DeliveryTaken, "Sum"), label: "taken"},
		line{figure: s.ours(lambdakit.DeliverySeconds, "p95"), label: "created to sent p95 (s)", right: true})
	graph("Enrichment",
		line{figure: s.ours(lambdakit.EnrichmentTimedOut, "SampleCount"), label: "cases"}, line{figure: s.ours(lambdakit.EnrichmentTimedOut, "Sum"), label: "timed out"})
	graph("What the product raised", raised...)
	return map[string]any{"widgets": widgets}
}

// line of a graph.
type line struct {
	figure
	label string
	right bool // it has another measure than the others
}
