package input

import (
	"errors"
	"fmt"
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
