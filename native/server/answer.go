package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"kvscope/engine/trace"
)

// writeJSON answers with v.
func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // only our own types come here
	}
	answerSoon(w)
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)+1))
	w.WriteHeader(status)
	w.Write(append(body, '\n')) // a client that is gone needs no answer
}

// writeError answers with what went wrong, blaming field unless it is empty.
func writeError(w http.ResponseWriter, status int, field, message string) {
	writeJSON(w, status, struct {
		Error trace.Failure `json:"error"`
	}{trace.Failure{Field: field, Message: message}})
}

// refusal is an error that says by which status it is answered, and which field it blames.
type refusal struct {
	status         int
	field, message string
}

// Error implements error.
func (r *refusal) Error() string { return r.message }

// refuse makes a refusal that blames field unless it is empty.
func refuse(status int, field, format string, args ...any) error {
	return &refusal{status: status, field: field, message: fmt.Sprintf(format, args...)}
}

// answerSoon bounds the time that the client may take over the answer. There is no
// such bound for a whole request, since a run takes as long as it takes.
func answerSoon(w http.ResponseWriter) {
	// Not every ResponseWriter has a connection; then there is nothing to bound.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTimeout))
}
