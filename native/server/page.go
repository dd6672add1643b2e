package server

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/assets"
	"kvscope/assets/dist"
	"kvscope/engine/run"
	"kvscope/web"
	"kvscope/web/api"
)

// noWorker is the service worker of a page that wants none: it clears what an
// earlier one left and goes. The program's URL changes with its content, so the
// browser's own cache does all that a worker would.
const noWorker = `self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) await caches.delete(name);
  await self.registration.unregister();
})()));
`

// newPage serves the page, its program, styles and icons, and the models that it may
// run itself, which site lists. The first screen stands in the page once there is one.
func newPage(p dist.Program, models fs.FS, first *atomic.Pointer[firstScreen]) (h http.Handler, site api.Site, err error) {
	if p.Hash == "" {
		return http.HandlerFunc(notBuilt), site, nil
	}
	styles, err := assets.Styles()
	if err != nil {
		return nil, site, err
	}
	shipped, err := modelFiles(models)
	if err != nil {
		return nil, site, err
	}
	site = api.Site{Server: true, Meta: "api/meta"}
	files := map[string]*file{}
	for _, m := range shipped {
		site.Models = append(site.Models, m.SiteFile)
		files["/"+m.File] = &file{contentType: "application/octet-stream", plain: m.data, size: m.Size, tag: hash(m.data), immutable: true}
		if m.Index != "" {
			files["/"+m.Index] = &file{contentType: "application/octet-stream", plain: m.index, size: len(m.index), tag: hash(m.index), immutable: true}
		}
		if m.History != "" {
			files["/"+m.History] = &file{contentType: "application/octet-stream", plain: m.history, size: len(m.history), tag: hash(m.history), immutable: true}
		}
	}
	wasmURL := "/web/app-" + p.Hash + ".wasm"
	stylesURL := "/web/style-" + hash(styles) + ".css"
	config, err := appConfig(wasmURL[1:], p, site)
	if err != nil {
		return nil, site, err
	}
	mux := http.NewServeMux()
	files[wasmURL] = &file{contentType: "application/wasm", brotli: p.Brotli, gzip: p.Gzip, size: p.Size, tag: p.Hash, immutable: true}
	files[stylesURL] = textFile("text/css; charset=utf-8", styles, true)
	files["/wasm_exec.js"] = textFile("text/javascript; charset=utf-8", p.Boot, false)
	files["/app.js"] = textFile("text/javascript; charset=utf-8", config, false)
	for name, contentType := range icons {
		icon, err := fs.ReadFile(assets.Icons(), name)
		if err != nil {
			return nil, site, fmt.Errorf("read icon: %w", err)
		}
		files["/web/"+name] = &file{contentType: contentType, plain: icon, size: len(icon), tag: hash(icon)}
	}
	for path, f := range files {
		mux.Handle(path, f)
	}
	// go-app would fetch these from itself over the network.
	for _, path := range []string{"/robots.txt", "/sitemap.xml", "/ads.txt"} {
		mux.Handle(path, http.NotFoundHandler())
	}
	mux.Handle("/", pages(p, wasmURL, stylesURL, first, early))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD are allowed here", http.StatusMethodNotAllowed)
			return
		}
		answerSoon(w)
		mux.ServeHTTP(w, r)
	}), site, nil
}

// icons are the icons of the page and their types.
var icons = map[string]string{"icon.svg": "image/svg+xml", "icon-192.png": "image/png", "icon-512.png": "image/png"}

// shipped is a file that pages may fetch.
type shipped struct {
	api.SiteFile
	data    []byte
	index   []byte // of a model that has one
	history []byte // of its training, as gzip, where it was kept
}

// modelFiles are the models that pages may fetch, none of nil.
func modelFiles(models fs.FS) ([]shipped, error) {
	if models == nil {
		return nil, nil
	}
	names, err := fs.Glob(models, "*.safetensors") // sorted
	if err != nil {
		return nil, fmt.Errorf("list models: %w", err)
	}
	var out []shipped
	for _, name := range names {
		data, err := fs.ReadFile(models, name)
		if err != nil {
			return nil, fmt.Errorf("read model: %w", err)
		}
		name = strings.TrimSuffix(name, ".safetensors")
		m := shipped{SiteFile: api.SiteFile{Name: name, File: "web/model-" + name + "-" + hash(data) + ".safetensors", Size: len(data)}, data: data}
		switch m.index, err = fs.ReadFile(models, run.IndexFolder+"/"+name+".safetensors"); {
		case err == nil:
			m.Index = "web/index-" + name + "-" + hash(m.index) + ".safetensors"
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("read index: %w", err)
		}
		switch m.history, err = fs.ReadFile(models, name+run.HistorySuffix); {
		case err == nil && len(m.history) > 4:
			m.History = "web/history-" + name + "-" + hash(m.history) + ".gz"
			m.HistorySize = int(binary.LittleEndian.Uint32(m.history[len(m.history)-4:])) // as gzip ends
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("read training history: %w", err)
		}
		out = append(out, m)
	}
	return out, nil
}

// pages draws the pages, ahead of the program that takes them over.
//
// ahead are elements of the head for what is wanted before the boot script is there.
func pages(p dist.Program, wasmURL, stylesURL string, first *atomic.Pointer[firstScreen], ahead ...string) http.Handler {
	web.Routes()
	return prerendered(first, &app.Handler{
		Name:         "kvscope",
		Title:        "kvscope",
		Description:  "Which KV blocks sparse attention picks, and whether the answer was among them",
		LoadingLabel: "Loading. This page needs JavaScript.",
		Icon: app.Icon{
			Default: "/web/icon-192.png", Large: "/web/icon-512.png",
			SVG: "/web/icon.svg", AppleTouch: "/web/icon-192.png",
		},
		BackgroundColor:       "#141b2b",
		ThemeColor:            "#141b2b",
		Styles:                []string{stylesURL},
		Resources:             resources{wasmURL},
		RawHeaders:            ahead,
		ServiceWorkerTemplate: noWorker,
		// Says when a cached page is stale: whenever anything it names has changed.
		Version: hash([]byte(p.Hash + stylesURL + hash(p.Boot))),
	})
}

// early runs the script that starts the program while the page is still being read: it is
// asked for once and run a second time behind the boot script, when the page is whole.
const early = `<script async src="/app.js"></script>`

// appConfig is the script that starts the program, in place of go-app's own. Ahead of the boot
// script it lets a worker, which is that script, download and compile it; pages on a disk
// start none there.
func appConfig(wasmURL string, p dist.Program, site api.Site) ([]byte, error) {
	about, err := json.Marshal(site)
	if err != nil {
		return nil, fmt.Errorf("write the page's settings: %w", err)
	}
	config, err := json.Marshal(map[string]any{
		"wasm":   wasmURL,
		"size":   p.Size,
		"server": site.Server,
		"meta":   site.Meta,
		"env":    map[string]string{"GOAPP_VERSION": p.Hash, "GOAPP_INTERNAL_URLS": "[]", api.SiteVariable: string(about)},
	})
	if err != nil {
		return nil, fmt.Errorf("write the page's settings: %w", err)
	}
	return fmt.Appendf(nil, `globalThis.kvscopeBoot ??= (config) => {
  config.root = new URL(".", document.currentScript.src).href;
  if (origin === "null") return; // a sandboxed frame may start none so
  globalThis.kvscopeCompiler = new Worker(config.root + "wasm_exec.js");
  kvscopeCompiler.postMessage({ config });
};
kvscopeBoot(%s);
`, config), nil
}

// resources tells go-app's handler the program's URL; we serve it ourselves.
type resources struct{ wasm string }

func (resources) Package() string   { return "" }
func (resources) Static() string    { return "" }
func (r resources) AppWASM() string { return r.wasm }

// notBuilt answers when this binary has no browser program.
func notBuilt(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "This kvscope was built without its page: "+dist.ErrNotBuilt.Error()+".\nThe API below /api/ works.", http.StatusServiceUnavailable)
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
