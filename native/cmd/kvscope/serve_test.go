package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"kvscope/engine/input"
)

func TestServeSaysWhereAndStops(t *testing.T) {
	t.Setenv("KVSCOPE_DATA", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- serve(ctx, []string{"--addr", "127.0.0.1:0", "--json"}, in, io.Discard)
		in.Close()
	}()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("%v, serve: %v", err, <-done)
	}
	var said struct{ URL string }
	if err := json.Unmarshal(line, &said); err != nil {
		t.Fatalf("printed %q: %v", line, err)
	}
	if bytes.Contains(line, []byte("@")) {
		t.Errorf("the queue's secret is printed: %s", line)
	}
	resp, err := http.Get(said.URL + "/api/meta")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var meta struct{ Version string }
	if err := json.NewDecoder(resp.Body).Decode(&meta); err != nil || meta.Version != release {
		t.Errorf("meta %+v, %v", meta, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestServeRefusals(t *testing.T) {
	t.Setenv("KVSCOPE_DATA", t.TempDir())
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		name, addr, field, message string
	}{
		{"no port", "localhost", "addr", "host:port"},
		{"port too high", "localhost:65536", "addr", "0 to 65535"},
		{"port by name", "localhost:http", "addr", "0 to 65535"},
		{"taken", taken.Addr().String(), "", "is taken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := serve(t.Context(), []string{"--addr", c.addr}, io.Discard, io.Discard)
			if err == nil || input.Field(err) != c.field || !strings.Contains(err.Error(), c.message) {
				t.Errorf("error %v, want one of field %q about %q", err, c.field, c.message)
			}
		})
	}
	if err := serve(t.Context(), []string{"--port", "1"}, io.Discard, io.Discard); !errors.Is(err, errUsage) {
		t.Errorf("unknown flag: %v, want wrong usage", err)
	}
}

func TestPageURL(t *testing.T) {
	for _, c := range []struct {
		ip       string
		url      string
		loopback bool
	}{
		{"127.0.0.1", "http://127.0.0.1:80", true},
		{"::1", "http://[::1]:80", true},
		{"0.0.0.0", "http://localhost:80", false},
		{"::", "http://localhost:80", false},
		{"192.0.2.1", "http://192.0.2.1:80", false},
	} {
		url, loopback := pageURL(&net.TCPAddr{IP: net.ParseIP(c.ip), Port: 80})
		if url != c.url || loopback != c.loopback {
			t.Errorf("%s: %s, %v; want %s, %v", c.ip, url, loopback, c.url, c.loopback)
		}
	}
}
