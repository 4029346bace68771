// Package relay forwards messages between Jupyter and GoNB, and aborts queued cells after an error.
//
// Jupyter sends all cells of "Run All" at once. If a cell fails or is interrupted, a kernel has to
// abort the waiting cells (stop_on_error): it replies to each with the status "aborted" and runs
// none of them. GoNB 0.11.5 runs them all. The relay therefore takes GoNB's place on three of the
// five channels:
//
//	shell    The relay forwards execute requests one at a time and all other messages at once, so
//	         that completion and the widgets of a running cell don't wait. It answers requests for
//	         the list of comms, which GoNB does not answer, and requests for the completion of words
//	         that package complete knows. While a cell runs, it also answers requests of newly
//	         opened pages for the kernel's properties. It adds to GoNB's answers about names.
//	control  The relay forwards all messages. An interrupt aborts the queue even if GoNB reports no
//	         error, which happens while GoNB compiles a cell.
//	iopub    The relay forwards all messages and adds the status messages of aborted requests.
//
// GoNB serves stdin and heartbeat itself. A second connection file, which only this user can read,
// gives GoNB other ports for the three channels.
package relay
