// Package traces is the list of recorded runs that a browser keeps: what each is, in the
// words of its file, and what two of them do otherwise.
//
//	t, err := traces.Describe("run.safetensors", file, size)
//	list = list.Add(t)
//	list, removed, ok := list.Remove(t.Key)
package traces
