"""Models as estimators of scikit-learn: for cross validation, grid search and pipelines."""

import types

import numpy as np

from .. import backend as K
from ..engine.sequential import Sequential
from ..engine.training import Model
from ..utils.generic_utils import has_arg, to_list
from ..utils.np_utils import to_categorical

_METHODS = ("fit", "predict", "predict_classes", "evaluate")
_OLD = {"nb_epoch": "epochs"}  # of Keras 1


class BaseWrapper:
    """What classifier and regressor share.

    Args:
        build_fn: function, object with `__call__`, or class of such objects, that returns a
            compiled model. A subclass may define `__call__` instead and leave it out.
        sk_params: arguments of `build_fn` and of the model's `fit`, `predict` and `evaluate`. They
            are the parameters that grid search may change.

    Attributes:
        model: the trained model, once there is one.
    """

    def __init__(self, build_fn=None, **sk_params):
        self.build_fn = build_fn
        self.sk_params = sk_params
        self.check_params(sk_params)

    def _builder(self):
        """The function that makes the model."""
        build_fn = self.build_fn
        if build_fn is None:
            if not callable(self):
                raise TypeError(
                    f"{type(self).__name__} expected a build_fn, or a subclass with `__call__`."
                )
            return self.__call__
        if isinstance(build_fn, (types.FunctionType, types.MethodType)):
            return build_fn
        if isinstance(build_fn, type):
            return build_fn if issubclass(build_fn, Model) else build_fn().__call__
        return build_fn.__call__ if not hasattr(build_fn, "func") else build_fn  # a partial

    def check_params(self, params):
        """Checks that somebody takes the parameters.

        Raises:
            ValueError: a name that neither `build_fn` nor the model's methods know.
        """
        known = [getattr(Sequential, name) for name in _METHODS]
        if params or self.build_fn is not None:
            known.append(self._builder())
        for name in params:
            if name not in _OLD and not any(has_arg(function, name) for function in known):
                raise ValueError(f"{name} is not a legal parameter")

    def get_params(self, **params):
        """The parameters, `build_fn` among them; arguments are there for scikit-learn."""
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **params):
        """Changes parameters.

        Returns:
            The estimator itself.
        """
        if "build_fn" in params:
            params = dict(params)
            self.build_fn = params.pop("build_fn")
        self.check_params(params)
        self.sk_params.update(params)
        return self

    def fit(self, x, y, **kwargs):
        """Builds the model anew and trains it.

        Args:
            x: samples (n, …).
            y: targets (n,) or (n, outputs).
            kwargs: arguments of `Model.fit`, which go before those given at construction.

        Returns:
            The `History` of the training.
        """
        build = self._builder()
        self.model = build(**self.filter_sk_params(build))
        if _takes_one_hot(self.model) and np.ndim(y) != 2:
            y = to_categorical(y)
        arguments = {**self.filter_sk_params(Sequential.fit), **_modern(kwargs)}
        self.history = self.model.fit(x, y, **arguments)
        return self.history

    def filter_sk_params(self, fn, override=None):
        """Those parameters that a function takes, and `override`."""
        found = {k: v for k, v in _modern(self.sk_params).items() if has_arg(fn, k)}
        return {**found, **(override or {})}

    def _arguments(self, method, kwargs):
        """Arguments for a method of the model."""
        return self.filter_sk_params(getattr(Model, method), kwargs)

    def _predicted(self, x, kwargs):
        """What the model makes of samples (n, …); of none, no rows."""
        if np.shape(x)[0] == 0:
            return np.empty((0, *self.model.output_shape[1:]), K.numpy_floatx())
        return self.model.predict(x, **self._arguments("predict", kwargs))

    def __repr__(self):
        shown = ", ".join(f"{k}={v!r}" for k, v in self.get_params().items())
        return f"{type(self).__name__}({shown})"

    def __sklearn_is_fitted__(self):
        return hasattr(self, "model")

    def __sklearn_tags__(self):
        from sklearn.utils import InputTags, Tags, TargetTags

        inputs = InputTags(three_d_array=True)
        return Tags(
            estimator_type=getattr(self, "_estimator_type", None),
            target_tags=TargetTags(required=True, two_d_labels=True, multi_output=True),
            input_tags=inputs,
            non_deterministic=True,
        )


def _modern(arguments):
    return {_OLD.get(name, name): value for name, value in arguments.items()}


def _loss_name(model):
    loss = model.loss
    return getattr(loss, "name", None) or getattr(loss, "__name__", loss)


def _takes_one_hot(model):
    return _loss_name(model) == "categorical_crossentropy"


class KerasClassifier(BaseWrapper):
    """A model as a classifier; arguments as for `BaseWrapper`.

    Classes may be numbers or texts. The model ends in one output per class, or in a single one for
    the probability of the second of two.

    Attributes:
        classes_: the classes, sorted.
        n_classes_: their number.
    """

    _estimator_type = "classifier"

    def __sklearn_tags__(self):
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags()
        return tags

    def fit(self, x, y, sample_weight=None, **kwargs):
        """Builds the model anew and trains it.

        Args:
            x: samples (n, …).
            y: classes (n,), or one-hot rows (n, classes).
            sample_weight: one number per sample.
            kwargs: arguments of `Model.fit`.

        Returns:
            The `History` of the training.

        Raises:
            ValueError: targets of another shape.
        """
        y = np.array(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        elif y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1):
            self.classes_ = np.unique(y)
            y = np.searchsorted(self.classes_, y)
        else:
            raise ValueError(f"Invalid shape for y: {y.shape}")
        self.n_classes_ = len(self.classes_)
        if y.shape[1:] == (1,):
            y = y[:, 0]
        if sample_weight is not None:
            kwargs["sample_weight"] = np.asarray(sample_weight)
        return super().fit(x, y, **kwargs)

    def predict(self, x, **kwargs):
        """The classes (n,) of samples."""
        found = self._predicted(x, kwargs)
        if found.shape[-1] > 1:
            return self.classes_[found.argmax(axis=-1)]
        return self.classes_[(found[..., 0] > 0.5).astype("int64")]

    def predict_proba(self, x, **kwargs):
        """The probabilities (n, classes) of samples; of two classes also from a single output."""
        found = self._predicted(x, kwargs)
        if found.shape[-1] == 1:
            found = np.concatenate([1 - found, found], axis=-1)
        return found

    def score(self, x, y, **kwargs):
        """The accuracy over samples.

        Args:
            x, y: as for `fit`.
            kwargs: arguments of `Model.evaluate`.

        Raises:
            ValueError: the model was compiled without the metric "accuracy".
        """
        y = np.asarray(y)
        if y.ndim == 1 or y.shape[1] == 1:
            y = np.searchsorted(self.classes_, y)
        if _takes_one_hot(self.model) and y.ndim != 2:
            y = to_categorical(y, self.n_classes_)
        arguments = {"verbose": 0, **self._arguments("evaluate", {})}
        values = to_list(self.model.evaluate(x, y, **{**arguments, **kwargs}))
        for name, value in zip(self.model.metrics_names, values, strict=True):
            if name in ("accuracy", "acc"):
                return value
        raise ValueError(
            "The model is not configured to compute accuracy. You should pass "
            '`metrics=["accuracy"]` to the `model.compile()` method.'
        )


class KerasRegressor(BaseWrapper):
    """A model as a regressor; arguments as for `BaseWrapper`."""

    _estimator_type = "regressor"

    def __sklearn_tags__(self):
        from sklearn.utils import RegressorTags

        tags = super().__sklearn_tags__()
        tags.regressor_tags = RegressorTags()
        return tags

    def predict(self, x, **kwargs):
        """The predictions (n,), or (n, outputs) for several."""
        found = self._predicted(x, kwargs)
        return found[..., 0] if found.shape[-1] == 1 else found

    def score(self, x, y, **kwargs):
        """The negative loss over samples: more is better.

        Args:
            x, y: as for `fit`.
            kwargs: arguments of `Model.evaluate`.
        """
        arguments = {"verbose": 0, **self._arguments("evaluate", {})}
        return -to_list(self.model.evaluate(x, y, **{**arguments, **kwargs}))[0]
