// Command redrive puts the messages of a dead-letter queue back where they came from:
//
//	make redrive Q=notifications
//
// Q is default, notifications, sync or gateway. What lies in events-dead has no queue to go back to: its message names the one
// that it was for (TARGET_ARN), and its body is sent there. The command works on the local stack; on AWS the console's and the
// SQS API's own redrive does the same. A message is deleted only after its queue has taken it, so that one may arrive twice but
// none is lost.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/askpro/gateway/infra/operator"
)

var queues = map[string][2]string{
	"default":       {"DefaultDeadQueue", "DefaultQueue"},
	"notifications": {"NotificationsDeadQueue", "NotificationsQueue"},
	"sync":          {"SyncDeadQueue", "SyncQueue"},
	"gateway":       {"GatewayDeadQueue", "GatewayQueue"},
}

func main() {
	if len(os.Args) != 2 || queues[os.Args[1]][0] == "" {
		fmt.Fprintln(os.Stderr, "usage: make redrive Q=default   (or notifications, sync, gateway)")
		os.Exit(2)
	}
	n, err := run(queues[os.Args[1]])
	fmt.Printf("%d messages put back into %s\n", n, os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(q [2]string) (n int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	stack, err := operator.Open()
	if err != nil {
		return 0, err
	}
	if !stack.Local {
		return 0, fmt.Errorf("on AWS use the redrive of SQS: aws sqs start-message-move-task --source-arn …")
	}
	client := sqs.New(sqs.Options{Region: stack.Env.Region, Credentials: stack.Env.Credentials, HTTPClient: stack.Env.HTTP, BaseEndpoint: stack.Env.Endpoint("SQS")})
	from, to := stack.Queue(q[0]), stack.Queue(q[1])
	for {
		out, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &from, MaxNumberOfMessages: 10, MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameMessageGroupId},
		})
		if err != nil {
			return n, err
		}
		if len(out.Messages) == 0 {
			return n, nil
		}
		for _, m := range out.Messages {
			in := &sqs.SendMessageInput{QueueUrl: &to, MessageBody: m.Body}
			if group := m.Attributes[string(types.MessageSystemAttributeNameMessageGroupId)]; group != "" {
				in.MessageGroupId = aws.String(group)
			}
			if _, err := client.SendMessage(ctx, in); err != nil {
				return n, err
			}
			if _, err := client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &from, ReceiptHandle: m.ReceiptHandle}); err != nil {
				return n, err
			}
			n++
		}
	}
}
