"""Where pixels have the colour of a mark: tables of colours, regions, and centres between pixels."""

import numpy as np

from neuron_models.foundation.kernels import compiled


@compiled
def fill_table(cells, means, factors, constants, marks, table):
    """How probable each mark is for each cell of colours, 0 to 255, and last the most probable Gaussian."""
    number = len(means)
    logs = np.empty(number)
    for cell in range(len(cells)):
        best = 0
        for g in range(number):
            total = 0.0
            d0, d1, d2 = cells[cell, 0] - means[g, 0], cells[cell, 1] - means[g, 1], cells[cell, 2] - means[g, 2]
            for i in range(3):
                part = factors[g, i, 0] * d0 + factors[g, i, 1] * d1 + factors[g, i, 2] * d2
                total += part * part
            logs[g] = constants[g] - 0.5 * total
            if logs[g] > logs[best]:
                best = g
        whole = 0.0
        for g in range(number):
            whole += np.exp(max(logs[g] - logs[best], -60.0))
        for m in range(marks):
            table[cell, m] = np.uint8(255 * np.exp(max(logs[m] - logs[best], -60.0)) / whole + 0.5)
        table[cell, marks] = best


@compiled
def cell_of(frame, y, x):
    """The cell of the table for a pixel."""
    return ((np.int64(frame[0, y, x]) >> 2) * 64 + (frame[1, y, x] >> 2)) * 64 + (frame[2, y, x] >> 2)


@compiled
def coarse_map(frame, table, box, step, marks):
    """How probable each mark is at every `step`th pixel of a box (left, top, right, bottom)."""
    high, wide = (box[3] - box[1] + step - 1) // step, (box[2] - box[0] + step - 1) // step
    found = np.empty((marks, high, wide), np.uint8)
    for i in range(high):
        for j in range(wide):
            cell = cell_of(frame, box[1] + i * step, box[0] + j * step)
            for m in range(marks):
                found[m, i, j] = table[cell, m]
    return found


@compiled
def regions(found, least, most):
    """The `most` largest regions of more than even odds that touch, by side or corner: (sum, row, column)."""
    high, wide = found.shape
    seen = np.zeros((high, wide), np.bool_)
    kept = np.zeros((most, 3))
    stack = np.empty((high * wide, 2), np.int32)
    for i in range(high):
        for j in range(wide):
            if seen[i, j] or found[i, j] < 128:
                continue
            seen[i, j] = True
            stack[0, 0], stack[0, 1] = i, j
            filled, mass, row, column = 1, 0.0, 0.0, 0.0
            while filled > 0:
                filled -= 1
                y, x = stack[filled, 0], stack[filled, 1]
                share = found[y, x] / 255.0
                mass, row, column = mass + share, row + share * y, column + share * x
                for v in range(max(y - 1, 0), min(y + 2, high)):
                    for u in range(max(x - 1, 0), min(x + 2, wide)):
                        if not seen[v, u] and found[v, u] >= 128:
                            seen[v, u] = True
                            stack[filled, 0], stack[filled, 1] = v, u
                            filled += 1
            smallest = np.argmin(kept[:, 0])
            if mass >= least and mass > kept[smallest, 0]:
                kept[smallest, 0], kept[smallest, 1], kept[smallest, 2] = mass, row / mass, column / mass
    return kept


@compiled
def centre_of(frame, table, mark, x, y, radius, box):
    """The centre of a mark's colour within a circle that follows it, and the sum of its pixels: (x, y, area)."""
    mass = 0.0
    for _ in range(6):
        mass, sum_x, sum_y = 0.0, 0.0, 0.0
        for v in range(max(box[1], int(y - radius)), min(box[3], int(y + radius) + 2)):
            for u in range(max(box[0], int(x - radius)), min(box[2], int(x + radius) + 2)):
                if (u - x) ** 2 + (v - y) ** 2 <= radius * radius:
                    share = table[cell_of(frame, v, u), mark]
                    if share > 76:  # less is noise that lies everywhere and pulls to the middle
                        mass, sum_x, sum_y = mass + share, sum_x + share * u, sum_y + share * v
        if mass == 0.0:
            return x, y, 0.0
        moved = abs(sum_x / mass - x) + abs(sum_y / mass - y)
        x, y = sum_x / mass, sum_y / mass
        if moved < 0.01:
            break
    return x, y, mass / 255.0


@compiled
def is_near(frame, table, mark, x, y):
    """Whether a pixel has a mark's colour, or one that is at most two away has."""
    for v in range(max(y - 2, 0), min(y + 3, frame.shape[1])):
        for u in range(max(x - 2, 0), min(x + 3, frame.shape[2])):
            if table[cell_of(frame, v, u), mark] >= 128:
                return True
    return False


@compiled
def middle_of_paint(frame, table, cells, mark, x, y, radius, box, paint, bare):
    """The middle of a mark between pixels, each counting by how far its a* and b* go from bare to painted.

    Blur, and colours that a film stores for two by two pixels, move no such middle. Less than a fifth of the way is
    noise, and more than four fifths is all of it.
    """
    da, db = paint[1] - bare[1], paint[2] - bare[2]
    long = max(da * da + db * db, 1e-9)
    mass, sum_x, sum_y = 0.0, 0.0, 0.0
    for v in range(max(box[1], int(y - radius)), min(box[3], int(y + radius) + 2)):
        for u in range(max(box[0], int(x - radius)), min(box[2], int(x + radius) + 2)):
            if (u - x) ** 2 + (v - y) ** 2 <= radius * radius and is_near(frame, table, mark, u, v):
                cell = cell_of(frame, v, u)
                share = ((cells[cell, 1] - bare[1]) * da + (cells[cell, 2] - bare[2]) * db) / long
                share = min(max((share - 0.2) / 0.6, 0.0), 1.0)
                mass, sum_x, sum_y = mass + share, sum_x + share * u, sum_y + share * v
    return (sum_x / mass, sum_y / mass) if mass > 0 else (x, y)


@compiled
def colour_at(frame, table, cells, mark, x, y, radius):
    """The mean colour of a mark's pixels within a circle, and how many they are."""
    total, number = np.zeros(3), 0
    for v in range(max(0, int(y - radius)), min(frame.shape[1], int(y + radius) + 2)):
        for u in range(max(0, int(x - radius)), min(frame.shape[2], int(x + radius) + 2)):
            if (u - x) ** 2 + (v - y) ** 2 <= radius * radius:
                cell = cell_of(frame, v, u)
                if table[cell, mark] >= 128:
                    total += cells[cell]
                    number += 1
    return total / max(number, 1), number


@compiled
def lightness(frame, cells, step):
    """L* at every `step`th pixel, from rows and columns in the middle of the steps."""
    first = step // 2
    high, wide = (frame.shape[1] - first + step - 1) // step, (frame.shape[2] - first + step - 1) // step
    found = np.empty((high, wide))
    for i in range(high):
        for j in range(wide):
            found[i, j] = cells[cell_of(frame, first + i * step, first + j * step), 0]
    return found


@compiled
def kinds_map(frame, table, step, marks):
    """The most probable Gaussian at every `step`th pixel."""
    high, wide = (frame.shape[1] + step - 1) // step, (frame.shape[2] + step - 1) // step
    found = np.empty((high, wide), np.uint8)
    for i in range(high):
        for j in range(wide):
            found[i, j] = table[cell_of(frame, i * step, j * step), marks]
    return found
