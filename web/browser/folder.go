package browser

import (
	"errors"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"
)

// Folder is a folder of the machine that the browser runs on. Folders in it are left out.
type Folder struct {
	Name  string
	Files []app.Value
	Err   error // why its files are not known
}

// apart takes what is dropped apart into files and the entries of folders, which a browser
// tells while it is dropped and not later.
func apart(transfer app.Value) (files, folders []app.Value) {
	items := transfer.Get("items")
	for i := range items.Length() {
		item := items.Index(i)
		if item.Get("kind").String() != "file" {
			continue
		}
		if entry := item.Call("webkitGetAsEntry"); entry.Truthy() && entry.Get("isDirectory").Bool() {
			folders = append(folders, entry)
			continue
		}
		files = append(files, item.Call("getAsFile"))
	}
	return files, folders
}

// foldersOf sorts files that were chosen as folders, whose paths begin with the name of
// theirs.
func foldersOf(files []app.Value) []Folder {
	var out []Folder
	for _, file := range files {
		parts := strings.Split(file.Get("webkitRelativePath").String(), "/")
		if len(parts) != 2 {
			continue
		}
		if len(out) == 0 || out[len(out)-1].Name != parts[0] {
			out = append(out, Folder{Name: parts[0]})
		}
		last := &out[len(out)-1]
		last.Files = append(last.Files, file)
	}
	return out
}

// readAll lists the files of folders. It waits for the browser, so it must be in a
// goroutine of its own.
func readAll(entries []app.Value) []Folder {
	out := make([]Folder, len(entries))
	for i, entry := range entries {
		out[i].Name = entry.Get("name").String()
		out[i].Files, out[i].Err = read(entry)
	}
	return out
}

// read lists the files of a folder, of which a browser tells a part at a time.
func read(folder app.Value) ([]app.Value, error) {
	var files []app.Value
	for reader := folder.Call("createReader"); ; {
		part, err := told(reader, "readEntries")
		if err != nil || part.Length() == 0 {
			return files, err
		}
		for _, entry := range list(part) {
			if !entry.Get("isFile").Bool() {
				continue
			}
			file, err := told(entry, "file")
			if err != nil {
				return nil, err
			}
			files = append(files, file)
		}
	}
}

// told waits for what a method tells one of two functions: a value, or what is wrong.
func told(of app.Value, method string) (app.Value, error) {
	type answer struct {
		value app.Value
		err   error
	}
	got := make(chan answer, 1)
	good := app.FuncOf(func(_ app.Value, args []app.Value) any { got <- answer{value: args[0]}; return nil })
	defer good.Release()
	bad := app.FuncOf(func(_ app.Value, args []app.Value) any {
		got <- answer{err: errors.New(args[0].Get("message").String())}
		return nil
	})
	defer bad.Release()
	of.Call(method, good, bad)
	a := <-got
	return a.value, a.err
}
