package endpoint

import (
	"regexp"

	"github.com/askpro/gateway/infra/local/iam"
	"github.com/askpro/gateway/infra/local/template"
)

// keys are the partition keys' attributes, of the table ("") and of each index, as template.yaml says.
type keys map[string]string

func keysOf(t template.Table) keys {
	k := keys{"": hashOf(t.Properties)}
	for _, x := range array(t.Properties["GlobalSecondaryIndexes"]) {
		k[text(object(x)["IndexName"])] = hashOf(object(x))
	}
	return k
}

func hashOf(p map[string]any) string {
	for _, x := range array(p["KeySchema"]) {
		if object(x)["KeyType"] == "HASH" {
			return text(object(x)["AttributeName"])
		}
	}
	return ""
}

// parts of a transaction and of a written batch: the action each is judged by and where its key stands.
var parts = map[string]struct{ action, key string }{
	"Get": {"GetItem", "Key"}, "Put": {"PutItem", "Item"}, "Update": {"UpdateItem", "Key"}, "Delete": {"DeleteItem", "Key"},
	"ConditionCheck": {"ConditionCheckItem", "Key"}, "PutRequest": {"BatchWriteItem", "Item"}, "DeleteRequest": {"BatchWriteItem", "Key"},
}

// actions lists what a DynamoDB request does, with dynamodb:LeadingKeys. Transactions are judged item by item with the
// items' actions; batches item by item with their own (BatchGetItem, BatchWriteItem), as AWS does. Scan, PartiQL, Describe…
// have no leading keys, nor has a request that names none: the Null condition of the policies denies them.
func (k keys) actions(operation string, in map[string]any) ([]iam.Request, error) {
	var list []iam.Request
	table := text(in["TableName"])
	switch operation {
	case "GetItem", "DeleteItem", "UpdateItem":
		list = append(list, k.item(operation, table, in["Key"]))
	case "PutItem":
		list = append(list, k.item(operation, table, in["Item"]))
	case "Query":
		if in["KeyConditions"] != nil {
			return nil, errOldForm
		}
		index := text(in["IndexName"])
		list = append(list, judged("Query", table, index, k.partitions(index, in)))
	case "BatchGetItem":
		for name, x := range object(in["RequestItems"]) {
			for _, key := range array(object(x)["Keys"]) {
				list = append(list, k.item(operation, name, key))
			}
		}
	case "BatchWriteItem":
		for name, x := range object(in["RequestItems"]) {
			for _, w := range array(x) {
				list = append(list, k.parts(name, w)...)
			}
		}
	case "TransactWriteItems", "TransactGetItems":
		for _, x := range array(in["TransactItems"]) {
			list = append(list, k.parts("", x)...)
		}
	default:
		list = append(list, judged(operation, table, "", nil))
	}
	return list, nil
}

func (k keys) parts(table string, x any) (list []iam.Request) {
	for kind, v := range object(x) {
		p, ok := parts[kind]
		if !ok {
			p.action = kind // no policy allows it
		}
		name := table
		if name == "" {
			name = text(object(v)["TableName"])
		}
		list = append(list, k.item(p.action, name, object(v)[p.key]))
	}
	return list
}

func (k keys) item(action, table string, key any) iam.Request {
	var values []string
	if v, ok := object(object(key)[k[""]])["S"].(string); ok {
		values = []string{v}
	}
	return judged(action, table, "", values)
}

func judged(action, table, index string, leading []string) iam.Request {
	resource := "table/" + table
	if index != "" {
		resource += "/index/" + index
	}
	r := iam.Request{Action: "dynamodb:" + action, Resource: arn("dynamodb", "", resource)}
	if leading != nil {
		r.Context = map[string][]string{"dynamodb:leadingkeys": leading}
	}
	return r
}

// equality is a name that equals a value; the grammar of key conditions has no other way to name a partition.
var equality = regexp.MustCompile(`([#\w.-]+)\s*=\s*(:\w+)`)

// partitions finds the values a key condition gives the partition key. More than one, which DynamoDB would refuse, are
// judged all.
func (k keys) partitions(index string, in map[string]any) (values []string) {
	names, given := object(in["ExpressionAttributeNames"]), object(in["ExpressionAttributeValues"])
	for _, m := range equality.FindAllStringSubmatch(text(in["KeyConditionExpression"]), -1) {
		name := m[1]
		if real := text(names[name]); real != "" {
			name = real
		}
		if name == k[index] && name != "" {
			values = append(values, text(object(given[m[2]])["S"]))
		}
	}
	return values
}
