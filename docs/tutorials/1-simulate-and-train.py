# %% [markdown]
# # 1. Simulate and train a surrogate
#
# You inject currents into four neurons of the simulated worm, record what four others answer, and train a small
# network that gives the same answers without the simulator. Everything in this tutorial is a command too: `run`
# does what `wormtwin` does in a terminal.

# %%
from pathlib import Path

import numpy as np

from datasets.plots import plot_traces
from datasets.store import load_dataset
from run_experiments import run

# %% [markdown]
# ## Simulate
#
# `fcm` is forward crawling: pulses, ramps and trains of current into AVBL, AVBR, PLML and PLMR. We take 16 of its
# 40 sequences, in which the inputs get different shapes, and let wormtwin divide them, so that training, validation and
# test are equally diverse.

# %%
run("simulate --scenario fcm --sequences 15-30 --split auto --network placed --jobs 2 --out fcm.h5".split())
dataset = load_dataset("fcm.h5")
for trial in dataset.trials:
    print(trial.name, trial.split, trial.x.shape, trial.y.shape)

# %% [markdown]
# A trial holds `x` (time, input) in nA and `y` (time, output) in V. The first two test trials:

# %%
test = [index for index, trial in enumerate(dataset.trials) if trial.split == "test"][:2]
plot_traces(dataset, test)

# %% [markdown]
# The network is passive, so potentials of one volt are what strong currents do to a leak, and not a neuron's own
# doing.
#
# ## Train
#
# A GRU with eight units reads the currents sample by sample and says the four potentials. It never sees the
# simulated ones. The first training on a machine compiles the kernels, which takes half a minute.

# %%
run("train --data fcm.h5 --model gru --units 8 --epochs 300 --out gru8".split())
sorted(path.name for path in Path("gru8").iterdir())

# %% [markdown]
# The epoch with the least validation error is kept. Test trials decided nothing.

# %%
run("evaluate --data fcm.h5 --model gru8/model.keras --plot gru8/answers.png".split())
Path("gru8/answers.png")

# %% [markdown]
# ## Compare
#
# Before you believe in a network, ask a linear model. It is solved at once; validation chooses how many past
# samples count.

# %%
run("train --data fcm.h5 --model linear --out linear".split())

# %% [markdown]
# The linear autoregression comes far closer than the GRU: a passive membrane is linear, and here it can show it.
# *Results* has the same for all models and all five experiments.
#
# ## Use the model
#
# `model.keras` is an ordinary Keras file. Here it answers a current that nobody simulated: a pulse into AVBL alone.

# %%
from surrogates.runs.model_file import load_model

model, _ = load_model("gru8/model.keras")
pulse = np.zeros((1, 1000, 4), dtype="float32")
pulse[0, 200:400, dataset.x_names.index("AVBL")] = 2.0
answer = model.predict(pulse, verbose=0)[0]
for name, trace in zip(dataset.y_names, answer.T, strict=True):
    print(f"{name}: {np.abs(trace - trace[0]).max() * 1000:.0f} mV from rest at most")

# %% [markdown]
# Such an answer is a guess until you simulate the same pulse: tutorial 3 shows how.
#
# Try next: more sequences, `--model state_space`, or `wormtwin tune` to search learning rate and batch size.
