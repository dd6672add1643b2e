package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"kvscope/native/store"
	"kvscope/web/api"
)

// asProgram is the variable whose words TestAsProgram runs kvscope with.
const asProgram = "KVSCOPE_TEST_PROGRAM"

// TestAsProgram is kvscope as a program of its own, for measurements that kill it.
func TestAsProgram(t *testing.T) {
	words := os.Getenv(asProgram)
	if words == "" {
		t.Skip("is run by measurements, with what to do in " + asProgram)
	}
	os.Args = append([]string{"kvscope"}, strings.Split(words, "\n")...)
	main()
}

// program is `kvscope serve` as a program of its own.
type program struct {
	*exec.Cmd
	url   string
	began time.Duration // until it answered
}

// serveApart starts a server for what is in a folder.
func serveApart(b *testing.B, data string) *program {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestAsProgram$")
	cmd.Env = append(os.Environ(), asProgram+"="+strings.Join([]string{"serve", "--addr", "127.0.0.1:0", "--data", data, "--json"}, "\n"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	var said struct{ URL string }
	if err == nil {
		err = json.Unmarshal(line, &said)
	}
	if err != nil {
		b.Fatalf("serve says %q: %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	p := &program{cmd, said.URL, 0}
	if status, err := p.call(b.Context(), http.MethodGet, "/api/meta", "", nil); err != nil || status != http.StatusOK {
		b.Fatal(status, err)
	}
	p.began = time.Since(began)
	return p
}

// call sends a request, decodes what is answered with success into to, and is its status.
func (p *program) call(ctx context.Context, method, path, body string, to any) (int, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && to != nil && resp.StatusCode < 300 {
		err = json.Unmarshal(text, to)
	}
	return resp.StatusCode, err
}

// stop ends the program as a person does, and waits for it.
func (p *program) stop(b *testing.B) {
	b.Helper()
	if err := errors.Join(p.Process.Signal(os.Interrupt), p.Wait()); err != nil {
		b.Error(err)
	}
}

// sockets is how many connections the program has open, 0 where that is not known. SQLite keeps
// files open that it has done with, for the next who wants the database.
func (p *program) sockets() (count int) {
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.Process.Pid))
	for _, link := range links {
		if name, _ := os.Readlink(link); strings.HasPrefix(name, "socket:") {
			count++
		}
	}
	return count
}

// killedGrid is an experiment of 64 cells.
const killedGrid = `{"name": "killed", "grid": {"models": ["attention", "ratplus"], "tasks": ["S-1", "MK-1"], "methods": ["quest", "moba"], "budgets": ["1/4", "1/8"], "context": 256, "examples": 40}}`

// BenchmarkKilledServer kills a server, which computes an experiment, as often as -benchtime
// says, each time half a second after it has started. In the end every cell has been computed
// once, to the outcome that `kvscope eval` has of it.
func BenchmarkKilledServer(b *testing.B) {
	data := b.TempDir()
	p := serveApart(b, data)
	var x api.Described
	if status, err := p.call(b.Context(), http.MethodPost, "/api/experiments", killedGrid, &x); err != nil || status != http.StatusCreated {
		b.Fatal(status, err)
	}
	var starts []time.Duration
	for range b.N {
		time.Sleep(500*time.Millisecond + rand.N(200*time.Millisecond))
		if err := p.Process.Kill(); err != nil {
			b.Fatal(err)
		}
		_ = p.Wait() // which says that it was killed
		p = serveApart(b, data)
		starts = append(starts, p.began)
	}
	for !x.Status.Over {
		time.Sleep(100 * time.Millisecond)
		if _, err := p.call(b.Context(), http.MethodGet, "/api/experiments/"+x.ID, "", &x); err != nil {
			b.Fatal(err)
		}
	}
	p.stop(b)
	whole := filepath.Join(b.TempDir(), "whole")
	if status, _, stderr := runCommand(b, strings.Fields("eval --data "+whole+" --models attention,ratplus --tasks S-1,MK-1 --methods quest,moba --budgets 1/4,1/8 --context 256 --examples 40 --json")...); status != 0 {
		b.Fatal(stderr)
	}
	b.ReportMetric(float64(sameOutcomes(b, x.ID, filepath.Join(data, storeFile), filepath.Join(whole, storeFile))), "cells-alike")
	b.ReportMetric(float64(x.Status.Cells), "cells")
	b.ReportMetric(slices.Max(starts).Seconds(), "s-to-start-at-most")
}

// sameOutcomes is how many cells of an experiment have the outcome that another database has.
func sameOutcomes(b *testing.B, id, path, other string) (alike int) {
	b.Helper()
	a, err := store.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	o, err := store.Open(b.Context(), other)
	if err != nil {
		b.Fatal(err)
	}
	defer o.Close()
	measured, err := a.Measured(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	for _, m := range measured {
		want, err := o.Outcome(b.Context(), m.Cell.Key())
		if err != nil {
			b.Fatal(err)
		}
		m.Outcome.Seconds = want.Seconds
		if reflect.DeepEqual(m.Outcome, want) {
			alike++
		} else {
			b.Errorf("%+v: %+v, without a kill %+v", m.Cell, m.Outcome, want)
		}
	}
	return alike
}

// BenchmarkManyClients lets twelve clients create, pause, resume, cancel, remove and look at
// experiments for as many seconds as -benchtime says, as 40x. None is told of a failure, and
// the database is whole afterwards.
func BenchmarkManyClients(b *testing.B) {
	data := b.TempDir()
	p := serveApart(b, data)
	ctx, cancel := context.WithTimeout(b.Context(), time.Duration(b.N)*time.Second)
	defer cancel()
	var calls, failed atomic.Int64
	var clients sync.WaitGroup
	for n := range 12 {
		clients.Go(func() {
			draw := rand.New(rand.NewPCG(1, uint64(n)))
			var own []string
			for ctx.Err() == nil {
				method, path, body := http.MethodGet, "/api/experiments", ""
				switch what := draw.IntN(8); {
				case what < 2 || len(own) == 0:
					method, body = http.MethodPost, `{"name": "many", "grid": {"models": ["ratplus"], "tasks": ["S-1"], "methods": ["quest"], "budgets": ["1/4"], "context": 160, "examples": 20}}`
				case what < 6:
					method, path = http.MethodPost, path+"/"+own[draw.IntN(len(own))]+"/"+[]string{"pause", "resume", "cancel", "cancel"}[what-2]
				case what == 6:
					method, path = http.MethodDelete, path+"/"+own[0]
					own = own[1:]
				default:
					path += "/" + own[draw.IntN(len(own))]
				}
				var x api.Described
				var to any
				if body != "" {
					to = &x
				}
				status, err := p.call(ctx, method, path, body, to)
				if err != nil {
					continue
				}
				if status == http.StatusCreated {
					own = append(own, x.ID)
				}
				calls.Add(1)
				if status >= 500 {
					failed.Add(1)
					b.Errorf("%s %s: %d", method, path, status)
				}
			}
		})
	}
	clients.Wait()
	p.stop(b)
	b.ReportMetric(float64(calls.Load()), "calls")
	b.ReportMetric(float64(failed.Load()), "failed")
	wholeDatabase(b, filepath.Join(data, storeFile))
}

// wholeDatabase lets SQLite look through a database.
func wholeDatabase(b *testing.B, path string) {
	b.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	var said string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&said); err != nil || said != "ok" {
		b.Errorf("the database: %q, %v", said, err)
	}
	rows, err := db.Query("PRAGMA foreign_key_check")
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	if rows.Next() {
		b.Error("a row of the database belongs to none")
	}
}

// BenchmarkManyPages keeps 200 pages open that ask nothing, 200 that follow an experiment and
// 20 that run one prompt after the other, for as many seconds as -benchtime says, as 60x.
func BenchmarkManyPages(b *testing.B) {
	p := serveApart(b, b.TempDir())
	before := p.sockets()
	var x api.Described
	if status, err := p.call(b.Context(), http.MethodPost, "/api/experiments", killedGrid, &x); err != nil || status != http.StatusCreated {
		b.Fatal(status, err)
	}
	if _, err := p.call(b.Context(), http.MethodPost, "/api/experiments/"+x.ID+"/pause", "", nil); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), time.Duration(b.N)*time.Second)
	defer cancel()
	var pages sync.WaitGroup
	for range 200 {
		pages.Go(func() { p.idle(ctx) })
		pages.Go(func() { p.follow(ctx, x.ID) })
	}
	var mu sync.Mutex
	var took []time.Duration
	for n := range 20 {
		pages.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				began := time.Now()
				err := watch(ctx, p.url, fmt.Sprintf(`{"model":"ratplus","task":"MK-1","seed":%d,"method":"quest","budget":"1/8"}`, 1000*n+i))
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					b.Error(err)
				}
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
			}
		})
	}
	pages.Wait()
	most := before + 4 // which the measurement keeps for its next question
	for deadline := time.Now().Add(10 * time.Second); p.sockets() > most && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
	}
	if after := p.sockets(); after > most {
		b.Errorf("%d connections, %d before", after, before)
	}
	p.stop(b)
	if len(took) == 0 {
		return // of the one second that the measurement begins with
	}
	slices.Sort(took)
	b.ReportMetric(float64(len(took)), "runs")
	b.ReportMetric(took[len(took)/2].Seconds(), "s-half-within")
	b.ReportMetric(took[len(took)*95/100].Seconds(), "s-95%-within")
}

// idle is a page that asks nothing, and comes back when it is sent away.
func (p *program) idle(ctx context.Context) {
	for ctx.Err() == nil {
		conn, _, err := websocket.Dial(ctx, p.url+"/api/run", nil)
		if err != nil {
			return
		}
		_, _, _ = conn.Read(ctx) // until one of the two has had enough
		_ = conn.CloseNow()
	}
}

// follow is a page that reads how an experiment is doing.
func (p *program) follow(ctx context.Context, id string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/api/experiments/"+id+"/progress", nil)
	if err != nil {
		return
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
}
