"""A variational autoencoder: clothes as points of a plane, and new clothes from points of it.

The encoder gives a mean and a variance for each image, a Lambda layer draws a point from them, the
decoder makes an image of the point; the loss, added to the model, weighs how well the image comes
back against how far the points stray from a normal distribution.

About 260 nats in 40 seconds.

    python fashion_vae.py [epochs]

The clothes between the classes are drawn into fashion_vae.png.
"""

import sys

import numpy as np
from keras_native import backend as K
from keras_native.datasets import fashion_mnist
from keras_native.layers import Dense, Input, Lambda
from keras_native.losses import binary_crossentropy
from keras_native.models import Model

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
pixels, latent = 784, 2
np.random.seed(1)


def sampling(args):
    """A point for each mean and variance; noise from outside lets gradients through."""
    mean, log_var = args
    return mean + K.exp(0.5 * log_var) * K.random_normal(K.shape(mean))


(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
x_train = x_train.reshape(-1, pixels).astype("float32") / 255
x_test = x_test.reshape(-1, pixels).astype("float32") / 255

image = Input(shape=(pixels,))
x = Dense(512, activation="relu")(image)
x = Dense(128, activation="relu")(x)
mean = Dense(latent, name="mean")(x)
log_var = Dense(latent, name="log_var")(x)
point = Lambda(sampling, name="point")([mean, log_var])
encoder = Model(image, [mean, log_var, point], name="encoder")

spot = Input(shape=(latent,))
x = Dense(128, activation="relu")(spot)
x = Dense(512, activation="relu")(x)
decoder = Model(spot, Dense(pixels, activation="sigmoid")(x), name="decoder")

restored = decoder(encoder(image)[2])
vae = Model(image, restored, name="vae")
restoring = pixels * binary_crossentropy(image, restored)
straying = -0.5 * K.sum(1 + log_var - K.square(mean) - K.exp(log_var), axis=-1)
vae.add_loss(K.mean(restoring + straying))
vae.compile(optimizer="adam")
vae.summary()
vae.fit(x_train, batch_size=128, epochs=epochs, validation_data=(x_test, None))

bound = vae.evaluate(x_test, None, verbose=0)
points = encoder.predict(x_test)[0]
centres = np.stack([points[y_test == number].mean(axis=0) for number in range(10)])
nearest = np.square(points[:, np.newaxis] - centres).sum(axis=-1).argmin(axis=1)
own = np.mean(nearest == y_test)
print(f"\nLoss on the test images: {bound:.1f} nats. The plane was found without the classes, yet")
print(f"{own:.1%} of the images lie nearest to the centre of their own class.")

try:
    import matplotlib
except ImportError:
    print("(pip install matplotlib to get a picture)")
else:
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    axis = np.linspace(-2, 2, 16)
    grid = np.stack(np.meshgrid(axis, axis[::-1]), axis=-1).reshape(-1, latent)
    made = decoder.predict(grid).reshape(16, 16, 28, 28).transpose(0, 2, 1, 3).reshape(448, 448)
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 6))
    left.scatter(*points.T, c=y_test, cmap="tab10", s=2)
    left.set_title("10 000 test images in the plane, by class")
    right.imshow(made, cmap="gray_r", extent=(-2, 2, -2, 2))
    right.set_title("clothes made from points of the plane")
    figure.tight_layout()
    figure.savefig("fashion_vae.png", dpi=100)
    print("The plane is in fashion_vae.png.")
