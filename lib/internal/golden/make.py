"""Computes every golden file of testdata: python make.py [name ...], e.g. python make.py ops mixed.

Needs torch, numpy and safetensors (versions in doc.go). Same versions, same bytes: one thread, deterministic algorithms,
seeded. Each case is computed a second time in float64 from the same draws; a case whose float32 results are further than
STEADY from those says nothing about a port, so the script refuses it.
"""

import json
import pathlib
import sys

import numpy
import torch
from safetensors.numpy import save_file
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parent / "pytorch"))
from barlow import barlow_twins, cross_correlation, projector
from network import PUBLISHED, NetworkCIFAR
from ops import PRIMITIVES, FactorizedReduce, ReLUConvBN, Stem, operation
from supernet import EDGES, Cell, MixedOp, SearchNetwork, edge_softmax, edges

import whole

TESTDATA = pathlib.Path(__file__).parent / "testdata"
STEADY = 2e-5  # a fifth of the tolerance that the Go tests have


class Draws:
    """Random numbers that are the same float32 values whatever the default type is."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape, scale=1.0):
        return scale * torch.randn(*shape, generator=self.generator, dtype=torch.float32).to(torch.get_default_dtype())

    def labels(self, *shape, classes):
        return torch.randint(classes, shape, generator=self.generator)

    def kept(self, *shape, keep):
        return (torch.rand(*shape, generator=self.generator, dtype=torch.float32) < keep).to(torch.get_default_dtype())

    def module(self, module):
        """Weights: normal with torch's default scale for convolutions and classifiers, about 1 and 0 for norms."""
        with torch.no_grad():
            for name, p in module.named_parameters():
                if ".bn" in "." + name:
                    p.copy_(self.normal(*p.shape, scale=0.2) + (1 if name.endswith("weight") else 0))
                elif name.startswith("architecture."):
                    p.copy_(self.normal(*p.shape, scale=0.7))
                else:
                    fan = p[0].numel() if p.dim() > 1 else 16
                    p.copy_(self.normal(*p.shape, scale=1 / fan**0.5))
        return module


class Record(dict):
    """Arrays by name. under(prefix) is a view that puts a prefix before every name."""

    def __init__(self, target=None, prefix=""):
        super().__init__()
        self.target, self.prefix = (self if target is None else target), prefix

    def under(self, prefix):
        return Record(self.target, self.prefix + prefix + "/")

    def put(self, name, value):
        dict.__setitem__(self.target, self.prefix + name, torch.as_tensor(value).detach().clone().contiguous())

    def parameters(self, module, gradients=True, weights=True):
        for name, p in module.named_parameters():
            name = name.removeprefix("architecture.")
            if weights:
                self.put("weight/" + name, p)
            if gradients:
                self.put("gradient/" + name, p.grad)

    def running(self, module):
        for name, b in module.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                self.put("running/" + name, b)


def leaf(x):
    return x.clone().requires_grad_()


def backward(y, v):
    (y * v).sum().backward()


# --- ops: each operation alone


def single(record, draws, module, x, evaluate=False):
    """x, cotangent v, output y, gradients; with evaluate the running statistics after it and what they then give."""
    draws.module(module).train()
    x = leaf(x)
    y = module(x)
    v = draws.normal(*y.shape)
    backward(y, v)
    for name, value in (("x", x), ("y", y), ("v", v), ("gradient/x", x.grad)):
        record.put(name, value)
    record.parameters(module)
    if evaluate:
        record.running(module)
        record.put("y_eval", module.eval()(x))


def make_ops():
    record, draws = Record(), Draws(1)
    n, c, side = 2, 6, 8
    for name in PRIMITIVES[1:]:
        for stride in (1, 2):
            one = operation(name, c, stride, affine=False, norm_pools=True)
            single(record.under(f"{name}_stride{stride}"), draws, one, draws.normal(n, c, side, side))
    for name, stride in (("sep_conv_3x3", 2), ("sep_conv_5x5", 1), ("dil_conv_3x3", 1), ("dil_conv_5x5", 2), ("skip_connect", 2)):
        one = operation(name, c, stride, affine=True, norm_pools=False)
        single(record.under(f"{name}_stride{stride}_affine"), draws, one, draws.normal(n, c, side, side), evaluate=True)
    for name in ("max_pool_3x3", "avg_pool_3x3"):
        bare = operation(name, c, 2, affine=True, norm_pools=False)
        single(record.under(f"{name}_stride2_bare"), draws, bare, draws.normal(n, c, side, side))
        odd = operation(name, c, 1, affine=True, norm_pools=False)
        single(record.under(f"{name}_stride1_odd_bare"), draws, odd, draws.normal(n, c, 7, 7))
    # Of equal largest values the first one, row by row, gets the gradient.
    tied = operation("max_pool_3x3", c, 1, affine=True, norm_pools=False)
    single(record.under("max_pool_3x3_stride1_ties_bare"), draws, tied, draws.normal(n, c, side, side).round())
    single(record.under("stem"), draws, Stem(3, c), draws.normal(n, 3, side, side), evaluate=True)
    for affine, suffix in ((False, ""), (True, "_affine")):
        single(record.under("relu_conv_bn" + suffix), draws, ReLUConvBN(12, c, affine), draws.normal(n, 12, side, side), evaluate=affine)
    single(record.under("factorized_reduce"), draws, FactorizedReduce(12, c, False), draws.normal(n, 12, side, side))
    return record


# --- mixed: what lies on one edge of a search cell


def make_mixed():
    return edges_of(Draws(2), ((4, 16), (1, 4)))


def edges_of(draws, shapes):
    record = Record()
    for k, c in shapes:
        for stride in (1, 2):
            case = record.under(f"k{k}_stride{stride}")
            module = draws.module(MixedOp(c, stride, k)).train()
            x = leaf(draws.normal(2, c, 8, 8))
            weights = leaf(F.softmax(draws.normal(len(PRIMITIVES)), dim=0))
            y = module(x, weights)
            v = draws.normal(*y.shape)
            backward(y, v)
            for name, value in (("x", x), ("mix", weights), ("y", y), ("v", v), ("gradient/x", x.grad), ("gradient/mix", weights.grad)):
                case.put(name, value)
            case.parameters(module)
    return record


# --- spaces: K that divides the channels but not 1/K of them; cells of three states with three operations


def make_spaces():
    draws = Draws(11)
    record = edges_of(draws, ((8, 16),))
    three = (("none", "skip_connect", "sep_conv_3x3"),) * edges(3)
    module = SearchNetwork(C=4, classes=10, cells=3, K=2, inputs=1, space=(three, three), states=3)
    loss_and_gradients(record.under("network"), draws, draws.module(module), 4, 1, 12)
    return record


# --- cells


def make_cells():
    record, draws = Record(), Draws(3)
    n, c, k = 2, 16, 4
    for kind, reduction, reduced in (("normal_after_reduction", False, True), ("reduction", True, False)):
        case = record.under(kind)
        module = draws.module(Cell(12, 20, c, reduction, reduced, k)).train()
        s0, s1 = leaf(draws.normal(n, 12, 16 if reduced else 8, 16 if reduced else 8)), leaf(draws.normal(n, 20, 8, 8))
        alphas, betas = leaf(draws.normal(EDGES, len(PRIMITIVES))), leaf(draws.normal(EDGES))
        y = module(s0, s1, F.softmax(alphas, dim=-1), edge_softmax(betas))
        v = draws.normal(*y.shape)
        backward(y, v)
        for name, value in (("s0", s0), ("s1", s1), ("alphas", alphas), ("betas", betas)):
            case.put(name, value)
            case.put("gradient/" + name, value.grad)
        case.put("y", y)
        case.put("v", v)
        case.parameters(module)
    return record


# --- supernet: a whole search network, and three bilevel steps of it

SEARCH = dict(C=16, classes=10, cells=3, K=4)
BATCH, SIDE = 4, 16


def loss_and_gradients(record, draws, module, batch, inputs, side):
    x, labels = draws.normal(batch, inputs, side, side), draws.labels(batch, classes=10)
    logits = module.train()(x)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    for name, value in (("x", x), ("labels", labels), ("logits", logits), ("loss", loss)):
        record.put(name, value)
    record.parameters(module)


def make_supernet():
    record, draws = Record(), Draws(4)
    loss_and_gradients(record, draws, draws.module(SearchNetwork(**SEARCH)), BATCH, 3, SIDE)
    return record


def make_darts():
    """K=1, one image channel, a side that becomes odd."""
    record, draws = Record(), Draws(5)
    loss_and_gradients(record, draws, draws.module(SearchNetwork(C=2, classes=10, cells=3, K=1, inputs=1)), 4, 1, 12)
    return record


def make_bilevel():
    """From the weights of supernet: architecture step, then weights step, each on its own batch; three times."""
    record, draws = Record(), Draws(4)
    module = draws.module(SearchNetwork(**SEARCH)).train()
    draws = Draws(6)
    steps = 3
    weights = [p for _, p in module.weights()]
    architecture = list(module.architecture.values())
    adam = torch.optim.Adam(architecture, lr=6e-4, betas=(0.5, 0.999), weight_decay=1e-3)
    # A hundred times the papers' decay: three steps of theirs would not show a decay in the wrong place, e.g. under the clip.
    sgd = torch.optim.SGD(weights, lr=0.1, momentum=0.9, weight_decay=3e-2)
    for kind in ("valid", "train"):
        record.put(kind + "/x", draws.normal(steps, BATCH, 3, SIDE, SIDE))
        record.put(kind + "/labels", draws.labels(steps, BATCH, classes=10))
    losses = {"valid": [], "train": []}
    norms = {"valid": [], "train": []}
    for step in range(steps):
        for kind, optimizer in (("valid", adam), ("train", sgd)):
            module.zero_grad()
            loss = F.cross_entropy(module(record[kind + "/x"][step]), record[kind + "/labels"][step])
            loss.backward()
            if kind == "train":
                norm = nn.utils.clip_grad_norm_(weights, CLIP)
            else:
                norm = nn.utils.get_total_norm([p.grad for p in architecture])
            optimizer.step()
            losses[kind].append(loss.item())
            norms[kind].append(norm.item())
        for name, p in module.architecture.items():
            record.put(f"step{step}/{name}", p)
    for kind in losses:
        record.put(kind + "/loss", torch.tensor(losses[kind]))
        record.put(kind + "/gradient_norm", torch.tensor(norms[kind]))
    record.put("clip", CLIP)
    record.under("final").parameters(module, gradients=False)
    return record


CLIP = 5.0

# --- networks: whole evaluation networks


def found(record, seed, genotype, inputs, size, cells, C=4):
    draws = Draws(seed)
    module = NetworkCIFAR(C, 10, cells, PUBLISHED[genotype], True, inputs, size, auxiliary_widths=(8, 16))
    draws.module(module).train()
    n, keep = 4, 0.7
    x, labels = draws.normal(n, inputs, size, size), draws.labels(n, classes=10)
    masks = draws.kept(cells, 8, n, keep=keep)
    logits, auxiliary = module(x, masks, keep)
    main, aside = F.cross_entropy(logits, labels), F.cross_entropy(auxiliary, labels)
    loss = main + 0.4 * aside
    loss.backward()
    for name, value in (("x", x), ("labels", labels), ("masks", masks), ("keep", torch.tensor(keep)), ("logits", logits),
                        ("auxiliary_logits", auxiliary), ("loss", main), ("auxiliary_loss", aside), ("total_loss", loss)):
        record.put(name, value)
    record.parameters(module)
    record.running(module)
    record.put("logits_eval", module.eval()(x)[0])
    return module


def make_networks():
    record = Record()
    found(record.under("PC_DARTS_cifar"), 7, "PC_DARTS_cifar", 3, 32, cells=4)
    found(record.under("DARTS_V2"), 8, "DARTS_V2", 1, 28, cells=3)
    return record


# --- images: gradients of images in evaluation, of the networks above


def make_images():
    record = Record()
    for seed, genotype, inputs, size, cells in ((7, "PC_DARTS_cifar", 3, 32, 4), (8, "DARTS_V2", 1, 28, 3)):
        network = Record()
        module = found(network, seed, genotype, inputs, size, cells).eval()
        x = leaf(network["x"])
        F.cross_entropy(module(x)[0], network["labels"]).backward()
        record.put(genotype + "/gradient/x", x.grad)
    return record


# --- imagenet: a found network with the stem for ImageNet


def make_imagenet():
    record, draws = Record(), Draws(12)
    module = draws.module(NetworkCIFAR(4, 10, 3, PUBLISHED["PC_DARTS_image"], False, 1, 64, imagenet=True)).train()
    x, labels = draws.normal(4, 1, 64, 64), draws.labels(4, classes=10)
    logits = module(x)[0]
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    for name, value in (("x", x), ("labels", labels), ("logits", logits), ("loss", loss)):
        record.put(name, value)
    record.parameters(module)
    record.running(module)
    record.put("logits_eval", module.eval()(record["x"])[0])
    return record


# --- counts


def make_counts():
    """Trainable weights, and the multiply-accumulates of convolutions and linear layers for one image in evaluation."""
    def weights(module):
        return sum(p.numel() for name, p in module.named_parameters() if not name.startswith("architecture."))

    def macs(module, inputs, size):
        total = []
        def count(layer, _, output):
            total.append(output[0].numel() * layer.weight[0].numel() if isinstance(layer, nn.Conv2d) else layer.weight.numel())
        for layer in module.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                layer.register_forward_hook(count)
        module(torch.empty(1, inputs, size, size))
        return sum(total)

    rows = []
    with torch.device("meta"):
        for name, genotype in PUBLISHED.items():
            for classes in (10, 100):
                for size, inputs in ((32, 3), (28, 1)):
                    module = NetworkCIFAR(36, classes, 20, genotype, True, inputs, size).eval()
                    rows.append(dict(genotype=name, channels=36, cells=20, classes=classes, size=size, inputs=inputs, weights=weights(module)
                                     - weights(module.auxiliary), weights_with_auxiliary=weights(module), macs=macs(module, inputs, size)))
        for name in ("DARTS_V2", "PDARTS", "PC_DARTS_image"):
            module = NetworkCIFAR(48, 1000, 14, PUBLISHED[name], True, 3, 224, imagenet=True).eval()
            rows.append(dict(genotype=name, stem="imagenet", channels=48, cells=14, classes=1000, size=224, inputs=3, weights=weights(module)
                             - weights(module.auxiliary), weights_with_auxiliary=weights(module), macs=macs(module, 3, 224)))
        for name, k, cells, channels in (("pc-darts", 4, 8, 16), ("p-darts", 1, 8, 16), ("p-darts", 1, 5, 16), ("pc-darts", 4, 3, 16)):
            module = SearchNetwork(channels, 10, cells, k).eval()
            rows.append(dict(supernet=name, k=k, channels=channels, cells=cells, classes=10, size=32, inputs=3, weights=weights(module),
                             macs=macs(module, 3, 32)))
    (TESTDATA / "counts.json").write_text("[\n" + ",\n".join("  " + json.dumps(row) for row in rows) + "\n]\n")
    for row in rows:
        print(row)


# ---


def deviation(got, want):
    return ((got - want).abs().max() / want.abs().max().clamp_min(1e-30)).item()


# --- barlow: the loss of two embeddings


def make_barlow():
    """arXiv:2103.03230, algorithm 1: embeddings [batch, features], normalised over the batch, lambda 0.0051."""
    record, draws = Record(), Draws(8)
    a, b = leaf(draws.normal(16, 6)), leaf(draws.normal(16, 6))
    correlation = cross_correlation(a, b)
    loss = barlow_twins(a, b)
    loss.backward()
    for name, value in (("a", a), ("b", b), ("correlation", correlation), ("loss", loss), ("gradient/a", a.grad), ("gradient/b", b.grad)):
        record.put(name, value)
    return record


def make_projector():
    """Features [batch, 7] to embeddings [batch, 4] by three linear layers, norm and ReLU between them (section 3.2)."""
    record = Record()
    single(record, Draws(9), projector(7, (6, 5, 4)), Draws(10).normal(16, 7))
    return record


# --- search and training: the mixed objective, whole epochs


def make_search():
    return whole.searches(Record(), Draws(23))


def make_training():
    return whole.training(Record(), Draws(12))


def make_pretraining():
    return whole.pretraining(Record(), Draws(13))


def packed(arrays):
    """Of gradients and final weights one array each, in the order of the names of weight/NAME: thousands of names are larger than the numbers."""
    names = sorted(key.removeprefix("weight/") for key in arrays if key.startswith("weight/"))
    first = lambda key: next((key.removesuffix("/" + name) for name in names if key.endswith("/" + name)), None)
    kinds = {first(key) for key in arrays} - {None, "weight"}
    rest = {key: value for key, value in arrays.items() if first(key) not in kinds}
    absent = lambda name: numpy.zeros_like(arrays["weight/" + name])
    return rest | {kind: numpy.concatenate([arrays.get(f"{kind}/{name}", absent(name)).ravel() for name in names]) for kind in sorted(kinds)}


def write(name, make):
    torch.set_default_dtype(torch.float64)
    exact = make()
    torch.set_default_dtype(torch.float32)
    record = make()
    worst, where = max((deviation(record[key].double(), exact[key].double()), key) for key in record)
    arrays = {key: value.to(torch.float32).numpy() for key, value in record.items()}
    for key, value in arrays.items():
        if not numpy.isfinite(value).all() or not value.any():
            sys.exit(f"{name}: {key} is zero or not finite")
    if name in ("search", "training", "pretraining"):
        arrays = packed(arrays)
    path = TESTDATA / f"{name}.safetensors"
    save_file(arrays, path, {"made by": f"make.py with torch {torch.__version__}"})  # one entry: their order is not fixed
    print(f"{name}: {len(arrays)} arrays, {path.stat().st_size / 1e3:.0f} kB, float32 within {worst:.1e} of float64 ({where})")
    if worst > STEADY:
        sys.exit(f"{name} is not steady: {where} differs by {worst:.1e} between float32 and float64; choose another seed")


def main(names):
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    makers = {key.removeprefix("make_"): value for key, value in globals().items() if key.startswith("make_")}
    for name in names or makers:
        if name == "counts":
            make_counts()
        else:
            write(name, makers[name])


if __name__ == "__main__":
    main(sys.argv[1:])
