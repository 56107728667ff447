"""Bodies that move: many worms side by side, and what each segment feels."""

import numpy as np
from jaxtyping import Float

from datasets.posture.body.mechanics import Body, Medium
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Milliseconds, Seconds

LARGEST_STRAIN = 0.2
"""A segment that is so much longer or shorter than at rest is none of a worm: the step was too long."""


class MovingBody:
    """Worms of one body in one medium, side by side; `state` (worm, rod, 3): x, y in m, the rod's angle in rad."""

    def __init__(self, body: Body, medium: Medium, worms: int = 1) -> None:
        from datasets.posture.body.kernels.rods import advance

        self.body, self.medium = body, medium
        self.state = body.straight(worms)
        lateral, diagonal = body.rest_lengths()
        self._numbers = (body.radii(), lateral, diagonal, body.shortening(), body.springs(), body.drag(medium))
        self._advance = advance

    def step(self, activations: Float[np.ndarray, "worm side segment"], h: Seconds, steps: int = 1) -> None:
        """Move every worm for `steps` steps of `h` under activations from 0 to 1 that stay; dorsal side first."""
        self._advance(self.state, np.clip(activations, 0.0, 1.0), *self._numbers, h, steps)

    def stretches(self) -> Float[np.ndarray, "worm side segment"]:
        """The strain (dimensionless) of each side of each segment against its rest length; dorsal side first."""
        turned = np.stack([np.cos(self.state[:, :, 2]), np.sin(self.state[:, :, 2])], axis=2)
        arms = self._numbers[0][:, None] * turned
        sides = np.stack([self.state[:, :, :2] + sign * arms for sign in (1, -1)], axis=1)
        return np.linalg.norm(np.diff(sides, axis=2), axis=3) / self._numbers[1] - 1

    def midlines(self) -> Float[np.ndarray, "worm rod 2"]:
        """The middles of the rods in mm, head first."""
        return 1000 * self.state[:, :, :2]

    @property
    def stable(self) -> bool:
        """Whether every segment of every worm still has about its length."""
        pieces = np.linalg.norm(np.diff(self.state[:, :, :2], axis=1), axis=2)
        strain = pieces * self.body.segments / self.body.length - 1
        return bool(np.isfinite(self.state).all() and np.abs(strain).max() < LARGEST_STRAIN)


def move(
    body: Body,
    medium: Medium,
    activations: Float[np.ndarray, "time worm side segment"],
    sampling: Milliseconds,
    step: Milliseconds = 1.0,
) -> Float[np.ndarray, "time worm rod 2"]:
    """The midlines (mm) of straight worms under activations, each of which stays until the next.

    Args:
        body: what they are.
        medium: what they are in.
        activations: from 0 to 1, the dorsal side first.
        sampling: from one activation to the next.
        step: of the solver; it must divide the sampling.

    Returns:
        The midline at the time of each activation, head first; the first is straight.

    Raises:
        InputError: the step does not divide the sampling, or the body is unstable at it; the message says the largest
            at which it is stable.
    """
    require(activations.shape[2:] == (2, body.segments), f"activations are (time, worm, 2, {body.segments})")
    found = _moved(body, medium, activations, sampling, step)
    if found is None:
        largest = next(
            (
                other
                for other in _candidates(sampling, step)
                if _moved(body, medium, activations, sampling, other) is not None
            ),
            None,
        )
        least = "at a hundredth of it too: the activations crush it (do both sides contract at one place?)"
        reason = least if largest is None else f"{largest:.10g} ms is the largest that is stable"
        raise InputError(f"the body is unstable at a time step of {step:g} ms in {medium.name}: {reason}")
    return found


def _candidates(sampling: Milliseconds, step: Milliseconds) -> list[Milliseconds]:
    """The whole parts of the sampling below a step, largest first."""
    first = int(np.floor(sampling / step)) + 1
    return [sampling / number for number in range(first, 100 * first) if sampling / number < step * (1 - 1e-9)][:200]


def _moved(
    body: Body,
    medium: Medium,
    activations: Float[np.ndarray, "time worm side segment"],
    sampling: Milliseconds,
    step: Milliseconds,
) -> Float[np.ndarray, "time worm rod 2"] | None:
    """The midlines, or nothing where the body is not stable."""
    require(np.isfinite(step) and step > 0, f"the time step must be > 0 ms, got {step}")
    number = sampling / step
    whole = round(number)
    require(
        whole >= 1 and abs(number - whole) < 1e-6,
        f"the time step of {step:g} ms does not divide the {sampling:g} ms from one activation to the next",
    )
    moving = MovingBody(body, medium, activations.shape[1])
    found = np.empty((len(activations), activations.shape[1], body.rods, 2))
    for index, row in enumerate(activations):
        found[index] = moving.midlines()
        moving.step(row, step / 1000, whole)
        if not moving.stable:
            return None
    return found
