# %% [markdown]
# # 4. Behaviour states from calcium
#
# A camera sees the calcium of fifteen neurons; somebody wrote down what the worm did. Can you tell the one from the
# other, for a worm that you have never seen? The recordings here are generated, with known truth; your own come in
# by `wormtwin calcium import`.

# %%
from pathlib import Path

from datasets.calcium.plots import plot_recordings
from datasets.store import load_dataset
from run_experiments import run

# %%
run("calcium make-sample --worms 3 --minutes 6 --seed 0 --out all.h5".split())
recordings = load_dataset("all.h5")
plot_recordings(recordings, ["AVAL", "RIML", "VB2"])

# %% [markdown]
# ## States
#
# Seven states are written down. A rule makes classes of them; which rule a figure uses is part of the figure.

# %%
from datasets.calcium.state_rules import STATE_RULES

for name, rule in STATE_RULES.items():
    print(name, rule)

# %% [markdown]
# ## Two ways to be fooled
#
# 1. Windows of neighbouring times overlap. Shuffled into folds, what you ask was nearly seen. The strict protocol cuts
#    time into blocks.
# 2. A model that knows a worm does not know the next worm. The only fair question is a worm that was not learned from.
#
# `benchmark` asks both, with both protocols, on all combinations of worms:

# %%
run(
    "calcium benchmark all.h5 --rules four --models logistic --trajectories persistence,linear"
    " --jobs 2 --out states".split()
)
sorted(path.name for path in Path("states").iterdir())

# %% [markdown]
# Read it from left to right. "Seen" worms were learned from: with the paper's shuffled folds the model looks nearly
# perfect, with strict ones it loses several points, and on a worm that it has never seen it loses more. Chance is the
# accuracy of always giving the commonest state. The report `states/report.html` shows all figures.
#
# The second table is of forecasts: the traces of an unseen worm up to 16 frames ahead. Persistence repeats the last
# frame; a model that does not beat it has learned nothing.
