package runfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"kvscope/engine/checkpoint"
	"kvscope/engine/lens"
	"kvscope/engine/runfile/events"
	"kvscope/engine/trace"
)

// File is a run in a file, with as much of its heads as was saved.
type File struct {
	Run   *trace.Run
	Heads lens.Heads // nil when the file has none
}

// Write writes the file as safetensors, whose metadata is text, the header's being
// JSON. Its tensors, over S answer steps, L layers, H heads, T positions:
//
//	frames    U8 [n]             the run's stream, frame after frame: what Read reads
//	selected  U8 [S, L, H, T]    1 where the head read the position at the step
//	q, k      F32 [L, H, T, Dh]  rotated queries and keys as attention read them
//	gate      F32 [L, H, T, Dh]  gates of the memory
//	attention [L, H, N, T]       weights of the last N queries, where heads are known by those, in
//	                             the type that they were read in
//
// so that softmax(q·kᵀ/√Dh), causal, is the attention of every head.
func (f *File) Write(w io.Writer) error {
	r := f.Run
	if r.Header == nil {
		return errors.New("write run: it has not begun")
	}
	var frames []byte
	for _, e := range r.Events() {
		var err error
		if frames, err = trace.Append(frames, e); err != nil {
			return fmt.Errorf("write run: %w", err)
		}
	}
	header, err := json.Marshal(r.Header)
	if err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	metadata := map[string]string{
		"format": events.Format, "version": strconv.Itoa(trace.Version), "header": string(header),
		"model": r.Header.Model, "arch": r.Header.Arch, "method": r.Header.Method, "task": r.Header.Task,
	}
	if r.Done != nil {
		metadata["answer"] = r.Done.Answer
	}
	tensors := []checkpoint.Tensor{checkpoint.NewU8(events.Tensor, []int{len(frames)}, frames)}
	if selected, shape := selected(r); len(selected) > 0 {
		tensors = append(tensors, checkpoint.NewU8("selected", shape, selected))
	}
	if f.Heads != nil {
		heads, err := lens.Tensors(r.Header.Layers, r.Header.Heads, f.Heads)
		if err != nil {
			return fmt.Errorf("write run: %w", err)
		}
		tensors = append(tensors, heads...)
	}
	if err := checkpoint.Write(w, metadata, tensors); err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	return nil
}

// Read reads a file that Write wrote, or attention maps saved from elsewhere as
// safetensors or npz; see lens.ReadWeights for their shapes. What their tokens are may be
// said by a list of their texts called tokens, in safetensors JSON in the metadata, or by
// a tensor of that name with their ids; what model, by the metadata's model. Such a run
// has a header and heads, and picked nothing.
func Read(file []byte) (*File, error) {
	f, err := checkpoint.Parse(file)
	if err != nil {
		return nil, fmt.Errorf("read run: %w", err)
	}
	return Of(f)
}

// Is reports whether f is a run that Write wrote.
func Is(f *checkpoint.File) bool { return f.Metadata["format"] == events.Format }

// Of is the run in f, as Read has it. Its heads are read of f when they are asked for, so
// that f may be larger than memory; it must stay open for as long.
func Of(f *checkpoint.File) (*File, error) {
	if !Is(f) {
		out, err := readMaps(f)
		if err != nil {
			if f.Kind == checkpoint.KindTorch {
				return nil, fmt.Errorf("read maps: %s, %s", f.Kind, f.Kind.Advice())
			}
			return nil, fmt.Errorf("read maps: %w", err)
		}
		return out, nil
	}
	frames, err := f.Tensor(events.Tensor)
	if err != nil {
		return nil, fmt.Errorf("read run: %w", err)
	}
	out := &File{}
	if out.Run, err = events.Decode(frames.Data); err != nil {
		return nil, fmt.Errorf("read run: %w", err)
	}
	if out.Heads, err = lens.ReadTensors(f, len(out.Run.Header.Tokens)); err != nil {
		return nil, fmt.Errorf("read run: %w", err)
	}
	return out, nil
}
