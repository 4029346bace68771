// Package complete answers Tab and Shift-Tab in a cell where the language server has no answer. It
// completes settings, presets, methods and other words within the strings of calls of package
// notebook. It completes packages that the cell has not imported yet, and their exported names. It
// explains a function while its call is unfinished. It reads the sources of the checkout and of Go,
// and runs nothing.
//
// Positions are numbers of characters (Unicode code points) from the beginning of the cell, as in
// Jupyter's protocol.
package complete
