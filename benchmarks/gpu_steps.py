"""Training steps, and predictions, of the workloads on the GPU: ours beside PyTorch (launched one
by one, as CUDA graphs, by torch.compile) and JAX, where they are installed.

python benchmarks/gpu_steps.py [--seconds 240] [--peers eager graph compile JAX]
    [--workloads mlp_small ...] [--torch python] [--jax python]

A row is printed when its workload is done, the most telling first. Each peer works in a process of
its own, which waits while others are measured: none can take the others down. What a peer did not
get to is "-". Shares of the peak are those of device memory; what stays in the L2 cache from step
to step may go beyond.
"""

import json
import pathlib
import queue
import subprocess
import sys
import threading
import time

import gpu_common as common
import gpu_models
import numpy as np

STEPS = 50
PEERS = ("eager", "graph", "compile", "JAX")
# Words that an optimizer reads and writes for each parameter, besides its gradient.
UPDATE_WORDS = {"SGD": 4, "RMSprop": 4, "Adam": 6}


def our_model(workload):
    """A compiled model."""
    from keras_native import layers, optimizers
    from keras_native.models import Model, Sequential

    built = workload.build(layers)
    model = Sequential(built) if isinstance(built, list) else Model(*built)
    options = {"momentum": 0.9, "nesterov": True} if workload.optimizer == "SGD" else {}
    optimizer = getattr(optimizers, workload.optimizer)(lr=gpu_models.RATE, **options)
    outputs = len(model.outputs)
    kind = "categorical" if model.outputs[0].shape[-1] > 1 else "binary"
    weights = list(gpu_models.LOSS_WEIGHTS[:outputs])
    model.compile(optimizer, f"{kind}_crossentropy", loss_weights=weights)
    return model


def our_seconds(workload, steps):
    """Seconds of a step of `fit`, the data on the device, or of a batch that is predicted from the
    host's memory to it; and what that costs at least."""
    from keras_native import config

    with config.device("cuda:0"):
        model = our_model(workload)
        x, y = workload.data(np.random.default_rng(1), workload.batch * steps)
        best = float("inf")
        for _ in range(4):
            begin = time.perf_counter()
            if workload.kind == "train":
                model.fit(x, y, batch_size=workload.batch, epochs=1, verbose=0)
            elif workload.kind == "predict":
                model.predict(x, batch_size=workload.batch)
            else:
                for i in range(steps):
                    model.predict_on_batch(x[i : i + 1])
            best = min(best, time.perf_counter() - begin)
    return best / steps, cost(model, workload)


def cost(model, workload):
    """FLOP and bytes of a step.

    A product for each layer with weights, two more in training, but for what is fed, to which no
    gradient goes; parameters read in both directions, their gradients written and read, their
    update; what layers with weights pass on written and read, both ways in training. A table of
    words is read where it is looked up, and updated whole.
    """
    trains = workload.kind == "train"
    flop = words = 0.0
    for layer in model.layers:
        if not layer.weights:
            continue
        kernels = sum(int(np.prod(w.shape)) for w in layer.trainable_weights if len(w.shape) > 1)
        fed = any(t is i for t in common.all_of(layer.input) for i in model.inputs)
        shape = layer.output_shape[1:]
        sequence = hasattr(layer, "return_sequences")
        places = layer.input_shape[1] if sequence else int(np.prod(shape[:-1]))
        if type(layer).__name__ != "Embedding":
            products = (2 if fed else 3) if trains else 1
            flop += 2.0 * workload.batch * places * kernels * products
            words += kernels * (4 if trains else 1)
        if trains:
            words += kernels * UPDATE_WORDS[workload.optimizer]
        words += workload.batch * int(np.prod(shape)) * (4.0 if trains else 2.0)
    return flop, 4.0 * words


class Peer:
    """A process of `gpu_peers.py`, begun when it is first asked, and again after it had to end."""

    START = 60.0  # seconds for imports, of which none are taken from a workload

    def __init__(self, name, python, device):
        script = pathlib.Path(__file__).with_name("gpu_peers.py")
        self.name, self.process, self.absent = name, None, None
        self.command = [python, str(script), name, "--device", device]
        if device == "cpu":
            self.command += ["--batch", "2", "--steps", "2"]

    def ask(self, workload, seconds):
        """Seconds of a step; None, having said why, if it is not there, fails or takes too long."""
        if self.absent:
            return None
        try:
            if self.process is None:
                self.start(seconds)
            if self.absent:
                return None
            print(workload, file=self.process.stdin, flush=True)
            answer = self.answers.get(timeout=max(seconds, 1))
        except (OSError, queue.Empty):
            answer = {"error": "took too long"}
        if answer is None or "error" in answer:
            word = "its process ended" if answer is None else answer["error"]
            print(f"{self.name}, {workload}: {word}  ", flush=True)
        if answer is None or answer.get("error") == "took too long":
            self.end()
        return answer and answer.get("seconds")

    def start(self, seconds):
        """Begin the process; `absent` says why it does nothing."""
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(self.command, stdin=pipe, stdout=pipe, text=True)
        self.answers = queue.Queue()
        threading.Thread(target=self.read, args=(self.process, self.answers), daemon=True).start()
        answer = self.answers.get(timeout=min(max(seconds, 1), self.START))
        self.absent = "it did not start" if answer is None else answer.get("absent")
        if self.absent:
            print(f"{self.name}: {self.absent}  ", flush=True)
            self.end()

    @staticmethod
    def read(process, answers):
        """Its lines of JSON, then None."""
        for text in process.stdout:
            if text.startswith("{"):
                answers.put(json.loads(text))
        answers.put(None)

    def end(self):
        """Nothing of it stays on the device."""
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None


def main():
    """Print one row for each workload, while time is left."""
    parser = common.arguments(__doc__)
    parser.add_argument("--peers", nargs="*", default=PEERS, choices=PEERS)
    parser.add_argument("--patience", type=float, default=90, help="seconds for one of a peer's")
    parser.add_argument("--torch", default=sys.executable, help="the Python that has PyTorch")
    parser.add_argument("--jax", default=sys.executable, help="the Python that has JAX")
    parser.add_argument("--workloads", nargs="*", default=[], help="instead of all")
    options = parser.parse_args()
    common.need_a_gpu()
    small = common.on_stand_in()
    names = options.workloads or (gpu_models.TINY if small else gpu_models.WORKLOADS)
    if unknown := set(names) - set(gpu_models.WORKLOADS):
        parser.error(f"no such workloads: {sorted(unknown)}; of {list(gpu_models.WORKLOADS)}")
    pythons = {"JAX": options.jax}
    peers = [
        Peer(name, pythons.get(name, options.torch), "cpu" if small else "cuda")
        for name in options.peers
    ]
    ratios = [f"{peer.name} / ours" for peer in peers]
    columns = ("workload", "batch", "ours", *(peer.name for peer in peers), *ratios, "bound by")
    common.heading("Steps, float32 with TF32", columns, peers=False)
    budget = common.Budget(options.seconds)
    for name in names:
        if budget.is_over(name):
            continue
        workload = gpu_models.find(name, 2 if small else None)
        seconds, (flop, moved) = our_seconds(workload, 2 if small else STEPS)
        theirs = [peer.ask(name, min(options.patience, budget.left())) for peer in peers]
        least, word = common.bound(flop, "tf32", moved)
        times = [common.time_cell(t, least) for t in (seconds, *theirs)]
        ratios = [common.ratio_cell(t, seconds) for t in theirs]
        common.line([name, workload.batch, *times, *ratios, word])
    for peer in peers:
        peer.end()


if __name__ == "__main__":
    main()
