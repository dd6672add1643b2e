// Package input holds the one error type for values a person typed: it names the
// field and says what is allowed, so that the command line, the API and the page
// can point at the right place.
//
//	err := input.Errorf("block", "%d, want at least 1", n)
//	input.Field(err) // "block"
package input
