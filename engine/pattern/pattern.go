package pattern

import (
	"regexp"
	"sync"
)

// Of returns what compiles expr the first time, and panics then where it is none.
func Of(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
