package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"kvscope/engine/input"
	"kvscope/engine/run"
)

// maxRequest bounds a request's JSON, most of which is a person's own text.
const maxRequest = 1 << 20

// tooLargeFormat says of a request that it is too large, by the bytes that are allowed.
const tooLargeFormat = "the request is larger than %d bytes"

var errTooLarge = fmt.Errorf(tooLargeFormat, maxRequest)

// parseRequest reads the one JSON object that body must be. The error names the
// field when one is to blame.
func parseRequest(body []byte) (run.Request, error) { return parseObject[run.Request](body) }

// parseObject reads the one JSON object that body must be into a T.
func parseObject[T any](body []byte) (T, error) {
	var req T
	switch { // what the decoder would make something of
	case bytes.Equal(bytes.TrimSpace(body), []byte("null")):
		return req, errors.New("the request is null, a JSON object is expected")
	case !utf8.Valid(body):
		return req, errors.New("the request is not UTF-8, which JSON has to be")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(&req)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("the request goes on after its JSON object")
		} else if name := input.Twice(body); name != "" {
			err = input.Errorf(name, "the field comes twice, want it once")
		}
		return req, err
	}
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case input.Field(err) != "":
		return req, err
	case errors.As(err, &wrongType) && wrongType.Field != "":
		return req, input.FromFlatJSON(err)
	case errors.As(err, &syntax):
		return req, fmt.Errorf("the request is not JSON: %w (at byte %d)", err, syntax.Offset)
	case errors.Is(err, io.EOF):
		return req, errors.New("the request is empty, a JSON object is expected")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return req, errors.New("the request is not JSON: it ends too early")
	}
	if name := input.UnknownField(err); name != "" {
		return req, input.Errorf(name, "unknown field, allowed are %s", strings.Join(fieldsOf[T](), ", "))
	}
	return req, fmt.Errorf("read request: %w", err)
}

// requestFields lists the JSON names of run.Request.
func requestFields() []string { return run.Fields() }

// fieldsOf lists the JSON names of the fields of T and of the structs within it.
func fieldsOf[T any]() []string { return fieldNames(reflect.TypeFor[T]()) }

func fieldNames(t reflect.Type) []string {
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		names = append(names, name)
		if f.Type.Kind() == reflect.Struct {
			names = append(names, fieldNames(f.Type)...)
		}
	}
	return names
}
