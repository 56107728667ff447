# %% [markdown]
# # 2. Ablate and explain
#
# Which neurons, and which inputs, does a response hang on? You ask the simulator by taking neurons away, and a
# surrogate by taking inputs away, and see whether the two agree.

# %%
from pathlib import Path

import numpy as np

from connectome.network import build_network, simulate
from connectome.scenario import load_scenario
from connectome.wiring import load_connectome
from neuron_models.engine import Simulation
from run_experiments import run

# %% [markdown]
# ## Take neurons away
#
# An ablated neuron stays in the network, at rest: its contacts conduct nothing and nothing is injected into it. So
# the network is built once.

# %%
connectome = load_connectome("placed")
simulation = Simulation(build_network(connectome))
scenario = load_scenario("fcm")
motor = ["DB1", "VB1", "DB5", "VB6", "DA1", "DA9", "VD1", "DD1"]


def strength(ablated):
    """The root mean square deviation of each motor neuron from rest, in mV."""
    ablated_scenario = scenario.ablate(ablated) if ablated else scenario
    voltages = simulate(simulation, ablated_scenario, sequence=10, record=motor)
    return 1000 * np.sqrt(np.mean((voltages - voltages[0]) ** 2, axis=0))


intact, without_avb, without_ava = strength(()), strength(("AVBL", "AVBR")), strength(("AVAL", "AVAR"))
print("neuron  intact  without AVB  without AVA   (mV)")
for row in zip(motor, intact, without_avb, without_ava, strict=True):
    print("{:6} {:7.1f} {:12.1f} {:12.1f}".format(*row))

# %% [markdown]
# AVB drives forward crawling through gap junctions with the B-type motor neurons (DB, VB): without it they fall
# silent. AVA drives backward crawling, and without it they go on.
#
# The command draws this for all 302 neurons:

# %%
run("scenario run fcm --sequences 11 --ablate AVBL,AVBR --network placed --jobs 2 --out avb".split())
next(iter(sorted(Path("avb").rglob("*.png"))))

# %% [markdown]
# ## Ask a surrogate
#
# Now the same question to a model: how far does each output move when an input is silenced? The stimuli are random
# here, and each input gets its own: where all inputs always move together, as in the first published sequences, no
# model can learn which of them did it. A linear surrogate is solved in seconds and is the closest one there is.

# %%
run(
    "simulate --scenario fcm --stimuli random --count 16 --seed 1 --split auto"
    " --network placed --jobs 2 --out random.h5".split()
)
run("train --data random.h5 --model linear --out linear".split())

# %%
from datasets.store import load_dataset
from surrogates.importance.methods import importance
from surrogates.runs.model_file import load_model

model, _ = load_model("linear/model.keras")
dataset = load_dataset("random.h5")
for method in ("occlusion", "shapley"):
    table = importance(model, dataset, method, groups="AVB=AVBL+AVBR,PLM=PLML+PLMR")
    print(method, "(mV)")
    for name, row in zip(table.inputs, 1000 * table.values, strict=True):
        print("  ", name, {output: round(float(value), 1) for output, value in zip(dataset.y_names, row, strict=True)})

# %% [markdown]
# Both say what the ablations said: AVB moves DB1 and VB1, PLM moves LUAL and PVR. Whether a method can be trusted
# is measured against the simulator itself:

# %%
run(
    "importance --data random.h5 --model linear/model.keras --method occlusion,shapley,saliency"
    " --network placed --simulator --jobs 2 --out importance".split()
)

# %% [markdown]
# `importance/report.html` shows the tables side by side. Correlations are with what silencing does in the full
# network. Saliency is a slope per nanoampere, so it ranks inputs of different currents less well.
