package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/api"
)

// TestStatic: the site says where its models and recorded runs are, by addresses that do
// not begin at the host, and draws no link to what only a server has.
func TestStatic(t *testing.T) {
	asked := 0
	runner := fakeRunner(func(ctx context.Context, req run.Request, sink trace.Sink) error {
		if asked++; req.Task == "" || req.Method == "" {
			t.Errorf("the first screen asks for %+v", req)
		}
		return emits(wholeRun())(ctx, req, sink)
	})
	files, err := Static(t.Context(), StaticConfig{
		Program: fakeProgram(), Version: "v1", Models: fstest.MapFS{"attention.safetensors": {Data: []byte("weights")}}, Runner: runner,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(files["app.js"]), "\nkvscopeBoot(")
	text, _, _ = strings.Cut(text, ");\n")
	var config struct {
		Wasm string
		Env  map[string]string
	}
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	site := api.ReadSite(config.Env[api.SiteVariable])
	if site.Server || len(site.Models) != 1 || site.Models[0].Name != "attention" || site.Models[0].Size != 7 || len(site.Runs) != asked || asked == 0 {
		t.Errorf("site %+v after %d runs", site, asked)
	}
	for _, f := range append(append(site.Models, site.Runs...), api.SiteFile{File: config.Wasm}, api.SiteFile{File: site.Meta}) {
		if len(files[f.File]) == 0 {
			t.Errorf("%s is not there", f.File)
		}
	}
	var meta api.Meta
	if err := json.Unmarshal(files["meta.json"], &meta); err != nil || meta.Version != "v1" || len(meta.Models) != 1 {
		t.Errorf("meta %+v %v", meta, err)
	}
	for _, name := range []string{"index.html", "gallery/index.html", "lessons/index.html", "notes/index.html"} {
		page := string(files[name])
		for _, bad := range []string{`="/`, "http:", "/experiments", "manifest"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s has %s", name, bad)
			}
		}
		if !strings.Contains(page, "Content-Security-Policy") || !strings.Contains(page, "wasm_exec.js") {
			t.Errorf("%s lacks its policy or its boot: %.300s", name, page)
		}
	}
}

// TestStaticSnapshots: a site has the histories of trainings where it is asked for, as they lie.
func TestStaticSnapshots(t *testing.T) {
	runner := emits(wholeRun())
	models := fstest.MapFS{"attention.safetensors": {Data: []byte("weights")}, "attention.history.gz": {Data: []byte("packed\x07\x01\x00\x00")}}
	files, err := Static(t.Context(), StaticConfig{Program: fakeProgram(), Models: models, Runner: runner})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(files["app.js"]), "history") {
		t.Error("the site names a history that it was made without")
	}
	files, err = Static(t.Context(), StaticConfig{Program: fakeProgram(), Models: models, Snapshots: true, Runner: runner})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		if strings.HasPrefix(name, "web/history-attention-") && strings.HasPrefix(string(data), "packed") && strings.Contains(string(files["app.js"]), name) && strings.Contains(string(files["app.js"]), `\"history_size\":263`) {
			return
		}
	}
	t.Errorf("the history is not there, or not named: %s", files["app.js"])
}

// TestStaticPages: pages in folders find what the site shares.
func TestStaticPages(t *testing.T) {
	files, err := Static(t.Context(), StaticConfig{Program: fakeProgram(), Models: fstest.MapFS{"attention.safetensors": {Data: []byte("weights")}}, Runner: emits(wholeRun())})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(files["gallery/index.html"]), `src="./../app.js"`) {
		t.Error("the gallery does not find its script")
	}
}

// TestStaticOnADisk: what a page fetches stands in scripts too, as it lies in the files.
func TestStaticOnADisk(t *testing.T) {
	c := StaticConfig{Program: fakeProgram(), Models: fstest.MapFS{"attention.safetensors": {Data: []byte("weights")}}, Runner: emits(wholeRun())}
	without, err := Static(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	c.Disk = true
	files, err := Static(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range without {
		fetched := name == "meta.json" || name == "wasm_exec.js" || strings.HasSuffix(name, ".gz")
		script, there := files[name+".js"]
		if want := fmt.Sprintf("kvscopeFile(%q, %q);\n", name, base64.StdEncoding.EncodeToString(data)); there != fetched || there && string(script) != want {
			t.Errorf("%s.js is %.60q, want it: %v", name, script, fetched)
		}
	}
}
