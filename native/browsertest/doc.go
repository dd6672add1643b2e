// Package browsertest runs tests in a headless Chromium.
//
//	tab := browsertest.Open(t)
package browsertest
