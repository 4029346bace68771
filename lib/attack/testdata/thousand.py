"""AutoAttack by its authors' code on 1,000 images of the golden files' small network: the robust accuracies
that TestAutoAttackOnAThousandImagesIsItsAuthors compares with, and the images that it reads.

    pip install torch==2.15.0 safetensors==0.8.0 numpy==2.4.6
    git clone https://github.com/fra31/auto-attack && git -C auto-attack checkout a392200
    PYTHONPATH=auto-attack python lib/attack/testdata/thousand.py DIR
    ESSNAS_THOUSAND=DIR go test -run Thousand -timeout 1h ./lib/attack

It printed: clean 1.0; 12 0.849; 18 0.305.
"""

import pathlib
import sys

import torch
from autoattack import AutoAttack
from safetensors.numpy import load_file

out = pathlib.Path(sys.argv[1])
golden = load_file(pathlib.Path(__file__).parents[2] / "internal/golden/testdata/attack.safetensors")


class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = torch.nn.Linear(192, 24), torch.nn.Linear(24, 10)

    def forward(self, x):
        return self.b(torch.tanh(self.a(x.flatten(1))))


model = Small()
model.load_state_dict({k: torch.tensor(golden["small/" + k]) for k in ("a.weight", "a.bias", "b.weight", "b.bias")})
model.eval()
for p in model.parameters():
    p.requires_grad_(False)

# Five noisy copies of each image, in whole grey levels.
torch.manual_seed(7)
x, y = torch.tensor(golden["small/x"]).repeat(5, 1, 1, 1), torch.tensor(golden["small/y"]).long().repeat(5)
x = ((x + 0.08 * torch.randn_like(x)).clamp(0, 1) * 255).round() / 255
(x * 255).round().byte().numpy().tofile(out / "images.raw")
y.byte().numpy().tofile(out / "labels.raw")
print("clean", (model(x).argmax(1) == y).float().mean().item())
for eps in (12, 18):
    attack = AutoAttack(model, norm="Linf", eps=eps / 255, version="standard", device="cpu", seed=0, verbose=False)
    adversarial = attack.run_standard_evaluation(x, y, bs=1000)
    print(eps, (model(adversarial).argmax(1) == y).float().mean().item())
