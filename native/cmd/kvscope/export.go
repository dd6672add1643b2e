package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"kvscope/assets"
	"kvscope/assets/dist"
	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/native/server"
	"kvscope/viz/number"
)

// siteFile lists the files of an exported site, in its folder.
const siteFile = "site.json"

// exportSite writes the page as a site that needs no server.
func exportSite(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("export", stderr, "kvscope export --out site", "kvscope export --out site --json")
	out := fs.String("out", "", "`folder` to write: a new one, an empty one, or that of an earlier export, whose files are replaced")
	widget := fs.Bool("widget", false, "with widget.js and its program, 2 MB, which show recorded runs on any page")
	snapshots := fs.Bool("snapshots", false, "with the histories of the demo models' trainings, 12 MB, so that the Training view runs their steps")
	disk := fs.Bool("disk", false, "so that index.html opens from a disk, without any server: what it needs stands in scripts too, 13 MB more")
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := parse(fs, args); err != nil {
		return err
	}
	if *out == "" {
		return input.Errorf("out", "missing, want the folder to write")
	}
	before, err := exported(*out)
	if err != nil {
		return err
	}
	program, err := dist.Load()
	if err != nil {
		return err
	}
	engine, err := demoEngine()
	if err != nil {
		return err
	}
	files, err := server.Static(ctx, server.StaticConfig{
		Program: program, Version: release, Widget: *widget, Snapshots: *snapshots, Disk: *disk, Models: assets.Models(), Runner: run.NewCache(engine, 0),
	})
	if err != nil {
		return err
	}
	size, err := writeSite(*out, files, before)
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(map[string]any{"out": *out, "files": len(files) + 1, "bytes": size})
	}
	_, err = fmt.Fprintf(stdout, "%d files, %s, in %s; its README.md says how to publish them\n", len(files)+1, number.Bytes(size), *out)
	return err
}

// exported lists the files of an earlier export in folder, none of a folder that is empty
// or not there.
func exported(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, input.Errorf("out", "%v", err)
	}
	text, err := os.ReadFile(filepath.Join(folder, siteFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, input.Errorf("out", "%s holds something else than an exported site, want a new or empty folder", folder)
	}
	if err != nil {
		return nil, input.Errorf("out", "%v", err)
	}
	var names []string
	if err := json.Unmarshal(text, &names); err != nil {
		return nil, input.Errorf("out", "%s in %s is not the list of files of an exported site: %v", siteFile, folder, input.FromJSON(err))
	}
	if len(names) == 0 {
		return nil, input.Errorf("out", "%s in %s is not the list of files of an exported site: it is empty", siteFile, folder)
	}
	for _, name := range names {
		if at := filepath.Clean(filepath.FromSlash(name)); !filepath.IsLocal(at) || at == "." {
			return nil, input.Errorf("out", "%s in %s names %q, which is not in the folder", siteFile, folder, name)
		}
	}
	return names, nil
}

// writeSite writes files below folder, and takes away those from before that are none of
// them. It returns the bytes of all.
func writeSite(folder string, files map[string][]byte, before []string) (size int, err error) {
	names := slices.Sorted(maps.Keys(files))
	list, err := json.MarshalIndent(append(names, siteFile), "", " ")
	if err != nil {
		return 0, err
	}
	// The list comes first: whatever then goes wrong, what is there is known to be ours.
	for _, name := range append([]string{siteFile}, names...) {
		data := files[name]
		if name == siteFile {
			data = list
		}
		at := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return 0, err
		}
		if err := os.WriteFile(at, data, 0o644); err != nil {
			return 0, err
		}
		size += len(data)
	}
	for _, name := range before {
		if _, still := files[name]; still || name == siteFile {
			continue
		}
		if err := os.Remove(filepath.Join(folder, filepath.FromSlash(name))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
	}
	return size, nil
}
