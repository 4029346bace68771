// Package distort describes the random distortions that make two views of an image for
// self-supervision, and reads and writes them as text. It computes nothing: package augment draws
// and applies them. Settings, notebooks and reports need the description without linking XLA, so it
// has a package of its own.
//
//	v, err := distort.Parse("default, gray 0, jitter 0.5 hue 0.02")
//	v.Jitter.Hue // 0.02
//	v.String()   // every step that can happen, with its probability and strengths
package distort
