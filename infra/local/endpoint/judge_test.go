package endpoint_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestEveryCallIsJudged lists calls by whom they come from and whether they may reach the emulator.
func TestEveryCallIsJudged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fill := strings.NewReplacer("TABLE", w.system.Table.Name, "BUCKET", w.system.Bucket.Name, "BUS", w.system.Bus.Name, "QUEUE/", "http://127.0.0.1:4566/000000000000/askpro-local-", "KEYS", `"ExpressionAttributeValues":{":own":{"S":"COMPANY#A"},":other":{"S":"COMPANY#B"}}`).Replace
	queue := func(name string) string { q, _ := w.system.QueueNamed(name); return q.URL }
	const tenantA, hook = "A", "hook-retell-events"
	db := func(operation, body string) request { return dynamo(operation, fill(body)) }
	sqs := func(operation, name, more string) request {
		return request{service: "sqs", target: "AmazonSQS." + operation, body: `{"QueueUrl":"` + queue(name) + `"` + more + `}`}
	}
	events := func(operation, body string) request {
		return request{service: "events", target: "AWSEvents." + operation, body: fill(body)}
	}
	ssm := func(operation, body string) request {
		return request{service: "ssm", target: "AmazonSSM." + operation, body: body}
	}
	s3 := func(target string) request { return request{service: "s3", target: fill(target)} }
	copied := func(from, to string) request {
		q := s3("PUT " + to)
		q.header = map[string]string{"X-Amz-Copy-Source": fill(from)}
		return q
	}
	text := func(operation, from string) request {
		return request{service: "sms-voice", target: "PinpointSMSVoiceV2." + operation, body: `{"DestinationPhoneNumber":"+4915112345678","OriginationIdentity":"` + from + `","MessageBody":"x"}`}
	}
	ses := func(path, from string) request {
		return request{service: "ses", target: "POST " + path, body: `{"FromEmailAddress":"` + from + `","Destination":{"ToAddresses":["a@b.example"]},"Content":{"Raw":{"Data":"eA=="}}}`}
	}
	for _, tt := range []struct {
		name, who string
		q         request
		want      string // "": allowed; else the error's code
	}{
		{"its own item", tenantA, db("GetItem", `{"TableName":"TABLE","Key":{"pk":{"S":"COMPANY#A"},"sk":{"S":"x"}}}`), ""},
		{"another's item", tenantA, db("GetItem", `{"TableName":"TABLE","Key":{"pk":{"S":"COMPANY#B"},"sk":{"S":"x"}}}`), "AccessDeniedException"},
		{"a key twice, in other letters", tenantA, db("GetItem", `{"TableName":"TABLE","Key":{"pk":{"S":"COMPANY#B"},"sk":{"S":"x"}},"key":{"pk":{"S":"COMPANY#A"}}}`), "AccessDeniedException"},
		{"a value twice, in other letters", tenantA, db("GetItem", `{"TableName":"TABLE","Key":{"pk":{"S":"COMPANY#B","s":"COMPANY#A"},"sk":{"S":"x"}}}`), "AccessDeniedException"},
		{"a key that is no text", tenantA, db("GetItem", `{"TableName":"TABLE","Key":{"pk":{"N":"1"}}}`), "AccessDeniedException"},
		{"another table", tenantA, db("GetItem", `{"TableName":"other","Key":{"pk":{"S":"COMPANY#A"}}}`), "AccessDeniedException"},
		{"its own query", tenantA, db("Query", `{"TableName":"TABLE","KeyConditionExpression":"(#p = :own) and begins_with(sk, :own)","ExpressionAttributeNames":{"#p":"pk"},KEYS}`), ""},
		{"its own query, over lines", tenantA, db("Query", `{"TableName":"TABLE","KeyConditionExpression":"pk=:own\nAnD sk BETWEEN :own AND :other",KEYS}`), ""},
		{"its own query of a range", tenantA, db("Query", `{"TableName":"TABLE","KeyConditionExpression":"sk >= :other AND pk = :own",KEYS}`), ""},
		{"another's query", tenantA, db("Query", `{"TableName":"TABLE","KeyConditionExpression":"pk = :other",KEYS}`), "AccessDeniedException"},
		{"another's query behind an attribute that is no key", tenantA, db("Query", `{"TableName":"TABLE","KeyConditionExpression":"list_pk = :own AND pk = :other",KEYS}`), "AccessDeniedException"},
		{"two partitions", tenantA, db("Query", `{"TableName":"TABLE","KeyConditionExpression":"pk = :own OR pk = :other",KEYS}`), "AccessDeniedException"},
		{"all partitions", tenantA, db("Query", `{"TableName":"TABLE","KeyConditionExpression":"pk >= :own",KEYS}`), "AccessDeniedException"},
		{"a query in the old form", tenantA, db("Query", `{"TableName":"TABLE","KeyConditions":{"pk":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"COMPANY#A"}]}}}`), "ValidationException"},
		{"its own list", tenantA, db("Query", `{"TableName":"TABLE","IndexName":"list","KeyConditionExpression":"list_pk = :own",KEYS}`), ""},
		{"the list by the table's key", tenantA, db("Query", `{"TableName":"TABLE","IndexName":"list","KeyConditionExpression":"pk = :own",KEYS}`), "AccessDeniedException"},
		{"the index due", tenantA, db("Query", `{"TableName":"TABLE","IndexName":"due","KeyConditionExpression":"due_pk = :own",KEYS}`), "AccessDeniedException"},
		{"its own batch", tenantA, db("BatchGetItem", `{"RequestItems":{"TABLE":{"Keys":[{"pk":{"S":"COMPANY#A"}},{"pk":{"S":"COMPANY#A#CALL#1"}}]}}}`), ""},
		{"a batch with another's", tenantA, db("BatchGetItem", `{"RequestItems":{"TABLE":{"Keys":[{"pk":{"S":"COMPANY#A"}},{"pk":{"S":"COMPANY#B"}}]}}}`), "AccessDeniedException"},
		{"an empty batch", tenantA, db("BatchGetItem", `{"RequestItems":{}}`), "AccessDeniedException"},
		{"a written batch is another action", tenantA, db("BatchWriteItem", `{"RequestItems":{"TABLE":[{"PutRequest":{"Item":{"pk":{"S":"COMPANY#A"}}}}]}}`), "AccessDeniedException"},
		{"its own transaction", tenantA, db("TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"TABLE","Item":{"pk":{"S":"COMPANY#A"}}}},{"ConditionCheck":{"TableName":"TABLE","Key":{"pk":{"S":"COMPANY#A#x"}}}}]}`), ""},
		{"a transaction with another's", tenantA, db("TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"TABLE","Item":{"pk":{"S":"COMPANY#A"}}}},{"Delete":{"TableName":"TABLE","Key":{"pk":{"S":"COMPANY#B"}}}}]}`), "AccessDeniedException"},
		{"an empty transaction", tenantA, db("TransactWriteItems", `{"TransactItems":[]}`), "AccessDeniedException"},
		{"a scan", tenantA, db("Scan", `{"TableName":"TABLE"}`), "AccessDeniedException"},
		{"PartiQL", tenantA, db("ExecuteStatement", `{"Statement":"SELECT * FROM \"TABLE\" WHERE pk = 'COMPANY#A'"}`), "AccessDeniedException"},
		{"no JSON", tenantA, db("GetItem", `{`), "ValidationException"},

		{"its own transcript", tenantA, s3("PUT /BUCKET/companies/A/1"), ""},
		{"whether it is there", tenantA, request{service: "s3", target: fill("HEAD /BUCKET/companies/A/1")}, ""},
		{"another's transcript", tenantA, s3("GET /BUCKET/companies/B/1"), "AccessDenied"},
		{"another's transcript, copied", tenantA, copied("/BUCKET/companies/B/1", "/BUCKET/companies/A/1"), "AccessDenied"},
		{"its own transcript, copied", tenantA, copied("BUCKET/companies/A/2", "/BUCKET/companies/A/1"), ""},
		{"its transcript's rights", tenantA, s3("PUT /BUCKET/companies/A/1?acl="), "AccessDenied"},
		{"a list of the bucket", tenantA, s3("GET /BUCKET?list-type=2"), "AccessDenied"},
		{"its own recording is deleted", tenantA, s3("DELETE /BUCKET/companies/A/1"), ""},
		{"another's recording is deleted", tenantA, s3("DELETE /BUCKET/companies/B/1"), "AccessDenied"},
		{"another's attachment is deleted", tenantA, s3("DELETE /BUCKET/attachments/B/1/2/3"), "AccessDenied"},

		{"to its queue", hook, sqs("SendMessage", "default", `,"MessageBody":"x"`), ""},
		{"to its queue, several", hook, sqs("SendMessageBatch", "default", `,"Entries":[{"Id":"1","MessageBody":"x"}]`), ""},
		{"to another queue", hook, sqs("SendMessage", "sync", `,"MessageBody":"x"`), "AccessDeniedException"},
		{"from its queue", hook, sqs("ReceiveMessage", "default", ""), "AccessDeniedException"},
		{"all queues", hook, request{service: "sqs", target: "AmazonSQS.ListQueues", body: `{}`}, "AccessDeniedException"},

		{"its own secrets", hook, ssm("GetParameters", `{"Names":["/askpro/local/retell/demo/1"]}`), ""},
		{"a secret of another kind", hook, ssm("GetParameters", `{"Names":["/askpro/local/retell/demo/1","/askpro/local/calcom/demo"]}`), "AccessDeniedException"},
		{"no secrets", hook, ssm("GetParameters", `{"Names":[]}`), "AccessDeniedException"},
		{"one secret", hook, ssm("GetParameter", `{"Name":"/askpro/local/calcom/demo"}`), "AccessDeniedException"},
		{"all secrets", hook, ssm("GetParametersByPath", `{"Path":"/","Recursive":true}`), "AccessDeniedException"},
		{"a managed secret", hook, request{service: "secretsmanager", target: "secretsmanager.GetSecretValue", body: `{"SecretId":"x"}`}, "AccessDeniedException"},

		{"events on the bus", "stream-outbox", events("PutEvents", `{"Entries":[{"EventBusName":"BUS"}]}`), ""},
		{"events on another bus", "stream-outbox", events("PutEvents", `{"Entries":[{"EventBusName":"BUS"},{}]}`), "AccessDeniedException"},
		{"no events", "stream-outbox", events("PutEvents", `{"Entries":[]}`), "AccessDeniedException"},
		{"a rule", hook, events("PutRule", `{"Name":"x","EventBusName":"BUS"}`), "AccessDeniedException"},
		{"the stream", "stream-outbox", request{service: "dynamodb", target: "DynamoDBStreams_20120810.GetRecords", body: `{"ShardIterator":"x"}`}, ""},
		{"the stream by others", hook, request{service: "dynamodb", target: "DynamoDBStreams_20120810.GetRecords", body: `{"ShardIterator":"x"}`}, "AccessDeniedException"},

		{"a letter of ours", "work-notifications", ses("/v2/email/outbound-emails", "termine@"+w.system.Mail), ""},
		{"a letter with a name before it", "work-notifications", ses("/v2/email/outbound-emails", `\"Salon, Mitte\" <termine@`+w.system.Mail+">"), ""},
		{"a letter in another's name", "work-notifications", ses("/v2/email/outbound-emails", "x@other.example"), "AccessDeniedException"},
		{"another call of SES", "work-notifications", ses("/v2/email/identities", "termine@"+w.system.Mail), "AccessDeniedException"},
		{"a text message with a name", "work-notifications", text("SendTextMessage", "SalonMitte"), ""},
		{"a text message with a number", "work-notifications", text("SendTextMessage", "+4915799912345"), ""},
		{"a text message from a pool", "work-notifications", text("SendTextMessage", "arn:aws:sms-voice:eu-central-1:000000000000:pool/pool-1"), "AccessDeniedException"},
		{"a text message without a sender", "work-notifications", text("SendTextMessage", ""), "AccessDeniedException"},
		{"a voice message", "work-notifications", text("SendVoiceMessage", "SalonMitte"), "AccessDeniedException"},
		{"a text message by others", hook, text("SendTextMessage", "SalonMitte"), "AccessDeniedException"},
		{"a service that is not here", hook, request{service: "kms", target: "TrentService.Decrypt", body: `{}`}, "AccessDeniedException"},
	} {
		who := w.tenant(t, "TenantWriteRole", tt.who)
		if tt.who != tenantA {
			who = w.as(t, tt.who)
		}
		before := len(w.reached()) + len(w.saw().mails) + len(w.saw().texts)
		got := w.do(t, who, tt.q)
		arrived := len(w.reached())+len(w.saw().mails)+len(w.saw().texts) > before
		switch {
		case tt.want == "" && (got.status != http.StatusOK || !arrived):
			t.Errorf("%s is refused: %d %s", tt.name, got.status, got.body)
		case tt.want != "" && (got.code != tt.want || arrived):
			t.Errorf("%s: arrived %t, %d %s", tt.name, arrived, got.status, got.body)
		}
	}
}
