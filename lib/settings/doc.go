// Package settings contains the settings of runs: [Search], [Train] and [Pretrain]. Together with
// the cell and the images they determine the result of a run. A [Choice] fills the typed struct
// once, from a preset, a file, flags or a notebook; all other packages take the struct.
//
// # One place
//
// [Shared] contains the settings of all three kinds of training, [Twins] those of two kinds; each
// kind adds its own. A field is a setting: its tag json is its name in files and, with - for _, on
// the command line; its tag help is the text of --help. A new setting is a new field, and its name
// is appended to the function order of its kind.
//
// # The order is part of the file format
//
// The name of a run's directory contains a hash of the JSON of its settings, so the order of the
// names in JSON must never change. The function order of each kind fixes it; the order of the Go
// fields may change. A new setting goes to the end. For the same reason settings that are texts
// (views, projector, phases) are stored as written. [Twins.Sizes], [Twins.Distortions] and
// [Search.PhaseList] parse them. They succeed for settings that Validate has accepted.
//
// # No XLA
//
// The package links no XLA. Linking XLA takes half a second for each cell of a notebook, which
// notebooks and the readers of a study thus save.
package settings
