// Command generate writes the assembly of package simd, by a folder for each kind of
// processor.
package main

import (
	"flag"
	"log"

	"kvscope/native/simd/generate/amd64"
	"kvscope/native/simd/generate/arm64"
)

func main() {
	dir := flag.String("dir", "..", "folder of package simd")
	flag.Parse()
	for name, write := range map[string]func(dir string) error{"amd64": amd64.Write, "arm64": arm64.Write} {
		if err := write(*dir); err != nil {
			log.Fatalf("generate %s: %v", name, err)
		}
	}
}
