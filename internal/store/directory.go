package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/askpro/gateway/internal/company"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/tenant"
)

// Directory answers the look-ups that come before a company is known: a webhook's route, a phone number. It holds ids
// and names of secrets, nothing else, and is read with the function's own role.
type Directory struct {
	client *dynamodb.Client
	name   string
}

// OpenDirectory makes the directory of a table.
func OpenDirectory(env lambdakit.Env, table string) *Directory {
	return &Directory{client: client(env), name: table}
}

// entry of the directory.
type entry struct {
	Company        string   `json:"company_id"`
	Slug           string   `json:"slug,omitempty"`
	Branch         string   `json:"branch_id,omitempty"`
	RetellKeys     []string `json:"retell_api_keys,omitempty"`
	CalcomSecrets  []string `json:"calcom_webhook_secrets,omitempty"`
	Active         bool     `json:"is_active"`
	ReservedAt     string   `json:"reserved_at,omitempty"` // until the company's own item is written
	SchemaVersions int      `json:"-"`
}

func (d *Directory) entry(ctx context.Context, k key) (entry, bool, error) {
	var e entry
	out, err := d.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &d.name, Key: k.item()})
	if err != nil {
		return e, false, fmt.Errorf("look up the directory: %w", err)
	}
	if out.Item == nil {
		return e, false, nil
	}
	if err := decode(out.Item, &e); err != nil {
		return e, false, err
	}
	return e, e.ReservedAt == "", nil
}

// Route finds the company of a webhook route; company.ErrUnknown when there is none.
func (d *Directory) Route(ctx context.Context, routeID string) (company.Route, error) {
	e, ok, err := d.entry(ctx, routeKey(routeID))
	if err != nil {
		return company.Route{}, err
	}
	if !ok {
		return company.Route{}, company.ErrUnknown
	}
	return company.Route{
		Company: tenant.Proven(e.Company), Slug: e.Slug, Active: e.Active,
		RetellKeyRefs: e.RetellKeys, CalcomSecretRefs: e.CalcomSecrets,
	}, nil
}

// Number finds whose phone number it is; company.ErrUnknown when nobody's.
func (d *Directory) Number(ctx context.Context, e164 string) (company.NumberEntry, error) {
	e, ok, err := d.entry(ctx, numberKey(e164))
	if err != nil {
		return company.NumberEntry{}, err
	}
	if !ok {
		return company.NumberEntry{}, company.ErrUnknown
	}
	return company.NumberEntry{Company: tenant.Proven(e.Company), BranchID: e.Branch, Active: e.Active}, nil
}

// Companies lists the active companies, for what is done for each of them by the clock.
func (d *Directory) Companies(ctx context.Context) ([]tenant.ID, error) {
	in := &dynamodb.QueryInput{
		TableName: &d.name, KeyConditionExpression: aws.String("pk = :pk"),
		ExpressionAttributeValues: item{":pk": str(companiesPartition)},
	}
	var list []tenant.ID
	for {
		out, err := d.client.Query(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("list the companies: %w", err)
		}
		for _, it := range out.Items {
			var e entry
			if err := decode(it, &e); err != nil {
				return nil, err
			}
			if e.Active && e.ReservedAt == "" {
				list = append(list, tenant.Proven(e.Company))
			}
		}
		if len(out.LastEvaluatedKey) == 0 {
			return list, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// ErrTaken says that a route or number is another company's.
var ErrTaken = errors.New("belongs to another company")

// reserve takes an entry for a company, or finds it taken. It is the first of two steps: a directory entry and the
// company's own item cannot share a transaction, because they need different credentials.
func (d *Directory) reserve(ctx context.Context, k key, e entry, at time.Time) error {
	e.ReservedAt = at.UTC().Format(time.RFC3339)
	it, err := encode(k, e)
	if err != nil {
		return err
	}
	_, err = d.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &d.name, Item: it,
		ConditionExpression:       aws.String("attribute_not_exists(pk)"),
		ExpressionAttributeValues: nil,
	})
	if !failedCondition(err) {
		return err
	}
	out, err := d.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &d.name, Key: k.item(), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return err
	}
	if text(out.Item, "company_id") != e.Company {
		return ErrTaken
	}
	return nil
}

// enter makes an entry valid once the company's own item is there.
func (d *Directory) enter(ctx context.Context, k key, e entry) error {
	it, err := encode(k, e)
	if err != nil {
		return err
	}
	_, err = d.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &d.name, Item: it,
		ConditionExpression:       aws.String("company_id = :company"),
		ExpressionAttributeValues: item{":company": str(e.Company)},
	})
	return err
}
