"""Sets of neurons that published recordings have in common."""

_INTERNEURONS = ("AIBL", "AIBR", "ALA", "AVAL", "AVAR", "AVBL", "AVER", "RID", "RIML", "RIMR")
_MOTOR_NEURONS = ("RMED", "RMEL", "RMER", "VB1", "VB2")
NEURON_SETS: dict[str, tuple[str, ...]] = {
    # Identified in each of the five worms of Kato et al. 2015 (Brennan and Proekt 2019):
    "kato_2015": (*_INTERNEURONS, *_MOTOR_NEURONS),
    # Of these, identified in each of the 21 worms of Nichols et al. 2017 (Wang et al. 2020):
    "nichols_2017": ("AIBR", "AVAL", "VB2"),
}
SHARED = "shared"
"""Stands for the neurons that all worms of some recordings have."""
