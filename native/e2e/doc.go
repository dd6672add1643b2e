// Package e2e holds the tests that use kvscope as a person does: the real page in a
// real browser, on the real server. It has no code of its own.
//
//	make wasm && go test ./native/e2e -run TestGalleryOpens
package e2e
