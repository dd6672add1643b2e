package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// TestShippedModels holds the demo models to what the README says of them, on a few
// of the same held-out examples.
func TestShippedModels(t *testing.T) {
	const examples = "20"
	status, stdout, stderr := runCommand(t, "eval", "--tasks", "S-1,S-2,S-3,MK-1", "--examples", examples, "--context", "256", "--json")
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	var got struct {
		Rows []struct {
			Model, Task string
			Accuracy    float64
		}
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 8 {
		t.Fatalf("%d rows, want two models on four tasks", len(got.Rows))
	}
	for _, r := range got.Rows {
		if r.Accuracy < 0.9 {
			t.Errorf("%s answers %.0f%% of %s, want 90%%", r.Model, 100*r.Accuracy, r.Task)
		}
	}
}

// TestOwnNeedle asks both models for needles nobody trained on, in a text that
// nobody wrote for them: the project's licence.
func TestOwnNeedle(t *testing.T) {
	licence, err := os.ReadFile("../../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(t.TempDir(), "licence.txt")
	if err := os.WriteFile(text, licence, 0o644); err != nil {
		t.Fatal(err)
	}
	needles := []struct{ key, value string }{
		{"Zanzibar", "4711"}, {"grandmother's piano", "1234567"}, {"quark-gluon", "blue velvet"}, {"Ångström", "90210"},
		{"Wi-Fi password", "7392846"}, {"flibbertigibbet", "5550123"}, {"locker", "8675309"}, {"Hexenhaus", "31337"},
	}
	for _, model := range []string{"attention", "ratplus"} {
		right := 0
		for i, n := range needles {
			status, stdout, stderr := runCommand(t, "ask", "--model", model, "--text", text, "--key", n.key, "--value", n.value,
				"--depth", strconv.FormatFloat(float64(i)/8, 'g', -1, 64), "--context", "1024", "--method", "dense", "--json")
			if status != 0 {
				t.Fatalf("status %d: %s", status, stderr)
			}
			var got struct {
				Answer string
				Score  float64
			}
			if err := json.Unmarshal([]byte(stdout), &got); err != nil {
				t.Fatal(err)
			}
			if got.Score == 1 {
				right++
			} else {
				t.Logf("%s: %s is %q, answered %q", model, n.key, n.value, got.Answer)
			}
		}
		if right < 6 {
			t.Errorf("%s found %d of %d needles in the licence, want at least 6", model, right, len(needles))
		}
	}
}
