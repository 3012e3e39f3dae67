"""Metric objects over batches, against NumPy."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import metrics

rng = np.random.RandomState(29)
Y = (rng.uniform(size=40) > 0.4).astype("float32")
P = np.clip(0.5 * Y + rng.uniform(-0.2, 0.7, size=40), 0, 1).astype("float32")
W = rng.uniform(0.1, 2, size=40).astype("float32")
BATCHES = [slice(0, 15), slice(15, 40)]


def run(metric, y=Y, p=P, w=None):
    """The value after all batches."""
    for s in BATCHES:
        K.eval(
            metric(K.constant(y[s]), K.constant(p[s]), sample_weight=None if w is None else w[s])
        )
    return K.eval(metric.result())


def counts(threshold, w):
    w = np.ones(40) if w is None else w
    y, c = Y > 0.5, P > threshold
    return {
        "tp": (w * (y & c)).sum(),
        "fp": (w * (~y & c)).sum(),
        "tn": (w * (~y & ~c)).sum(),
        "fn": (w * (y & ~c)).sum(),
    }


@pytest.mark.parametrize("w", [None, W], ids=["plain", "weighted"])
def test_counts(w):
    for cls, key in (
        (metrics.TruePositives, "tp"),
        (metrics.FalsePositives, "fp"),
        (metrics.TrueNegatives, "tn"),
        (metrics.FalseNegatives, "fn"),
    ):
        assert run(cls(), w=w) == pytest.approx(counts(0.5, w)[key], rel=1e-5)
        several = run(cls(thresholds=[0.2, 0.8]), w=w)
        np.testing.assert_allclose(several, [counts(t, w)[key] for t in (0.2, 0.8)], rtol=1e-5)


@pytest.mark.parametrize("w", [None, W], ids=["plain", "weighted"])
def test_precision_and_recall(w):
    c = counts(0.5, w)
    assert run(metrics.Precision(), w=w) == pytest.approx(c["tp"] / (c["tp"] + c["fp"]), rel=1e-5)
    assert run(metrics.Recall(), w=w) == pytest.approx(c["tp"] / (c["tp"] + c["fn"]), rel=1e-5)
    c = [counts(t, w) for t in (0.1, 0.6)]
    got = run(metrics.Recall(thresholds=[0.1, 0.6]), w=w)
    np.testing.assert_allclose(got, [v["tp"] / (v["tp"] + v["fn"]) for v in c], rtol=1e-5)


def test_precision_of_nothing():
    metric = metrics.Precision()
    assert K.eval(metric.result()) == 0
    assert K.eval(metric(K.constant([1.0, 0.0]), K.constant([0.1, 0.2]))) == 0


def test_precision_of_classes():
    y = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]], "float32")
    p = np.array([[0.1, 0.6, 0.3], [0.5, 0.1, 0.4], [0.2, 0.7, 0.1]], "float32")
    for k, wanted in ((1, 2 / 3), (2, 3 / 6)):
        assert K.eval(metrics.Precision(top_k=k)(K.constant(y), K.constant(p))) == pytest.approx(
            wanted
        )
    by_class = metrics.Precision(thresholds=0.5, class_id=1)
    assert K.eval(by_class(K.constant(y), K.constant(p))) == pytest.approx(0.5)
    assert K.eval(metrics.Recall(top_k=1, class_id=1)(K.constant(y), K.constant(p))) == 1
    weighted = metrics.Precision(class_id=1)
    got = K.eval(weighted(K.constant(y), K.constant(p), sample_weight=K.constant([3.0, 1.0, 1.0])))
    assert got == pytest.approx(0.25)


def area(x, y, how):
    left, right = y[:-1], y[1:]
    heights = {
        "interpolation": (left + right) / 2,
        "minoring": np.minimum(left, right),
        "majoring": np.maximum(left, right),
    }[how]
    return ((x[:-1] - x[1:]) * heights).sum()


@pytest.mark.parametrize("w", [None, W], ids=["plain", "weighted"])
@pytest.mark.parametrize("how", ["interpolation", "minoring", "majoring"])
@pytest.mark.parametrize("curve", ["ROC", "PR"])
def test_auc(curve, how, w):
    thresholds = [-1e-7, *(np.arange(1, 49) / 49), 1 + 1e-7]
    c = [counts(t, w) for t in thresholds]
    tp, fp, tn, fn = (np.array([v[k] for v in c]) for k in ("tp", "fp", "tn", "fn"))
    recall = tp / (tp + fn)
    if curve == "ROC":
        wanted = area(fp / (fp + tn), recall, how)
    elif how == "interpolation":
        wanted = 0.0
        for i in range(len(tp) - 1):
            # true positives grow linearly with predicted positives between two thresholds
            (t0, p0), (t1, p1) = (tp[i + 1], tp[i + 1] + fp[i + 1]), (tp[i], tp[i] + fp[i])
            if p1 == p0:
                continue
            slope = (t1 - t0) / (p1 - p0)
            ratio = p1 / p0 if p0 > 0 else 1.0
            wanted += (
                slope * (t1 - t0 + (t0 - slope * p0) * np.log(ratio)) / (tp[i + 1] + fn[i + 1])
            )
    else:
        with np.errstate(invalid="ignore"):
            precision = np.nan_to_num(tp / (tp + fp))
        wanted = area(recall, precision, how)
    got = run(metrics.AUC(num_thresholds=50, curve=curve, summation_method=how), w=w)
    assert got == pytest.approx(wanted, rel=1e-4)


def test_sensitivity_and_specificity():
    c = [counts(t, None) for t in [0, *(np.arange(1, 49) / 49), 1]]
    sensitivity = np.array([v["tp"] / (v["tp"] + v["fn"]) for v in c])
    specificity = np.array([v["tn"] / (v["tn"] + v["fp"]) for v in c])
    got = run(metrics.SensitivityAtSpecificity(0.6, num_thresholds=50))
    assert got == pytest.approx(sensitivity[np.abs(specificity - 0.6).argmin()])
    got = run(metrics.SpecificityAtSensitivity(0.6, num_thresholds=50))
    assert got == pytest.approx(specificity[np.abs(sensitivity - 0.6).argmin()])
    metric = metrics.SpecificityAtSensitivity(0.5)
    assert K.eval(metric(K.constant([0, 0, 1]), K.constant([0.0, 0.2, 0.0]))) == 0.5
    assert K.get_value(metric.false_positives)[0] == 1  # a score of zero is not above zero


def test_mean_iou():
    y, p = np.array([0, 0, 1, 1, 2, 0]), np.array([0, 1, 1, 1, 0, 0])
    w = np.array([1.0, 2.0, 1.0, 0.5, 1.0, 1.0])
    metric = metrics.MeanIoU(num_classes=3)
    value = K.eval(metric(K.constant(y), K.constant(p)))
    assert value == pytest.approx(np.mean([2 / 4, 2 / 3, 0]))
    metric.reset_states()
    value = K.eval(metric(K.constant(y), K.constant(p), sample_weight=w))
    assert value == pytest.approx(np.mean([2 / 5, 1.5 / 3.5, 0]))


def test_sum_and_mean():
    for w, total, mean in ((None, P.sum(), P.mean()), (W, (P * W).sum(), (P * W).sum() / W.sum())):
        for metric, wanted in ((metrics.Sum(), total), (metrics.Mean(), mean)):
            for s in BATCHES:
                K.eval(metric(K.constant(P[s]), sample_weight=None if w is None else w[s]))
            assert K.eval(metric.result()) == pytest.approx(wanted, rel=1e-5)
            metric.reset_states()
            assert K.eval(metric.result()) == 0


@pytest.mark.parametrize("shape", [(), (1,), (3,), (3, 1), (3, 4)])
def test_weights_broadcast(shape):
    values = rng.uniform(size=(3, 4)).astype("float32")
    weights = rng.uniform(size=shape).astype("float32")
    if shape in ((1,), (3,)):
        full = weights.reshape(-1, 1) * np.ones((3, 4))
    else:
        full = weights * np.ones((3, 4))
    got = K.eval(metrics.Mean()(K.constant(values), sample_weight=weights))
    assert got == pytest.approx((values * full).sum() / full.sum(), rel=1e-5)


def test_calls_update_once_per_evaluation():
    metric = metrics.Mean()
    x = K.placeholder((None,))
    result = metric(x)
    assert result._metric_obj is metric
    f = K.function([x], [result, metric.result()], updates=metric.updates)
    assert f([[1.0, 3.0]]) == [2.0, 0.0]
    assert f([[5.0]]) == [3.0, 2.0]
    assert K.batch_get_value(metric.weights) == [9.0, 3.0]


def test_users_metric():
    class Largest(metrics.Metric):
        def __init__(self, name="largest", **kwargs):
            super().__init__(name=name, **kwargs)
            self.value = self.add_weight("value", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.value.assign(K.maximum(self.value, K.max(y_pred)))  # returns nothing

        def result(self):
            return self.value

    metric = Largest()
    for batch, wanted in (([1.0, 2.0], 2), ([0.5, 1.0], 2), ([3.0], 3)):
        assert K.eval(metric(K.constant(batch), K.constant(batch))) == wanted
    assert len(metric.updates) == 3
    assert metric.weights[0].name == "largest/value:0"


CLASSES = [
    name
    for name, cls in vars(metrics).items()
    if isinstance(cls, type) and issubclass(cls, metrics.Metric)
]
BASES = {"Metric", "Reduce", "MeanMetricWrapper", "SensitivitySpecificityBase"}
ARGUMENTS = {
    "MeanIoU": dict(num_classes=3),
    "SensitivityAtSpecificity": dict(specificity=0.5),
    "SpecificityAtSensitivity": dict(sensitivity=0.5),
    "Precision": dict(thresholds=0.3, class_id=1),
    "AUC": dict(num_thresholds=7, curve="PR"),
}


@pytest.mark.parametrize("name", sorted({*CLASSES} - BASES))
def test_config(name):
    metric = getattr(metrics, name)(**ARGUMENTS.get(name, {}))
    twin = metrics.clone_metric(metric)
    assert type(twin) is type(metric)
    assert twin is not metric
    assert twin.get_config() == metric.get_config()
    assert [w.shape for w in twin.get_weights()] == [w.shape for w in metric.get_weights()]
    again = metrics.deserialize(metrics.serialize(metric))
    assert again.get_config() == metric.get_config()


def test_get():
    assert metrics.get("mse") is metrics.mse
    assert metrics.get("categorical_accuracy") is metrics.categorical_accuracy
    assert isinstance(metrics.get("AUC"), metrics.AUC)
    with pytest.raises(ValueError, match="Unknown metric function"):
        metrics.get("unknown")
    with pytest.raises(ValueError, match="Could not interpret"):
        metrics.get(3)


def test_errors():
    with pytest.raises(ValueError, match="num_thresholds"):
        metrics.AUC(num_thresholds=1)
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        metrics.Precision(thresholds=1.5)
    with pytest.raises(ValueError, match="specificity"):
        metrics.SensitivityAtSpecificity(1.5)
    with pytest.raises(ValueError, match="curve"):
        metrics.AUC(curve="XYZ")
    with pytest.raises(ValueError, match="broadcast"):
        metrics.Mean()(K.constant(np.ones((2, 3))), sample_weight=np.ones((2, 2)))


def test_keras1_functions():
    y, p = K.constant(Y), K.constant(P)
    c = counts(0.5, None)
    precision, recall = c["tp"] / (c["tp"] + c["fp"]), c["tp"] / (c["tp"] + c["fn"])
    assert K.eval(metrics.precision(y, p)) == pytest.approx(precision, rel=1e-5)
    assert K.eval(metrics.recall(y, p)) == pytest.approx(recall, rel=1e-5)
    f1 = 2 * precision * recall / (precision + recall)
    assert K.eval(metrics.fmeasure(y, p)) == pytest.approx(f1, rel=1e-5)
    mcc = (c["tp"] * c["tn"] - c["fp"] * c["fn"]) / np.sqrt(
        (c["tp"] + c["fp"]) * (c["tp"] + c["fn"]) * (c["tn"] + c["fp"]) * (c["tn"] + c["fn"])
    )
    assert K.eval(metrics.matthews_correlation(y, p)) == pytest.approx(mcc, rel=1e-5)
    assert K.eval(metrics.fmeasure(K.zeros_like(y), p)) == 0


def test_metrics_are_layers():
    """As in Keras 2.3.1; as attributes they are metrics of their owner, not parts of it."""
    from keras_native.layers import Dense, Layer
    from keras_native.models import Model

    metric = metrics.Mean(name="m")
    assert isinstance(metric, Layer) and (metric.name, metric.trainable) == ("m", False)
    assert [w.name for w in metric.weights] == ["m/total:0", "m/count:0"]
    assert metric.trainable_weights == [] and metric.count_params() == 2
    metric.set_weights([3.0, 2.0])
    assert [float(w) for w in metric.get_weights()] == [3, 2]

    class Own(Model):
        def __init__(self):
            super().__init__()
            self.dense = Dense(2)
            self.mean = metrics.Mean()

        def call(self, x):
            return self.dense(x)

    model = Own()
    assert model.layers == [model.dense]
    model.build((None, 3))
    assert len(model.weights) == 2 and model.metrics == [model.mean]
