"""Which recurrent networks learn a task over 50 steps, and what becomes of their gradient flow.

Run by ``make experiments``; notebook 05 shows the result. Every kind of network is trained with
Adam and clipping at 1 on the temporal order task, from several seeds. Before and after, ‖∂h_T/∂h_i‖
is taken at every lag, on one fixed batch.

The numbers that are stored depend on the machine in their last digits, and training amplifies them:
read the counts, not the losses.
"""

import argparse
import json
import math
import platform
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch
from torch import nn

from rnnviz.flow import jacobian_flow, set_gate_bias
from rnnviz.tasks import temporal_order

RESULT = Path(__file__).with_suffix(".json")
SETTINGS = {
    "task": "temporal order",
    "length": 50,
    "hidden": 50,
    "batch": 20,
    "updates": 1500,
    "optimizer": "Adam",
    "rate": 0.001,
    "rate of the orthogonal RNN": 0.003,
    "threshold": 1.0,
    "solved": "at most 1 % of 1000 fresh sequences wrong at the end",
    "seeds": 8,
}
KINDS = ("RNN", "orthogonal RNN", "GRU", "LSTM", "LSTM 1", "LSTM 2", "LSTM 3")


def network(kind: str, seed: int) -> nn.ModuleDict:
    """Return a recurrent layer of that kind (``"LSTM 2"``: forget bias 2) and a read-out."""
    torch.manual_seed(seed)
    name, _, bias = kind.partition(" ")
    classes = {"RNN": nn.RNN, "orthogonal": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}
    core = classes[name](6, SETTINGS["hidden"])
    if name == "orthogonal":
        nn.init.orthogonal_(core.weight_hh_l0)
    elif bias:
        set_gate_bias(core, float(bias))
    return nn.ModuleDict({"core": core, "out": nn.Linear(SETTINGS["hidden"], 4)})


def run(job: tuple[str, int]) -> dict:
    """Train one network; return what is stored of it."""
    kind, seed = job
    torch.set_num_threads(1)
    model, s = network(kind, seed), SETTINGS
    generator = torch.Generator().manual_seed(seed)

    def draw(batch: int) -> tuple[torch.Tensor, torch.Tensor]:
        inputs, targets = temporal_order(batch, s["length"], generator=generator)
        return inputs.float(), targets

    def forward(inputs: torch.Tensor) -> torch.Tensor:
        return model["out"](model["core"](inputs)[0][-1])

    probe, _ = draw(4)

    def flow() -> dict:
        found = jacobian_flow(model["core"], probe)
        decades = (found.log_norms / math.log(10)).tolist()
        return {"half_life": found.half_life, "log10_norms": [round(d, 2) for d in decades]}

    before = flow()
    rate = s["rate of the orthogonal RNN"] if kind.startswith("orthogonal") else s["rate"]
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(s["updates"]):
        inputs, targets = draw(s["batch"])
        loss = nn.functional.cross_entropy(forward(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), s["threshold"])
        optimizer.step()
    with torch.no_grad():
        inputs, targets = draw(1000)
        wrong = (forward(inputs).argmax(-1) != targets).double().mean().item()
    return {"kind": kind, "seed": seed, "wrong": wrong, "before": before, "after": flow()}


def main() -> None:
    """Run all networks and write the result in one go."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    jobs = [(kind, seed) for kind in KINDS for seed in range(SETTINGS["seeds"])]
    started = time.time()
    with ProcessPoolExecutor(parser.parse_args().jobs) as pool:
        runs = list(pool.map(run, jobs))
    made = {
        "by": f"make experiments ({Path(__file__).name})",
        "torch": torch.__version__.partition("+")[0],
        "python": platform.python_version(),
        "minutes": round((time.time() - started) / 60, 1),
    }
    text = json.dumps({"made": made, "settings": SETTINGS, "runs": runs}, indent=1)
    RESULT.write_text(text.replace("Infinity", '"inf"') + "\n", encoding="utf-8")
    for kind in KINDS:
        solved = sum(r["wrong"] <= 0.01 for r in runs if r["kind"] == kind)
        print(f"{kind:16} solved {solved} of {SETTINGS['seeds']}")


if __name__ == "__main__":
    main()
