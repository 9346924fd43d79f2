package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askpro/gateway/infra/local/template"
)

// Create makes the template's data resources and stores parameters (name → secret value).
func Create(ctx context.Context, url string, s *template.System, parameters map[string]string) error {
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"table", func() error { return createTable(ctx, url, s.Table) }},
		{"queues", func() error { return createQueues(ctx, url, s) }},
		{"bus and rules", func() error { return createBus(ctx, url, s) }},
		{"bucket", func() error { return createBucket(ctx, url, s.Bucket) }},
		{"secrets", func() error {
			for _, name := range slices.Sorted(maps.Keys(parameters)) {
				if err := Call(ctx, url, "ssm", "AmazonSSM.PutParameter", map[string]any{"Name": name, "Value": parameters[name], "Type": "SecureString", "Overwrite": true}, nil); err != nil {
					return err
				}
			}
			return nil
		}},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("create the %s: %w", step.what, err)
		}
	}
	return nil
}

func createTable(ctx context.Context, url string, t template.Table) error {
	in := map[string]any{"TableName": t.Name, "BillingMode": "PAY_PER_REQUEST"}
	for _, name := range []string{"AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes"} {
		in[name] = t.Properties[name]
	}
	stream := map[string]any{"StreamEnabled": true}
	maps.Copy(stream, t.Properties["StreamSpecification"].(map[string]any))
	in["StreamSpecification"] = stream
	return Call(ctx, url, "dynamodb", "DynamoDB_20120810.CreateTable", in, nil)
}

// createQueues makes dead-letter queues first: the others point at them.
func createQueues(ctx context.Context, url string, s *template.System) error {
	queues := slices.Clone(s.Queues)
	slices.SortStableFunc(queues, func(a, b template.Queue) int { return len(a.RedriveTo) - len(b.RedriveTo) })
	for _, q := range queues {
		attributes := map[string]string{
			"VisibilityTimeout":      strconv.Itoa(int(q.Visibility / time.Second)),
			"MessageRetentionPeriod": strconv.Itoa(int(q.Retention / time.Second)),
		}
		if q.RedriveTo != "" {
			to, _ := s.QueueNamed(q.RedriveTo)
			policy, err := json.Marshal(map[string]any{"deadLetterTargetArn": to.ARN, "maxReceiveCount": q.MaxReceive})
			if err != nil {
				return err
			}
			attributes["RedrivePolicy"] = string(policy)
		}
		if err := Call(ctx, url, "sqs", "AmazonSQS.CreateQueue", map[string]any{"QueueName": q.Name, "Attributes": attributes}, nil); err != nil {
			return err
		}
	}
	return nil
}

func createBus(ctx context.Context, url string, s *template.System) error {
	if err := Call(ctx, url, "events", "AWSEvents.CreateEventBus", map[string]any{"Name": s.Bus.Name}, nil); err != nil {
		return err
	}
	for _, r := range s.Rules {
		if r.Default { // played by the endpoint
			continue
		}
		pattern, err := json.Marshal(r.Pattern)
		if err != nil {
			return err
		}
		if err := Call(ctx, url, "events", "AWSEvents.PutRule", map[string]any{"Name": r.Name, "EventBusName": s.Bus.Name, "EventPattern": string(pattern), "State": "ENABLED"}, nil); err != nil {
			return err
		}
		var targets []any
		for _, t := range r.Targets {
			targets = append(targets, map[string]any{"Id": t.ID, "Arn": t.ARN})
		}
		if err := Call(ctx, url, "events", "AWSEvents.PutTargets", map[string]any{"Rule": r.Name, "EventBusName": s.Bus.Name, "Targets": targets}, nil); err != nil {
			return err
		}
	}
	return nil
}

func createBucket(ctx context.Context, url string, b template.Bucket) error {
	where := `<CreateBucketConfiguration><LocationConstraint>` + template.Region + `</LocationConstraint></CreateBucketConfiguration>`
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url+"/"+b.Name, strings.NewReader(where))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", Authorization("s3"))
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("bucket %s: %s", b.Name, resp.Status)
	}
	return nil
}

// Sweep deletes items whose time to live is over at now, as DynamoDB does late and by itself.
func Sweep(ctx context.Context, url string, t template.Table, now time.Time) error {
	if t.TTL == "" {
		return nil
	}
	var start any
	for {
		in := map[string]any{
			"TableName": t.Name, "ProjectionExpression": "pk, sk", "FilterExpression": "#ttl <= :now",
			"ExpressionAttributeNames":  map[string]string{"#ttl": t.TTL},
			"ExpressionAttributeValues": map[string]any{":now": map[string]string{"N": strconv.FormatInt(now.Unix(), 10)}},
		}
		if start != nil {
			in["ExclusiveStartKey"] = start
		}
		var out struct {
			Items            []map[string]any
			LastEvaluatedKey any
		}
		if err := Call(ctx, url, "dynamodb", "DynamoDB_20120810.Scan", in, &out); err != nil {
			return err
		}
		for _, key := range out.Items {
			again := map[string]any{ // it may have been written anew since
				"TableName": t.Name, "Key": key, "ConditionExpression": in["FilterExpression"],
				"ExpressionAttributeNames": in["ExpressionAttributeNames"], "ExpressionAttributeValues": in["ExpressionAttributeValues"],
			}
			if err := Call(ctx, url, "dynamodb", "DynamoDB_20120810.DeleteItem", again, nil); err != nil && !strings.Contains(err.Error(), "ConditionalCheckFailed") {
				return err
			}
		}
		if out.LastEvaluatedKey == nil {
			return nil
		}
		start = out.LastEvaluatedKey
	}
}
