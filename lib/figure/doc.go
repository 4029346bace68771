// Package figure draws the results of searches, trainings and tests: curves, the evolution of
// alphas and betas, confusion matrices, images, predictions.
//
// Every drawing function returns a [Figure]. A figure writes itself as SVG for pages, where text
// stays text, or as PNG for documents and slides. The package knows neither files nor notebooks:
//
//	f := figure.Curves(figure.Chart{
//		Title: "Loss", X: "epoch", Y: "cross-entropy (nats)",
//		Series: []figure.Series{{Name: "training", Y: losses}},
//	})
//	err := f.SVG(w)
//
// Figures have a light background and name their axes with units. Their colours are safe for
// colour-blind readers: the eight colours of Okabe and Ito for categories, and one ramp of falling
// lightness for quantities. An operation has the same colour in every figure (see
// [OperationColor]). Missing values (NaN) are left out, and a figure without data says so.
//
// Package cellgraph draws cells as graphs. It is separate so that only programs that draw cells
// link Graphviz.
package figure
