"""Sequences, pictures with questions and videos, by a guide for Keras 1; smaller than there."""

import numpy as np
from keras import backend as K
from keras.models import Model, Sequential
from keras.layers import Activation, Dense, Dropout, Embedding, Input, LSTM, Masking, Merge, merge

max_features, maxlen = 50, 12
X_train, Y_train = np.random.randint(max_features, size=(64, maxlen)), np.random.randint(2, size=64)
X_test, Y_test = X_train, Y_train

model = Sequential()
model.add(Embedding(max_features, 256, input_length=maxlen))
model.add(LSTM(output_dim=128, activation='sigmoid', inner_activation='hard_sigmoid'))
model.add(Dropout(0.5))
model.add(Dense(1))
model.add(Activation('sigmoid'))
model.compile(loss='binary_crossentropy',
              optimizer='rmsprop',
              metrics=['accuracy'])
model.fit(X_train, Y_train, batch_size=16, nb_epoch=1)
score = model.evaluate(X_test, Y_test, batch_size=16)

data_dim = 16
timesteps = 8
nb_classes = 10

# expected input data shape: (batch_size, timesteps, data_dim)
model = Sequential()
model.add(LSTM(32, return_sequences=True,
               input_shape=(timesteps, data_dim)))  # returns a sequence of vectors of dimension 32
model.add(LSTM(32, return_sequences=True))  # returns a sequence of vectors of dimension 32
model.add(LSTM(32))  # return a single vector of dimension 32
model.add(Dense(10, activation='softmax'))
model.compile(loss='categorical_crossentropy',
              optimizer='rmsprop',
              metrics=['accuracy'])
x_train = np.random.random((200, timesteps, data_dim))
y_train = np.random.random((200, nb_classes))
x_val = np.random.random((100, timesteps, data_dim))
y_val = np.random.random((100, nb_classes))
model.fit(x_train, y_train,
          batch_size=64, nb_epoch=2,
          validation_data=(x_val, y_val))

# the same with states that go on from batch to batch
batch_size = 32
model = Sequential()
model.add(LSTM(32, return_sequences=True, stateful=True,
               batch_input_shape=(batch_size, timesteps, data_dim)))
model.add(LSTM(32, return_sequences=True, stateful=True))
model.add(LSTM(32, stateful=True))
model.add(Dense(10, activation='softmax'))
model.compile(loss='categorical_crossentropy',
              optimizer='rmsprop',
              metrics=['accuracy'])
x_train = np.random.random((batch_size * 4, timesteps, data_dim))
y_train = np.random.random((batch_size * 4, nb_classes))
x_val = np.random.random((batch_size * 3, timesteps, data_dim))
y_val = np.random.random((batch_size * 3, nb_classes))
model.fit(x_train, y_train,
          batch_size=batch_size, nb_epoch=2,
          validation_data=(x_val, y_val))

encoder_a = Sequential()
encoder_a.add(LSTM(32, input_shape=(timesteps, data_dim)))
encoder_b = Sequential()
encoder_b.add(LSTM(32, input_shape=(timesteps, data_dim)))
decoder = Sequential()
decoder.add(Merge([encoder_a, encoder_b], mode='concat'))
decoder.add(Dense(32, activation='relu'))
decoder.add(Dense(nb_classes, activation='softmax'))
decoder.compile(loss='categorical_crossentropy',
                optimizer='rmsprop',
                metrics=['accuracy'])
x_train_a = np.random.random((200, timesteps, data_dim))
x_train_b = np.random.random((200, timesteps, data_dim))
y_train = np.random.random((200, nb_classes))
x_val_a = np.random.random((100, timesteps, data_dim))
x_val_b = np.random.random((100, timesteps, data_dim))
y_val = np.random.random((100, nb_classes))
decoder.fit([x_train_a, x_train_b], y_train,
            batch_size=64, nb_epoch=1,
            validation_data=([x_val_a, x_val_b], y_val))

# two inputs, two outputs
headline_data = np.random.randint(1, 10000, size=(32, 100))
additional_data = np.random.random((32, 5))
labels = np.random.randint(2, size=(32, 1))

main_input = Input(shape=(100,), dtype='int32', name='main_input')
x = Embedding(output_dim=64, input_dim=10000, input_length=100)(main_input)
lstm_out = LSTM(32)(x)
auxiliary_output = Dense(1, activation='sigmoid', name='aux_output')(lstm_out)
auxiliary_input = Input(shape=(5,), name='aux_input')
x = merge([lstm_out, auxiliary_input], mode='concat')
x = Dense(64, activation='relu')(x)
x = Dense(64, activation='relu')(x)
x = Dense(64, activation='relu')(x)
main_output = Dense(1, activation='sigmoid', name='main_output')(x)
model = Model(input=[main_input, auxiliary_input], output=[main_output, auxiliary_output])
model.compile(optimizer='rmsprop', loss='binary_crossentropy',
              loss_weights=[1., 0.2])
model.fit([headline_data, additional_data], [labels, labels],
          nb_epoch=1, batch_size=32)
model.compile(optimizer='rmsprop',
              loss={'main_output': 'binary_crossentropy', 'aux_output': 'binary_crossentropy'},
              loss_weights={'main_output': 1., 'aux_output': 0.2})
model.fit({'main_input': headline_data, 'aux_input': additional_data},
          {'main_output': labels, 'aux_output': labels},
          nb_epoch=1, batch_size=32)

# a shared layer
tweet_a = Input(shape=(140, 256))
tweet_b = Input(shape=(140, 256))
shared_lstm = LSTM(64)
encoded_a = shared_lstm(tweet_a)
encoded_b = shared_lstm(tweet_b)
merged_vector = merge([encoded_a, encoded_b], mode='concat', concat_axis=-1)
predictions = Dense(1, activation='sigmoid')(merged_vector)
model = Model(input=[tweet_a, tweet_b], output=predictions)
model.compile(optimizer='rmsprop',
              loss='binary_crossentropy',
              metrics=['accuracy'])
data_a, data_b = np.random.random((8, 140, 256)), np.random.random((8, 140, 256))
model.fit([data_a, data_b], np.random.randint(2, size=(8, 1)), nb_epoch=1)

# steps that are all zero are skipped
model = Sequential()
model.add(Masking(mask_value=0., input_shape=(timesteps, data_dim)))
model.add(LSTM(32))
padded = np.random.random((4, timesteps, data_dim))
padded[:, 5:] = 0
short = model.predict(padded)
padded[:, 5:] = 0.
model2 = Sequential([LSTM(32, input_shape=(5, data_dim))])
model2.set_weights(model.get_weights())
np.testing.assert_allclose(short, model2.predict(padded[:, :5]), rtol=1e-4, atol=1e-5)

# a picture and a question; a video and a question
from keras.layers import Convolution2D, MaxPooling2D, Flatten, TimeDistributed

K.set_image_dim_ordering('th')
side = 64
vision_model = Sequential()
vision_model.add(Convolution2D(64, 3, 3, activation='relu', border_mode='same', input_shape=(3, side, side)))
vision_model.add(Convolution2D(64, 3, 3, activation='relu'))
vision_model.add(MaxPooling2D((2, 2)))
vision_model.add(Convolution2D(128, 3, 3, activation='relu', border_mode='same'))
vision_model.add(Convolution2D(128, 3, 3, activation='relu'))
vision_model.add(MaxPooling2D((2, 2)))
vision_model.add(Convolution2D(256, 3, 3, activation='relu', border_mode='same'))
vision_model.add(Convolution2D(256, 3, 3, activation='relu'))
vision_model.add(Convolution2D(256, 3, 3, activation='relu'))
vision_model.add(MaxPooling2D((2, 2)))
vision_model.add(Flatten())

image_input = Input(shape=(3, side, side))
encoded_image = vision_model(image_input)

question_input = Input(shape=(100,), dtype='int32')
embedded_question = Embedding(input_dim=10000, output_dim=256, input_length=100)(question_input)
encoded_question = LSTM(256)(embedded_question)

merged = merge([encoded_question, encoded_image], mode='concat')
output = Dense(1000, activation='softmax')(merged)
vqa_model = Model(input=[image_input, question_input], output=output)

video_input = Input(shape=(4, 3, side, side))
encoded_frame_sequence = TimeDistributed(vision_model)(video_input)  # a sequence of vectors
encoded_video = LSTM(256)(encoded_frame_sequence)  # a vector

question_encoder = Model(input=question_input, output=encoded_question)
video_question_input = Input(shape=(100,), dtype='int32')
encoded_video_question = question_encoder(video_question_input)

merged = merge([encoded_video, encoded_video_question], mode='concat')
output = Dense(1000, activation='softmax')(merged)
video_qa_model = Model(input=[video_input, video_question_input], output=output)
video = np.random.random((1, 4, 3, side, side))
question = np.random.randint(1, 10000, size=(1, 100))
answer = video_qa_model.predict([video, question])
assert answer.shape == (1, 1000) and abs(answer.sum() - 1) < 1e-4
