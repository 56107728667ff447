# %% [markdown]
# # 5. Generate worms
#
# A network learns which posture follows which, and then crawls by itself. The worms to learn from are generated;
# real ones come in by `wormtwin posture import`.

# %%
from pathlib import Path

from datasets.store import load_dataset
from run_experiments import run

# %%
run("posture make-sample --strains N2 --worms 4 --minutes 4 --out worms.h5 --picture worms.png".split())
Path("worms.png")

# %% [markdown]
# A posture is the tangent angles along the midline, from head to tail.
#
# ## Eigenworms
#
# A few shapes, added up, make nearly every posture. Their weights, the amplitudes, are what the network sees.

# %%
run("posture eigenworms worms.h5 --count 4 --out amplitudes.h5".split())
Path("amplitudes.png")

# %%
amplitudes = load_dataset("amplitudes.h5")
print(amplitudes.x_names, len(amplitudes.trials), "worms of", len(amplitudes.trials[0]), "frames")

# %% [markdown]
# ## Train
#
# The network gives a mixture of Gaussians for the next frame. A mean would settle on one posture when it runs
# freely.

# %%
run("train --data amplitudes.h5 --model posture_lstm --units 16 --epochs 25 --out lstm".split())

# %% [markdown]
# At this small size the next frame is predicted no better than by a linear autoregression. What the network has beside
# it is a distribution to draw frames from.
#
# ## Let it crawl
#
# It reads fifty recorded frames and goes on by itself; every frame it sees from then on is its own.

# %%
run("posture generate --model lstm/model.keras --data amplitudes.h5 --frames 900 --worms 4 --out generated.h5".split())
Path("generated.png")

# %% [markdown]
# ## Is it a worm?
#
# The same measures on recorded and generated worms, and how far apart their distributions are:

# %%
run("posture compare --data amplitudes.h5 --generated generated.h5 --out comparison".split())

# %% [markdown]
# Twenty-five epochs and sixteen units are little: `--epochs 100 --units 64` gives better worms. *Results* says how far
# they come and where they fall short. `wormtwin posture test-page` asks people.
