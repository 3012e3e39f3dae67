"""Steps of the models of `gpu_torch_models.py`: launched one by one, as a CUDA graph, or by
torch.compile; the last two with optimizers in one kernel. Recurrent layers and convolutions are
cuDNN's on a GPU.
"""

import numpy as np
import torch
from gpu_common import all_of, recorded
from gpu_models import LOSS_WEIGHTS, RATE
from gpu_torch_models import MODELS


def on_device(workload, device):
    """The model, and one batch of inputs and of targets, on the device; images channels last."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    x, y = workload.data(np.random.default_rng(1), workload.batch)
    features, labels = ([torch.from_numpy(a).to(device) for a in all_of(v)] for v in (x, y))
    model = MODELS[workload.model]().to(device)
    if features[0].ndim == 4:
        features[0] = features[0].permute(0, 3, 1, 2)  # channels stay last in memory
        model = model.to(memory_format=torch.channels_last)
    return model, features, labels


def optimizer_of(workload, model, tuned, capturable):
    """The optimizer: as it is by default, or, `tuned`, in one kernel where there is one."""
    options = {"momentum": 0.9, "nesterov": True} if workload.optimizer == "SGD" else {}
    if tuned and workload.optimizer != "RMSprop":
        options["fused"] = True
    if capturable and workload.optimizer != "SGD":
        options["capturable"] = True  # counters lie on the GPU
    return getattr(torch.optim, workload.optimizer)(model.parameters(), lr=RATE, **options)


def trainer(workload, device, compiled=False, graph=False):
    """A function that trains one batch that lies on the device, and one that waits for it."""
    model, features, labels = on_device(workload, device)
    update = optimizer_of(workload, model, compiled or graph, graph)
    functional = torch.nn.functional
    binary = labels[0].shape[1] == 1
    loss_of = functional.binary_cross_entropy_with_logits if binary else functional.cross_entropy

    def loss(*features):
        outputs = model(*features)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        losses = map(loss_of, outputs, labels)
        return sum(w * loss for w, loss in zip(LOSS_WEIGHTS, losses, strict=False))

    run = torch.compile(loss) if compiled else loss
    last = []

    def step():
        update.zero_grad(set_to_none=True)
        last[:] = [run(*features)]
        last[0].backward()
        update.step()

    return step, lambda: float(last[0].detach())


def predictor(workload, device, compiled=False):
    """A function that predicts for rows in the host's memory, and one that has all results there.

    Latency is that of a call: its result is waited for.
    """
    model, features, _ = on_device(workload, device)
    model = model.eval()
    run = torch.compile(model) if compiled else model
    here = [f.cpu() for f in features]
    results = []

    def step():
        with torch.inference_mode():
            results.append(run(*(f.to(device) for f in here)))
            if workload.kind == "latency":
                results[:] = [results[-1].cpu()]

    def wait():
        everything = torch.cat(results).cpu()
        results.clear()
        return float(everything.sum())

    return step, wait


def stepper(workload, device, compiled=False):
    """What a workload does again and again, and how it is waited for."""
    return (trainer if workload.kind == "train" else predictor)(workload, device, compiled)


def graph_seconds(workload):
    """Seconds of a training step that is part of a CUDA graph."""
    step, wait = trainer(workload, "cuda", graph=True)
    seconds = recorded(torch, step, repeats=10)
    if not np.isfinite(wait()):
        raise RuntimeError("the loss is not a number")
    return seconds
