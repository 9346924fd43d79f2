package lambdakit

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Load reads a configuration from the environment. Fields carry `env:"NAME"` and, if they may be missing, `default:"…"`;
// structs are read through. Strings, ints, bools and durations are known. All missing and unreadable names are reported
// at once.
func Load[T any]() (T, error) {
	var c T
	var wrong []error
	load(reflect.ValueOf(&c).Elem(), &wrong)
	return c, errors.Join(wrong...)
}

func load(v reflect.Value, wrong *[]error) {
	for i := range v.NumField() {
		field, meta := v.Field(i), v.Type().Field(i)
		name := meta.Tag.Get("env")
		if name == "" {
			if field.Kind() == reflect.Struct {
				load(field, wrong)
			}
			continue
		}
		text, set := os.LookupEnv(name)
		if !set || text == "" {
			otherwise, ok := meta.Tag.Lookup("default")
			if !ok {
				*wrong = append(*wrong, fmt.Errorf("environment variable %s is missing", name))
				continue
			}
			text = otherwise
		}
		if err := assign(field, text); err != nil {
			*wrong = append(*wrong, fmt.Errorf("environment variable %s: %w", name, err))
		}
	}
}

func assign(field reflect.Value, text string) error {
	switch field.Interface().(type) {
	case string:
		field.SetString(text)
	case int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is no whole number", text)
		}
		field.SetInt(int64(n))
	case bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		field.SetBool(b)
	case time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is no duration such as 30s", text)
		}
		field.SetInt(int64(d))
	default:
		return fmt.Errorf("its type %s is not known to lambdakit", field.Type())
	}
	return nil
}

// Must ends the function's start with everything that is wrong with it; Lambda shows the text.
func Must[T any](v T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot start:", strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1)
	}
	return v
}
