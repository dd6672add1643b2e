package widget

import "kvscope/viz/number"

// pixels is a length for a style sheet.
func pixels(v float64) string { return number.Decimals(v, 2) + "px" }

// percentage is a share of what something lies in, for a style sheet.
func percentage(share float64) string { return number.Decimals(100*share, 3) + "%" }
