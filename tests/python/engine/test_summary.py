"""The table of layers."""

from keras_native.layers import Concatenate, Dense, Input
from keras_native.models import Model, Sequential

STACK = """\
Model: "sequential_1"
_________________________________________________________________
Layer (type)                 Output Shape              Param #   
=================================================================
dense_1 (Dense)              (None, 1000)              11000     
_________________________________________________________________
a_layer_with_a_name_too_long (None, 2)                 2002      
=================================================================
Total params: 13,002
Trainable params: 11,000
Non-trainable params: 2,002
_________________________________________________________________"""  # noqa: W291

GRAPH = """\
Model: "model_1"
__________________________________________________________________________________________________
Layer (type)                    Output Shape         Param #     Connected to                     
==================================================================================================
a (InputLayer)                  (None, 4)            0                                            
__________________________________________________________________________________________________
b (InputLayer)                  (None, 7, 4)         0                                            
__________________________________________________________________________________________________
shared (Dense)                  multiple             10          a[0][0]                          
                                                                 b[0][0]                          
=================================================================================================="""  # noqa: W291


def lines_of(model, **options):
    lines = []
    model.summary(print_fn=lines.append, **options)
    return lines


def test_a_stack():
    model = Sequential(
        [Dense(1000, input_shape=(10,)), Dense(2, name="a_layer_with_a_name_too_long")]
    )
    model.layers[1].trainable = False
    assert "\n".join(lines_of(model)) == STACK
    assert {len(line) for line in lines_of(model, line_length=90)[1:3]} == {90}


def test_a_graph():
    a, b = Input(shape=(4,), name="a"), Input(shape=(7, 4), name="b")
    shared = Dense(2, name="shared")
    text = "\n".join(lines_of(Model([a, b], [shared(a), shared(b)])))
    assert text.startswith(GRAPH)
    assert "Total params: 10\n" in text


def test_columns_by_hand():
    a, b = Input(shape=(4,)), Input(shape=(4,))
    model = Model([a, b], Concatenate()([a, b]))
    head = lines_of(model, line_length=80, positions=[0.4, 0.7, 0.9, 1.0])[2]
    assert head.index("Output Shape") == 32 and head.index("Param #") == 56 and len(head) == 80


def test_prints_by_default(capsys):
    Sequential([Dense(1, input_shape=(2,))]).summary()
    assert capsys.readouterr().out.startswith('Model: "sequential_1"\n')
