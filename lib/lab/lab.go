package lab

import (
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/stage"
)

// Lab is a laboratory: an environment whose methods are the stages of package stage, and what puts several of them together.
type Lab struct{ stage.Env }

// New is a laboratory with the environment's choices, that tells os.Stderr how far things are.
func New() *Lab { return &Lab{*stage.NewEnv()} }

// Report writes the page of the run in a directory and returns its path: see [stage.Report].
func Report(dir string) (path string, err error) { return stage.Report(dir) }

// LoadGenotype finds a cell by the name of a paper, in a file, or in a run's directory: see [stage.LoadGenotype].
func LoadGenotype(name string) (cell.Genotype, error) { return stage.LoadGenotype(name) }
