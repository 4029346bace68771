// Package settings holds all that decides a run apart from its cell, its images and the machine: [Search], [Train] and
// [Pretrain]. They are filled once, at the border, by a [Choice] from a preset, a file, flags or a notebook; everything
// behind the border takes the typed struct.
//
// # One place
//
// What all three kinds of training have is in [Shared], what two of them have in [Twins]; each kind adds its own. A field
// is a setting: its tag json is its name in files and, with - for _, on the command line, its tag help is the text of
// --help. A new setting is a new field and its name in the kind's order.
//
// # The order is part of the file format
//
// A run's directory is named by a hash over the JSON of its settings, so the order of the names must never change: it is
// written down once for each kind (the functions order), and does not follow the order of Go's fields. A new setting goes
// to the end of it. Settings that are texts (views, projector, phases) are kept as they were written, for the same
// reason; [Twins.Sizes], [Twins.Distortions] and [Search.PhaseList] read them, and Validate has proven that they can.
//
// # No XLA
//
// The package links nothing that computes. So notebooks and the reading side of a study know settings by type, without
// the half second that linking XLA costs every cell of a notebook.
package settings
