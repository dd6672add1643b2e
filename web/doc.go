// Package web is the explorer's page.
//
//	web.Routes()
package web
