// Package sample makes up runs: prompts as the tasks make them, with selections
// drawn from a seed rather than computed by a model. The gallery shows them and the
// tests draw from them; nothing about them says anything about a method.
package sample
