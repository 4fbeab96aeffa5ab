"""Trains the networks of the example train_normalized in PyTorch and prints seconds an epoch.

    python pytorch_normalized.py IDX_FOLDER {separable,digits} [--epochs N] [--threads N]
        [--batches N] [--channels-last]

The same work as `fit`: Glorot's uniform kernels, Adam, cross-entropy, batches of 128 in a new
order each epoch; validation is not timed. Normalizations have Keras' numbers.
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


def block(layer):
    return [layer, nn.BatchNorm2d(layer.out_channels, eps=1e-3, momentum=0.01), nn.ReLU()]


def separable():
    layers = block(nn.Conv2d(1, 16, 3, padding=1, bias=False))
    channels = 16
    for stride, filters in [(1, 32), (2, 64), (1, 64), (2, 128), (1, 128), (1, 256), (1, 128)]:
        layers += block(nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False))
        layers += block(nn.Conv2d(channels, filters, 1, bias=False))
        channels = filters
    return layers, channels


def digits():
    layers, channels = [], 1
    for i, filters in enumerate([8, 10, 12, 14, 16, 16]):
        if i in (2, 4):
            layers.append(nn.MaxPool2d(2))
        layers += block(nn.Conv2d(channels, filters, 3, padding=1, bias=False))
        channels = filters
    return layers, channels


def network(name):
    layers, channels = {"separable": separable, "digits": digits}[name]()
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))
    for layer in model:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("network", choices=["separable", "digits"])
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batches", type=int, default=469, help="batches of an epoch")
    parser.add_argument("--channels-last", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)

    images = idx(args.folder, "train-images-idx3-ubyte", 16).view(-1, 1, 28, 28).float() / 255
    labels = idx(args.folder, "train-labels-idx1-ubyte", 8).long()
    model = network(args.network)
    if args.channels_last:
        model = model.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
    for _ in range(args.epochs):
        begin = time.perf_counter()
        order = torch.randperm(len(images))[:args.batches * 128]
        correct = 0
        for start in range(0, len(order), 128):
            chosen = order[start:start + 128]
            outputs = model(images[chosen])
            loss = nn.functional.cross_entropy(outputs, labels[chosen])
            adam.zero_grad(set_to_none=True)
            loss.backward()
            adam.step()
            correct += (outputs.detach().argmax(1) == labels[chosen]).sum()
        seconds = time.perf_counter() - begin
        print(f"{seconds:.3f} s, accuracy {correct.item() / len(order):.4f}", flush=True)


main()
