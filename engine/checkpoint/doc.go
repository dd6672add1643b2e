// Package checkpoint reads and writes safetensors files: named tensors with a
// JSON header, the form that model weights, traces and tensor dumps share.
//
// A file is
//
//	8 bytes   N, little-endian uint64, at most MaxHeader
//	N bytes   JSON object, name → {"dtype", "shape", "data_offsets": [begin, end]},
//	          and "__metadata__" → object of strings; padded with spaces
//	the rest  tensor data, little-endian, row-major; offsets count from its start,
//	          and the tensors cover it without hole or overlap
//
// Archives of NumPy arrays (.npz) are read as if they were such files, so that what
// was saved from Python in either form can be opened.
//
// Everything is checked before a byte of data is handed out, so that a file from
// anywhere is either read as it was meant or refused with the reason.
//
//	f, err := checkpoint.Open("model.safetensors")
//	defer f.Close()
//	norm, err := f.Float32("model.norm.weight", 576)
package checkpoint
