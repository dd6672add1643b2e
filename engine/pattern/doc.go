// Package pattern compiles regular expressions when they are first asked for. A browser
// starts a program on one thread, and compiling all that it might ever want takes a tenth
// of that.
//
//	var layer = pattern.Of(`^layers\.([0-9]+)$`)
//	found := layer().FindStringSubmatch(name)
package pattern
