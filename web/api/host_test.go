package api

import (
	"encoding/json"
	"strings"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/input/inputtest"
)

// TestBrokenLists breaks the list of the files of a model's folder on a site. What is left
// of it can be fetched.
func TestBrokenLists(t *testing.T) {
	text, err := json.Marshal([]SiteFile{{Name: "config.json", File: "models/tiny/config.json.gz", Size: 312}, {Name: "model.safetensors", File: "models/tiny/model.safetensors.gz", Size: 4_000_000_000}})
	if err != nil {
		t.Fatal(err)
	}
	inputtest.Broken(t, "list", text, 1<<20, 400, func(data []byte) error {
		files, err := ReadFiles(data)
		for name, f := range files {
			if bad := f.Check(); bad != nil || name == "" {
				t.Errorf("%s has %q: %v", data, name, bad)
			}
		}
		return err
	})
	for bad, field := range map[string]string{
		`[{"name": "a", "file": ""}]`: "file",
		`[{"file": "a"}]`:             "name",
		`[{"name": "a", "file": "a"}, {"name": "a", "file": "b"}]`: "name",
		`[{"name": "a", "file": "a", "size": -1}]`:                 "size",
		`[{"name": "a", "file": "a", "size": 8000000000}]`:         "size",
		`[{"name": "a", "file": "a", "history_size": -1}]`:         "history_size",
		`[{"name": "a", "file": "a", "size": "1"}]`:                "size",
	} {
		if _, err := ReadFiles([]byte(bad)); input.Field(err) != field {
			t.Errorf("%s: %v, want %s to blame", bad, err, field)
		}
	}
}

// TestBrokenSites breaks what a page is told of its site. A page that cannot read it takes
// the site for a server's.
func TestBrokenSites(t *testing.T) {
	text, err := json.Marshal(Site{Meta: "meta.json", Models: []SiteFile{{Name: "ratplus", File: "models/ratplus.gz", Size: 7}}})
	if err != nil {
		t.Fatal(err)
	}
	inputtest.Broken(t, "site", text, 1<<20, 400, func(data []byte) error {
		if site := ReadSite(string(data)); site.Meta == "" && strings.Contains(string(data), `"meta":"meta.json"`) {
			t.Errorf("%s is read as %+v", data, site)
		}
		return nil
	})
}
