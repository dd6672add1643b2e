// Package sample makes up runs: prompts as the tasks make them, with selections
// drawn from a seed rather than computed by a model. The gallery shows them and the
// tests draw from them; nothing about them says anything about a method.
//
//	events, err := sample.Events(sample.Spec{Method: "quest", Model: "ratplus", Layers: 4, Heads: 6, Context: 512, Seed: 1})
package sample
