// Package fetch gets the files of a site, which lie there packed: not every host of
// files packs what it sends.
//
//	file, err := fetch.File(ctx, "models/ratplus.safetensors.gz", size, func(bytes int) {})
package fetch
