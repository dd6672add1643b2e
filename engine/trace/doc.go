// Package trace says what a run did: the events the engine emits while it runs,
// the run they add up to, and the binary frames that carry them over a socket or
// into a file. Events are emitted by the attention that ran, never recomputed.
//
// # Frames
//
// A stream is a sequence of frames and nothing else. Every integer is
// little-endian; a float is an IEEE 754 binary32, little-endian. A frame is
//
//	offset  size  field
//	0       4     length of the payload in bytes, unsigned, at most 16 MiB (1<<24)
//	4       1     version of this format: 1
//	5       1     kind: 1 header, 2 selection, 3 step, 4 done, 5 failure
//	6       n     payload
//
// The payload of every kind but the selection is one JSON object in UTF-8 whose
// keys are the json tags of [Header], [Step], [Done] and [Failure]. Text that is
// not UTF-8 is carried with U+FFFD in place of the bytes in question. A reader
// ignores keys it does not know.
//
// The payload of a selection is packed. With C candidates and Q queries:
//
//	offset  size              field
//	0       4                 step, signed, -1 during prefill
//	4       4                 layer, unsigned like all that follow
//	8       4                 head
//	12      4                 position of the first query
//	16      4                 Q, number of consecutive queries, at least 1
//	20      4                 positions per candidate, at least 1
//	24      4                 C, candidates per query, at least 1
//	28      4                 S, number of scores: 0 or C; 0 when Q > 1
//	32      4                 M, number of masses: 0 or C; 0 when Q > 1
//	36      4*S               scores, float
//	36+4S   4*M               masses, float
//	...     Q*ceil(C/8)       picks: candidate i of query q is bit i%8 (bit 0 the
//	                          least significant) of byte q*ceil(C/8) + i/8; the
//	                          bits of a row's last byte beyond C are zero
//
// Each unsigned field is below 1<<31 and the payload ends with the picks. A run is
// one header, then selections and steps, then one done or one failure. Over a
// WebSocket each binary message is exactly one frame.
//
// # Use
//
//	r := trace.NewReader(stream)
//	for event, err := r.Next(); err == nil; event, err = r.Next() {
//		if s, ok := event.(*trace.Step); ok {
//			fmt.Print(s.Token.Text)
//		}
//	}
package trace
