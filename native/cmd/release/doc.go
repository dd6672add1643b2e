// Command release packs built programs for people who have no Go: one archive a
// platform, with the licence and the README in it, and the checksums of all.
//
//	release -out dist -version 0.1.0 bin/linux-amd64/kvscope bin/windows-amd64/kvscope.exe ...
//
// The platform is the name of a program's folder. Archives of the same files are the
// same bytes: names are in order and no time is written.
package main
