// Package echart writes charts as options of ECharts, the script that draws them on
// the page. It is apart from package chart so that the page, which reads charts but
// not options, does not carry the library that makes them.
//
//	option, err := echart.Option(c)
package echart
