package assets

import _ "embed" // the files below

//go:embed echarts/echarts.min.js
var echarts []byte

//go:embed paper/tables.json
var paperTables []byte

// ECharts returns the script that draws the page's charts, Apache ECharts 5.6.0 as
// its authors publish it.
func ECharts() []byte { return echarts }

// PaperTables returns Tables 3 to 5 of arXiv:2605.28640 as JSON.
func PaperTables() []byte { return paperTables }
