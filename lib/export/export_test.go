package export

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/internal/safetensors"
	"github.com/essnas/essnas/lib/network"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// update runs the peers (ONNX Runtime, PyTorch) anew and writes their results to testdata.
var update = flag.Bool("update", false, "write testdata anew; needs ESSNAS_PEERS, a Python with onnxruntime, torch and safetensors")

// peers is the Python that runs the peers live, if one is named.
var peers = os.Getenv("ESSNAS_PEERS")

const classes = 5

var pixels = Pixels{Channels: 3, Side: 16, Mean: []float32{0.4, 0.5, 0.6}, Std: []float32{0.2, 0.25, 0.3}}

// every returns a network with each operation in normal and reduction cells, with random weights
// and running statistics, and images for it.
func every(t *testing.T) (net *network.Network, params []*block.Param, images []float32) {
	t.Helper()
	return networkOf("max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5")
}

// networkOf returns a network of these operations, with the other results of every.
func networkOf(ops ...string) (net *network.Network, params []*block.Param, images []float32) {
	genes := func(from int) (g []cell.Gene) {
		for i := range 8 {
			g = append(g, cell.Gene{Op: ops[(i+from)%len(ops)], From: (i + from) % 2})
		}
		return
	}
	g := cell.Genotype{Normal: genes(0), NormalConcat: []int{2, 3, 4, 5}, Reduce: genes(3), ReduceConcat: []int{2, 4, 5}}
	net = network.New(g, 5, 4, classes, pixels.Channels, pixels.Side, 4, false)
	params = block.NewPlan(func(r block.Runner) { net.Run(r, &block.Value{}, nil) }).Params(7)
	r := rand.New(rand.NewPCG(3, 0))
	for _, p := range params {
		if p.Trainable() {
			p.Update(func(w, _ []float32) {
				for i := range w {
					w[i] += float32(r.Float64()-0.5) / 4 // gains and biases that are not 1 and 0
				}
			})
		}
		// means around 0, and variances as small as the weights make them
		for i, v := range p.Running {
			p.Running[i] = float32(r.Float64()-0.5) / 10
			if v == 1 {
				p.Running[i] = float32(0.02 + r.Float64()/20)
			}
		}
	}
	for range net.Batch * pixels.Channels * pixels.Side * pixels.Side {
		images = append(images, float32(r.IntN(256))/255)
	}
	return
}

// logitsOf returns the logits of the network itself, computed call by call: [batch, classes].
func logitsOf(t *testing.T, net *network.Network, params []*block.Param, p Pixels, images []float32) []float32 {
	t.Helper()
	normal := make([]float32, len(images))
	n := p.Channels * p.Side * p.Side
	for i, x := range images {
		normal[i] = x
		if c := i % n / (p.Side * p.Side); p.Mean != nil {
			normal[i] = (x - p.Mean[c]) / p.Std[c]
		}
	}
	x := parity.Image(golden.Array{Shape: []int{net.Batch, p.Channels, p.Side, p.Side}, Data: normal})
	tape := block.NewTape(block.NewEngine(backendtest.Open(t).Backend), params, block.Evaluate, block.None)
	defer tape.Close()
	out := net.Run(tape, x, nil).Logits.Hold()
	if err := tape.Run(); err != nil {
		t.Fatal(err)
	}
	logits := golden.Array{Shape: []int{net.Classes, net.Batch}, Data: out.Floats()}.Transpose(1, 0).Data
	if d, _ := golden.Deviation(logits[:net.Classes], logits[net.Classes:][:net.Classes]); d < 0.01 {
		t.Fatalf("the images' logits are the same, which shows nothing: %v", logits)
	}
	return logits
}

// TestOneGraphComputesWhatTheCallsCompute, by XLA with either kind of convolutions and by pure Go.
func TestOneGraphComputesWhatTheCallsCompute(t *testing.T) {
	net, params, images := every(t)
	want := logitsOf(t, net, params, pixels, images)
	pure, err := backend.Open(t.Context(), backend.Options{Choice: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		b      *backend.Backend
		native bool
	}{{backendtest.Open(t), true}, {backendtest.Open(t), false}, {pure, false}} {
		g := graph.NewGraph(c.b.Backend, "test")
		in := graph.Parameter(g, "images", block.Floats(net.Batch, pixels.Channels, pixels.Side, pixels.Side))
		if err := g.Compile(Graph(in, net, params, pixels, c.native)); err != nil {
			t.Fatal(err)
		}
		x := tensors.FromFlatDataAndDimensions(images, net.Batch, pixels.Channels, pixels.Side, pixels.Side)
		got := tensors.MustCopyFlatData[float32](g.Run(x)[0])
		golden.Close(t, fmt.Sprint(c.b, ", native ", c.native), got, want, 1e-5)
	}
}

// torchNetwork is a network of the golden files with PyTorch's weights.
func torchNetwork(t *testing.T, genotype string, cells, channels, side int) (*network.Network, []*block.Param, map[string]golden.Array) {
	t.Helper()
	torch := golden.Under(golden.Read(t, "networks"), genotype+"/")
	g, _ := cell.Published(genotype)
	net := network.New(g, cells, 4, 10, channels, side, len(torch["labels"].Data), false)
	params := block.NewPlan(func(r block.Runner) { net.Run(r, &block.Value{}, nil) }).Params(1)
	parity.Load(t, params, torch, parity.Path)
	parity.LoadRunning(t, params, torch, parity.Path)
	return net, params, torch
}

// TestOneGraphComputesWhatTorchComputes in evaluation mode, with the same weights and running
// statistics.
func TestOneGraphComputesWhatTorchComputes(t *testing.T) {
	net, params, torch := torchNetwork(t, "PC_DARTS_cifar", 4, 3, 32)
	x := torch["x"]
	g := graph.NewGraph(backendtest.Open(t).Backend, "test")
	in := graph.Parameter(g, "images", block.Floats(x.Shape...))
	if err := g.Compile(Graph(in, net, params, Pixels{Channels: 3, Side: 32}, true)); err != nil {
		t.Fatal(err)
	}
	got := tensors.MustCopyFlatData[float32](g.Run(tensors.FromFlatDataAndDimensions(x.Data, x.Shape...))[0])
	golden.Close(t, "logits", got, torch["logits_eval"].Data, parity.Tolerance)
}

func TestStableHLOHasStandardOperationsOnly(t *testing.T) {
	net, params, _ := every(t)
	text, err := StableHLO(backendtest.Open(t), net, params, pixels)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("stablehlo.convolution")) || bytes.Contains(text, []byte("custom_call")) || bytes.Contains(text, []byte("essnas_")) {
		t.Errorf("the program has no convolution, or a call of a kernel: %.2000s", text)
	}
	if !bytes.Contains(text, []byte("tensor<4x3x16x16xf32>")) || !bytes.Contains(text, []byte("tensor<4x5xf32>")) {
		t.Error("the program does not take images [4, 3, 16, 16] to logits [4, 5]")
	}
	again, err := StableHLO(backendtest.Open(t), net, params, pixels)
	if err != nil || !bytes.Equal(text, again) {
		t.Errorf("the same network gives another text (%v)", err)
	}
}

// record holds the results of a peer for an exported file.
type record struct {
	SHA256   string            `json:"sha256"` // of the file
	Versions map[string]string `json:"versions"`
	Logits   []float32         `json:"logits"`
	Shapes   map[string][]int  `json:"shapes,omitempty"`
}

// peer returns the results of a script for a file and images. It runs the script if a Python is
// named, and otherwise reads the recorded results for the same bytes.
func peer(t *testing.T, script, answers string, file []byte, images golden.Array, arguments ...string) record {
	t.Helper()
	kept := filepath.Join("testdata", answers)
	sum := sha256.Sum256(file)
	var r record
	if peers != "" {
		dir := t.TempDir()
		model, x := filepath.Join(dir, "model"), filepath.Join(dir, "x.safetensors")
		raw, err := safetensors.Encode(map[string]safetensors.Array{"images": {Shape: images.Shape, F32: images.Data}}, nil)
		for _, err := range []error{err, os.WriteFile(model, file, 0o644), os.WriteFile(x, raw, 0o644)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		c := exec.Command(peers, append([]string{filepath.Join("testdata", script), model, x}, arguments...)...)
		c.Stderr = os.Stderr
		out, err := c.Output()
		if err == nil {
			err = json.Unmarshal(out, &r)
		}
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		r.SHA256 = hex.EncodeToString(sum[:])
		if *update {
			text, err := json.Marshal(r)
			if err == nil {
				err = os.WriteFile(kept, append(text, '\n'), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		return r
	}
	text, err := os.ReadFile(kept)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	if r.SHA256 != hex.EncodeToString(sum[:]) {
		t.Fatalf("the exported file is not the one that %s was given (SHA-256 %x, not %s): run this test with -update", script, sum, r.SHA256)
	}
	return r
}

// TestONNXRuntimeComputesTheNetworksLogits, for every operation, normalisation included.
func TestONNXRuntimeComputesTheNetworksLogits(t *testing.T) {
	net, params, images := every(t)
	layers, err := Layers(net, params)
	if err != nil {
		t.Fatal(err)
	}
	file, err := ONNX(layers, pixels, map[string]string{"classes": `["a","b","c","d","e"]`})
	if err != nil {
		t.Fatal(err)
	}
	r := peer(t, "run_onnx.py", "run_onnx.json", file, golden.Array{Shape: []int{net.Batch, pixels.Channels, pixels.Side, pixels.Side}, Data: images})
	golden.Close(t, "logits", r.Logits, logitsOf(t, net, params, pixels, images), 1e-5)
}

// TestONNXRuntimeRoutesCapsulesAsTheNetworkDoes, each routing with each number of rounds.
func TestONNXRuntimeRoutesCapsulesAsTheNetworkDoes(t *testing.T) {
	net, params, images := networkOf("capsule_dynamic", "capsule_em", "capsule_self", "capsule_dynamic_1", "capsule_dynamic_3", "capsule_em_1", "capsule_em_3")
	layers, err := Layers(net, params)
	if err != nil {
		t.Fatal(err)
	}
	file, err := ONNX(layers, pixels, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := peer(t, "run_onnx.py", "run_onnx_capsules.json", file, golden.Array{Shape: []int{net.Batch, pixels.Channels, pixels.Side, pixels.Side}, Data: images})
	golden.Close(t, "logits", r.Logits, logitsOf(t, net, params, pixels, images), 1e-4)
}

// TestTheReferencesNetworkLoadsTheWeights: PyTorch's load_state_dict takes the file without a
// missing or an unknown name, and the network then computes the golden logits.
func TestTheReferencesNetworkLoadsTheWeights(t *testing.T) {
	net, params, torch := torchNetwork(t, "DARTS_V2", 3, 1, 28)
	layers, err := Layers(net, params)
	if err != nil {
		t.Fatal(err)
	}
	file, err := Safetensors(layers, map[string]string{"genotype": net.Genotype.Python()})
	if err != nil {
		t.Fatal(err)
	}
	r := peer(t, "load_pytorch.py", "load_pytorch.json", file, torch["x"])
	golden.Close(t, "logits", r.Logits, torch["logits_eval"].Data, parity.Tolerance)
	arrays, _, err := safetensors.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range arrays {
		if !slices.Equal(r.Shapes[name], a.Shape) {
			t.Errorf("%s has the shape %v, in PyTorch %v", name, a.Shape, r.Shapes[name])
		}
	}
	if len(arrays) != len(r.Shapes) {
		t.Errorf("%d arrays, in PyTorch %d", len(arrays), len(r.Shapes))
	}
}

func TestWeightsThatAreMissingAreNamed(t *testing.T) {
	net, params, _ := every(t)
	at := slices.IndexFunc(params, func(p *block.Param) bool { return strings.HasPrefix(p.Label, "cell1/edge3") })
	label := params[at].Label
	if _, err := Layers(net, slices.Delete(params, at, at+1)); err == nil || !strings.Contains(err.Error(), label) {
		t.Errorf("without the weights of %s: %v", label, err)
	}
}

func TestONNXRefusesAMeanThatDoesNotFit(t *testing.T) {
	net, params, _ := every(t)
	layers, err := Layers(net, params)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ONNX(layers, Pixels{Channels: 3, Side: 16, Mean: []float32{1}, Std: []float32{1}}, nil); err == nil || !strings.Contains(err.Error(), "3 channels") {
		t.Errorf("got %v", err)
	}
}
