package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"runtime/metrics"
	"testing"

	"github.com/coder/websocket"

	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/native/server"
)

// BenchmarkBudgetChanges turns the budget a thousand times on one prompt, through the
// server as a page does, and says how much memory the program holds after the first 50
// changes and how much more after the last. Every run is another one, and is kept.
func BenchmarkBudgetChanges(b *testing.B) {
	const changes, first = 1000, 50
	if _, err := limitMemory(""); err != nil {
		b.Fatal(err)
	}
	engine, err := demoEngine()
	if err != nil {
		b.Fatal(err)
	}
	s, err := server.New(server.Config{Runner: run.NewCache(engine, keptBytes), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	ts := httptest.NewServer(s)
	defer ts.Close()
	for b.Loop() {
		var after, most float64
		for i := range changes {
			request := fmt.Sprintf(`{"model":"ratplus","task":"MK-2","seed":3,"method":"quest","budget":"%d/%d"}`, i+1, changes)
			if err := watch(b.Context(), ts.URL, request); err != nil {
				b.Fatal(err)
			}
			if i+1 == first {
				after = held()
			} else if i+1 > first {
				most = max(most, held())
			}
		}
		b.ReportMetric(after/1e6, "MB-after-50")
		b.ReportMetric((most-after)/1e6, "MB-more-at-most")
		b.ReportMetric(float64(b.Elapsed().Milliseconds())/changes, "ms/change")
	}
}

// held is the memory, in bytes, that the runtime has from the system: what its limit is of.
func held() float64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return float64(s[0].Value.Uint64() - s[1].Value.Uint64())
}

// watch runs a request as a page does, to its end.
func watch(ctx context.Context, url, request string) error {
	conn, _, err := websocket.Dial(ctx, url+"/api/run", nil)
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	conn.SetReadLimit(trace.MaxPayload)
	if err := conn.Write(ctx, websocket.MessageText, []byte(request)); err != nil {
		return err
	}
	for {
		_, frame, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		e, err := trace.Decode(frame)
		if err != nil {
			return err
		}
		switch e := e.(type) {
		case *trace.Failure:
			return fmt.Errorf("%s: %s", e.Field, e.Message)
		case *trace.Done:
			return nil
		}
	}
}
