// Package relay stands between Jupyter and GoNB, and aborts queued cells after an error.
//
// Jupyter sends all cells of "Run All" at once. Its protocol asks a kernel to abort those that wait
// when one fails or is interrupted (stop_on_error): each gets a reply with the status "aborted" and
// none runs. GoNB 0.11.5 runs them all. So the relay takes GoNB's place on three of the five
// channels:
//
//	shell    execute requests are handed on one at a time, all other messages at once, so completion
//	         and the widgets of a running cell don't wait; the relay itself answers requests for
//	         the list of comms, which GoNB leaves without an answer, and those for completion of
//	         words that package complete knows; it adds to GoNB's answers about names
//	control  handed on; an interrupt aborts the queue even if GoNB reports no error, as it does
//	         while it compiles a cell
//	iopub    handed on as it comes, with the status messages of aborted requests between
//
// GoNB serves stdin and heartbeat itself. A connection file of its own, which only this user can
// read, gives it other ports for the three.
package relay
