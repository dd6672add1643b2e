package jobs

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"kvscope/native/whole"
)

// Embedded is a queue that lives in this process and keeps its messages in a
// folder. Workers on this machine reach it by its URL, which holds a secret.
type Embedded struct {
	server *server.Server
	url    string
	token  string
}

const (
	queueHost     = "127.0.0.1"
	secretLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" // those of rand.Text
)

// urlFile is where an embedded queue writes its URL, in its folder.
const urlFile = "queue.url"

// startTimeout is for the embedded queue to read its messages.
const startTimeout = 30 * time.Second

// Embed starts a queue in folder, which one process may use at a time. It listens
// on a loopback address, the same as last time if that is free.
func Embed(folder string) (*Embedded, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("start queue: %w", err)
	}
	// A folder that was there may be open to others, and NATS writes files that are.
	if err := os.Chmod(folder, 0o700); err != nil {
		return nil, fmt.Errorf("start queue: %w", err)
	}
	token, port := last(folder)
	s, err := server.NewServer(&server.Options{
		ServerName: "kvscope", Host: queueHost, Port: port, Authorization: token,
		JetStream: true, StoreDir: folder, NoLog: true, NoSigs: true, DisableJetStreamBanner: true,
	})
	if err != nil {
		return nil, fmt.Errorf("start queue: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(startTimeout) {
		s.Shutdown()
		return nil, fmt.Errorf("start queue: not ready after %v; if %s is damaged, delete it: the store knows what is left to compute", startTimeout, folder)
	}
	at := url.URL{Scheme: "nats", User: url.User(token), Host: s.Addr().String()}
	e := &Embedded{s, at.String(), token}
	if err := whole.Write(filepath.Join(folder, urlFile), []byte(e.url+"\n"), 0o600); err != nil {
		e.Close()
		return nil, fmt.Errorf("start queue: %w", err)
	}
	return e, nil
}

// leastSecret is the shortest secret that is taken over, in letters: too many to try. Ours
// have 26.
const leastSecret = 16

// last is the secret and the port of the queue's last run, so that its workers
// find it again; new ones where there are none or the port is taken. What no queue of ours
// has written is not taken over: it could name any machine, or a secret that is none.
func last(folder string) (token string, port int) {
	text, err := EmbeddedURL(folder)
	if err != nil {
		return rand.Text(), server.RANDOM_PORT
	}
	return takenOver(text)
}

// takenOver is last of what a queue.url says.
func takenOver(text string) (token string, port int) {
	token, port = rand.Text(), server.RANDOM_PORT
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "nats" || u.Hostname() != queueHost || len(u.User.Username()) < leastSecret || strings.Trim(u.User.Username(), secretLetters) != "" {
		return token, port
	}
	token = u.User.Username()
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || n == 0 {
		return token, port
	}
	if l, err := net.Listen("tcp", u.Host); err == nil {
		l.Close()
		port = int(n)
	}
	return token, port
}

// EmbeddedURL is the URL of the queue that runs, or last ran, in folder.
func EmbeddedURL(folder string) (string, error) {
	text, err := os.ReadFile(filepath.Join(folder, urlFile))
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("no queue has run in %s", folder)
	}
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(text)), nil
}

// URL is where other processes reach the queue.
func (e *Embedded) URL() string { return e.url }

// Connect connects to the queue without a network.
func (e *Embedded) Connect() (*Queue, error) {
	q, err := connect("", nats.InProcessServer(e.server), nats.Token(e.token))
	if err != nil {
		return nil, fmt.Errorf("connect to queue: %w", err)
	}
	return q, nil
}

// Close stops the queue. Its messages stay.
func (e *Embedded) Close() {
	e.server.Shutdown()
	e.server.WaitForShutdown()
}
