"""A 1-D convolution reads a docstring of Python's standard library and says what it is about.

Embedding, convolutions over three, then three words, the strongest answer anywhere in the text.

Some 85% right in 8 seconds.

    python docstrings_cnn.py [epochs]

Data: the docstrings of the Python that runs this, some 3000 of them, in eight topics.
"""

import ast
import pathlib
import sys
import sysconfig
import warnings

import numpy as np
from keras_native.layers import Conv1D, Dense, Dropout, Embedding, GlobalMaxPooling1D
from keras_native.models import Sequential
from keras_native.preprocessing.sequence import pad_sequences
from keras_native.preprocessing.text import Tokenizer

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 12
words, length = 5000, 80
np.random.seed(1)
warnings.simplefilter("ignore", SyntaxWarning)

TOPICS = {
    "windows": "tkinter turtle curses",
    "mail": "email mailbox smtplib imaplib poplib nntplib mimetypes",
    "web": "http urllib wsgiref xmlrpc socketserver html webbrowser ftplib ssl cgi",
    "tasks": "asyncio multiprocessing threading concurrent subprocess queue sched selectors",
    "numbers": "_pydecimal fractions statistics random numbers datetime _pydatetime calendar",
    "files": "tarfile zipfile pathlib shutil os tempfile gzip glob _pyio bz2 lzma zipimport",
    "tests": "unittest doctest pdb bdb trace cProfile timeit logging traceback",
    "code": "ast inspect importlib typing dis tokenize pydoc enum dataclasses collections",
}


def docstrings(topic):
    """Each different docstring of four words or more in the modules of a topic."""
    root = pathlib.Path(sysconfig.get_path("stdlib"))
    found = set()
    for module in TOPICS[topic].split():
        for path in [root / f"{module}.py", *sorted((root / module).rglob("*.py"))]:
            if path.exists() and "test" not in path.parts:
                for node in ast.walk(ast.parse(path.read_bytes())):
                    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                        found.add(ast.get_docstring(node) or "")
    return sorted(text for text in found if len(text.split()) >= 4)


labelled = [(text, label) for label, topic in enumerate(TOPICS) for text in docstrings(topic)]
texts, labels = zip(*(labelled[number] for number in np.random.permutation(len(labelled))))
cut = len(texts) * 4 // 5
tokenizer = Tokenizer(num_words=words)
tokenizer.fit_on_texts(texts[:cut])


def numbered(texts):
    return pad_sequences(tokenizer.texts_to_sequences(texts), length, truncating="post")


x, y = numbered(texts), np.array(labels)
print(f"{cut} docstrings to learn from, {len(x) - cut} to be tested on")

model = Sequential()
model.add(Embedding(words, 64, input_length=length))
model.add(Dropout(0.3))
model.add(Conv1D(128, 3, activation="relu"))
model.add(GlobalMaxPooling1D())
model.add(Dropout(0.5))
model.add(Dense(len(TOPICS), activation="softmax"))
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x[:cut], y[:cut], 32, epochs, validation_data=(x[cut:], y[cut:]), verbose=2)

loss, accuracy = model.evaluate(x[cut:], y[cut:], verbose=0)
common = np.bincount(y[cut:]).max() / len(y[cut:])
print(f"\ntest accuracy {accuracy:.1%} (always the most frequent topic: {common:.1%})")
own = [
    "Draw a circle with the given radius.",
    "Wait until the coroutine is done.",
    "Extract a member from the archive.",
    "Fail if the two objects are not equal.",
    "Return the header of the message.",
    "Divide two numbers and round the result.",
]
for text, chances in zip(own, model.predict(numbered(own))):
    print(f"  {list(TOPICS)[chances.argmax()]:8s} {chances.max():4.0%}  {text}")
