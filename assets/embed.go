package assets

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
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

//go:embed prose/tom-sawyer.txt.gz
var tomSawyer []byte

// TomSawyer is the text of the book of that name, a paragraph a line; see prose/README.md.
func TomSawyer() (string, error) {
	packed, err := gzip.NewReader(bytes.NewReader(tomSawyer))
	if err != nil {
		return "", fmt.Errorf("prose: %w", err)
	}
	text, err := io.ReadAll(packed)
	if err != nil {
		return "", fmt.Errorf("prose: %w", err)
	}
	return string(text), nil
}

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

// ColourSheet is the style sheet that gives every colour its name.
func ColourSheet() ([]byte, error) {
	sheet, err := css.ReadFile("css/colour.css")
	if err != nil {
		return nil, fmt.Errorf("read the colours: %w", err)
	}
	return sheet, nil
}
