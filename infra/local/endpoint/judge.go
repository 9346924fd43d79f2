package endpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/askpro/gateway/infra/local/iam"
	"github.com/askpro/gateway/infra/local/template"
)

// operationOf tells which API a request speaks to.
func operationOf(r *http.Request, body []byte) (service, operation string) {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		prefix, op, _ := strings.Cut(target, ".")
		switch {
		case strings.HasPrefix(prefix, "DynamoDBStreams"):
			return "streams", op
		case strings.HasPrefix(prefix, "DynamoDB"):
			return "dynamodb", op
		case prefix == "AmazonSQS":
			return "sqs", op
		case prefix == "AWSEvents":
			return "events", op
		case prefix == "AmazonSSM":
			return "ssm", op
		case prefix == "secretsmanager":
			return "secretsmanager", op
		}
		return strings.ToLower(prefix), op
	}
	if strings.HasPrefix(r.URL.Path, "/v2/email/") {
		return "ses", "SendEmail"
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, _ := url.ParseQuery(string(body))
		return "sts", form.Get("Action")
	}
	return "s3", map[string]string{"GET": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject", "HEAD": "HeadObject"}[r.Method]
}

func protocolOf(r *http.Request) string {
	service, _ := operationOf(r, nil)
	return service
}

func arn(service, resource string) string {
	return "arn:aws:" + service + ":" + template.Region + ":" + template.Account + ":" + resource
}

// requests lists the actions a call consists of, as AWS judges them.
func (e *Endpoint) requests(c *call) ([]iam.Request, error) {
	switch c.service {
	case "dynamodb":
		return dynamodb(c)
	case "streams":
		return []iam.Request{{Action: "dynamodb:" + c.operation, Resource: e.System.Table.ARN + "/stream/x"}}, nil
	case "sqs":
		var in struct {
			QueueURL string `json:"QueueUrl"`
		}
		if err := json.Unmarshal(c.body, &in); err != nil {
			return nil, err
		}
		action := strings.TrimSuffix(c.operation, "Batch")
		return []iam.Request{{Action: "sqs:" + action, Resource: arn("sqs", in.QueueURL[strings.LastIndexByte(in.QueueURL, '/')+1:])}}, nil
	case "events":
		var in struct {
			Entries []struct{ EventBusName string }
		}
		if err := json.Unmarshal(c.body, &in); err != nil {
			return nil, err
		}
		var list []iam.Request
		for _, x := range in.Entries {
			list = append(list, iam.Request{Action: "events:" + c.operation, Resource: arn("events", "event-bus/"+x.EventBusName)})
		}
		return list, nil
	case "ssm":
		var in struct{ Names []string }
		if err := json.Unmarshal(c.body, &in); err != nil {
			return nil, err
		}
		var list []iam.Request
		for _, name := range in.Names {
			list = append(list, iam.Request{Action: "ssm:" + c.operation, Resource: arn("ssm", "parameter/"+strings.TrimPrefix(name, "/"))})
		}
		return list, nil
	case "secretsmanager":
		var in struct {
			SecretID string `json:"SecretId"`
		}
		if err := json.Unmarshal(c.body, &in); err != nil {
			return nil, err
		}
		return []iam.Request{{Action: "secretsmanager:" + c.operation, Resource: arn("secretsmanager", "secret:"+in.SecretID)}}, nil
	case "ses":
		var in struct{ FromEmailAddress string }
		if err := json.Unmarshal(c.body, &in); err != nil {
			return nil, err
		}
		_, domain, _ := strings.Cut(in.FromEmailAddress, "@")
		return []iam.Request{{Action: "ses:SendEmail", Resource: arn("ses", "identity/"+domain)}}, nil
	case "sts":
		form, err := url.ParseQuery(string(c.body))
		if err != nil {
			return nil, err
		}
		role, tags := assumption(form)
		list := []iam.Request{{Action: "sts:" + c.operation, Resource: role, Context: tagContext(c.caller, tags)}}
		if len(tags) > 0 {
			list = append(list, iam.Request{Action: "sts:TagSession", Resource: role, Context: tagContext(c.caller, tags)})
		}
		return list, nil
	case "s3":
		return []iam.Request{{Action: "s3:" + c.operation, Resource: "arn:aws:s3:::" + strings.TrimPrefix(c.r.URL.Path, "/")}}, nil
	}
	return nil, fmt.Errorf("service %s is not part of the local stack", c.service)
}

// keyed is any DynamoDB request, as far as its keys go.
type keyed struct {
	TableName                 string
	IndexName                 string
	Key                       map[string]attribute
	Item                      map[string]attribute
	KeyConditionExpression    string
	KeyConditions             json.RawMessage
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues map[string]json.RawMessage
	RequestItems              map[string]json.RawMessage
	TransactItems             []map[string]keyed
}

type attribute struct{ S *string }

func (a attribute) text() (string, error) {
	if a.S == nil {
		return "", errors.New("the partition key is no text")
	}
	return *a.S, nil
}

// dynamodb lists the actions of a request with their leading keys; batches and transactions are judged item by item.
func dynamodb(c *call) ([]iam.Request, error) {
	var in keyed
	if err := json.Unmarshal(c.body, &in); err != nil {
		return nil, err
	}
	switch c.operation {
	case "GetItem", "DeleteItem", "UpdateItem":
		return leading(c.operation, in.TableName, "", in.Key)
	case "PutItem":
		return leading(c.operation, in.TableName, "", in.Item)
	case "Query":
		pk, err := partitionOf(in)
		if err != nil {
			return nil, err
		}
		return []iam.Request{item("Query", in.TableName, in.IndexName, pk)}, nil
	case "BatchGetItem":
		return batchGet(in)
	case "BatchWriteItem":
		return batchWrite(in)
	case "TransactWriteItems", "TransactGetItems":
		actions := map[string]string{"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem", "Get": "GetItem"}
		var list []iam.Request
		for _, t := range in.TransactItems {
			for kind, x := range t {
				key := x.Key
				if kind == "Put" {
					key = x.Item
				}
				one, err := leading(actions[kind], x.TableName, "", key)
				if err != nil {
					return nil, err
				}
				list = append(list, one...)
			}
		}
		return list, nil
	}
	// Scan, PartiQL, Describe…: no leading keys, so no policy of ours can allow them.
	return []iam.Request{{Action: "dynamodb:" + c.operation, Resource: arn("dynamodb", "table/"+in.TableName)}}, nil
}

func item(action, table, index, pk string) iam.Request {
	resource := "table/" + table
	if index != "" {
		resource += "/index/" + index
	}
	return iam.Request{Action: "dynamodb:" + action, Resource: arn("dynamodb", resource), Context: map[string][]string{"dynamodb:leadingkeys": {pk}}}
}

func leading(action, table, index string, key map[string]attribute) ([]iam.Request, error) {
	pk, err := key["pk"].text()
	if err != nil {
		return nil, err
	}
	return []iam.Request{item(action, table, index, pk)}, nil
}

func batchGet(in keyed) ([]iam.Request, error) {
	var list []iam.Request
	for table, raw := range in.RequestItems {
		var x struct{ Keys []map[string]attribute }
		if err := json.Unmarshal(raw, &x); err != nil {
			return nil, err
		}
		for _, key := range x.Keys {
			one, err := leading("BatchGetItem", table, "", key)
			if err != nil {
				return nil, err
			}
			list = append(list, one...)
		}
	}
	return list, nil
}

func batchWrite(in keyed) ([]iam.Request, error) {
	var list []iam.Request
	for table, raw := range in.RequestItems {
		var writes []map[string]keyed
		if err := json.Unmarshal(raw, &writes); err != nil {
			return nil, err
		}
		for _, w := range writes {
			for kind, x := range w {
				key := x.Key
				if kind == "PutRequest" {
					key = x.Item
				}
				one, err := leading("BatchWriteItem", table, "", key)
				if err != nil {
					return nil, err
				}
				list = append(list, one...)
			}
		}
	}
	return list, nil
}

// partitionOf finds the value a key condition gives the partition key: the attribute that ends in "pk" and equals a value.
func partitionOf(in keyed) (string, error) {
	if len(in.KeyConditions) > 0 {
		return "", errors.New("KeyConditions is the old form; use KeyConditionExpression")
	}
	for _, part := range strings.Split(strings.ReplaceAll(in.KeyConditionExpression, " and ", " AND "), " AND ") {
		name, value, ok := strings.Cut(strings.Trim(part, " ()"), "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if strings.HasSuffix(name, "<") || strings.HasSuffix(name, ">") || !ok {
			continue
		}
		if real, ok := in.ExpressionAttributeNames[name]; ok {
			name = real
		}
		if !strings.HasSuffix(name, "pk") {
			continue
		}
		var a attribute
		if err := json.Unmarshal(in.ExpressionAttributeValues[value], &a); err != nil {
			return "", err
		}
		return a.text()
	}
	return "", errors.New("the key condition names no partition key")
}
