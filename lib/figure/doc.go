// Package figure draws what searches, trainings and tests give: curves, the evolution of alphas and betas, confusion matrices, pictures, predictions.
//
// Every function that draws returns a [Figure], which writes itself as SVG (for pages: text stays text) or PNG (for documents and slides); it knows
// no file and no notebook:
//
//	f := figure.Curves(figure.Chart{Title: "Loss", X: "epoch", Y: "cross-entropy (nats)", Series: []figure.Series{{Name: "training", Y: losses}}})
//	err := f.SVG(w)
//
// Figures have a light background, are legible at their own size, name their axes with units, and use colours that the colour-blind can tell apart:
// Okabe and Ito's eight for categories, one ramp of falling lightness for quantities. Operations keep their colour in every figure (see [OperationColor]).
// What was not recorded (NaN) is left out; a figure without any data says so.
//
// Cells as graphs are drawn by the package cellgraph beside this one, so that only what draws cells links Graphviz.
package figure
