package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/askpro/gateway/internal/audit"
	"github.com/askpro/gateway/internal/event"
	"github.com/askpro/gateway/internal/ident"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/tenant"
)

// objectsAtOnce is how many objects are saved in one transaction: each is a record, its line in the trail and its event, and
// a transaction takes a hundred items and 4 MB.
const (
	objectsAtOnce = 32
	bytesAtOnce   = 1 << 20
)

// kinds name what the records of a configuration are, in the trail and in events, by the first word of their sort keys.
var kinds = map[string]string{
	"COMPANY": "company", "BRANCH": "branch", "STAFF": "staff", "SERVICE": "service", "NUMBER": "phone_number", "POLICY": "policy", "HOST": "calendar_host",
	"VANISHED": "vanished_event_type",
}

// deskKinds are those of a service desk.
var deskKinds = map[string]string{
	"GATEWAY": "gateway", "MATRIX": "priority_matrix", "FIELDS": "custom_fields", "CATEGORY": "category", "GROUP": "group", "POLICY": "sla_policy", "SLA": "sla_settings",
	"RULE": "escalation_rule", "PRESET": "preset", "OUTPUT": "output", "ENDPOINT": "webhook_endpoint",
}

// saved is one object that is different now.
type saved struct {
	write write
	line  audit.Entry
	size  int
}

// wanted gives the records that shall be there, by their sort keys, and which others stay, over those that are there.
type wanted func(old []item) (records map[string]any, keep func(item) bool, err error)

// save makes the records of a partition those that want gives, by their sort keys: new and changed ones are put, others
// deleted unless they are kept, and its VERSION moves on with the last of them, so that a reader never sees a new version
// over old records. Every object is written together with its line in the trail and the event that tells of it. What is too
// much for one transaction is saved in several: killed between two, the rest is different still when it is saved again. A
// save that changes nothing writes nothing. Somebody who saved meanwhile is saved over, from what they left.
func (s *Table) save(ctx context.Context, t tenant.ID, pk string, by audit.By, want wanted) (v int, err error) {
	for try := 1; ; try++ {
		old, err := s.query(ctx, t, pk, "")
		if err != nil {
			return 0, err
		}
		records, keep, err := want(old)
		if err != nil {
			return 0, err
		}
		v, list, err := s.differences(t, pk, by, old, records, keep)
		if err != nil || len(list) == 0 {
			return v, err
		}
		err = s.saveAll(ctx, t, key{pk, "VERSION"}, v, list)
		if err == nil {
			return v + 1, nil
		}
		if !ledger.ConflictOn(err, ofVersion) || try == conflictWait || pause(ctx, try) != nil {
			return v, fmt.Errorf("save the configuration: %w", err)
		}
	}
}

// ofVersion names a configuration's version in a transaction.
const ofVersion = "version"

// differences are the objects that are not as they shall be, and the version that they are read at.
func (s *Table) differences(t tenant.ID, pk string, by audit.By, old []item, records map[string]any, keep func(item) bool) (v int, list []saved, err error) {
	there := map[string]item{}
	for _, it := range old {
		switch sk := text(it, attrSK); {
		case sk == "VERSION":
			v = version(it)
		case records[sk] != nil || !keep(it):
			there[sk] = it
		}
	}
	named := kinds
	if pk == deskPartition(t) {
		named = deskKinds
	}
	all := map[string]bool{}
	for sk := range records {
		all[sk] = true
	}
	for sk := range there {
		all[sk] = true
	}
	for _, sk := range slices.Sorted(maps.Keys(all)) {
		k := key{pk, sk}
		x := saved{write: write{name: "configuration", item: types.TransactWriteItem{Delete: &types.Delete{TableName: &s.name, Key: k.item()}}}}
		var after map[string]any
		if record := records[sk]; record != nil {
			it, err := encode(k, record)
			if err != nil {
				return v, nil, err
			}
			if after, err = plain(it); err != nil {
				return v, nil, err
			}
			x.write.item = types.TransactWriteItem{Put: &types.Put{TableName: &s.name, Item: it}}
		}
		before, err := plain(there[sk])
		if err != nil {
			return v, nil, err
		}
		line, different := audit.Saved(by, objectOf(t, named, sk), before, after)
		if different {
			x.line = line
			x.size = len(fmt.Sprint(after)) + len(fmt.Sprint(line.Changes))
			list = append(list, x)
		}
	}
	return v, list, nil
}

// saveAll writes objects, each with its line and its event; the version moves on with the last.
func (s *Table) saveAll(ctx context.Context, t tenant.ID, at key, v int, list []saved) error {
	for len(list) > 0 {
		n, size := 0, 0
		for n < len(list) && n < objectsAtOnce && (n == 0 || size+list[n].size < bytesAtOnce) {
			size += list[n].size
			n++
		}
		var writes []write
		var lines []audit.Entry
		for _, x := range list[:n] {
			x.line.At = s.now()
			told, err := s.event(t, Changed(t, x.line, v+1), s.now())
			if err != nil {
				return err
			}
			writes = append(writes, x.write, told)
			lines = append(lines, x.line)
		}
		if list = list[n:]; len(list) == 0 {
			writes = append(writes, s.put(ofVersion, at, struct{}{}, v))
		} else {
			writes = append(writes, s.unmoved(at, v))
		}
		if err := s.chained(ctx, t, writes, lines); err != nil {
			return err
		}
	}
	return nil
}

// unmoved is the condition that nobody else saved meanwhile.
func (s *Table) unmoved(at key, v int) write {
	c := &types.ConditionCheck{TableName: &s.name, Key: at.item(), ConditionExpression: aws.String("attribute_not_exists(pk)")}
	if v > 0 {
		c.ConditionExpression, c.ExpressionAttributeValues = aws.String("v = :v"), item{":v": num(int64(v))}
	}
	return write{name: ofVersion, item: types.TransactWriteItem{ConditionCheck: c}}
}

// Changed is the fact of a line.
func Changed(t tenant.ID, e audit.Entry, version int) event.Event {
	return event.ConfigChanged{
		Head: event.Head{ID: ident.New(e.At), CompanyID: t.String(), At: e.At.UTC(), Sequence: version},
		Kind: e.Object.Kind, ObjectID: e.Object.ID, Fields: e.Fields(), Actor: e.Actor,
	}
}

// objectOf names the object of a record. Those that there is one of are called as the company.
func objectOf(t tenant.ID, kinds map[string]string, sk string) audit.Object {
	word, id, several := strings.Cut(sk, "#")
	if !several {
		id = t.String()
	}
	return audit.Object{Kind: kinds[word], ID: id}
}

// DeskObject names the object of a service desk's record by its sort key.
func DeskObject(t tenant.ID, sk string) audit.Object { return objectOf(t, deskKinds, sk) }

// plain is an item's record as JSON would have it; nil of none.
func plain(it item) (map[string]any, error) {
	if it == nil {
		return nil, nil
	}
	record := maps.Clone(it)
	for _, name := range []string{attrPK, attrSK, attrSchema} {
		delete(record, name)
	}
	out := map[string]any{}
	if err := attributevalue.UnmarshalMap(record, &out); err != nil {
		return nil, fmt.Errorf("read %s: %w", text(it, attrSK), err)
	}
	return readable(out).(map[string]any), nil
}

// readable makes JSON of bytes, in which records keep it as it was written, however deep.
func readable(v any) any {
	switch v := v.(type) {
	case []byte:
		var written any
		if json.Unmarshal(v, &written) != nil {
			return string(v)
		}
		return written
	case []any:
		for i := range v {
			v[i] = readable(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = readable(v[name])
		}
	}
	return v
}
