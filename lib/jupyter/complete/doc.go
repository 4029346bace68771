// Package complete answers Tab and Shift-Tab in a cell where the language server can't: it names
// settings, presets, methods and other words within the strings of calls of package notebook, and
// packages that the cell has not imported yet with what they export; and it explains a function while
// its call is unfinished. It reads the checkout's sources and Go's, and runs nothing.
//
// Positions are numbers of characters (Unicode code points) from the beginning of the cell, as in
// Jupyter's protocol.
package complete
