package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// asked is a request for a run that others have not asked for.
func asked(seed int) string {
	return fmt.Sprintf(`{"model":"ratplus","task":"MK-1","seed":%d,"method":"quest","budget":"1/8","context":256}`, seed)
}

// settled waits until a server has no more connections than before but a few, which the
// measurement keeps for its next question.
func (p *program) settled(b *testing.B, before int) {
	b.Helper()
	for deadline := time.Now().Add(20 * time.Second); p.sockets() > before+4; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Errorf("%d connections, %d before", p.sockets(), before)
			return
		}
	}
}

// BenchmarkFlood asks for 1,500 runs at once: each runs, or is told that the server is busy.
func BenchmarkFlood(b *testing.B) {
	p := serveApart(b, b.TempDir())
	for b.Loop() {
		before, ran, busy := p.sockets(), 0, 0
		var mu sync.Mutex
		var pages sync.WaitGroup
		for n := range 1500 {
			pages.Go(func() {
				err := watch(b.Context(), p.url, asked(n))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					ran++
				case strings.Contains(err.Error(), "busy"):
					busy++
				default:
					b.Error(err)
				}
			})
		}
		pages.Wait()
		p.settled(b, before)
		b.ReportMetric(float64(ran), "ran")
		b.ReportMetric(float64(busy), "told-busy")
	}
	p.stop(b)
}

// BenchmarkPagesLeft leaves 500 pages within 60 ms of what they asked; the next run does not
// wait for them.
func BenchmarkPagesLeft(b *testing.B) {
	p := serveApart(b, b.TempDir())
	for b.Loop() {
		before := p.sockets()
		var pages sync.WaitGroup
		for n := range 500 {
			pages.Go(func() {
				conn, _, err := websocket.Dial(b.Context(), p.url+"/api/run", nil)
				if err != nil {
					b.Error(err)
					return
				}
				_ = conn.Write(b.Context(), websocket.MessageText, []byte(asked(n)))
				time.Sleep(rand.N(60 * time.Millisecond))
				_ = conn.CloseNow()
			})
		}
		pages.Wait()
		began := time.Now()
		for watch(b.Context(), p.url, asked(1000)) != nil { // busy with the last of them
			if time.Since(began) > time.Minute {
				b.Fatal("the server stays busy with pages that are gone")
			}
			time.Sleep(10 * time.Millisecond)
		}
		b.ReportMetric(time.Since(began).Seconds(), "s-next-run")
		p.settled(b, before)
	}
	p.stop(b)
}

// BenchmarkSlowConnections sends headers and bodies of 300 requests byte by byte, one every two
// seconds. Each is cut when its time is over, and who asks meanwhile is answered.
func BenchmarkSlowConnections(b *testing.B) {
	p := serveApart(b, b.TempDir())
	host := strings.TrimPrefix(p.url, "http://")
	for b.Loop() {
		before := p.sockets()
		ctx, cancel := context.WithCancel(b.Context())
		var slow sync.WaitGroup
		var mu sync.Mutex
		longest := map[string]time.Duration{}
		for n := range 300 {
			what, start := "headers", "GET / HTTP/1.1\r\nHost: localhost\r\n"
			if n%2 == 1 {
				what, start = "bodies", "POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
			}
			slow.Go(func() {
				took, err := untilCut(host, start)
				if err != nil {
					b.Error(err)
				}
				mu.Lock()
				longest[what] = max(longest[what], took)
				mu.Unlock()
			})
		}
		var answers []time.Duration
		go func() { slow.Wait(); cancel() }()
		for ctx.Err() == nil {
			began := time.Now()
			if status, err := p.call(b.Context(), http.MethodGet, "/api/meta", "", nil); err != nil || status != http.StatusOK {
				b.Error(status, err)
			}
			answers = append(answers, time.Since(began))
			time.Sleep(50 * time.Millisecond)
		}
		slices.Sort(answers)
		b.ReportMetric(longest["headers"].Seconds(), "s-headers-cut")
		b.ReportMetric(longest["bodies"].Seconds(), "s-bodies-cut")
		b.ReportMetric(float64(answers[len(answers)/2].Milliseconds()), "ms-half-answered")
		b.ReportMetric(float64(answers[len(answers)-1].Milliseconds()), "ms-all-answered")
		p.settled(b, before)
	}
	p.stop(b)
}

// untilCut is how long a server bears a client that sends a byte every two seconds.
func untilCut(host, start string) (time.Duration, error) {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	began, cut := time.Now(), make(chan struct{})
	go func() { _, _ = io.Copy(io.Discard, conn); close(cut) }()
	if _, err := io.WriteString(conn, start); err != nil {
		return 0, err
	}
	for time.Since(began) < 2*time.Minute {
		select {
		case <-cut:
			return time.Since(began), nil
		case <-time.After(2 * time.Second):
			_, _ = io.WriteString(conn, "X")
		}
	}
	return 0, errors.New("a connection that sends a byte every two seconds is never cut")
}
