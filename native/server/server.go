package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"kvscope/assets/dist"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/native/jobs"
	"kvscope/native/store"
	"kvscope/web/api"
)

// Runner runs requests. Run is called concurrently, at most Config.Runs at a time.
type Runner interface {
	// Run emits the events of one run to sink and returns when the run is over, or
	// soon after ctx is cancelled or sink returns an error. A returned input.Error
	// blames the request.
	Run(ctx context.Context, req run.Request, sink trace.Sink) error
	// Models lists what can be run.
	Models() []run.ModelInfo
	// Check reports what Run would refuse of req, without running it.
	Check(req run.Request) error
}

// Questioner is a Runner that knows what questions a request with several asks.
type Questioner interface {
	Questions(req run.Request) ([]run.Request, error)
}

// Config says what to serve. Runner is required; every other zero value means the
// default named.
type Config struct {
	Runner  Runner
	Version string       // of this program
	Program dist.Program // the page's program; without one, the page says how to build it
	Models  fs.FS        // *.safetensors that pages may fetch and run themselves, of Runner's; nil: none

	Store         *store.Store     // of experiments; with Jobs, or neither
	Jobs          *jobs.Dispatcher //
	NoExperiments string           // why there are none

	Traces *store.Traces // recorded runs that the server keeps; nil: none

	// OpenModel opens the model at a path on this machine, with the tokenizer in the file
	// tokens unless that is empty, beside those of Runner. An input.Error blames the tokenizer
	// where it is about that field, the path where not. It is asked only with Loopback: who
	// names paths must be who may read them.
	OpenModel func(path, tokens string) error

	Embed        bool          // let pages of other origins show /embed in a frame
	Loopback     bool          // answer to localhost and loopback addresses only, not to any address
	Hosts        []string      // further host names to answer to
	Token        string        // that every request must show; empty: none
	Runs         int           // runs at once; 2
	WriteTimeout time.Duration // for a page to take one frame before its run is given up; 30 s
	Log          *slog.Logger  // slog.Default()
}

// Server is the http.Handler of the explorer.
type Server struct {
	runner       Runner
	version      string
	writeTimeout time.Duration
	log          *slog.Logger
	openModel    func(path, tokens string) error // nil where that is not allowed
	slots        *slots
	handler      http.Handler
	lab          laboratory
	kept         *store.Traces  // nil: none
	keeping      *slots         // for traces that are on their way
	streams      sync.WaitGroup // what http.Server does not wait for: WebSockets, and the first screen
	unsent       atomic.Int64   // bytes of frames that pages have yet to take
	site         api.Site
	first        atomic.Pointer[firstScreen] // what pages show until their program is there
}

// New returns a server for c.
func New(c Config) (*Server, error) {
	if c.Runner == nil {
		return nil, errors.New("server: no runner")
	}
	if c.Runs == 0 {
		c.Runs = 2
	}
	if c.WriteTimeout == 0 {
		c.WriteTimeout = 30 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Runs < 0 || c.WriteTimeout < 0 {
		return nil, fmt.Errorf("server: %d runs at once with a write timeout of %v, both must be positive", c.Runs, c.WriteTimeout)
	}
	s := &Server{
		runner: c.Runner, version: c.Version, writeTimeout: c.WriteTimeout, log: c.Log,
		slots: newSlots(c.Runs), kept: c.Traces, keeping: newSlots(maxKeeping),
		lab: laboratory{
			store: c.Store, jobs: c.Jobs, none: c.NoExperiments, estimator: jobs.NewEstimator(c.Store, c.Runner),
		},
	}
	if c.Loopback {
		s.openModel = c.OpenModel
	}
	page, site, err := newPage(c.Program, c.Models, &s.first)
	if err != nil {
		return nil, err
	}
	s.site = site
	mux := http.NewServeMux()
	mux.Handle("/api/", s.api().mux(s.fail))
	mux.HandleFunc(echartsURL(), serveECharts)
	mux.Handle("/", page)
	s.handler = s.recovered(secured(c.Embed, guarded(c.Loopback, c.Hosts, requireToken(c.Token, mux))))
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 30 * time.Second // to send a request
	answerTimeout = 2 * time.Minute  // to take an answer
	idleTimeout   = 2 * time.Minute
	shutdownGrace = 5 * time.Second
)

// Serve answers connections of l until ctx is cancelled; then runs are cancelled
// too, and pages get a few seconds to hear of it. It closes l and returns nil when
// ctx ended it.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	h := &http.Server{
		Handler:           s,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    1 << 16,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(l) }()
	s.streams.Go(func() { s.drawFirst(ctx) })
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := h.Shutdown(grace); err != nil {
		s.log.Warn("connections cut at shutdown", "err", err)
		h.Close()
	}
	ended := make(chan struct{})
	go func() { s.streams.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-grace.Done():
		s.log.Warn("runs abandoned at shutdown")
	}
	return nil
}
