package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"

	"kvscope/web/api"
	"kvscope/web/fetch"
)

// Host is a place where the engine runs, for people to choose.
type Host struct {
	Kind   HostKind
	Title  string // where runs are computed: "in this browser"
	Advice string // what to do when it does not answer
	Engine Engine
}

// HostKind tells hosts apart.
type HostKind string

// The kinds of hosts.
const (
	ServerHost  HostKind = "server"
	BrowserHost HostKind = "browser"
)

// mostWorkers is how many workers there are at most, one for each column.
const mostWorkers = 4

// Hosts are the places where a page of a site can run the engine, the usual one first.
// The addresses of the site are relative to root.
func Hosts(site api.Site, root *url.URL) []Host {
	var hosts []Host
	if site.Server {
		hosts = append(hosts, Host{
			Kind: ServerHost, Title: "on the server", Engine: NewServer(root),
			Advice: "Start it again with “kvscope serve”. This page asks for it every two seconds and then runs again by itself.",
		})
	}
	if len(site.Models) > 0 {
		hosts = append(hosts, Host{
			Kind: BrowserHost, Title: "in this browser", Engine: newBrowser(site, root),
			Advice: "The browser may have ended it for lack of memory. Run again, with fewer columns or a shorter prompt, or reload the page.",
		})
	}
	return hosts
}

// newBrowser is the engine in the browser of a page of a site.
func newBrowser(site api.Site, root *url.URL) Engine {
	at := func(files []api.SiteFile) []api.SiteFile {
		out := slices.Clone(files)
		for i := range out {
			for _, address := range []*string{&out[i].File, &out[i].Index, &out[i].History} {
				if *address != "" {
					*address = root.JoinPath(*address).String()
				}
			}
		}
		return out
	}
	meta := func(ctx context.Context) (api.Meta, error) { return fetchMeta(ctx, root.JoinPath(site.Meta).String()) }
	workers := NewWorkers(min(cores(), mostWorkers), startWorker, meta, at(site.Models))
	return NewRecorded(workers, at(site.Runs), fetchFile)
}

// fetchFile gets a file of the site.
func fetchFile(ctx context.Context, f api.SiteFile) ([]byte, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	return fetch.File(ctx, f.File, f.Size, nil)
}

// fetchMeta gets a Meta at an address.
func fetchMeta(ctx context.Context, at string) (api.Meta, error) {
	var m api.Meta
	body, err := ahead(at), error(nil)
	if body == nil {
		body, err = get(ctx, at)
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return m, fmt.Errorf("read %s: %w", at, err)
	}
	return m, nil
}
