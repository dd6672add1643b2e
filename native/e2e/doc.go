// Package e2e holds the tests that use kvscope as a person does: the real page in a
// real browser, on the real server. It has no code of its own.
package e2e
