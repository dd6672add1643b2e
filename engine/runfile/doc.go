// Package runfile keeps runs in files, as safetensors that other programs read too, and
// opens attention maps that other programs saved as if they were runs.
//
//	f, err := runfile.Read(content)
//	fmt.Println(f.Run.Header.Model, len(f.Run.Steps))
package runfile
