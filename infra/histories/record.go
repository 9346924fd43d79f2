package histories

import (
	"bytes"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// stamps are fields that tell when and how we came to know something, not what we know. Numbers that the calendar counts
// by are left out too; its uids stand for them.
var stamps = map[string]bool{
	"created_at": true, "updated_at": true, "changed_at": true, "notice_minutes": true, "calcom_booking_id": true, "id": true, "retell_call_id": true, "uid": true, "-": true, "": true,
}

// records writes down records of one kind, every field that is set on a line of its own.
func records[T any](p *page, kind string, list []T, id func(T) string) {
	layout := layoutOf(reflect.TypeFor[T]())
	for _, r := range list {
		b := append(append(make([]byte, 0, 512), kind...), ' ')
		b = append(b, p.named(id(r))...)
		b = layout.write(b, "\n    ", reflect.ValueOf(&r).Elem(), p)
		p.parts = append(p.parts, string(b))
	}
}

// layout is how a struct is written: its fields but the stamps, by their names in the table.
type layout []struct {
	index int
	name  string
}

var layouts sync.Map // reflect.Type → layout

func layoutOf(t reflect.Type) layout {
	if l, ok := layouts.Load(t); ok {
		return l.(layout)
	}
	var l layout
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if !stamps[name] {
			l = append(l, struct {
				index int
				name  string
			}{i, name})
		}
	}
	layouts.Store(t, l)
	return l
}

func (l layout) write(b []byte, between string, v reflect.Value, p *page) []byte {
	for _, f := range l {
		if field := v.Field(f.index); !field.IsZero() {
			b = append(append(append(b, between...), f.name...), ": "...)
			b = write(b, field, p)
		}
	}
	return b
}

var instant = reflect.TypeFor[time.Time]()

// write writes a value on its line.
func write(b []byte, v reflect.Value, p *page) []byte {
	switch v.Kind() {
	case reflect.String:
		return append(b, p.named(v.String())...)
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool())
	case reflect.Int, reflect.Int64:
		if n := v.Int(); n > 1e9 && n < 1e10 { // seconds since 1970 are read more easily as an instant
			return time.Unix(n, 0).UTC().AppendFormat(b, time.RFC3339)
		}
		return strconv.AppendInt(b, v.Int(), 10)
	case reflect.Float64:
		return strconv.AppendFloat(b, v.Float(), 'g', -1, 64)
	case reflect.Pointer:
		return write(b, v.Elem(), p)
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = string(write(nil, v.Index(i), p))
		}
		slices.Sort(parts)
		return append(append(append(b, '['), strings.Join(parts, "; ")...), ']')
	case reflect.Struct:
		if v.Type() == instant {
			return v.Interface().(time.Time).UTC().AppendFormat(b, time.RFC3339)
		}
		inner := layoutOf(v.Type()).write(nil, ", ", v, p)
		return append(append(append(b, '('), bytes.TrimPrefix(inner, []byte(", "))...), ')')
	}
	panic("histories: teach record.go to write a " + v.Type().String())
}
