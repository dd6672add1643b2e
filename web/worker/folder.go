package worker

import (
	"context"
	"fmt"
	"io/fs"

	"kvscope/engine/checkpoint"
	"kvscope/engine/run"
	"kvscope/web/api"
)

// loadFolder adds the model of an ask that lies in a folder, of whose files it fetches those
// that the engine reads, each once.
func (h *Host) loadFolder(ctx context.Context, ask api.Ask, e *run.Engine) error {
	list, err := h.fetch(ctx, api.SiteFile{Name: ask.File.Name, File: ask.File.File}, func(int) {})
	if err != nil {
		return fmt.Errorf("the list of the files of %s could not be fetched: %w", ask.File.Name, err)
	}
	in, err := api.ReadFiles(list)
	if err != nil {
		return fmt.Errorf("the list of the files of %s: %w", ask.File.Name, err)
	}
	read := func(name string, told func(bytes int)) ([]byte, error) {
		file, there := in[name]
		if !there {
			return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
		}
		data, err := h.fetch(ctx, file, told)
		if err != nil {
			return nil, fmt.Errorf("%s could not be fetched: %w", name, err)
		}
		return data, nil
	}
	told, before := h.told(ask, ask.File.Size), 0
	return e.AddFolder(ask.File.Name,
		func(name string) ([]byte, error) { return read(name, func(int) {}) },
		func(name string) (*checkpoint.File, error) {
			data, err := read(name, func(bytes int) { told(before + bytes) })
			if err != nil {
				return nil, err
			}
			before += len(data)
			file, err := parse(in[name], data)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			return file, nil
		})
}
