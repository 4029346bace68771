"""The mixed objective, and whole epochs of a search, a training and a pretraining, with the draws that Go makes (draws.py)."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from barlow import barlow_twins, projector
from draws import PCG, Pictures, epoch_order, of_step, paths, spread
from network import PUBLISHED, NetworkCIFAR
from supernet import SearchNetwork

SEED = 5


def cosine(high, low, epoch, epochs):
    return low + (high - low) * (1 + math.cos(math.pi * epoch / epochs)) / 2


class Meter:
    """A number for each step (or epoch), by name."""

    def __init__(self):
        self.numbers = {}

    def add(self, **numbers):
        for name, x in numbers.items():
            self.numbers.setdefault(name, []).append(x.item() if torch.is_tensor(x) else x)

    def put(self, record):
        for name, numbers in self.numbers.items():
            record.put("metric/" + name, torch.tensor(numbers))


# --- search


class Searched(SearchNetwork):
    """A search network with the head of its self-supervised loss."""

    def __init__(self, sizes, **kind):
        super().__init__(**kind)
        self.projector = projector(self.classifier.in_features, sizes)


def mixed(net, views, labels, f, scale):
    """Loss, cross-entropy, Barlow Twins' loss (None for f = 0), share of right answers: L = f scale L_BT + (1 - f) L_CE.

    With f = 1 the classifier probes: it learns from the cross-entropy, and the features don't.
    """
    features = [net.features(x) for x in views]
    logits = [net.classifier(z.detach() if f == 1 else z) for z in features]
    ce = torch.stack([F.cross_entropy(y, labels) for y in logits]).mean()
    right = torch.stack([(y.argmax(dim=1) == labels).to(ce.dtype).mean() for y in logits]).mean()
    if f == 0:
        return ce, ce, None, right
    bt = barlow_twins(*(net.projector(z) for z in features))
    return f * scale * bt + (1 - f) * ce, ce, bt, right


def search(record, initial, f, frozen, epochs=2, gradients=False, decay=3e-2, arch_decay=5e-2, clip=2.0, lr=0.02, lr_min=0.004, arch_lr=0.05,
           scale=0.25, batch=8, cutout=4):
    """Epochs of bilevel steps. With gradients: one step, whose gradients are kept, without decay and clip."""
    if gradients:
        decay, arch_decay, clip = 0.0, 0.0, 1e9
    net = Searched(**SEARCHED).train()
    net.load_state_dict(initial, strict=False)
    weights = net.weights()
    trunk = [p for n, p in weights if not (f == 1 and n.startswith("classifier")) and not (f == 0 and n.startswith("projector"))]
    probe = [p for n, p in weights if f == 1 and n.startswith("classifier")]
    architecture = list(net.architecture.values())
    adam = torch.optim.Adam(architecture, lr=arch_lr, betas=(0.5, 0.999), weight_decay=arch_decay)
    sgd = [torch.optim.SGD(p, lr=lr, momentum=0.9, weight_decay=decay) for p in (trunk, probe) if p]
    order = spread(PICTURES.labels, PICTURES.classes, SEED)
    halves = {"weights": order[: len(order) // 2], "architecture": order[len(order) // 2 :]}

    def draw(level, epoch, step):
        index = epoch_order(halves[level], SEED, epoch)[step * batch :][:batch]
        r = of_step(SEED, level, epoch, step)
        views = PICTURES.views(index, r, 0.8, 2, 0.5) if f > 0 else [PICTURES.augmented(index, r, 4, cutout)]
        return views, PICTURES.classes_of(index)

    def loss(level, epoch, step):
        net.zero_grad()
        return mixed(net, *draw(level, epoch, step), f, scale)

    def norms(level, epoch):
        """Of the gradients of both terms, each by itself: in alphas and betas, or in the weights that both reach. And their cosine."""
        both = []
        prefix = "arch_" if level == "architecture" else ""
        for name, term in (("ce", 1), ("bt", 2)):
            loss(level, epoch, 0)[term].backward()
            of = architecture if level == "architecture" else [p for n, p in weights if not n.startswith(("classifier", "projector"))]
            of_epochs.add(**{f"{prefix}{name}_grad_norm": nn.utils.get_total_norm([p.grad for p in of])})
            both.append(torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in of]))
        of_epochs.add(**{f"{prefix}grad_cosine": F.cosine_similarity(*both, dim=0)})

    steps, of_epochs = Meter(), Meter()
    for epoch in range(epochs):
        rate = cosine(lr, lr_min, epoch, epochs)
        for optimizer in sgd:
            optimizer.param_groups[0]["lr"] = rate
        for step in range(1 if gradients else len(halves["weights"]) // batch):
            for level, prefix in (("architecture", "arch_"), ("weights", "train_")):
                if level == "architecture" and epoch < frozen:
                    continue
                total, ce, bt, right = loss(level, epoch, step)
                (total + ce if f == 1 else total).backward()  # the probe's loss has factor 1
                steps.add(**{prefix + "loss": total, prefix + "accuracy": right})
                if f > 0:
                    steps.add(**{prefix + "ce": ce, prefix + "bt": bt})
                if level == "architecture":
                    if gradients:
                        for name, p in net.architecture.items():
                            record.put("gradient/" + name, p.grad)
                    steps.add(arch_grad_norm=nn.utils.get_total_norm([p.grad for p in architecture]))
                    adam.step()
                else:
                    if gradients:
                        for name, p in weights:
                            if p.grad is not None:
                                record.put("gradient/" + name, p.grad)
                    steps.add(grad_norm=nn.utils.clip_grad_norm_(trunk, clip), lr=rate)
                    if probe:
                        nn.utils.clip_grad_norm_(probe, clip)
                    for optimizer in sgd:
                        optimizer.step()
        if 0 < f < 1 and not gradients:
            norms("weights", epoch)
            if epoch >= frozen:
                norms("architecture", epoch)
    steps.put(record)
    of_epochs.put(record.under("epoch"))
    if not gradients:
        for name, p in net.named_parameters():
            if not (f == 0 and name.startswith("projector")):
                record.put("final/weight/" + name.removeprefix("architecture."), p)


PICTURES = Pictures(32, 1, 8, 3, [0.5], [0.3])
SEARCHED = dict(C=4, classes=3, cells=3, K=2, inputs=1, sizes=(6, 5))


def searches(record, draws):
    net = draws.module(Searched(**SEARCHED))
    initial = {name: p.detach().clone() for name, p in net.named_parameters()}
    record.parameters(net, gradients=False)
    for f in (0, 0.3, 0.7, 1):
        search(record.under(f"gradients_{f:g}"), initial, f, frozen=0, epochs=1, gradients=True)
    search(record.under("labels"), initial, 0, frozen=1)
    search(record.under("mixed"), initial, 0.3, frozen=1)
    return record


# --- training


def auxiliary_weights(net):
    """Too many for a file: drawn, uniformly, with a generator for each array. Norms begin as ever."""
    with torch.no_grad():
        for number, name in enumerate(("conv1.weight", "conv2.weight", "classifier.weight", "classifier.bias")):
            p, r = net.auxiliary.get_parameter(name), PCG(SEED, number)
            fan = p[0].numel() if p.dim() > 1 else 768
            flat = torch.tensor([(2 * r.float64() - 1) / fan**0.5 for _ in range(p.numel())], dtype=torch.float64)
            p.copy_(flat.to(torch.float32).reshape(p.shape))
        for norm in (net.auxiliary.bn1, net.auxiliary.bn2):
            norm.weight.fill_(1)
            norm.bias.fill_(0)


def training(record, draws, batch=8, epochs=2, lr=0.02, decay=1e-2, clip=2.0, drop_path=0.6, cutout=8, tower=0.4):
    pictures = Pictures(40, 1, 24, 3, [0.5], [0.3])
    net = draws.module(NetworkCIFAR(2, 3, 3, PUBLISHED["DARTS_V2"], True, 1, 24))
    auxiliary_weights(net)
    own = [(n, p) for n, p in net.named_parameters() if not n.startswith("auxiliary.")]
    for name, p in own:
        record.put("weight/" + name, p)
    sgd = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9, weight_decay=decay)
    order = spread(pictures.labels, pictures.classes, SEED)
    validation, train = order[: len(order) // 5], order[len(order) // 5 :]
    identities = [[edge.identity for edge in cell.edges] for cell in net.cells]
    steps, of_epochs = Meter(), Meter()
    for epoch in range(epochs):
        rate = sgd.param_groups[0]["lr"] = cosine(lr, 0, epoch, epochs)
        p = drop_path * epoch / epochs
        for step in range(len(train) // batch):
            index = epoch_order(train, SEED, epoch)[step * batch :][:batch]
            x, labels = pictures.augmented(index, of_step(SEED, "augment", epoch, step), 4, cutout), pictures.classes_of(index)
            masks = paths(identities, batch, p, of_step(SEED, "drop path", epoch, step)).to(x.dtype)
            net.train().zero_grad()
            logits, aside = net(x, masks, 1 - p)
            loss, auxiliary = F.cross_entropy(logits, labels), F.cross_entropy(aside, labels)
            (loss + tower * auxiliary).backward()
            steps.add(train_loss=loss, auxiliary_loss=auxiliary, lr=rate, train_accuracy=(logits.argmax(dim=1) == labels).to(x.dtype).mean(),
                      grad_norm=nn.utils.clip_grad_norm_(net.parameters(), clip))
            sgd.step()
        with torch.no_grad():
            logits, labels = net.eval()(pictures.plain(validation))[0], pictures.classes_of(validation)
        of_epochs.add(val_loss=F.cross_entropy(logits, labels), val_accuracy=(logits.argmax(dim=1) == labels).to(x.dtype).mean())
    steps.put(record)
    of_epochs.put(record.under("epoch"))
    final = record.under("final")
    for name, p in own:
        final.put("weight/" + name, p)
    for name, b in net.named_buffers():
        if name.endswith(("running_mean", "running_var")) and not name.startswith("auxiliary."):
            final.put("running/" + name, b)
    return record


# --- pretraining


class LARS:
    """arXiv:1708.03888 as Barlow Twins' paper uses it: what has one axis has neither decay nor scaling, and a rate of its own."""

    def __init__(self, params, momentum, decay, trust, vectors):
        self.params, self.momentum, self.decay, self.trust, self.vectors = list(params), momentum, decay, trust, vectors
        self.velocity = [torch.zeros_like(p) for p in self.params]

    @torch.no_grad()
    def step(self, rate):
        for p, v in zip(self.params, self.velocity):
            g = p.grad
            if p.dim() > 1:
                g = g + self.decay * p
                g = g * (self.trust * p.norm() / g.norm())
            v.mul_(self.momentum).add_(g)
            p.sub_(v * (rate if p.dim() > 1 else rate * self.vectors))


def pretraining(record, draws, batch=8, epochs=2, warm_up=1, lr=0.4, decay=1e-2, vectors=0.1, off_diagonal=0.02):
    pictures = Pictures(40, 1, 8, 3, [0.5], [0.3])
    net = NetworkCIFAR(2, 3, 3, PUBLISHED["DARTS_V2"], False, 1, 8)
    features, net.classifier = net.classifier.in_features, nn.Identity()
    net.projector = projector(features, (6, 5))
    draws.module(net).train()
    record.parameters(net, gradients=False)
    lars = LARS(net.parameters(), 0.9, decay, 0.001, vectors)
    order = spread(pictures.labels, pictures.classes, SEED)
    train = order[len(order) // 5 :]
    per_epoch, meter = len(train) // batch, Meter()
    for epoch in range(epochs):
        for step in range(per_epoch):
            index = epoch_order(train, SEED, epoch)[step * batch :][:batch]
            views = pictures.views(index, of_step(SEED, "views", epoch, step), 0.8, 2, 0.5)
            at, warm = epoch * per_epoch + step, warm_up * per_epoch
            rate = lr * at / warm if at < warm else cosine(lr, lr / 1000, at - warm, epochs * per_epoch - warm)
            net.zero_grad()
            loss = barlow_twins(*(net.projector(net(x)[0]) for x in views), off_diagonal)
            loss.backward()
            meter.add(train_loss=loss, lr=rate, grad_norm=nn.utils.get_total_norm([p.grad for p in net.parameters()]))
            lars.step(rate)
    meter.put(record)
    final = record.under("final")
    final.parameters(net, gradients=False)
    for name, b in net.named_buffers():
        if name.endswith(("running_mean", "running_var")) and not name.startswith("projector"):
            final.put("running/" + name, b)
    return record
