package bench

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/internal/golden/pytorch"
	"github.com/essnas/essnas/lib/supernet"
)

//go:embed peer.py
var peerScript []byte

// Peer is another program that makes the same steps: PyTorch in a mode of peer.py.
type Peer struct{ Mode string }

// Peers returns the peers that --against names: all modes of PyTorch, or one. It returns an error
// for an unknown name.
func Peers(name string) ([]Peer, error) {
	switch name {
	case "":
		return nil, nil
	case "torch":
		return []Peer{{"eager"}, {"compile"}}, nil
	case "torch-eager":
		return []Peer{{"eager"}}, nil
	case "torch-compile":
		return []Peer{{"compile"}}, nil
	}
	return nil, fmt.Errorf("--against can't be %q: want torch (the best of both), torch-eager or torch-compile", name)
}

// unpack writes the Python files to a new directory.
func unpack(dir string) error {
	if err := os.CopyFS(dir, pytorch.Files); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "peer.py"), peerScript, 0o644)
}

// peerWorkload is a Workload with derived values.
type peerWorkload struct {
	Workload
	Cells       int            `json:"cells"` // of a search
	Space       supernet.Space `json:"space"`
	SkipDropout float64        `json:"skip_dropout"`
	DropPath    float64        `json:"drop_path"` // of the measured epoch
}

func (b Bench) launchPeer(ctx context.Context, w Workload, peer Peer, dir string, cores int) (*child, error) {
	python, err := exec.LookPath(b.Python)
	if err != nil {
		return nil, fmt.Errorf("%s can't be run, so there is nothing to compare with: name a Python that has PyTorch by --python", b.Python)
	}
	j := job{Device: "cpu", Precision: w.Precision(), Threads: cores, Mode: peer.Mode}
	if b.GPU {
		j.Device = "cuda"
	}
	pw := peerWorkload{Workload: w}
	if w.Search != nil {
		_, phase, _, space, err := w.last()
		if err != nil {
			return nil, err
		}
		pw.Cells, pw.Space, pw.SkipDropout = phase.Cells, space, phase.SkipDropout
	} else {
		pw.DropPath = w.Train.DropPath / 2
	}
	j.Workload = pw
	if peer.Mode != "eager" {
		limited, cancel := context.WithCancelCause(ctx)
		timer := time.AfterFunc(b.Patience, func() { cancel(fmt.Errorf("no first step within %s", b.Patience)) })
		defer timer.Stop() // the context lives as long as the worker
		ctx = limited
	}
	// PyTorch runs in its users' environment, without this program's settings for XLA.
	c, err := launch(ctx, []string{python, filepath.Join(dir, "peer", "peer.py")}, []string{"PYTHONDONTWRITEBYTECODE=1"}, []string{"GLIBC_TUNABLES"}, b.Cores, j, nil)
	for module, name := range map[string]string{"torch": "PyTorch", "torchattacks": "torchattacks, PyTorch's attacks"} {
		if err != nil && strings.Contains(err.Error(), fmt.Sprintf("No module named '%s'", module)) {
			return nil, fmt.Errorf("%s has no %s: install it (pip install %s), or name a Python that has it by --python", b.Python, name, module)
		}
	}
	return c, err
}
