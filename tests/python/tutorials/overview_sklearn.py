"""Keras models in scikit-learn and weights of samples from it, by an overview of Keras 2."""
# needs: sklearn pandas

import numpy
import pandas
from keras.layers import Dense
from keras.models import Sequential
from keras.wrappers.scikit_learn import KerasClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score


def create_model():
    # create model
    model = Sequential()
    model.add(Dense(12, input_dim=8, init='uniform', activation='relu'))
    model.add(Dense(8, init='uniform', activation='relu'))
    model.add(Dense(1, init='uniform', activation='sigmoid'))
    # Compile model
    model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
    return model


seed = 7
numpy.random.seed(seed)
X = numpy.random.random((120, 8))
Y = (X.sum(axis=1) > 4).astype(int)

model = KerasClassifier(build_fn=create_model, nb_epoch=4, batch_size=10)
# StratifiedKFold(y=Y, n_folds=10, …) in the scikit-learn of then
kfold = StratifiedKFold(n_splits=10, shuffle=True, random_state=seed)
results = cross_val_score(model, X, Y, cv=kfold)
assert results.shape == (10,) and ((results >= 0) & (results <= 1)).all()

from sklearn.utils import class_weight

list_classes = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
train = pandas.DataFrame(numpy.random.randint(0, 2, (120, 6)), columns=list_classes)
y = train[list_classes].values
sample_weights = class_weight.compute_sample_weight('balanced', y)
assert sample_weights.shape == (120,) and sample_weights.std() > 0

X_t, batch_size, epochs, callbacks_list = X, 32, 2, []
model = Sequential([Dense(6, activation='sigmoid', input_dim=8)])
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
model.fit(X_t, y, batch_size=batch_size, epochs=epochs,validation_split=0.1,sample_weight=sample_weights, callbacks=callbacks_list)
