package trace

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
)

const (
	// Version is the version of the frame format.
	Version = 1
	// MaxPayload is the largest payload of a frame, in bytes.
	MaxPayload = 1 << 24

	prefixSize    = 6  // length, version, kind
	selectionHead = 36 // fixed part of a selection's payload
)

type kind byte

const (
	kindHeader kind = iota + 1
	kindSelection
	kindStep
	kindDone
	kindFailure
)

func (k kind) String() string {
	switch k {
	case kindHeader:
		return "header"
	case kindSelection:
		return "selection"
	case kindStep:
		return "step"
	case kindDone:
		return "done"
	case kindFailure:
		return "failure"
	}
	return fmt.Sprintf("kind %d", byte(k))
}

func kindOf(e Event) kind {
	switch e.(type) {
	case *Header:
		return kindHeader
	case *Selection:
		return kindSelection
	case *Step:
		return kindStep
	case *Done:
		return kindDone
	case *Failure:
		return kindFailure
	}
	panic(fmt.Sprintf("BUG: event of type %T", e))
}

// newEvent returns an empty event of kind k, or nil for a kind this version lacks.
func newEvent(k kind) Event {
	switch k {
	case kindHeader:
		return new(Header)
	case kindSelection:
		return new(Selection)
	case kindStep:
		return new(Step)
	case kindDone:
		return new(Done)
	case kindFailure:
		return new(Failure)
	}
	return nil
}

// Append appends the frame of e to dst. An event that no reader would accept is an
// error, and then dst is returned as it was.
func Append(dst []byte, e Event) ([]byte, error) {
	k := kindOf(e)
	if err := check(e); err != nil {
		return dst, fmt.Errorf("encode %v: %w", k, err)
	}
	start := len(dst)
	out := append(dst, 0, 0, 0, 0, Version, byte(k))
	if s, ok := e.(*Selection); ok {
		out = appendSelection(out, s)
	} else {
		payload, err := json.Marshal(e)
		if err != nil {
			return dst, fmt.Errorf("encode %v: %w", k, err)
		}
		out = append(out, payload...)
	}
	n := len(out) - start - prefixSize
	if n > MaxPayload {
		return dst, fmt.Errorf("encode %v: payload of %d bytes, at most %d fit in a frame", k, n, MaxPayload)
	}
	binary.LittleEndian.PutUint32(out[start:], uint32(n))
	return out, nil
}

// Decode reads the event of exactly one frame. The event keeps nothing of frame.
func Decode(frame []byte) (Event, error) {
	if len(frame) < prefixSize {
		return nil, fmt.Errorf("decode frame: %d bytes, at least %d make a frame", len(frame), prefixSize)
	}
	n, k, err := decodePrefix([prefixSize]byte(frame))
	if err != nil {
		return nil, err
	}
	if got := len(frame) - prefixSize; got != n {
		return nil, fmt.Errorf("decode %v: payload of %d bytes, the frame says %d", k, got, n)
	}
	return decodePayload(k, frame[prefixSize:])
}

// decodePrefix reads what stands before a payload and rejects what this version
// cannot read, before anything of the payload's length is allocated.
func decodePrefix(b [prefixSize]byte) (n int, k kind, err error) {
	size := binary.LittleEndian.Uint32(b[:])
	if v := b[4]; v != Version {
		return 0, 0, fmt.Errorf("decode frame: version %d, this program reads version %d", v, Version)
	}
	k = kind(b[5])
	if newEvent(k) == nil {
		return 0, 0, fmt.Errorf("decode frame: unknown kind %d", b[5])
	}
	if size > MaxPayload {
		return 0, 0, fmt.Errorf("decode %v: payload of %d bytes, at most %d are allowed", k, size, MaxPayload)
	}
	return int(size), k, nil
}

func decodePayload(k kind, payload []byte) (Event, error) {
	e := newEvent(k)
	var err error
	if s, ok := e.(*Selection); ok {
		err = decodeSelection(s, payload)
	} else {
		err = json.Unmarshal(payload, e)
	}
	if err == nil {
		err = check(e)
	}
	if err != nil {
		return nil, fmt.Errorf("decode %v: %w", k, err)
	}
	return e, nil
}

func appendSelection(dst []byte, s *Selection) []byte {
	for _, v := range [...]int{s.Step, s.Layer, s.Head, s.First, s.Queries, s.Unit, s.Candidates, len(s.Scores), len(s.Mass)} {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(v))
	}
	dst = appendFloats(dst, s.Scores)
	dst = appendFloats(dst, s.Mass)
	return append(dst, s.Picked...)
}

func decodeSelection(s *Selection, payload []byte) error {
	if len(payload) < selectionHead {
		return fmt.Errorf("payload of %d bytes, at least %d are needed", len(payload), selectionHead)
	}
	at := func(i int) int { return int(int32(binary.LittleEndian.Uint32(payload[4*i:]))) }
	s.Step, s.Layer, s.Head, s.First = at(0), at(1), at(2), at(3)
	s.Queries, s.Unit, s.Candidates = at(4), at(5), at(6)
	scores, mass := at(7), at(8)
	if err := s.checkSizes(scores, mass); err != nil {
		return err
	}
	// Each factor is below 1<<31, so the sum is exact in 64 bits.
	picked := int64(s.Queries) * int64(rowBytes(s.Candidates))
	want := selectionHead + 4*(int64(scores)+int64(mass)) + picked
	if int64(len(payload)) != want {
		return fmt.Errorf("payload of %d bytes, %d queries of %d candidates with %d scores and %d masses take %d",
			len(payload), s.Queries, s.Candidates, scores, mass, want)
	}
	rest := payload[selectionHead:]
	s.Scores, rest = floats(rest, scores)
	s.Mass, rest = floats(rest, mass)
	s.Picked = append([]byte(nil), rest...)
	return nil
}

func appendFloats(dst []byte, v []float32) []byte {
	for _, x := range v {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(x))
	}
	return dst
}

// floats takes n floats off the front of b; none is nil.
func floats(b []byte, n int) (v []float32, rest []byte) {
	if n == 0 {
		return nil, b
	}
	v = make([]float32, n)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return v, b[4*n:]
}
