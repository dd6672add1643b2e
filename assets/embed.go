// Package assets holds the files that every kvscope carries with it: style sheets,
// icons and the demo models.
package assets

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
)

//go:generate go run ./icon/draw -out icon

//go:embed css/*.css
var css embed.FS

//go:embed icon/*.svg icon/*.png
var icons embed.FS

// The README keeps the folder where no model has been trained yet.
//
//go:embed all:models
var models embed.FS

// Styles returns all style sheets as one, in the order of their names.
func Styles() ([]byte, error) {
	names, err := fs.Glob(css, "css/*.css") // sorted
	if err != nil {
		return nil, fmt.Errorf("list style sheets: %w", err)
	}
	var all bytes.Buffer
	for _, name := range names {
		sheet, err := css.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read style sheet: %w", err)
		}
		all.Write(sheet)
		all.WriteByte('\n')
	}
	return all.Bytes(), nil
}

// Icons returns the folder of icon.svg, icon-192.png and icon-512.png.
func Icons() fs.FS { return sub(icons, "icon") }

// Models returns the folder of the demo models.
func Models() fs.FS { return sub(models, "models") }

func sub(f embed.FS, dir string) fs.FS {
	out, err := fs.Sub(f, dir)
	if err != nil {
		panic("BUG: " + err.Error()) // dir is a constant that go:embed checked
	}
	return out
}
