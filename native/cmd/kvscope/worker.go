package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"kvscope/engine/experiment"
	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/native/jobs"
	"kvscope/viz/number"
)

// queueVariable of the environment names the queue where no flag does: its URL may hold a
// secret, and every user of a machine sees the flags of its programs.
const queueVariable = "KVSCOPE_QUEUE"

// mostWorkers is more than any machine has processors for.
const mostWorkers = 1024

// checkWorkers refuses a number of cells to compute at once that is below the least, or
// that no machine would come to an end of.
func checkWorkers(n, least int) error {
	if n < least || n > mostWorkers {
		return input.Errorf("workers", "%d, want %d to %d", n, least, mostWorkers)
	}
	return nil
}

// queueOf is the URL of a queue by the flag or else the environment, and the name of which it
// is; "" for none.
func queueOf(flag string) (at, by string) {
	if flag != "" {
		return flag, "queue"
	}
	return os.Getenv(queueVariable), queueVariable
}

// checkQueue refuses what is no URL of a queue, by the name of what said so, before a network
// is asked for it.
func checkQueue(by, at string) error {
	for one := range strings.SplitSeq(at, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil || u.Host == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) {
			return input.Errorf(by, "%q, want a URL such as nats://127.0.0.1:4222", hidden(one))
		}
	}
	return nil
}

// hidden cuts the part before an @, where URLs have their secret, from a text that is no URL
// of a queue.
func hidden(at string) string {
	if i := strings.LastIndexByte(at, '@'); i >= 0 {
		return "..." + at[i:]
	}
	return at
}

// publicURL is the URL of a queue without its secret.
func publicURL(at string) string {
	u, err := url.Parse(at)
	if err != nil {
		return ""
	}
	u.User = nil
	return u.String()
}

// worker takes cells from a queue until it is told to stop.
func worker(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("worker", stderr,
		"kvscope worker",
		"kvscope worker --queue nats://127.0.0.1:4222 --workers 4")
	queueURL := fs.String("queue", "", "`URL` of the queue, or KVSCOPE_QUEUE, which other users do not see; that of the kvscope serve on this machine")
	data := dataFlag(fs, "data `folder` of that kvscope serve, which names its queue")
	n := fs.Int("workers", 1, "cells computed at once")
	models := fs.String("models", "", "`paths` of further models, comma-separated; cells know them by what is in them, whatever the name")
	asJSON := fs.Bool("json", false, "print one JSON object at the end")
	if err := parse(fs, args); err != nil {
		return err
	}
	if err := checkWorkers(*n, 1); err != nil {
		return err
	}
	at, by := queueOf(*queueURL)
	ours := at == ""
	if ours {
		var err error
		if at, err = jobs.EmbeddedURL(filepath.Join(*data, queueFolder)); err != nil {
			field := "queue"
			if fs.given("data") {
				field = "data"
			}
			return input.Errorf(field, "%v; start kvscope serve, or name a queue with --queue", err)
		}
	}
	if err := checkQueue(by, at); err != nil {
		return err
	}
	var extra []string
	if *models != "" {
		extra = strings.Split(*models, ",")
	}
	engine, err := engineWithAll("models", extra, "")
	if err != nil {
		return err
	}
	defer engine.Close()
	for _, name := range extra {
		if !slices.ContainsFunc(engine.Models(), func(m run.ModelInfo) bool { return m.Name == name }) {
			return input.Errorf("models", "no file or folder %q", name)
		}
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	queue, err := jobs.Connect(at)
	if ours && jobs.IsAway(err) {
		return fmt.Errorf("%w; is kvscope serve running with --data %s?", err, *data)
	}
	if !ours && jobs.IsAway(err) {
		return fmt.Errorf("%s: %w; is there a NATS server, which the network lets through?", typed(by), err)
	}
	if err != nil {
		return err
	}
	defer queue.Close()
	log.Info("taking cells; Ctrl-C finishes those at hand and stops", "workers", *n, "pid", os.Getpid())
	done, failed := work(ctx, queue, engine, *n, log)
	if *asJSON {
		return json.NewEncoder(stdout).Encode(map[string]int{"done": done, "failed": failed})
	}
	_, err = fmt.Fprintf(stdout, "%s done, %s failed\n", number.Of(done, "cell"), number.Count(failed))
	return err
}

// work computes cells, n at once, until ctx ends.
func work(ctx context.Context, queue *jobs.Queue, engine experiment.Runner, n int, log *slog.Logger) (done, failed int) {
	measure := func(ctx context.Context, c experiment.Cell) (*experiment.Outcome, error) {
		return experiment.Measure(ctx, engine, c)
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			d, f := jobs.NewWorker(queue, release, measure, log).Run(ctx)
			mu.Lock()
			done, failed = done+d, failed+f
			mu.Unlock()
		})
	}
	group.Wait()
	return done, failed
}
