package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"kvscope/assets"
	"kvscope/assets/dist"
	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/sparse/apply"
	"kvscope/native/server"
	"kvscope/native/store"
)

// serving is what serve was asked for.
type serving struct {
	addr, tokenFile, hosts, tokens *string
	data, queue, memory            *string
	embed, open, asJSON            *bool
	workers                        *int
	models                         paths
	reading                        *apply.Options

	// of what was asked for
	token string
	names []string
	most  int // bytes of memory
}

func (o *serving) flags(fs *flagSet) {
	o.addr = fs.String("addr", "127.0.0.1:8080", "`host:port` to listen on; port 0 means any free one")
	o.tokenFile = fs.String("token", "", "`file` with the token that every request must show, made with a new one where there is none; needed where other machines reach --addr")
	o.hosts = fs.String("host", "", "further host `names` to answer to, comma-separated")
	o.embed = fs.Bool("embed", false, "let any page show /embed of this server in a frame; not with --token, which browsers keep from frames")
	o.open = fs.Bool("open", false, "open a browser")
	fs.Var(&o.models, "model", "model `file` or folder to show beside the demo pair; may be given several times")
	o.tokens, o.reading = tokenizerFlag(fs), readingFlags(fs, ofCapture)
	o.data = dataFlag(fs, "`folder` for experiments and their queue")
	o.queue = fs.String("queue", "", "`URL` of a NATS cluster for experiments, or KVSCOPE_QUEUE, which other users do not see; one of our own")
	o.workers = fs.Int("workers", 1, "cells of experiments computed at once in this process")
	o.memory = fs.String("memory", "", "`size` beyond which garbage is collected harder, such as 2GiB, or off; half of this machine's memory")
	o.asJSON = fs.Bool("json", false, "print one JSON object once it listens")
}

// check holds what was asked for to what is allowed, and works out the rest.
func (o *serving) check() (err error) {
	if err := checkAddr(*o.addr); err != nil {
		return err
	}
	if o.token, err = readToken(*o.tokenFile); err != nil {
		return err
	}
	if o.names, err = hostNames(*o.hosts); err != nil {
		return err
	}
	if *o.embed && o.token != "" {
		return input.Errorf("embed", "not with --token: browsers show a token to no frame of another site")
	}
	if err := checkWorkers(*o.workers, 0); err != nil {
		return err
	}
	if o.most, err = limitMemory(*o.memory); err != nil {
		return err
	}
	at, by := queueOf(*o.queue)
	if *o.queue = at; at != "" {
		return checkQueue(by, at)
	}
	return nil
}

// serve shows the explorer until ctx is cancelled.
func serve(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("serve", stderr,
		"kvscope serve --open",
		"kvscope serve --model SmolLM2.gguf --model ./Qwen3-0.6B",
		"kvscope serve --queue nats://10.0.0.5:4222 --workers 0",
		"kvscope serve --addr 0.0.0.0:8080 --host lab.example.org --token token.txt",
		"kvscope serve --addr 127.0.0.1:0 --json")
	var o serving
	o.flags(fs)
	if err := parse(fs, args); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	engine, err := demoEngine()
	if err != nil {
		return err
	}
	defer engine.Close() // runs that pages have left may still be on their way
	if err := openAll(engine, o.models, *o.tokens, o.reading); err != nil {
		return err
	}
	program, err := dist.Load()
	if errors.Is(err, dist.ErrNotBuilt) {
		log.Warn("no page, only the API", "why", err)
	} else if err != nil {
		return err
	}
	l, err := o.listen(ctx)
	if err != nil {
		return err
	}
	defer l.Close() // once more where it served
	if ctx.Err() != nil {
		return nil // told to end while models were opened
	}
	url, loopback := pageURL(l.Addr())
	config := server.Config{Version: release, Program: program, Models: assets.Models(), Loopback: loopback, Hosts: o.names, Token: o.token, Embed: *o.embed, Log: log}
	o.run(engine, &config)
	said := map[string]string{"url": url}
	lab, err := openLaboratory(ctx, *o.data, *o.queue, engine.Models, log)
	if err != nil {
		// The explorer works without.
		log.Warn("no experiments", "why", err)
		config.NoExperiments = err.Error()
	} else {
		defer lab.close()
		config.Store, config.Jobs, said["queue"] = lab.store, lab.jobs, publicURL(lab.url)
		config.Traces = store.OpenTraces(filepath.Join(*o.data, tracesFolder))
		stop := lab.start(ctx, engine, *o.workers, log)
		defer stop()
	}
	s, err := server.New(config)
	if err != nil {
		return err
	}
	if !loopback {
		log.Warn("other machines can reach this server, without encryption; they are asked for the token", "addr", l.Addr().String(), "token", *o.tokenFile)
	}
	if err := o.announce(stdout, said); err != nil {
		return err
	}
	if *o.open {
		if err := openBrowser(withToken(url, o.token)); err != nil {
			log.Info("no browser opened", "why", err)
		}
	}
	return s.Serve(ctx, l)
}

// listen opens the address, which other machines may reach with a token alone.
func (o *serving) listen(ctx context.Context) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *o.addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken, perhaps by another kvscope; choose another with --addr", *o.addr)
	}
	if err != nil {
		return nil, err
	}
	if _, loopback := pageURL(l.Addr()); !loopback && o.token == "" {
		l.Close()
		return nil, input.Errorf("token", "missing, want a file: other machines can reach %s, and would be let in unasked", l.Addr())
	}
	return l, nil
}

// run lets engine answer, and take in models that the page names.
func (o *serving) run(engine *run.Engine, c *server.Config) {
	cache := run.NewCache(engine, keptLimit(engine.Models(), o.most))
	var opening sync.Mutex // for names that are free
	c.Runner = cache
	c.OpenModel = func(path, tokens string) error {
		opening.Lock()
		defer opening.Unlock()
		if err := openServed(engine, atHome(path), tokens); err != nil {
			return err
		}
		cache.SetLimit(keptLimit(engine.Models(), o.most))
		return nil
	}
}

// announce says where the page is, once.
func (o *serving) announce(w io.Writer, said map[string]string) error {
	if *o.asJSON {
		return json.NewEncoder(w).Encode(said)
	}
	_, err := fmt.Fprintf(w, "kvscope is at %s\n%s%sCtrl-C stops it.\n", said["url"], tokenHint(*o.tokenFile), openHint(*o.open))
	return err
}

// openAll adds what paths name to e, with the tokenizer in the file tokens; queries and keys
// among them are read as o says.
func openAll(e *run.Engine, models []string, tokens string, o *apply.Options) error {
	captures := 0
	for _, path := range models {
		found, err := e.OpenCapture(shortName(e, path), path, *o)
		if found {
			captures++
		} else {
			err = blamed("model", openServed(e, path, tokens))
		}
		if err != nil {
			return err
		}
	}
	if tokens != "" && captures == len(models) {
		return input.Errorf("tokenizer", "no --model is a model's file or folder, which it is for")
	}
	if captures == 0 {
		return onlyCaptures(o, "no --model")
	}
	return nil
}

// atHome is a path typed on the page, where no shell puts the home folder in place of ~.
func atHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	home, err := os.UserHomeDir()
	if !ok || err != nil {
		return path
	}
	return filepath.Join(home, rest)
}

func checkAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return input.Errorf("addr", "%q is not host:port, such as 127.0.0.1:8080", addr)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return input.Errorf("addr", "port %q, allowed are 0 to 65535", port)
	}
	return nil
}

// pageURL is where a browser on this machine finds a server that listens on addr,
// and whether only this machine can.
func pageURL(addr net.Addr) (url string, loopback bool) {
	tcp := addr.(*net.TCPAddr)
	host := tcp.IP.String()
	if tcp.IP.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(tcp.Port)), tcp.IP.IsLoopback()
}

// hasDesktop reports whether a browser could be shown here.
func hasDesktop() bool {
	return runtime.GOOS == "darwin" || runtime.GOOS == "windows" || os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}

// openHint says how to have a browser opened, where there may be one and none was asked for.
func openHint(open bool) string {
	if open || !hasDesktop() {
		return ""
	}
	return "With --open it opens a browser.\n"
}

// openBrowser asks the desktop to show url.
func openBrowser(url string) error {
	var cmd *exec.Cmd
	switch runtime.GOOS {
	case "darwin":
		cmd = exec.Command("open", url)
	case "windows":
		cmd = exec.Command("rundll32", "url.dll,FileProtocolHandler", url)
	default:
		// Without a desktop xdg-open starts a text browser over our own output.
		if !hasDesktop() {
			return errors.New("no desktop here")
		}
		cmd = exec.Command("xdg-open", url)
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // only so that no zombie is left
	return nil
}
