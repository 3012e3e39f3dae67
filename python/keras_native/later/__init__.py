"""What tf.keras and Keras 3 have and Keras 2.3.1 had not, so that models of theirs load.

Reached only through their files (see `dialect`); models built here use the classes of Keras 2.3.1.
"""
