package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"kvscope/engine/experiment"
	"kvscope/engine/run"
)

const (
	cellStream      = "KVSCOPE_CELLS"
	cellSubjects    = "kvscope.cells.>"
	cellConsumer    = "workers"
	resultStream    = "KVSCOPE_RESULTS"
	resultSubject   = "kvscope.results"
	resultConsumer  = "store"
	presenceSubject = "kvscope.workers"

	// connectTimeout is for the queue to be there.
	connectTimeout = 10 * time.Second
	// publishTimeout is for the queue to say that it has a message.
	publishTimeout = 5 * time.Second
	// defaultAckWait is how long the queue waits to hear of a cell before it gives
	// it to another worker. A worker tells it is alive three times in that time.
	defaultAckWait = 15 * time.Second
)

// Queue is a connection to the queue of cells.
type Queue struct {
	conn *nats.Conn
	js   jetstream.JetStream
}

// Connect connects to the queue at url, such as nats://token@127.0.0.1:4222.
func Connect(url string) (*Queue, error) {
	q, err := connect(url)
	if err != nil {
		return nil, fmt.Errorf("connect to queue: %w", err)
	}
	return q, nil
}

// IsAway reports whether err of Connect says that nobody listens at the URL, other than that
// who listens refuses.
func IsAway(err error) bool { return errors.Is(err, nats.ErrNoServers) }

func connect(url string, options ...nats.Option) (*Queue, error) {
	options = append(options, nats.Name("kvscope"), nats.MaxReconnects(-1), nats.Timeout(connectTimeout))
	conn, err := nats.Connect(url, options...)
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &Queue{conn, js}, nil
}

// Close hangs up.
func (q *Queue) Close() { q.conn.Close() }

// setUp makes the streams and the consumer that workers share.
func (q *Queue) setUp(ctx context.Context, ackWait time.Duration) error {
	for _, c := range []jetstream.StreamConfig{
		{Name: cellStream, Subjects: []string{cellSubjects}, Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage},
		{Name: resultStream, Subjects: []string{resultSubject}, Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage},
	} {
		_, err := q.js.CreateOrUpdateStream(ctx, c)
		if errors.Is(err, nats.ErrNoResponders) {
			return fmt.Errorf("the NATS server keeps no messages, start it with JetStream (nats-server -js): %w", err)
		}
		if err != nil {
			return fmt.Errorf("make stream %s: %w", c.Name, err)
		}
	}
	_, err := q.js.CreateOrUpdateConsumer(ctx, cellStream, jetstream.ConsumerConfig{
		Durable: cellConsumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxDeliver: -1,
	})
	if err != nil {
		return fmt.Errorf("make consumer %s: %w", cellConsumer, err)
	}
	return nil
}

// put puts a cell on the queue.
func (q *Queue) put(ctx context.Context, id string, c experiment.Cell) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = q.js.Publish(ctx, "kvscope.cells."+id+"."+c.Key(), text)
	return err
}

// keyIn is the key of the cell on a subject.
func keyIn(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }

// takeBack takes the cells of an experiment off the queue, of all when id is empty.
func (q *Queue) takeBack(ctx context.Context, id string) error {
	stream, err := q.js.Stream(ctx, cellStream)
	if err != nil {
		return err
	}
	if id == "" {
		return stream.Purge(ctx)
	}
	return stream.Purge(ctx, jetstream.WithPurgeSubject("kvscope.cells."+id+".>"))
}

// result is the message of a worker about a cell that it computed, failed to or left to others.
type result struct {
	Key     string              `json:"key"` // by which the cell was on the queue
	Cell    experiment.Cell     `json:"cell"`
	Outcome *experiment.Outcome `json:"outcome,omitempty"`
	Error   string              `json:"error,omitempty"`
	Fatal   bool                `json:"fatal,omitempty"` // not worth another try
	Left    bool                `json:"left,omitempty"`  // to other workers, for the reason in Error
	Try     string              `json:"try"`             // this computation, so that it counts once
	Worker  string              `json:"worker"`
}

// readResult reads the message of a worker. One that cannot be read is a failed try of the
// cell that it names; without one it is an error.
func readResult(text []byte) (result, error) {
	var r result
	err := json.Unmarshal(text, &r)
	if err == nil {
		return r, nil
	}
	var named struct{ Key, Try, Worker string }
	if json.Unmarshal(text, &named) != nil || named.Key == "" {
		return r, err
	}
	return result{Key: named.Key, Try: named.Try, Worker: named.Worker, Error: "a worker sent a result that cannot be read: " + err.Error()}, nil
}

// key is by which the store knows the cell.
func (r result) key() string {
	if r.Outcome != nil || r.Key == "" {
		return r.Cell.Key()
	}
	return r.Key
}

// check reports what of r no worker can have come to. The queue may be open to others.
func (r result) check(models []run.ModelInfo) error {
	switch {
	case r.Outcome != nil && r.Error != "":
		return fmt.Errorf("outcome: there is one, and an error: %s", r.Error)
	case r.Outcome != nil:
		return r.Outcome.Validate(r.Cell, models)
	case r.Error == "":
		return errors.New("outcome: there is none, and no error")
	}
	return nil
}

// publish puts a result on its stream, trying until ctx ends. It calls failed with what went
// wrong each time.
func (q *Queue) publish(ctx context.Context, r result, failed func(error)) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	for {
		try, cancel := context.WithTimeout(ctx, publishTimeout)
		_, err := q.js.Publish(try, resultSubject, text, jetstream.WithMsgID(r.Try))
		cancel()
		if err == nil {
			return nil
		}
		failed(err)
		if !pause(ctx, time.Second) {
			return errors.Join(err, context.Cause(ctx))
		}
	}
}

// pause waits, and reports whether it did so to the end.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
