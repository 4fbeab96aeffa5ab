"""PyTorch as an oracle of weights without a network.

    python oracles/pytorch_state.py FOLDER    the weights of a network as safetensors and as NPZ,
                                              and an input and its output in a .json

The files in crates/gannet-formats/tests/fixtures were made by this.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn


class Network(nn.Module):
    """Convolutions of both kinds, normalization of both ranks, and a flattened image, whose
    features PyTorch has in another order than Keras."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(2, 4, (3, 1), padding="same"),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.Conv2d(4, 8, 3, padding="same", groups=4, bias=False),
            nn.MaxPool2d(2),
        )
        self.norm = nn.BatchNorm1d(8 * 3 * 2)
        self.hidden = nn.Linear(8 * 3 * 2, 5)
        self.scores = nn.Linear(5, 3, bias=False)

    def forward(self, x):
        x = self.norm(torch.flatten(self.features(x), 1))
        return self.scores(torch.relu(self.hidden(x)))


def main(folder):
    torch.manual_seed(1)
    network = Network().eval()
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            # Variances are positive, and nothing is zero.
            tensor.uniform_(0.5, 1.5) if "var" in name else tensor.normal_(0, 0.5)
    image = torch.rand(1, 2, 6, 5)
    with torch.no_grad():
        output = network(image)
    state = network.state_dict()
    save_file(state, folder / "pytorch-state.safetensors")
    arrays = {name: tensor.numpy() for name, tensor in state.items() if tensor.ndim}
    np.savez_compressed(folder / "pytorch-state.npz", **arrays)
    # Gannet's images have their channels last.
    answer = {
        "input": image[0].permute(1, 2, 0).ravel().tolist(),
        "output": output.ravel().tolist(),
    }
    (folder / "pytorch-state.json").write_text(json.dumps(answer) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
