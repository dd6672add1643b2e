// Command pack turns a compiled browser program into the files that package dist
// embeds: it compresses the WebAssembly and joins the toolchain's wasm_exec.js with
// ours, so that the runtime always matches the compiler.
//
//	pack -wasm app.wasm -boot wasm_exec.js -widget widget.wasm -element element.js -runtime GOROOT/lib/wasm/wasm_exec.js -out assets/dist/files
package main
