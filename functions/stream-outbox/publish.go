package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/askpro/gateway/internal/lambdakit"
)

// source of all our events; the rules match it.
const source = "askpro"

// atOnce is PutEvents' limit.
const atOnce = 10

type publisher struct {
	client *eventbridge.Client
	bus    string
}

func newPublisher(env lambdakit.Env, bus string) *publisher {
	return &publisher{bus: bus, client: eventbridge.New(eventbridge.Options{
		Region: env.Region, Credentials: env.Credentials, HTTPClient: env.HTTP, BaseEndpoint: env.Endpoint("EVENTBRIDGE"),
	})}
}

// publish puts records on the bus in their order and returns how many are there for sure.
func (p *publisher) publish(ctx context.Context, records []lambdakit.Record) (done int, err error) {
	for done < len(records) {
		part := records[done:min(done+atOnce, len(records))]
		in := &eventbridge.PutEventsInput{}
		for _, r := range part {
			entry := types.PutEventsRequestEntry{EventBusName: &p.bus, Source: aws.String(source), DetailType: aws.String(r.Text["name"]), Detail: aws.String(r.Text["detail"])}
			if at, err := time.Parse(time.RFC3339Nano, r.Text["at"]); err == nil {
				entry.Time = &at
			}
			in.Entries = append(in.Entries, entry)
		}
		out, err := p.client.PutEvents(ctx, in)
		if err != nil {
			return done, fmt.Errorf("publish: %w", err)
		}
		for i, entry := range out.Entries {
			if entry.ErrorCode != nil {
				return done + i, fmt.Errorf("publish %s: %s", part[i].Text["name"], *entry.ErrorCode)
			}
		}
		done += len(part)
	}
	return done, nil
}
