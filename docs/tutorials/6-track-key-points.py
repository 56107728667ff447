# %% [markdown]
# # 6. Track key points
#
# A network learns from a few labelled images where the parts of an animal are. The images here are rendered flies
# whose key points are known exactly; your own labels come in by `wormtwin pose import`.

# %%
from pathlib import Path

from datasets.store import load_dataset
from run_experiments import run

# %%
run("pose make-sample --frames 100 --size 64 --picture labels.png --out labels.h5".split())
Path("labels.png")

# %% [markdown]
# ## Divide
#
# Each trial is an individual. A fair test asks for individuals that were not learned from; here three of five are
# learned, one chooses the epoch and one tests.

# %%
from dataclasses import replace

from datasets.store import save_dataset

dataset = load_dataset("labels.h5")
parts = ("train", "train", "train", "validation", "test")
trials = tuple(replace(trial, split=part) for trial, part in zip(dataset.trials, parts, strict=True))
save_dataset(replace(dataset, trials=trials), "divided.h5")
print([(trial.name, trial.split, trial.x.shape) for trial in trials])

# %% [markdown]
# ## Train
#
# The network gives a map for each key point; its peak is where the key point is. Images are turned, mirrored and lit
# differently whenever they are used. One short training is enough to see it learn.

# %%
run("train --data divided.h5 --model pose_small --filters 16 --epochs 2 --out run".split())

# %%
run("evaluate --data divided.h5 --model run/model.keras --plot circles.png".split())
Path("circles.png")

# %% [markdown]
# Circles hold half and 90 % of the predictions of each key point. Two epochs are few: `--preset fast` (15) is the
# default.
#
# ## Find key points
#
# `predict` reads a video as a stream, or crops of a dataset, and writes tracks that go back to SLEAP, DeepLabCut
# and NWB by `wormtwin pose convert`.

# %%
run(
    "pose make-sample --frames 10 --size 64 --video arena --video-frames 60 --video-animals 1"
    " --video-size 160x160 --out few.h5".split()
)
run("pose align arena --out crops.h5 --size 64 --animals 1 --picture crops.png".split())
run("pose predict --model run/model.keras --data crops.h5 --out tracks.h5".split())
run("pose convert tracks.h5 --to dlc --out tracks.csv".split())
print("\n".join(Path("tracks.csv").read_text().splitlines()[:4])[:400])
