// Runs a js/wasm program under node as the toolchain's own script does, with the
// functions that kvscope's boot script adds for package simd:
//
//	GOOS=js GOARCH=wasm go test -exec 'node web/simd/testdata/exec.js' ./web/simd
"use strict";
const { execFileSync } = require("child_process");
const path = require("path");
const vm = require("vm");
const fs = require("fs");

// Node 20 has the relaxed vector instructions, and keeps them behind this flag.
require("v8").setFlagsFromString("--experimental-wasm-relaxed-simd");

const lib = path.join(execFileSync("go", ["env", "GOROOT"]).toString().trim(), "lib", "wasm");
globalThis.require = require;
globalThis.fs = fs;
globalThis.path = path;
require(path.join(lib, "wasm_exec.js"));
vm.runInThisContext(fs.readFileSync(path.join(__dirname, "..", "..", "..", "wasm_exec.js"), "utf8"));

const go = new Go();
go.argv = process.argv.slice(2);
go.env = Object.assign({ TMPDIR: require("os").tmpdir() }, process.env);
go.exit = process.exit;
kvscopeImports(go);
WebAssembly.instantiate(fs.readFileSync(process.argv[2]), go.importObject)
  .then((program) => {
    process.on("exit", (code) => {
      if (code === 0 && !go.exited) {
        go._pendingEvent = { id: 0 };
        go._resume();
      }
    });
    return go.run(program.instance);
  })
  .catch((err) => {
    console.error(err);
    process.exit(1);
  });
