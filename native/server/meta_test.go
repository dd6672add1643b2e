package server

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"kvscope/engine/niah"
	"kvscope/engine/sparse"
	"kvscope/web/api"
)

func TestMeta(t *testing.T) {
	ts := start(t, Config{Version: "v9", Runs: 3})
	_, body := get(t, ts.URL+"/api/meta")
	var m api.Meta
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	if m.Version != "v9" || len(m.Models) != 1 || m.Limits != (api.Limits{RequestBytes: maxRequest, Runs: 3}) {
		t.Errorf("meta %+v", m)
	}
	if len(m.Tasks) != len(niah.Tasks()) || m.Tasks[0].ID != niah.Tasks()[0].ID {
		t.Errorf("tasks %+v", m.Tasks)
	}
	if len(m.Methods) != len(sparse.Methods()) {
		t.Fatalf("methods %+v", m.Methods)
	}
	// A page may send back every parameter that it is offered.
	for _, method := range m.Methods {
		for _, p := range method.Params {
			value := "1"
			if p.Kind == sparse.KindBudget || p.Kind == sparse.KindChoice {
				value = `"1"`
			}
			if p.Kind == sparse.KindBool {
				value = "true"
			}
			if _, err := parseRequest(fmt.Appendf(nil, `{"method":%q,%q:%s}`, method.ID, p.Name, value)); err != nil {
				t.Errorf("%s of %s: %v", p.Name, method.ID, err)
			}
		}
	}
	quest := m.Methods[slices.IndexFunc(m.Methods, func(i sparse.Info) bool { return i.ID == "quest" })]
	if !slices.ContainsFunc(quest.Params, func(p sparse.Param) bool { return p.Name == "block" && p.Min == 1 && p.Max > 16 }) {
		t.Errorf("quest's block size has no range: %+v", quest.Params)
	}
}
