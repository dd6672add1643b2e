package browser

import (
	"errors"
	"fmt"
	"time"

	"github.com/maxence-charriere/go-app/v9/pkg/app"
)

// NewFile is a file of the browser's with that content.
func NewFile(name, contentType string, content []byte) app.Value {
	data := app.Window().Get("Uint8Array").New(len(content))
	app.CopyBytesToJS(data, content)
	return app.Window().Get("File").New(app.Window().Get("Array").New(data), name, map[string]any{"type": contentType})
}

// Download hands a file to the person at the browser.
func Download(name, contentType string, content []byte) {
	save(name, objectURL(contentType, content))
}

// DownloadFile hands a file of the browser's to the person at it.
func DownloadFile(name string, file app.Value) {
	save(name, app.Window().Get("URL").Call("createObjectURL", file))
}

// DownloadPNG lets the browser draw an SVG and hands out the picture, scale pixels of it
// for one of the drawing. ended is called with what was wrong, nil for nothing.
func DownloadPNG(name, svg string, scale int, ended func(error)) {
	url := objectURL("image/svg+xml", []byte(svg))
	DownloadPNGOf(name, url, scale, func(err error) {
		app.Window().Get("URL").Call("revokeObjectURL", url)
		ended(err)
	})
}

// DownloadPNGOf lets the browser draw what is at an address and hands out the picture, as
// DownloadPNG does.
func DownloadPNGOf(name string, url any, scale int, ended func(error)) {
	image := app.Window().Get("Image").New()
	hear(image, "onload", "onerror", func() {
		canvas := app.Window().Get("document").Call("createElement", "canvas")
		w, h := scale*image.Get("naturalWidth").Int(), scale*image.Get("naturalHeight").Int()
		canvas.Set("width", w)
		canvas.Set("height", h)
		canvas.Call("getContext", "2d").Call("drawImage", image, 0, 0, w, h)
		var made app.Func
		made = app.FuncOf(func(_ app.Value, args []app.Value) any {
			made.Release()
			if !args[0].Truthy() {
				ended(fmt.Errorf("this browser makes no picture of %d by %d pixels", w, h))
				return nil
			}
			save(name, app.Window().Get("URL").Call("createObjectURL", args[0]))
			ended(nil)
			return nil
		})
		canvas.Call("toBlob", made, "image/png")
	}, func() { ended(errors.New("this browser cannot draw it")) })
	image.Set("src", url)
}

// objectURL is an address of content within the browser, until it is revoked.
func objectURL(contentType string, content []byte) app.Value {
	return app.Window().Get("URL").Call("createObjectURL", NewFile("", contentType, content))
}

// save lets the browser save what is at an object's address, and forgets it.
func save(name string, url app.Value) {
	link := app.Window().Get("document").Call("createElement", "a")
	link.Set("href", url)
	link.Set("download", name)
	link.Call("click")
	Later(10*time.Second, func() { app.Window().Get("URL").Call("revokeObjectURL", url) })
}
