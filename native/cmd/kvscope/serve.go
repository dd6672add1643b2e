package main

import (
	"cmp"
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

// serve shows the explorer until ctx is cancelled.
func serve(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("serve", stderr,
		"kvscope serve --open",
		"kvscope serve --model SmolLM2.gguf --model ./Qwen3-0.6B",
		"kvscope serve --queue nats://10.0.0.5:4222 --workers 0",
		"kvscope serve --addr 0.0.0.0:8080 --host lab.example.org --token token.txt",
		"kvscope serve --addr 127.0.0.1:0 --json")
	addr := fs.String("addr", "127.0.0.1:8080", "`host:port` to listen on; port 0 means any free one")
	tokenFile := fs.String("token", "", "`file` with the token that every request must show, made with a new one where there is none; needed where other machines reach --addr")
	hosts := fs.String("host", "", "further host `names` to answer to, comma-separated")
	embed := fs.Bool("embed", false, "let any page show /embed of this server in a frame; not with --token, which browsers keep from frames")
	open := fs.Bool("open", false, "open a browser")
	var models paths
	fs.Var(&models, "model", "model `file` or folder to show beside the demo pair; may be given several times")
	tokens, reading := tokenizerFlag(fs), readingFlags(fs, ofCapture)
	data := dataFlag(fs, "`folder` for experiments and their queue")
	queue := fs.String("queue", "", "`URL` of a NATS cluster for experiments, or KVSCOPE_QUEUE, which other users do not see; one of our own")
	workers := fs.Int("workers", 1, "cells of experiments computed at once in this process")
	memory := fs.String("memory", "", "`size` beyond which garbage is collected harder, such as 2GiB, or off; half of this machine's memory")
	asJSON := fs.Bool("json", false, "print one JSON object once it listens")
	if err := parse(fs, args); err != nil {
		return err
	}
	if err := checkAddr(*addr); err != nil {
		return err
	}
	token, err := readToken(*tokenFile)
	if err != nil {
		return err
	}
	names, err := hostNames(*hosts)
	if err != nil {
		return err
	}
	if *embed && token != "" {
		return input.Errorf("embed", "not with --token: browsers show a token to no frame of another site")
	}
	if err := checkWorkers(*workers, 0); err != nil {
		return err
	}
	most, err := limitMemory(*memory)
	if err != nil {
		return err
	}
	if *queue = cmp.Or(*queue, os.Getenv(queueVariable)); *queue != "" {
		if err := checkQueue(*queue); err != nil {
			return err
		}
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	engine, err := demoEngine()
	if err != nil {
		return err
	}
	defer engine.Close() // runs that pages have left may still be on their way
	if err := openAll(engine, models, *tokens, reading); err != nil {
		return err
	}
	program, err := dist.Load()
	if errors.Is(err, dist.ErrNotBuilt) {
		log.Warn("no page, only the API", "why", err)
	} else if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is taken, perhaps by another kvscope; choose another with --addr", *addr)
	}
	if err != nil {
		return err
	}
	url, loopback := pageURL(l.Addr())
	if !loopback && token == "" {
		l.Close()
		return input.Errorf("token", "missing, want a file: other machines can reach %s, and would be let in unasked", l.Addr())
	}
	cache := run.NewCache(engine, keptLimit(engine.Models(), most))
	config := server.Config{Runner: cache, Version: release, Program: program, Models: assets.Models(), Loopback: loopback, Hosts: names, Token: token, Embed: *embed, Log: log}
	var opening sync.Mutex // for names that are free
	config.OpenModel = func(path, tokens string) error {
		opening.Lock()
		defer opening.Unlock()
		if err := openServed(engine, atHome(path), tokens); err != nil {
			return err
		}
		cache.SetLimit(keptLimit(engine.Models(), most))
		return nil
	}
	said := map[string]string{"url": url}
	lab, err := openLaboratory(ctx, *data, *queue, engine.Models, log)
	if err != nil {
		// The explorer works without.
		log.Warn("no experiments", "why", err)
		config.NoExperiments = err.Error()
	} else {
		defer lab.close()
		config.Store, config.Jobs, said["queue"] = lab.store, lab.jobs, publicURL(lab.url)
		config.Traces = store.Traces{Folder: filepath.Join(*data, tracesFolder)}
		stop := lab.start(ctx, engine, *workers, log)
		defer stop()
	}
	s, err := server.New(config)
	if err != nil {
		l.Close()
		return err
	}
	if !loopback {
		log.Warn("other machines can reach this server, without encryption; they are asked for the token", "addr", l.Addr().String(), "token", *tokenFile)
	}
	if *asJSON {
		err = json.NewEncoder(stdout).Encode(said)
	} else {
		_, err = fmt.Fprintf(stdout, "kvscope is at %s\n%s%sCtrl-C stops it.\n", url, tokenHint(*tokenFile), openHint(*open))
	}
	if err != nil {
		l.Close()
		return err
	}
	if *open {
		if err := openBrowser(withToken(url, token)); err != nil {
			log.Info("no browser opened", "why", err)
		}
	}
	return s.Serve(ctx, l)
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
			err = openServed(e, path, tokens)
		}
		if err != nil {
			return err
		}
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
