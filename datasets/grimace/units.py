"""The five action units of the mouse grimace scale (Langford et al. 2010), scored 0, 1 or 2, and pain, 0 or 1."""

UNITS = ("orbital_tightening", "nose_bulge", "cheek_bulge", "ear_position", "whisker_change")
PAIN = "pain"
OUTPUTS = (*UNITS, PAIN)
HIGHEST = {**dict.fromkeys(UNITS, 2), PAIN: 1}
"""The highest score of each output; the lowest is 0."""
NOT_ESTABLISHED = (
    "Accuracy on animals is not established: no scored photographs of animals were available, and all figures are of "
    "generated faces."
)
"""Stands in every page, file of scores and document of this topic."""
