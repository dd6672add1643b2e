package jobs

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"kvscope/engine/experiment"
	"kvscope/native/store"
)

// message is one of the queue's, and what was answered.
type message struct {
	jetstream.Msg // what the dispatcher must not ask for is nil
	data          []byte
	answers       []string
}

func (m *message) Data() []byte { return m.data }
func (m *message) Ack() error   { m.answers = append(m.answers, "ack"); return nil }
func (m *message) Term() error  { m.answers = append(m.answers, "term"); return nil }

func (m *message) NakWithDelay(time.Duration) error {
	m.answers = append(m.answers, "nak")
	return nil
}

// FuzzMessages gives the dispatcher results and presence as anybody may send them. Each
// message is answered once and not asked for again; what is stored of it can be read, and
// what is said of workers can be written.
func FuzzMessages(f *testing.F) {
	want := cells(2)
	o, err := fast(f.Context(), want[0])
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range []result{
		{Cell: want[0], Outcome: o, Try: "a", Worker: "w"}, {Cell: want[1], Error: "failed", Try: "b", Worker: "w", Fatal: true}, {Cell: want[0], Try: "c"},
		{Key: want[1].Key(), Error: "not here", Left: true, Try: "d", Worker: "x"},
	} {
		text, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"id": "x", "host": "h", "pid": 3, "done": 4, "cell": "y", "trouble": "disk"}`))
	f.Add([]byte(`{"cell": {"examples": -1}, "outcome": {"scores": [1e308]}}`))
	f.Add([]byte(`{"key": "` + want[1].Key() + `", "try": "e", "cell": {"colour": "red"}}`))
	f.Add([]byte(`null`))
	s, err := store.Open(f.Context(), "")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	e, err := s.Create(f.Context(), "", experiment.Grid{}, want)
	if err != nil {
		f.Fatal(err)
	}
	d := &Dispatcher{
		store: s, models: tested, log: quiet(), inFlight: map[string]string{}, workers: map[string]lastSeen{}, left: map[string]*left{}, meters: map[string]*meter{}, watchers: map[chan struct{}]bool{},
	}
	for i := range window { // so that nothing is fed to a queue that is not there
		d.inFlight[fmt.Sprint(i)] = "another"
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &message{data: data}
		d.storeResult(t.Context(), m)
		if len(m.answers) != 1 || m.answers[0] == "nak" {
			t.Fatalf("%q is answered %v", data, m.answers)
		}
		d.heartbeat(&nats.Msg{Data: data})
		if len(d.workers) > maxWorkers {
			t.Fatalf("%d workers", len(d.workers))
		}
		if !json.Valid(data) {
			return // no worker says that, and to write down all that did takes longer than all else
		}
		if _, err := json.Marshal(d.Workers()); err != nil {
			t.Fatal(err)
		}
		if m.answers[0] != "ack" {
			return // nothing is stored of it, and the store takes a hundred times longer
		}
		status, err := d.Status(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := json.Marshal(status); err != nil {
			t.Fatal(err)
		}
		measured, err := s.Measured(t.Context(), e.ID)
		if err != nil || len(measured) != status.Done {
			t.Fatalf("%d of %d cells can be read, %v", len(measured), status.Done, err)
		}
	})
}

// FuzzQueueURL starts where a queue.url has any text. What is taken over of it is a
// secret of ours and a port of this machine, and nothing else.
func FuzzQueueURL(f *testing.F) {
	const secret = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for _, text := range []string{"nats://" + secret + "@127.0.0.1:4222\n", "nats://a@127.0.0.1:4222", "nats://" + secret + "@example.org:80", "http://" + secret + "@127.0.0.1:0", "\x00", "nats://" + secret + "@127.0.0.1:99999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		token, port := takenOver(strings.TrimSpace(text)) // as it is read
		if len(token) < leastSecret || strings.Trim(token, secretLetters) != "" {
			t.Fatalf("%q makes the secret %q", text, token)
		}
		if port != -1 && (port < 1 || port > 65535 || !strings.Contains(text, "@127.0.0.1:")) {
			t.Fatalf("%q makes the port %d", text, port)
		}
	})
}
