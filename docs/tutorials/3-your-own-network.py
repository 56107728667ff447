# %% [markdown]
# # 3. Your own network and stimuli
#
# Cells, contacts, currents and scenarios are plain data that you can print, change and put together anew. You write
# currents of your own, change the wiring, and run a small circuit by itself.

# %%
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from connectome.contact import Connectome
from connectome.network import NetworkParameters, build_network, simulate
from connectome.scenario import Scenario
from connectome.wiring import load_connectome
from neuron_models.engine import Simulation
from neuron_models.stimulus import Pulse, Silence, Train, parse

# %% [markdown]
# ## Currents
#
# A waveform is a shape of height one; a number times it is a current. They add up, and each has a text form.

# %%
touch = parse("1.4*pulse width=50 onset=100")
train = 1.0 * Train(Pulse(width=10, onset=50), period=40, number=5)
print(touch)
print(train)
print(touch + train)

# %% [markdown]
# ## A scenario
#
# A scenario names who is stimulated, who is recorded, and a row of waveforms for each sequence. This one touches
# the tail on the left, on the right, and on both sides.

# %%
tail = Scenario(
    name="tail_touch",
    inputs=("PLML", "PLMR"),
    outputs=("PVCL", "PVCR", "AVDL", "LUAL"),
    sequences=("left", "right", "both"),
    stimuli=((touch, Silence()), (Silence(), touch), (touch, touch)),
    split=("train", "validation", "test"),
    duration=300.0,
)

connectome = load_connectome("placed")
simulation = Simulation(build_network(connectome))
for index, name in enumerate(tail.sequences):
    voltages = simulate(simulation, tail, index)
    peaks = 1000 * np.abs(voltages - voltages[0]).max(axis=0)
    print(name, {output: round(float(peak), 1) for output, peak in zip(tail.outputs, peaks, strict=True)}, "mV")

# %% [markdown]
# A misspelt neuron is an error that says so, before anything is simulated:

# %%
from neuron_models.foundation.errors import InputError

try:
    replace(tail, outputs=("PVCL", "AVX"))
except InputError as error:
    print(error)

# %% [markdown]
# ## Another wiring
#
# A connectome is neurons and contacts. Here all gap junctions go, then all chemical synapses.


# %%
def without(kind):
    contacts = tuple(contact for contact in connectome.contacts if contact.kind != kind)
    return Connectome(connectome.neurons, contacts, f"placed, without {kind}")


traces = {"intact": simulate(simulation, tail, 2)}
for kind in ("gap_junction", "chemical"):
    traces[f"without {kind}"] = simulate(Simulation(build_network(without(kind))), tail, 2)

figure = Figure(figsize=(8, 5), layout="constrained")
axes = figure.subplots(2, 2, sharex=True).ravel()
time = np.arange(tail.samples) * tail.dt
for index, (panel, output) in enumerate(zip(axes, tail.outputs, strict=True)):
    for name, voltages in traces.items():
        panel.plot(time, 1000 * voltages[:, index], label=name)
    panel.set(title=output, xlabel="time (ms)", ylabel="potential (mV)")
axes[0].legend(frameon=False)
for name, voltages in traces.items():
    print(f"{name}: PVCL {1000 * np.abs(voltages - voltages[0]).max(axis=0)[0]:.1f} mV from rest at most")
figure

# %% [markdown]
# The touch travels through gap junctions here. Parameters change the same way; this network has a weaker leak:

# %%
parameters = NetworkParameters()
leaky = replace(parameters, membrane=replace(parameters.membrane, g_leak=parameters.membrane.g_leak / 2))
voltages = simulate(Simulation(build_network(connectome, leaky)), tail, 2)
print(f"largest deviation of PVCL: {1000 * np.abs(voltages - voltages[0]).max(axis=0)[0]:.1f} mV with half the leak")

# %% [markdown]
# ## A dataset of it
#
# `simulate_dataset` runs all sequences in several processes and writes a dataset, on which `train` works as on any
# other.

# %%
from datasets.responses.simulation import simulate_dataset

dataset = simulate_dataset(tail, connectome, "tail.h5", jobs=1)
print(dataset.name, dataset.x_names, dataset.y_names, [trial.split for trial in dataset.trials])
