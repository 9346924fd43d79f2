package store

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/askpro/gateway/internal/tenant"
)

// playsLife is for how long a minute's count is of any use, and some more.
const playsLife = time.Hour

// CountPlay counts one more of a case's recordings that are handed out in a minute and returns which it is; 0 when there
// were most already. Those who count at once each get a number of their own.
func (s *Table) CountPlay(ctx context.Context, t tenant.ID, caseID string, minute time.Time, most int) (int, error) {
	out, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name, Key: playsKey(t, caseID, minute).item(), UpdateExpression: aws.String("SET expires_at = :expires ADD n :one"),
		ConditionExpression:       aws.String("attribute_not_exists(n) OR n < :most"),
		ExpressionAttributeValues: item{":one": num(1), ":most": num(int64(most)), ":expires": num(minute.Add(playsLife).Unix())},
		ReturnValues:              types.ReturnValueUpdatedNew,
	}, s.as(t))
	if failedCondition(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("count a recording's hand-outs: %w", err)
	}
	return int(number(out.Attributes, "n")), nil
}
