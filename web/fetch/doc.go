// Package fetch gets the files of a site, which lie there packed: not every host of
// files packs what it sends.
package fetch
