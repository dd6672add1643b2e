// Command draw draws kvscope's icon, as SVG and as PNG from the same numbers: a
// KV cache as a grid of blocks, some picked, one of them the answer.
//
//	go run ./assets/icon/draw
package main
