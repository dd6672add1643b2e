package jobs

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"kvscope/native/store"
	"kvscope/web/api"
)

// outside starts a NATS server such as others run, with its messages in folder.
// A port of server.RANDOM_PORT is any free one.
func outside(t *testing.T, folder string, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		ServerName: "outside", Host: "127.0.0.1", Port: port, JetStream: folder != "", StoreDir: folder, NoLog: true, NoSigs: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(startTimeout) {
		t.Fatal("the NATS server is not ready")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

// TestExternalQueue: the queue is a NATS server that is not ours, which is away for a
// while in the middle. Dispatcher and workers find it again and nothing is lost.
func TestExternalQueue(t *testing.T) {
	folder := t.TempDir()
	nats := outside(t, folder, server.RANDOM_PORT)
	url := nats.ClientURL()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "kvscope.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	connect := func() *Queue {
		q, err := Connect(url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(q.Close)
		return q
	}
	b := &bench{t: t, store: s, join: connect}
	b.d = b.dispatch(time.Second)
	for range 2 {
		b.work(slow)
	}
	want := cells(80)
	id := b.create(want)
	b.until(id, "a start", func(s api.Status) bool { return s.Done >= 5 })
	port := nats.Addr().(*net.TCPAddr).Port
	nats.Shutdown()
	nats.WaitForShutdown()
	outside(t, folder, port)
	b.until(id, "the end", over)
	b.exact(id, want)
}

// TestQueueWithoutJetStream: a NATS server that keeps no messages is refused.
func TestQueueWithoutJetStream(t *testing.T) {
	q, err := Connect(outside(t, "", server.RANDOM_PORT).ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Close)
	if _, err := NewDispatcher(t.Context(), nil, q, Options{Log: quiet()}); err == nil || !strings.Contains(err.Error(), "JetStream") {
		t.Errorf("got %v", err)
	}
}
