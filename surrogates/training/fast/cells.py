"""Small networks, forward and backward through time, on flat float32 arrays with the trials as vector lanes.

One layer and the linear one behind it are two matrices. `w` (gate rows, columns) multiplies the source rows of a step:
the state before it, ones, the inputs and, for a GRU, ones again (its second bias). `d` (outputs, units + 1) multiplies
the state after the step and its ones. Rows of gates, in the order in which they are stored:

    FEED     the layer itself, which does not see the state before it
    SIMPLE   candidate
    LSTM     input, forget, output, candidate
    GRU      update, reset, recurrent part of the candidate, input part of the candidate (`reset_after`)

`v` holds the sources of steps 0 ... steps, so that step t writes its state into the sources of t + 1; `gates` what the
gates of LSTM and GRU said, and on the way back the gradients of all; `memory`, of an LSTM, the cell state and its
activation. The equations are those of Keras's layers (Elman 1990; Hochreiter and Schmidhuber 1997; Cho et al. 2014).
"""

from surrogates.training.fast.algebra import (
    SIGMOID,
    activate,
    compiled,
    fill,
    inlined,
    multiply_by_derivative,
    product,
    transpose,
)
from surrogates.training.fast.simd import WIDTH, fma, load, splat, store, total, where_positive

SIMPLE, LSTM, GRU, FEED = range(4)
GATES = {SIMPLE: 1, LSTM: 4, GRU: 4, FEED: 1}
BLOCK = 8  # steps whose gradients are summed at once, while their sources are still in the cache


@inlined
def vectors(numbers):
    """How many vectors hold so many numbers."""
    return (numbers + WIDTH - 1) // WIDTH


@inlined
def columns(kind, units, inputs):
    """The length of a row of `w` and `d` in memory: whole vectors from the first column and from the inputs' on."""
    return max(vectors(source_rows(kind, units, inputs)), vectors(units + 1 + vectors(inputs + 1) * WIDTH)) * WIDTH


@inlined
def source_rows(kind, units, inputs):
    """Rows of the sources: state, ones, inputs, and ones again for a GRU."""
    return units + inputs + (2 if kind == GRU else 1)


@compiled
def forward(kind, activation, w, d, v, gates, memory, y, sizes, keep):
    """Run the layers over all steps.

    `sizes` is (steps, lanes, inputs, units, outputs); with `keep` the gates of every step stay for the way back.
    """
    steps, lanes, inputs, units, outputs = sizes
    rows, wide = source_rows(kind, units, inputs), columns(kind, units, inputs)
    area, source = units * lanes, rows * lanes
    gate_step = keep * 4 * area
    memory_step = 2 * area if keep else 0
    for t in range(steps):
        now, after, g = t * source, (t + 1) * source, t * gate_step
        if kind == FEED:
            at, seen = units, now + units * lanes
            product(False, v, after, lanes, w, at, wide, units, inputs + 1, v, seen, lanes, lanes)
            activate(v, after, units, lanes, activation)
        elif kind == SIMPLE:
            product(False, v, after, lanes, w, 0, wide, units, rows, v, now, lanes, lanes)
            activate(v, after, units, lanes, activation)
        elif kind == LSTM:
            product(False, gates, g, lanes, w, 0, wide, 4 * units, rows, v, now, lanes, lanes)
            before = (t - 1) * memory_step
            _lstm_step(activation, v, after, gates, g, memory, before, t * memory_step, units, lanes, t == 0)
        else:
            product(False, gates, g, lanes, w, 0, wide, 2 * units, rows, v, now, lanes, lanes)
            to, at, shift = g + 2 * area, 2 * units * wide, units + 1
            product(False, gates, to, lanes, w, at, wide, units, units + 1, v, now, lanes, lanes)
            to, at = g + 3 * area, 3 * units * wide + shift
            product(False, gates, to, lanes, w, at, wide, units, inputs + 1, v, now + shift * lanes, lanes, lanes)
            _gru_step(activation, v, now, after, gates, g, units, lanes)
        product(False, y, t * outputs * lanes, lanes, d, 0, wide, outputs, units + 1, v, after, lanes, lanes)


@inlined
def _lstm_step(activation, v, after, gates, g, memory, before, now, units, lanes, first):
    area = units * lanes
    activate(gates, g, 3 * units, lanes, SIGMOID)
    activate(gates, g + 3 * area, units, lanes, activation)
    for i in range(0, area, WIDTH):
        c = load(gates, g + i) * load(gates, g + 3 * area + i)
        if not first:
            c = fma(load(gates, g + area + i), load(memory, before + i), c)
        store(memory, now + i, c)
        store(memory, now + area + i, c)
    activate(memory, now + area, units, lanes, activation)
    for i in range(0, area, WIDTH):
        store(v, after + i, load(gates, g + 2 * area + i) * load(memory, now + area + i))


@inlined
def _gru_step(activation, v, now, after, gates, g, units, lanes):
    area = units * lanes
    activate(gates, g, 2 * units, lanes, SIGMOID)
    driven = g + 3 * area
    for i in range(0, area, WIDTH):
        store(gates, driven + i, fma(load(gates, g + area + i), load(gates, g + 2 * area + i), load(gates, driven + i)))
    activate(gates, driven, units, lanes, activation)
    for i in range(0, area, WIDTH):
        z, c = load(gates, g + i), load(gates, driven + i)
        store(v, after + i, fma(z, load(v, now + i) - c, c))


@compiled
def losses(y, targets, scales, errors, sizes):
    """Errors of all outputs and the sum of scale error^2 for the lanes of the batch and for those of validation.

    `scales` (2, steps, lanes) weighs each sample of the batch and of validation; `errors` becomes 2 scale error, the
    gradient of the batch's loss. An error of no weight does not count, even if it is not finite.
    """
    steps, lanes, _, _, outputs = sizes
    train_loss, validation_loss = 0.0, 0.0
    half = steps * lanes
    for t in range(steps):
        one, other = splat(0.0), splat(0.0)
        for i in range(0, lanes, WIDTH):
            batch, validation = load(scales, t * lanes + i), load(scales, half + t * lanes + i)
            for row in range(outputs):
                index = (t * outputs + row) * lanes + i
                error = load(y, index) - load(targets, index)
                mine, others = where_positive(batch, error), where_positive(validation, error)
                scaled = batch * mine
                one, other = fma(scaled, mine, one), fma(validation * others, others, other)
                store(errors, index, scaled + scaled)
        train_loss += total(one)
        validation_loss += total(other)
    return train_loss, validation_loss


@compiled
def backward(
    kind, activation, wt, dt, v, gates, memory, errors, dw, dd, state_gradient, transposed_inputs, sizes, used
):
    """Add the gradients of the loss to `dw` and `dd`; `gates` are overwritten by their own.

    `wt` (units, gate rows that see the state) and `dt` (units, outputs) are the transposed matrices; `state_gradient`
    (2 units x lanes) and `transposed_inputs` (BLOCK + 1, whole vectors of `used`, columns of w) are work space; the
    first `used` lanes count. Rows of `dw` and `dd` are as long as `columns` says.
    """
    steps, lanes, inputs, units, outputs = sizes
    rows = source_rows(kind, units, inputs)
    area, source = units * lanes, rows * lanes
    gate_rows = 4 * units if kind in (LSTM, GRU) else units
    seeing = 3 * units if kind == GRU else gate_rows
    gate_step, memory_step, output_step = gate_rows * lanes, 2 * area, outputs * lanes
    wide, across = columns(kind, units, inputs), vectors(used) * WIDTH
    fill(state_gradient, 0, 2 * area, 0.0)
    for block in range((steps - 1) // BLOCK * BLOCK, -1, -BLOCK):
        length = min(BLOCK, steps - block)
        for t in range(block + length - 1, block - 1, -1):
            g, m = t * gate_step, t * memory_step
            product(
                True, state_gradient, 0, lanes, dt, 0, outputs, units, outputs, errors, t * output_step, lanes, across
            )
            if kind in (FEED, SIMPLE):
                multiply_by_derivative(state_gradient, 0, v, (t + 1) * source, area, activation)
                for i in range(0, area, WIDTH):
                    store(gates, g + i, load(state_gradient, i))
                    store(state_gradient, i, splat(0.0))
            elif kind == LSTM:
                _lstm_back(activation, state_gradient, gates, g, memory, m - memory_step, m, area, t == 0)
            else:
                _gru_back(activation, state_gradient, gates, g, v, t * source, area)
            if kind != FEED:
                product(True, state_gradient, 0, lanes, wt, 0, seeing, units, seeing, gates, g, lanes, across)
        for t in range(length + 1):
            transpose(transposed_inputs, t * across * wide, wide, v, (block + t) * source, lanes, rows, across)
        _source_gradients(
            kind, dw, gates, block * gate_step, gate_step, transposed_inputs, wide, lanes, units, inputs, used, length
        )
        e, next_step = block * output_step, across * wide
        shape = (lanes, output_step, wide, next_step)
        _gradient(dd, 0, outputs, errors, e, transposed_inputs, next_step, units + 1, shape, used, length)


@inlined
def _lstm_back(activation, state_gradient, gates, g, memory, before, now, area, first):
    """From the gradients of state and cell to those of the gates, which replace the gates, and of the cell before."""
    one, zero = splat(1.0), splat(0.0)
    for i in range(0, area, WIDTH):
        dh, squashed = load(state_gradient, i), load(memory, now + area + i)
        out = load(gates, g + 2 * area + i)
        store(gates, g + 2 * area + i, dh * squashed * out * (one - out))
        store(state_gradient, i, dh * out)
    multiply_by_derivative(state_gradient, 0, memory, now + area, area, activation)
    for i in range(0, area, WIDTH):
        dc = load(state_gradient, i) + load(state_gradient, area + i)
        take, forget, candidate = load(gates, g + i), load(gates, g + area + i), load(gates, g + 3 * area + i)
        past = zero if first else load(memory, before + i)
        store(gates, g + i, dc * candidate * take * (one - take))
        store(gates, g + area + i, dc * past * forget * (one - forget))
        store(state_gradient, area + i, dc * forget)
        store(state_gradient, i, dc * take)
    multiply_by_derivative(state_gradient, 0, gates, g + 3 * area, area, activation)
    for i in range(0, area, WIDTH):
        store(gates, g + 3 * area + i, load(state_gradient, i))
        store(state_gradient, i, zero)


@inlined
def _gru_back(activation, state_gradient, gates, g, v, now, area):
    """From the gradient of the state to those of the gates, which replace the gates; what passes by stays carried."""
    one = splat(1.0)
    for i in range(0, area, WIDTH):
        dh, z, c = load(state_gradient, i), load(gates, g + i), load(gates, g + 3 * area + i)
        store(gates, g + i, dh * (load(v, now + i) - c) * z * (one - z))
        store(state_gradient, area + i, dh * (one - z))
        store(state_gradient, i, dh * z)
    multiply_by_derivative(state_gradient, area, gates, g + 3 * area, area, activation)
    for i in range(0, area, WIDTH):
        dc, r = load(state_gradient, area + i), load(gates, g + area + i)
        recurrent = load(gates, g + 2 * area + i)
        store(gates, g + area + i, dc * recurrent * r * (one - r))
        store(gates, g + 2 * area + i, dc * r)
        store(gates, g + 3 * area + i, dc)


@inlined
def _source_gradients(kind, dw, gates, at, gate_step, transposed_inputs, wide, lanes, units, inputs, used, length):
    """Add the gradients of `w` over some steps."""
    shape, everything = (lanes, gate_step, wide, vectors(used) * WIDTH * wide), source_rows(kind, units, inputs)
    area, shift = units * lanes, units + 1
    if kind == FEED:
        _gradient(dw, units, units, gates, at, transposed_inputs, units, inputs + 1, shape, used, length)
    elif kind == SIMPLE:
        _gradient(dw, 0, units, gates, at, transposed_inputs, 0, everything, shape, used, length)
    elif kind == LSTM:
        _gradient(dw, 0, 4 * units, gates, at, transposed_inputs, 0, everything, shape, used, length)
    else:
        to = 2 * units * wide
        _gradient(dw, 0, 2 * units, gates, at, transposed_inputs, 0, everything, shape, used, length)
        _gradient(dw, to, units, gates, at + 2 * area, transposed_inputs, 0, units + 1, shape, used, length)
        to += units * wide + shift
        _gradient(dw, to, units, gates, at + 3 * area, transposed_inputs, shift, inputs + 1, shape, used, length)


@inlined
def _gradient(g, go, rows, gradients, a, transposed_inputs, b, numbers, shape, used, steps):
    """g[r, :] += sum over steps and lanes of slopes[step, r, lane] turned[step, lane, :], for so many columns."""
    lanes, step, wide, next_step = shape
    across = vectors(numbers) * WIDTH
    product(
        True, g, go, wide, gradients, a, lanes, rows, used, transposed_inputs, b, wide, across, steps, step, next_step
    )
