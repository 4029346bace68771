// Package settings contains everything that determines a run apart from its cell, its images and
// the machine: [Search], [Train] and [Pretrain]. A [Choice] fills them once, from a preset, a file,
// flags or a notebook; all other packages take the typed struct.
//
// # One place
//
// [Shared] contains the settings of all three kinds of training, [Twins] those of two kinds; each
// kind adds its own. A field is a setting: its tag json is its name in files and, with - for _, on
// the command line; its tag help is the text of --help. A new setting is a new field, with its name
// in the order of the kind.
//
// # The order is part of the file format
//
// A run's directory is named by a hash of the JSON of its settings, so the order of the names must
// never change. It is written down once for each kind (the functions order) and does not follow the
// order of Go's fields. A new setting goes to its end. For the same reason settings that are texts
// (views, projector, phases) are stored as written. [Twins.Sizes], [Twins.Distortions] and
// [Search.PhaseList] parse them, and Validate guarantees that they can.
//
// # No XLA
//
// The package links nothing that computes. Notebooks and the reading side of a study thus use the
// types without the half second that linking XLA costs every cell of a notebook.
package settings
