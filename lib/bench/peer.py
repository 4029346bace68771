"""The benchmark's other side: the same networks and steps in PyTorch. essnas bench writes one JSON line a request and reads one a reply.

The first line is the job: the workload's settings, threads, device, precision, and whether torch.compile is used. The reply to it comes
after the first step; then each {"steps": n} is answered by n replies. The end of the input ends the program.

The steps are as fast as PyTorch's own means make them: each level of a search asks for its own gradients only (autograd.grad), optimizers are
the fused or multi-tensor ones, convolutions run in channels_last on a GPU. Images and labels are in memory already, without augmentation:
a data loader's work is not counted.
"""

import json
import os
import queue
import sys
import threading
import time
import warnings

import torch
from torch.nn import functional as F

from barlow import barlow_twins, projector
from network import Genotype, NetworkCIFAR
from supernet import SearchNetwork

warnings.filterwarnings("ignore")


class Machine:
    """Where and how tensors are computed."""

    def __init__(self, job):
        self.device = torch.device(job["device"])
        self.gpu = self.device.type == "cuda"
        self.half = job["precision"] == "bf16"
        self.format = torch.channels_last if self.gpu else torch.contiguous_format
        if self.gpu:
            torch.backends.cudnn.benchmark = True
        else:
            torch.set_num_threads(job["threads"])

    def place(self, module):
        return module.to(self.device, memory_format=self.format)

    def images(self, *shape):
        return torch.randn(*shape).to(self.device, memory_format=self.format)

    def labels(self, n, classes):
        return torch.randint(classes, (n,)).to(self.device)

    def autocast(self):
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.half)

    def wait(self):
        if self.gpu:
            torch.cuda.synchronize()

    def peak(self):
        return torch.cuda.max_memory_allocated() if self.gpu else 0


def count(parameters):
    return sum(p.numel() for p in parameters)


def descend(optimizer, parameters, gradients, clip=None):
    for p, g in zip(parameters, gradients):
        p.grad = g
    if clip is not None:
        torch.nn.utils.clip_grad_norm_(parameters, clip)
    optimizer.step()


class Search:
    """A bilevel step: Adam on alphas and betas with one batch, SGD on the weights with another."""

    def __init__(self, job, machine, compiled):
        w, s = job["workload"], job["workload"]["search"]
        self.machine, self.settings = machine, s
        self.net = machine.place(SearchNetwork(s["channels"], w["classes"], w["cells"], s["k"], w["image_channels"], w["space"]).train())
        for module in self.net.modules():
            if hasattr(module, "skip_dropout"):
                module.skip_dropout = w["skip_dropout"]
        self.projector = None
        if s["ss_factor"] > 0:
            self.projector = machine.place(projector(self.net.classifier.in_features, [int(n) for n in s["projector"].split(",")]))
        self.weights = [p for _, p in self.net.weights()] + ([] if self.projector is None else list(self.projector.parameters()))
        self.architecture = list(self.net.architecture.values())
        self.sgd = torch.optim.SGD(self.weights, s["lr"], s["momentum"], weight_decay=s["weight_decay"])
        self.adam = torch.optim.Adam(self.architecture, s["arch_lr"], (0.5, 0.999), weight_decay=s["arch_weight_decay"])
        shape = s["batch"], w["image_channels"], w["side"], w["side"]
        views = 2 if s["ss_factor"] > 0 else 1
        self.batches = [([machine.images(*shape) for _ in range(views)], machine.labels(s["batch"], w["classes"])) for _ in range(2)]
        self.count = count(self.weights)
        compiled(self.net)

    def loss(self, views, labels):
        s = self.settings
        with self.machine.autocast():
            features = [self.net.features(x) for x in views]
            entropy = sum(F.cross_entropy(self.net.classifier(f), labels) for f in features) / len(views)
            if self.projector is None:
                return entropy
            twins = barlow_twins(*(self.projector(f) for f in features))
        return s["ss_factor"] * s["ss_scale"] * twins + (1 - s["ss_factor"]) * entropy

    def step(self):
        loss = self.loss(*self.batches[0])
        descend(self.adam, self.architecture, torch.autograd.grad(loss, self.architecture))
        loss = self.loss(*self.batches[1])
        descend(self.sgd, self.weights, torch.autograd.grad(loss, self.weights), self.settings["clip"])
        return loss.item()


def found(job, machine):
    """The network of a genotype; an auxiliary tower is there in training."""
    w, s = job["workload"], job["workload"]["train"]
    genotype = Genotype(*([(name, source) for name, source in w["genotype"][kind]] for kind in ("normal", "reduce")))
    auxiliary = s["auxiliary"] > 0 and not w["inference"] and not w["attack"]
    net = NetworkCIFAR(s["channels"], w["classes"], s["cells"], genotype, auxiliary, w["image_channels"], w["side"])
    x = machine.images(s["batch"], w["image_channels"], w["side"], w["side"])
    return machine.place(net), x, machine.labels(s["batch"], w["classes"])


class Train:
    """A step of SGD on a found network, with auxiliary tower and drop path."""

    def __init__(self, job, machine, compiled):
        s = self.settings = job["workload"]["train"]
        self.machine = machine
        self.net, self.x, self.labels = found(job, machine)
        self.net.train()
        self.weights = list(self.net.parameters())
        self.sgd = torch.optim.SGD(self.weights, s["lr"], s["momentum"], weight_decay=s["weight_decay"])
        self.keep = 1 - job["workload"]["drop_path"]
        self.count = count(self.weights)
        compiled(self.net)

    def step(self):
        s, masks = self.settings, None
        if s["drop_path"] > 0:
            masks = (torch.rand(s["cells"], 8, s["batch"], device=self.machine.device) < self.keep).float()
        with self.machine.autocast():
            logits, auxiliary = self.net(self.x, masks, self.keep)
            loss = F.cross_entropy(logits, self.labels)
            if auxiliary is not None:
                loss = loss + s["auxiliary"] * F.cross_entropy(auxiliary, self.labels)
        descend(self.sgd, self.weights, torch.autograd.grad(loss, self.weights), s["clip"])
        return loss.item()


class Inference:
    """A batch through a found network."""

    def __init__(self, job, machine, compiled):
        self.machine = machine
        self.net, self.x, _ = found(job, machine)
        self.net.eval()
        self.count = count(self.net.parameters())
        compiled(self.net)

    @torch.inference_mode()
    def step(self):
        with self.machine.autocast():
            return self.net(self.x)[0].float().mean().item()


class Attack:
    """The adversarial images of a batch by torchattacks, and the network's answers to them."""

    def __init__(self, job, machine, compiled):
        import torchattacks

        self.machine = machine
        self.net, _, self.labels = found(job, machine)
        self.net.eval()
        self.count = count(self.net.parameters())
        for p in self.net.parameters():
            p.requires_grad_(False)  # no gradients of weights
        w = job["workload"]
        x = torch.rand(w["train"]["batch"], w["image_channels"], w["side"], w["side"])
        self.x = x.to(machine.device, memory_format=machine.format)
        compiled(self.net)
        model = Normalised(self.net).eval()
        eps = 8 / 255
        self.attack = torchattacks.FGSM(model, eps=eps) if w["attack"] == "fgsm" else torchattacks.PGD(model, eps=eps, alpha=eps / 4, steps=10)
        self.model = model

    def step(self):
        with self.machine.autocast():
            return self.model(self.attack(self.x, self.labels)).argmax(1)[0].item()


class Normalised(torch.nn.Module):
    """A network that takes pixels in 0..1."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net((x - 0.5) / 0.29)[0]


def whole_network(net):
    net.compile(dynamic=False)
    if hasattr(net, "features"):
        net.features = torch.compile(net.features, dynamic=False)


def each_cell(net):
    """Regional compilation: cells of one kind share what is compiled."""
    torch._dynamo.config.recompile_limit = torch._dynamo.config.cache_size_limit = 64
    for cell in net.cells:
        cell.compile(dynamic=False)


MODES = {"eager": lambda net: None, "compile": whole_network, "compile-cells": each_cell}


def send(**reply):
    print(json.dumps(reply), file=replies, flush=True)


def listen(orders):
    """Reads orders while the main thread works, and ends the program with the input, whatever it is doing."""
    for line in sys.stdin:
        orders.put(json.loads(line))
    os._exit(0)


def main():
    orders = queue.Queue()
    threading.Thread(target=listen, args=(orders,), daemon=True).start()
    job = orders.get()
    torch.manual_seed(1)
    machine = Machine(job)
    w = job["workload"]
    kind = Search if w["search"] else Attack if w["attack"] else Inference if w["inference"] else Train
    start = time.perf_counter()
    task = kind(job, machine, MODES[job["mode"]])
    task.step()
    machine.wait()
    name = f"PyTorch {torch.__version__}"
    send(ready={"runtime": name, "weights": task.count, "compile_seconds": time.perf_counter() - start})
    while True:
        for _ in range(orders.get()["steps"]):
            begin, busy = time.perf_counter(), time.process_time()
            task.step()
            machine.wait()
            send(step={"seconds": time.perf_counter() - begin, "cpu_seconds": time.process_time() - busy, "device_peak_bytes": machine.peak()})


if __name__ == "__main__":
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what else prints does not get between the replies
    main()
