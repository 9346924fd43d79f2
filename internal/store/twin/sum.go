package twin

import (
	"encoding/binary"
	"hash/maphash"
	"reflect"
	"time"
)

// seed of all sums of a process.
var seed = maphash.MakeSeed()

// Sum is a number of everything that the table holds, but for the versions of its records: how often something was
// written before it became what it is. Tables with the same sum hold the same, in one process.
func (s *Table) Sum() (sum uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at, r := range s.records {
		sum += r.sumAt(at) // in no order
	}
	return sum
}

// sumAt is a record's own sum, computed once: it is never changed.
func (r *record) sumAt(at place) uint64 {
	if sum := r.sum.Load(); sum != 0 {
		return sum
	}
	var h maphash.Hash
	h.SetSeed(seed)
	for _, text := range []string{at.company.String(), at.kind, at.id, at.sub} {
		writeText(&h, text)
	}
	writeValue(&h, reflect.ValueOf(r.value))
	sum := h.Sum64() | 1 // never the 0 that says it was not computed
	r.sum.Store(sum)
	return sum
}

var timeType = reflect.TypeFor[time.Time]()

func writeValue(h *maphash.Hash, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		writeText(h, v.String())
	case reflect.Bool:
		writeNumber(h, map[bool]uint64{true: 1}[v.Bool()])
	case reflect.Int, reflect.Int64:
		writeNumber(h, uint64(v.Int()))
	case reflect.Uint8:
		writeNumber(h, v.Uint())
	case reflect.Float64:
		maphash.WriteComparable(h, v.Float())
	case reflect.Pointer:
		if v.IsNil() {
			writeNumber(h, 0)
			return
		}
		writeNumber(h, 1)
		writeValue(h, v.Elem())
	case reflect.Slice:
		writeNumber(h, uint64(v.Len()))
		for i := range v.Len() {
			writeValue(h, v.Index(i))
		}
	case reflect.Map:
		var sum uint64
		for pairs := v.MapRange(); pairs.Next(); {
			var one maphash.Hash
			one.SetSeed(seed)
			writeValue(&one, pairs.Key())
			writeValue(&one, pairs.Value())
			sum += one.Sum64()
		}
		writeNumber(h, sum)
	case reflect.Struct:
		if v.Type() == timeType {
			writeNumber(h, uint64(v.Interface().(time.Time).UnixNano()))
			return
		}
		for i := range v.NumField() {
			writeValue(h, v.Field(i))
		}
	default:
		panic("twin: teach sum.go to count a " + v.Type().String())
	}
}

func writeText(h *maphash.Hash, s string) {
	writeNumber(h, uint64(len(s)))
	h.WriteString(s)
}

func writeNumber(h *maphash.Hash, n uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	h.Write(b[:])
}
