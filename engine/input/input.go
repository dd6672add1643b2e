package input

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Error is a rejected value of a named field.
type Error struct {
	Field   string // as spelled in flags and JSON: "budget"
	Problem string // what is wrong and what is allowed
}

// Error is "field: problem".
func (e *Error) Error() string { return e.Field + ": " + e.Problem }

// Errorf makes an Error for field.
func Errorf(field, format string, args ...any) error {
	return &Error{Field: field, Problem: fmt.Sprintf(format, args...)}
}

// Field is the field err is about, or "" when err holds no Error.
func Field(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Field
	}
	return ""
}

// FromJSON is the error of a decoder in words of who wrote the file: what was found at a
// field where something else is wanted. Others stay as they are.
func FromJSON(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	problem := fmt.Sprintf("found %s, want %s", found(wrong.Value), wanted(wrong.Type))
	if wrong.Field == "" {
		return errors.New(problem)
	}
	return Errorf(wrong.Field, "%s", problem)
}

// FromFlatJSON is FromJSON with the last of the names that lead to a field, which is what
// requests call it.
func FromFlatJSON(err error) error {
	err = FromJSON(err)
	var e *Error
	if errors.As(err, &e) {
		return &Error{e.Field[strings.LastIndexByte(e.Field, '.')+1:], e.Problem}
	}
	return err
}

// UnknownField is the name in the error of a decoder that takes no unknown fields, "" of
// any other error. The decoder has no type for this one, only its text.
func UnknownField(err error) string {
	name, ok := strings.CutPrefix(fmt.Sprint(err), "json: unknown field ")
	if !ok {
		return ""
	}
	return strings.Trim(name, `"`)
}

// found is a value as a decoder describes it: "string", "number -0.5".
func found(value string) string {
	switch value {
	case "string":
		return "a text"
	case "bool":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "number":
		return "a number"
	}
	return value
}

// wanted says what a Go type is in JSON.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Pointer:
		return wanted(t.Elem())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number from 0"
	}
	return "a whole number" // of so many bits
}
