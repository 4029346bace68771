"""Computes testdata/attack.safetensors: what other programs' attacks make of a small network, and of a found one.

    pip install torch==2.15.0 torchattacks==3.5.1 numpy==2.4.6 safetensors==0.8.0
    git clone https://github.com/fra31/auto-attack && git -C auto-attack checkout a392200
    PYTHONPATH=auto-attack python attack.py

fgsm and pgd are torchattacks', apgd, fab, square and the standard set are fra31's own. The small network is
192 -> 24 tanh -> 10, trained here to tell ten blobs of 3x8x8 pixels; the found one is PC_DARTS_cifar of networks.safetensors
in evaluation mode, with mean 0.5 and standard deviation 0.25 in every channel.
"""

import pathlib
import sys

import numpy
import torch
import torchattacks
from autoattack import AutoAttack
from autoattack.autopgd_base import APGDAttack, APGDAttack_targeted
from autoattack.fab_projections import projection_linf
from autoattack.fab_pt import FABAttack_PT
from safetensors.numpy import load_file, save_file
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE / "pytorch"))
from network import PUBLISHED, NetworkCIFAR

out = {}


def put(name, x):
    out[name] = numpy.ascontiguousarray(torch.as_tensor(x).detach().to(torch.float32).numpy())


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(192, 24), nn.Linear(24, 10)

    def forward(self, x):
        return self.b(torch.tanh(self.a(x.flatten(1))))


def blobs(n, centres):
    y = torch.arange(n) % 10
    x = centres[y] + 0.22 * torch.randn(n, 3, 8, 8)
    return x.clamp(0, 1), y


def small():
    torch.manual_seed(1)
    model = Small()
    centres = 0.5 + 0.12 * torch.randn(10, 3, 8, 8)
    x, y = blobs(500, centres)
    adam = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(150):
        adam.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        adam.step()
    x, y = blobs(200, centres)
    x = (x * 255).round() / 255  # so that bytes hold them
    model.eval()
    for p in model.parameters():
        p.requires_grad_(False)
    for name, p in model.state_dict().items():
        put("small/" + name, p)
    put("small/x", x)
    put("small/y", y)
    put("small/logits", model(x))
    eps = 20 / 255
    few, labels = x[:20], y[:20]
    attacks = {
        "fgsm": torchattacks.FGSM(model, eps=eps),
        "pgd": torchattacks.PGD(model, eps=eps, alpha=eps / 4, steps=10, random_start=False),
        "pgd_l2": torchattacks.PGDL2(model, eps=0.6, alpha=0.15, steps=10, random_start=False),
    }
    for name, attack in attacks.items():
        put("small/" + name, attack(few, labels))
    start = (few + eps * torch.sign(torch.randn_like(few))).clamp(0, 1)
    put("small/start", start)
    for loss in ("ce", "dlr"):
        for norm, e in (("Linf", eps), ("L2", 0.6)):
            apgd = APGDAttack(model, n_iter=15, norm=norm, eps=e, loss=loss, device="cpu")
            apgd.init_hyperparam(few)
            highest, robust, value, _ = apgd.attack_single_run(few, labels, x_init=start)
            put(f"small/apgd_{loss}_{norm}/highest", highest)
            put(f"small/apgd_{loss}_{norm}/robust", robust)
            put(f"small/apgd_{loss}_{norm}/value", value)
    target = APGDAttack_targeted(model, n_iter=15, norm="Linf", eps=eps, device="cpu")
    target.init_hyperparam(few)
    target.y_target = model(few).sort(dim=1)[1][:, -2]
    target.y_target = torch.where(target.y_target == labels, model(few).sort(dim=1)[1][:, -1], target.y_target)
    highest, robust, value, _ = target.attack_single_run(few, labels, x_init=start)
    put("small/apgd_t/target", target.y_target)
    put("small/apgd_t/highest", highest)
    put("small/apgd_t/robust", robust)
    put("small/apgd_t/value", value)
    fab = FABAttack_PT(model, n_iter=20, eps=eps, norm="Linf", device="cpu")
    for place in (2, 3):
        fab.target_class = place
        put(f"small/fab/{place}", fab.attack_single_run(few, labels, use_rand_start=False, is_targeted=True))
    w, b = torch.randn(20, 192), 4 * torch.randn(20)
    b[-1] = 1e4  # a plane that no valid image reaches
    put("small/projection/w", w)
    put("small/projection/b", b)
    put("small/projection/d", projection_linf(few.flatten(1).clone(), w, b))
    rates = []
    x, y = x[:100], y[:100]
    for e in (12, 18, 24):
        standard = AutoAttack(model, norm="Linf", eps=e / 255, version="standard", device="cpu", seed=0, verbose=False)
        standard.square.n_queries = 300
        adversarial = standard.run_standard_evaluation(x, y, bs=100)
        rates.append((model(adversarial).argmax(1) == y).float().sum())
    print("clean", (model(x).argmax(1) == y).sum().item(), "standard", rates)
    put("small/standard", torch.stack(rates))
    square = []
    for e in (24, 36, 48):
        alone = AutoAttack(model, norm="Linf", eps=e / 255, version="custom", attacks_to_run=["square"], device="cpu", seed=0, verbose=False)
        alone.square.n_queries = 300
        square.append((model(alone.run_standard_evaluation(x, y, bs=100)).argmax(1) == y).float().sum())
    print("square", square)
    put("small/square", torch.stack(square))


def found():
    golden = {k.removeprefix("PC_DARTS_cifar/"): torch.from_numpy(v) for k, v in load_file(HERE / "testdata" / "networks.safetensors").items()
              if k.startswith("PC_DARTS_cifar/")}
    model = NetworkCIFAR(4, 10, 4, PUBLISHED["PC_DARTS_cifar"], True, 3, 32, auxiliary_widths=(8, 16))
    state = {}
    for name, value in model.state_dict().items():
        for kind in ("weight/", "running/"):
            if kind + name in golden:
                state[name] = golden[kind + name]
        state.setdefault(name, value)
    model.load_state_dict(state)
    model.eval()

    class Normalised(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, x):
            return self.model((x - 0.5) / 0.25)[0]

    m = Normalised().eval()
    x = ((golden["x"] * 0.25 + 0.5).clamp(0, 1) * 255).round() / 255
    y = golden["labels"].long()
    put("found/x", x)
    put("found/fgsm", torchattacks.FGSM(m, eps=4 / 255)(x, y))
    put("found/pgd", torchattacks.PGD(m, eps=8 / 255, alpha=2 / 255, steps=10, random_start=False)(x, y))
    put("found/pgd_l2", torchattacks.PGDL2(m, eps=0.5, alpha=0.1, steps=10, random_start=False)(x, y))


torch.use_deterministic_algorithms(True)
torch.set_num_threads(1)
small()
found()
path = HERE / "testdata" / "attack.safetensors"
save_file(out, path, {"made by": f"attack.py with torch {torch.__version__}, torchattacks {torchattacks.__version__}"})
print(len(out), "arrays,", path.stat().st_size // 1000, "kB")
