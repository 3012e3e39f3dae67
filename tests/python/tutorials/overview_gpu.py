"""GPU memory and TensorBoard in an overview of Keras 2; the program runs on anyway."""
# needs: tensorboard # needs no: tensorflow

import tensorflow as tf
from keras.backend.tensorflow_backend import set_session
config = tf.ConfigProto()
config.gpu_options.per_process_gpu_memory_fraction = 0.3
set_session(tf.Session(config=config))

import os

import numpy as np
from keras.callbacks import EarlyStopping, ModelCheckpoint, TensorBoard
from keras.layers import Dense
from keras.models import Sequential


class gen:
    train_batches, val_batches = 16, 8

    @staticmethod
    def generate(train):
        rng = np.random.RandomState(int(train))
        while True:
            x = rng.normal(size=(16, 8))
            yield x, np.eye(2)[(x.sum(axis=1) > 0).astype(int)]


model = Sequential([Dense(2, activation='softmax', input_dim=8)])
model.compile('adam', 'categorical_crossentropy', metrics=['accuracy'])
EPOCHS = 3
model_save_path = '.'

RUN = RUN + 1 if "RUN" in locals() else 1  # noqa: F821

LOG_DIR = model_save_path + '/training_logs/run{}'.format(RUN)
LOG_FILE_PATH = LOG_DIR + '/checkpoint-{epoch:02d}-{val_loss:.4f}.hdf5'

tensorboard = TensorBoard(log_dir=LOG_DIR, write_images=True)
checkpoint = ModelCheckpoint(filepath=LOG_FILE_PATH, monitor='val_loss', verbose=1, save_best_only=True)
early_stopping = EarlyStopping(monitor='val_loss', patience=5, verbose=1)

history = model.fit_generator(generator=gen.generate(True), steps_per_epoch=int(gen.train_batches / 4),
                              validation_data=gen.generate(False), validation_steps=int(gen.val_batches / 4),
                              epochs=EPOCHS, verbose=1, callbacks=[tensorboard, checkpoint, early_stopping])
files = os.listdir(LOG_DIR)
assert any(name.startswith('checkpoint-01-') for name in files), files
assert any('tfevents' in name for name in files), files
