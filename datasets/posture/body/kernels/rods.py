"""Rods moved by springs, dampers and drag: one implicit step of every worm.

With Q the forces and torques of springs on the rods, R the drag and D what dampers add, R z' + D z' = Q(z). A step of h
solves (R + D)/h dz - (dQ/dz - dR/dz R^-1 Q) dz = Q: the linearly implicit Euler method with its exact Jacobian, whose
band is five wide.
"""

import math

import numpy as np

from neuron_models.foundation.kernels import compiled

WIDTH = 5
"""Unknowns of a rod and of its neighbour couple: three each."""


@compiled
def add_spring(i, place, left, right, line, block, forces):
    """Add a spring and damper between rods i and i + 1 to the system of these two.

    Args:
        i: the first rod.
        place: of each rod x, y, and the arm from its middle to its dorsal end.
        left: 1 at a dorsal and -1 at a ventral end of rod i.
        right: the same of rod i + 1.
        line: rest length, spring, damper over h, then those of the muscle beside it but for its damper, stiffening.
        block: (6, 6), to which the matrix is added.
        forces: on all rods, to which the spring's are added.
    """
    ca, sa, cb, sb = left * place[i, 2], left * place[i, 3], right * place[i + 1, 2], right * place[i + 1, 3]
    dx, dy = place[i + 1, 0] + cb - place[i, 0] - ca, place[i + 1, 1] + sb - place[i, 1] - sa
    length = math.sqrt(dx * dx + dy * dy)
    ux, uy = dx / length, dy / length
    rest, spring, damper, short, muscle, stiffening = line
    force, stiff = spring * (rest - length) + muscle * (short - length), spring + muscle + damper
    if length > rest:
        more = length - rest
        cube = spring * stiffening * more * more * more
        force += cube * more
        stiff -= 4 * cube
    bend = force / length
    at, bt = ux * sa - uy * ca, uy * cb - ux * sb
    an, bn = -uy * sa - ux * ca, uy * sb + ux * cb
    xx, xy, yy = stiff * ux * ux - bend * uy * uy, (stiff + bend) * ux * uy, stiff * uy * uy - bend * ux * ux
    xa, ya = -stiff * ux * at - bend * uy * an, -stiff * uy * at + bend * ux * an
    xb, yb = -stiff * ux * bt - bend * uy * bn, -stiff * uy * bt + bend * ux * bn
    block[0] += xx
    block[1] += xy
    block[2] += yy
    block[3] += xa
    block[4] += ya
    block[5] += xb
    block[6] += yb
    block[7] += stiff * at * at - bend * an * an - force * (ux * ca + uy * sa)
    block[8] += stiff * at * bt - bend * an * bn
    block[9] += stiff * bt * bt - bend * bn * bn + force * (ux * cb + uy * sb)
    forces[3 * i] -= force * ux
    forces[3 * i + 1] -= force * uy
    forces[3 * i + 2] += force * at
    forces[3 * i + 3] += force * ux
    forces[3 * i + 4] += force * uy
    forces[3 * i + 5] += force * bt


@compiled
def spread(i, block, matrix):
    """Add the ten numbers of the springs between rods i and i + 1 to the band."""
    xx, xy, yy, xa, ya, xb, yb, aa, ab, bb = block
    row = 3 * i
    rows = ((xx, xy, xa, -xx, -xy, xb), (xy, yy, ya, -xy, -yy, yb), (xa, ya, aa, -xa, -ya, ab))
    more = ((-xx, -xy, -xa, xx, xy, -xb), (-xy, -yy, -ya, xy, yy, -yb), (xb, yb, ab, -xb, -yb, bb))
    for a in range(3):
        for b in range(6):
            matrix[row + a, b - a + WIDTH] += rows[a][b]
            matrix[row + 3 + a, b - a - 3 + WIDTH] += more[a][b]


@compiled
def add_drag(i, state, drag, h, matrix, forces):
    """Add the drag of rod i, and how it turns with the rod, to the system."""
    c, s = math.cos(state[i, 2]), math.sin(state[i, 2])
    along, across, turning = drag[i, 0], drag[i, 1], drag[i, 2]
    row = 3 * i
    matrix[row, WIDTH] += (along * s * s + across * c * c) / h
    matrix[row, WIDTH + 1] += (across - along) * s * c / h
    matrix[row + 1, WIDTH - 1] += (across - along) * s * c / h
    matrix[row + 1, WIDTH] += (along * c * c + across * s * s) / h
    matrix[row + 2, WIDTH] += turning / h
    fast = (forces[row] * s - forces[row + 1] * c) / along
    slow = (forces[row] * c + forces[row + 1] * s) / across
    matrix[row, WIDTH + 2] += (along - across) * (c * fast + s * slow)
    matrix[row + 1, WIDTH + 1] += (along - across) * (s * fast - c * slow)


@compiled
def solve(matrix, vector):
    """Solve a system of one band in place, without pivoting: drag and dampers make the diagonal large."""
    n = len(vector)
    for k in range(n):
        for row in range(k + 1, min(k + WIDTH + 1, n)):
            share = matrix[row, k - row + WIDTH] / matrix[k, WIDTH]
            for column in range(k + 1, min(k + WIDTH + 1, n)):
                matrix[row, column - row + WIDTH] -= share * matrix[k, column - k + WIDTH]
            vector[row] -= share * vector[k]
    for k in range(n - 1, -1, -1):
        total = vector[k]
        for column in range(k + 1, min(k + WIDTH + 1, n)):
            total -= matrix[k, column - k + WIDTH] * vector[column]
        vector[k] = total / matrix[k, WIDTH]


@compiled
def advance(states, activations, radii, lateral, diagonal, shortening, springs, drag, h, steps):
    """Move every worm by `steps` steps of `h` s under activations that stay.

    Args:
        states: (worm, rod, 3), changed in place.
        activations: (worm, side, segment), dorsal first, from 0 to 1.
        radii: of rods.
        lateral: rest lengths of lateral springs.
        diagonal: rest lengths of diagonal springs.
        shortening: how much a muscle at full activation shortens.
        springs: as `Body.springs`.
        drag: as `Body.drag`.
        h: the step.
        steps: how many.
    """
    rods = states.shape[1]
    matrix, forces = np.zeros((3 * rods, 2 * WIDTH + 1)), np.zeros(3 * rods)
    place, block = np.zeros((rods, 4)), np.zeros(10)
    for worm in range(len(states)):
        state = states[worm]
        for _ in range(steps):
            matrix[:] = 0.0
            forces[:] = 0.0
            for i in range(rods):
                place[i, 0], place[i, 1] = state[i, 0], state[i, 1]
                place[i, 2], place[i, 3] = radii[i] * math.cos(state[i, 2]), radii[i] * math.sin(state[i, 2])
            for i in range(rods - 1):
                block[:] = 0.0
                for side in range(2):
                    end, active = 1.0 - 2.0 * side, activations[worm, side, i]
                    cross = (diagonal[i], springs[1], springs[4] / h, 0.0, 0.0, 0.0)
                    add_spring(i, place, end, -end, cross, block, forces)
                    damper = (springs[3] + active * springs[5]) / h
                    short, muscle = lateral[i] - active * shortening[i], springs[2] * active
                    beside = (lateral[i], springs[0], damper, short, muscle, springs[6])
                    add_spring(i, place, end, end, beside, block, forces)
                spread(i, block, matrix)
            for i in range(rods):
                add_drag(i, state, drag, h, matrix, forces)
            solve(matrix, forces)
            for i in range(rods):
                for k in range(3):
                    state[i, k] += forces[3 * i + k]
