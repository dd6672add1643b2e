// Command kvscope runs sparse-attention methods over small language models and
// shows what they select. See `kvscope help`.
//
//	kvscope serve --open
//	kvscope ask --model ratplus --task S-1 --method quest --budget 1/8
//	kvscope eval --models ratplus --tasks S-1,MK-1 --methods quest --examples 10
package main
