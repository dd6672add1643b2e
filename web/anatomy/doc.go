// Package anatomy takes the score that a method gave a block apart, into the terms that
// it is a sum of, from the queries and keys of the head that it was given for. Pictures of
// a run need none of these, which is why it stands beside package picture.
//
//	a := anatomy.Of(r, line, block, head, queriesAndKeys)
package anatomy
