package server

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"kvscope/assets"
	"kvscope/assets/dist"
	"kvscope/web/api"
)

// StaticConfig says what goes into a site that needs no server.
type StaticConfig struct {
	Program   dist.Program
	Version   string
	Widget    bool   // with the element that shows recorded runs on other pages
	Snapshots bool   // with the histories of the models' trainings
	Disk      bool   // with what is fetched as scripts too, which pages on a disk may load
	Models    fs.FS  // *.safetensors, which the page runs itself
	Runner    Runner // of the same models, for the runs of the first screen
}

//go:embed static_readme.md
var staticReadme []byte

// netlifyHeaders lets browsers keep what changes its name with its content, and pages of
// other sites show what is made for them.
const netlifyHeaders = `/web/*
  Cache-Control: public, max-age=31536000, immutable
/embed/*
  Content-Security-Policy: frame-ancestors *
/widget.*
  Access-Control-Allow-Origin: *
`

// Static makes the files of a site without a server, by their paths: the pages, the
// program, the models, and the runs of the first screen as they were computed here.
// Every address in them is relative, so that the site may begin anywhere below a host.
// What is large is packed, and the page unpacks it: not every host packs what it sends.
func Static(ctx context.Context, c StaticConfig) (map[string][]byte, error) {
	styles, err := assets.Styles()
	if err != nil {
		return nil, err
	}
	models, err := modelFiles(c.Models)
	if err != nil {
		return nil, err
	}
	meta := metaOf(c.Version, c.Runner.Models(), 1)
	wasmURL, stylesURL := "web/app-"+c.Program.Hash+".wasm.gz", "web/style-"+hash(styles)+".css"
	files := map[string][]byte{
		"README.md": staticReadme, "_headers": []byte(netlifyHeaders), ".nojekyll": {},
		"wasm_exec.js": c.Program.Boot, wasmURL: c.Program.Gzip, stylesURL: styles,
	}
	if c.Widget {
		files["widget.js"], files["widget.wasm.gz"], files["widget.wasm.br"] = c.Program.Element, c.Program.Widget, c.Program.WidgetBrotli
	}
	site := api.Site{Meta: "meta.json"}
	for _, f := range models {
		f.File += ".gz"
		if f.Index != "" {
			f.Index += ".gz"
			files[f.Index] = packed(f.index)
		}
		switch {
		case !c.Snapshots:
			f.History, f.HistorySize = "", 0
		case f.History != "":
			files[f.History] = f.history
		}
		site.Models, files[f.File] = append(site.Models, f.SiteFile), packed(f.data)
	}
	first, err := newFirstScreen(ctx, c.Runner, site, meta)
	if err != nil {
		return nil, err
	}
	for _, f := range first.runs {
		site.Runs, files[f.File] = append(site.Runs, f.SiteFile), packed(f.data)
	}
	if files["meta.json"], err = json.Marshal(meta); err != nil {
		return nil, err
	}
	if files["app.js"], err = appConfig(wasmURL, c.Program, site); err != nil {
		return nil, err
	}
	for name := range icons {
		if files["web/"+name], err = fs.ReadFile(assets.Icons(), name); err != nil {
			return nil, fmt.Errorf("read icon: %w", err)
		}
	}
	if c.Disk {
		for _, name := range slices.Collect(maps.Keys(files)) {
			if name == "wasm_exec.js" || name == site.Meta || strings.HasSuffix(name, ".gz") && strings.HasPrefix(name, "web/") {
				files[name+".js"] = fmt.Appendf(nil, "kvscopeFile(%q, %q);\n", name, base64.StdEncoding.EncodeToString(files[name]))
			}
		}
	}
	var shown atomic.Pointer[firstScreen]
	shown.Store(first)
	ahead := []string{early}
	if c.Disk {
		ahead = nil // a page on a disk may not
	}
	drawn := pages(c.Program, "/"+wasmURL, "/"+stylesURL, &shown, ahead...)
	for path, file := range map[string]string{"/": "index.html", "/embed": "embed/index.html", "/gallery": "gallery/index.html", "/lessons": "lessons/index.html", "/notes": "notes/index.html", "/traces": "traces/index.html", "/app.css": "app.css"} {
		if files[file], err = staticPage(drawn, path, strings.Count(file, "/")); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// packed is data as gzip.
func packed(data []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	_, _ = w.Write(data) // a Buffer takes everything
	w.Close()
	return b.Bytes()
}

var (
	// rooted is an attribute with the path of a file or page of the site.
	rooted = regexp.MustCompile(`(href|src|content)="/([^"]*)"`)
	// absent are links to what only a server has, and a page's address, not known yet.
	absent = regexp.MustCompile(`<link [^>]*rel="manifest"[^>]*>|<meta [^>]*property="og:(?:url|image)"[^>]*>|<a [^>]*href="/experiments"[^>]*>[^<]*</a>`)
)

// staticPolicy is contentPolicy without what a page cannot say itself.
var staticPolicy = strings.TrimSuffix(contentPolicy, "; frame-ancestors 'self'")

// staticPage draws the page at path, or what pages share, to stand in a file so many
// folders deep.
func staticPage(drawn http.Handler, path string, deep int) ([]byte, error) {
	page := &memory{header: http.Header{}, status: http.StatusOK}
	drawn.ServeHTTP(page, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}})
	if page.status != http.StatusOK {
		return nil, fmt.Errorf("draw %s: status %d", path, page.status)
	}
	if !bytes.HasPrefix(page.body.Bytes(), []byte("<!DOCTYPE html>")) {
		return page.body.Bytes(), nil
	}
	up := "./" + strings.Repeat("../", deep)
	body := absent.ReplaceAll(page.body.Bytes(), nil)
	body = rooted.ReplaceAll(body, []byte(`$1="`+up+`$2"`))
	policy := `<meta http-equiv="Content-Security-Policy" content="` + staticPolicy + `">`
	return bytes.Replace(body, []byte("<head>"), []byte("<head>"+policy), 1), nil
}

// memory is an http.ResponseWriter that keeps what is written.
type memory struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (m *memory) Header() http.Header { return m.header }

// WriteHeader implements http.ResponseWriter.
func (m *memory) WriteHeader(status int) { m.status = status }

// Write implements http.ResponseWriter.
func (m *memory) Write(p []byte) (int, error) { return m.body.Write(p) }
