package pipeline

import (
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/stage"
)

// Pipeline is an environment with a method for each pipeline stage of package stage and for their
// combinations.
type Pipeline struct{ stage.Env }

// New returns a pipeline that follows the process's environment variables and reports progress to
// os.Stderr.
func New() *Pipeline { return &Pipeline{*stage.NewEnv()} }

// Report writes the page of the run in a directory and returns its path and the errors of
// [stage.Report].
func Report(dir string) (path string, err error) { return stage.Report(dir) }

// LoadGenotype finds a cell by its published name, in a file, or in a run's directory, and returns
// an error if there is none: see [stage.LoadGenotype].
func LoadGenotype(name string) (cell.Genotype, error) { return stage.LoadGenotype(name) }
