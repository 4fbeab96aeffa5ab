"""Trains one of the measured networks, round by round, in PyTorch or in Keras.

    python peer.py NETWORK LIBRARY IDX_FOLDER --images N --threads N

For every line on standard input one round is trained: N training images in a new order, in
batches of 128, forward, backward and a step of Adam. The answer is the seconds that it took.
NETWORK is mnist-small or separable, LIBRARY is pytorch, pytorch-channels-last or keras.
"""

import argparse
import gzip
import os
import pathlib
import sys
import time

BATCH = 128
L2 = 1e-4


def idx(folder, name, header):
    path = pathlib.Path(folder) / (name + ".gz")
    return gzip.open(path).read()[header:]


def pytorch(network, folder, count, threads, channels_last):
    import torch
    from torch import nn
    from torch.nn import functional

    torch.set_num_threads(threads)
    torch.manual_seed(0)

    def normalized(layer, channels):
        return [layer, nn.BatchNorm2d(channels, eps=1e-3), nn.ReLU()]

    def separable(channels, outputs, stride):
        depthwise = nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False)
        pointwise = nn.Conv2d(channels, outputs, 1, bias=False)
        return normalized(depthwise, channels) + normalized(pointwise, outputs)

    if network == "mnist-small":
        model = nn.Sequential(
            nn.Conv2d(1, 8, 5, padding=2, bias=False), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(8, 4, 5, padding=2, bias=False), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Flatten(), nn.Linear(144, 64), nn.ReLU(), nn.Linear(64, 10), nn.Sigmoid(),
        )
        penalized = [layer.weight for layer in model if isinstance(layer, nn.Conv2d)]
    else:
        model = nn.Sequential(
            *normalized(nn.Conv2d(1, 16, 3, padding=1, bias=False), 16),
            *separable(16, 32, 1), *separable(32, 64, 2), *separable(64, 128, 1),
            *separable(128, 192, 2), *separable(192, 256, 1),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10),
        )
        penalized = []
    images = torch.frombuffer(bytearray(idx(folder, "train-images-idx3-ubyte", 16)), dtype=torch.uint8)
    images = images.view(-1, 1, 28, 28)[:count].float() / 255
    labels = torch.frombuffer(bytearray(idx(folder, "train-labels-idx1-ubyte", 8)), dtype=torch.uint8)
    labels = labels[:count].long()
    targets = functional.one_hot(labels, 10).float()
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)

    def one_round():
        order = torch.randperm(count)
        for start in range(0, count, BATCH):
            chosen = order[start:start + BATCH]
            outputs = model(images[chosen])
            if network == "mnist-small":
                loss = functional.mse_loss(outputs, targets[chosen])
                loss = loss + L2 * sum((weight * weight).sum() for weight in penalized)
            else:
                loss = functional.cross_entropy(outputs, labels[chosen])
            adam.zero_grad(set_to_none=True)
            loss.backward()
            adam.step()

    return one_round, sum(p.numel() for p in model.parameters())


def keras(network, folder, count, threads):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import numpy
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
    from keras import Input, Model, layers, losses, optimizers, regularizers, utils

    utils.set_random_seed(0)

    def normalized(x, layer):
        return layers.Activation("relu")(layers.BatchNormalization()(layer(x)))

    def separable(x, outputs, stride):
        x = normalized(x, layers.DepthwiseConv2D(3, stride, "same", use_bias=False))
        return normalized(x, layers.Conv2D(outputs, 1, use_bias=False))

    inputs = Input((28, 28, 1))
    if network == "mnist-small":
        x = inputs
        for filters in (8, 4):
            penalty = regularizers.l2(L2)
            x = layers.Conv2D(filters, 5, padding="same", use_bias=False, kernel_regularizer=penalty)(x)
            x = layers.MaxPooling2D(3, 2)(layers.Activation("relu")(x))
        x = layers.Dense(64, "relu")(layers.Flatten()(x))
        outputs, loss = layers.Dense(10, "sigmoid")(x), "mse"
    else:
        x = normalized(inputs, layers.Conv2D(16, 3, padding="same", use_bias=False))
        for channels, stride in ((32, 1), (64, 2), (128, 1), (192, 2), (256, 1)):
            x = separable(x, channels, stride)
        outputs = layers.Dense(10)(layers.GlobalAveragePooling2D()(x))
        loss = losses.CategoricalCrossentropy(from_logits=True)
    model = Model(inputs, outputs)
    model.compile(loss=loss, metrics=["accuracy"], optimizer=optimizers.Adam(1e-3, epsilon=1e-7))
    images = numpy.frombuffer(idx(folder, "train-images-idx3-ubyte", 16), numpy.uint8)
    images = images.reshape(-1, 28, 28, 1)[:count].astype("float32") / 255
    labels = numpy.frombuffer(idx(folder, "train-labels-idx1-ubyte", 8), numpy.uint8)[:count]
    targets = utils.to_categorical(labels, 10)
    trained = sum(int(numpy.prod(weight.shape)) for weight in model.trainable_weights)
    return lambda: model.fit(images, targets, batch_size=BATCH, epochs=1, verbose=0), trained


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=["mnist-small", "separable"])
    parser.add_argument("library", choices=["pytorch", "pytorch-channels-last", "keras"])
    parser.add_argument("folder")
    parser.add_argument("--images", type=int, default=60000)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    if args.library == "keras":
        one_round, weights = keras(args.network, args.folder, args.images, args.threads)
    else:
        last = args.library == "pytorch-channels-last"
        one_round, weights = pytorch(args.network, args.folder, args.images, args.threads, last)
    print(f"ready with {weights} trained weights", flush=True)
    for _ in sys.stdin:
        begin = time.perf_counter()
        one_round()
        print(f"{time.perf_counter() - begin:.4f}", flush=True)


main()
