package endpoint

import (
	"cmp"
	"encoding/json"
	"slices"
	"sync"
)

// Row counts the calls of one function for one company to one operation.
type Row struct {
	Function   string  `json:"function"`
	Company    string  `json:"company,omitempty"`
	Service    string  `json:"service"`
	Operation  string  `json:"operation"`
	Calls      int     `json:"calls"`
	ReadUnits  float64 `json:"read_units"`
	WriteUnits float64 `json:"write_units"`
	Denied     int     `json:"denied"`
}

type rowKey struct{ function, company, service, operation string }

type counts struct {
	mu sync.Mutex
	by map[rowKey]*Row
}

func (n *counts) row(c *call) *Row {
	k := rowKey{c.caller.function, c.caller.tags["company"], c.service, c.operation}
	if n.by == nil {
		n.by = map[rowKey]*Row{}
	}
	if n.by[k] == nil {
		n.by[k] = &Row{Function: k.function, Company: k.company, Service: k.service, Operation: k.operation}
	}
	return n.by[k]
}

func (n *counts) add(c *call, read, write float64) {
	if c.caller.admin {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	r := n.row(c)
	r.Calls++
	r.ReadUnits += read
	r.WriteUnits += write
}

func (n *counts) denied(c *call) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.row(c).Denied++
}

func (n *counts) list() []Row {
	n.mu.Lock()
	defer n.mu.Unlock()
	rows := []Row{}
	for _, r := range n.by {
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Function, b.Function), cmp.Compare(a.Company, b.Company), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Operation, b.Operation))
	})
	return rows
}

func (n *counts) clear() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.by = nil
}

// askForCapacity makes a request say what it consumed; it returns whether the caller had asked itself.
func askForCapacity(c *call) bool {
	var in map[string]json.RawMessage
	if json.Unmarshal(c.body, &in) != nil {
		return false
	}
	given := string(in["ReturnConsumedCapacity"])
	in["ReturnConsumedCapacity"] = json.RawMessage(`"INDEXES"`)
	if b, err := json.Marshal(in); err == nil {
		c.body = b
	}
	return given != "" && given != `"NONE"`
}

// takeCapacity reads what was consumed and takes it out of an answer that the caller did not ask it of. A transaction
// counts double, as DynamoDB bills it.
func takeCapacity(c *call, a *answer) (read, write float64) {
	var out map[string]json.RawMessage
	if a.status != 200 || json.Unmarshal(a.body, &out) != nil {
		return 0, 0
	}
	type capacity struct{ CapacityUnits, ReadCapacityUnits, WriteCapacityUnits float64 }
	var list []capacity
	if json.Unmarshal(out["ConsumedCapacity"], &list) != nil {
		var one capacity
		if json.Unmarshal(out["ConsumedCapacity"], &one) == nil {
			list = []capacity{one}
		}
	}
	for _, x := range list {
		switch c.operation {
		case "GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems":
			read += x.CapacityUnits
		default:
			write += x.CapacityUnits
		}
	}
	if !c.asked {
		delete(out, "ConsumedCapacity")
		if b, err := json.Marshal(out); err == nil {
			a.body = b
		}
	}
	return read, write
}
