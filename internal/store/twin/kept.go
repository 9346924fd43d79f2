package twin

import (
	"reflect"
	"sync"
	"time"
)

// kept is a value as the table would give it back: nothing shared with the one that was handed in, fields without a place
// in the table empty, times in UTC or at their offset and without a monotonic reading.
func kept[T any](v T) T {
	if mend := menderOf(reflect.TypeFor[T]()); mend != nil {
		mend(reflect.ValueOf(&v).Elem())
	}
	return v
}

// mender makes a shallow copy a deep one, in place; nil for types that need no mending.
type mender func(v reflect.Value)

var menders sync.Map // reflect.Type → mender

func menderOf(t reflect.Type) mender {
	if m, ok := menders.Load(t); ok {
		return m.(mender)
	}
	m := newMender(t)
	menders.Store(t, m)
	return m
}

func newMender(t reflect.Type) mender {
	if t == reflect.TypeFor[time.Time]() {
		return func(v reflect.Value) { v.Set(reflect.ValueOf(written(v.Interface().(time.Time)))) }
	}
	switch t.Kind() {
	case reflect.Struct:
		return structMender(t)
	case reflect.Pointer:
		inner := menderOf(t.Elem())
		return func(v reflect.Value) {
			if v.IsNil() {
				return
			}
			to := reflect.New(t.Elem())
			to.Elem().Set(v.Elem())
			if inner != nil {
				inner(to.Elem())
			}
			v.Set(to)
		}
	case reflect.Slice:
		inner := menderOf(t.Elem())
		return func(v reflect.Value) {
			if v.IsNil() {
				return
			}
			to := reflect.MakeSlice(t, v.Len(), v.Len())
			reflect.Copy(to, v)
			for i := 0; inner != nil && i < to.Len(); i++ {
				inner(to.Index(i))
			}
			v.Set(to)
		}
	case reflect.Map:
		inner := menderOf(t.Elem())
		return func(v reflect.Value) {
			if v.IsNil() {
				return
			}
			to := reflect.MakeMapWithSize(t, v.Len())
			for pairs := v.MapRange(); pairs.Next(); {
				one := reflect.New(t.Elem()).Elem()
				one.Set(pairs.Value())
				if inner != nil {
					inner(one)
				}
				to.SetMapIndex(pairs.Key(), one)
			}
			v.Set(to)
		}
	case reflect.Interface, reflect.Func, reflect.Chan:
		panic("twin: " + t.String() + " has no place in the table")
	}
	return nil
}

func structMender(t reflect.Type) mender {
	type field struct {
		index int
		mend  mender
	}
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		mend := menderOf(f.Type)
		if f.Tag.Get("json") == "-" {
			mend = func(v reflect.Value) { v.SetZero() }
		}
		if mend != nil {
			fields = append(fields, field{i, mend})
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return func(v reflect.Value) {
		for _, f := range fields {
			f.mend(v.Field(f.index))
		}
	}
}

// written is a time as RFC 3339 carries it.
func written(t time.Time) time.Time {
	if _, offset := t.Zone(); offset != 0 {
		return t.Round(0).In(time.FixedZone("", offset))
	}
	return t.UTC().Round(0)
}
