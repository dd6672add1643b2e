// Command widget is the program behind the element kvscope-run, which shows a recorded run
// on any web page, beside the script in element.js:
//
//	<script src="widget.js"></script>
//	<kvscope-run src="run.safetensors" hide="prompt"></kvscope-run>
//
// Compiled for anything but js/wasm it does nothing.
package main
