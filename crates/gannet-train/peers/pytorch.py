"""Trains the built-in network mnist-small by its recipe in PyTorch and prints seconds an epoch.

    python pytorch.py IDX_FOLDER [--epochs N] [--threads N] [--channels-last]

The same work as `fit`: Glorot's uniform kernels, Adam, squared error on one-hot labels, L2
on both convolutions, batches of 128 in a new order each epoch; validation is not timed.
"""

import argparse
import gzip
import pathlib
import time

import torch
from torch import nn


def idx(folder, name, header):
    path = pathlib.Path(folder) / (name + ".gz")
    data = gzip.open(path).read() if path.exists() else path.with_suffix("").read_bytes()
    return torch.frombuffer(bytearray(data[header:]), dtype=torch.uint8)


def network():
    layers = nn.Sequential(
        nn.Conv2d(1, 8, 5, padding=2, bias=False), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(8, 4, 5, padding=2, bias=False), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Flatten(), nn.Linear(144, 64), nn.ReLU(), nn.Linear(64, 10), nn.Sigmoid(),
    )
    for layer in layers:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return layers


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--channels-last", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)

    images = idx(args.folder, "train-images-idx3-ubyte", 16).view(-1, 1, 28, 28).float() / 255
    labels = idx(args.folder, "train-labels-idx1-ubyte", 8).long()
    targets = nn.functional.one_hot(labels, 10).float()
    model = network()
    if args.channels_last:
        model = model.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    penalized = [layer.weight for layer in model if isinstance(layer, nn.Conv2d)]
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)

    for _ in range(args.epochs):
        begin = time.perf_counter()
        order = torch.randperm(len(images))
        correct = 0
        for start in range(0, len(images), 128):
            chosen = order[start:start + 128]
            outputs = model(images[chosen])
            loss = nn.functional.mse_loss(outputs, targets[chosen])
            loss = loss + 1e-4 * sum((weight * weight).sum() for weight in penalized)
            adam.zero_grad(set_to_none=True)
            loss.backward()
            adam.step()
            correct += (outputs.detach().argmax(1) == labels[chosen]).sum()
        seconds = time.perf_counter() - begin
        print(f"{seconds:.3f} s, accuracy {correct.item() / len(images):.4f}", flush=True)


main()
