"""Products, transposes and activations on flat float32 arrays, whole vectors of trials at a time.

A matrix is given by its array, the index of its first number and the distance between rows. Rows of a state hold one
number a trial; their lengths are multiples of `WIDTH`.
"""

from numba import njit

from neuron_models.foundation import kernels
from surrogates.training.fast.simd import WIDTH, fma, larger, load, positive, smaller, splat, spread, store, turn


def compiled(kernel):
    """Compile a kernel, kept in the cache, whose arithmetic is as it is written."""
    return kernels.compiled(kernel, fastmath=False)


unfolded = njit(error_model="numpy", forceinline=True)
inlined = njit(error_model="numpy", inline="always")

TANH, SIGMOID, RELU, LINEAR = range(4)
ACTIVATIONS = {"tanh": TANH, "sigmoid": SIGMOID, "relu": RELU, "linear": LINEAR}


@unfolded
def product(add, out, o, so, w, wo, sw, rows, columns, v, vo, sv, lanes, steps=1, step_w=0, step_v=0):
    """Set out[r, :] to the sum over k of w[r, k] v[k, :], plus what was there with `add`; or the sum over several w, v.

    The matrices of the next step lie `step_w` and `step_v` further on. Four rows and two vectors at a time stay in
    registers.
    """
    i = 0
    while i + 2 * WIDTH <= lanes:
        for r in range(0, rows - 3, 4):
            at, f = o + r * so + i, wo + r * sw
            _wide_tile(add, out, at, so, w, f, sw, columns, v, vo + i, sv, steps, step_w, step_v)
        i += 2 * WIDTH
    while i < lanes:
        for r in range(0, rows - 3, 4):
            at, f = o + r * so + i, wo + r * sw
            _tile(add, out, at, so, w, f, sw, columns, v, vo + i, sv, steps, step_w, step_v)
        i += WIDTH
    for r in range(rows - rows % 4, rows):
        for i in range(0, lanes, WIDTH):
            a0 = load(out, o + r * so + i) if add else splat(0.0)
            for t in range(steps):
                f, p = wo + r * sw + t * step_w, vo + i + t * step_v
                for k in range(columns):
                    a0 = fma(spread(w, f + k), load(v, p + k * sv), a0)
            store(out, o + r * so + i, a0)


@inlined
def _wide_tile(add, out, o, so, w, wo, sw, columns, v, vo, sv, steps, step_w, step_v):
    o1, o2, o3 = o + so, o + 2 * so, o + 3 * so
    a0 = splat(0.0)
    a1, a2, a3, b0, b1, b2, b3 = a0, a0, a0, a0, a0, a0, a0
    if add:
        a0, a1, a2, a3 = load(out, o), load(out, o1), load(out, o2), load(out, o3)
        b0, b1 = load(out, o + WIDTH), load(out, o1 + WIDTH)
        b2, b3 = load(out, o2 + WIDTH), load(out, o3 + WIDTH)
    for t in range(steps):
        w0, p = wo + t * step_w, vo + t * step_v
        w1, w2, w3 = w0 + sw, w0 + 2 * sw, w0 + 3 * sw
        for k in range(columns):
            x, y = load(v, p + k * sv), load(v, p + k * sv + WIDTH)
            f = spread(w, w0 + k)
            a0, b0 = fma(f, x, a0), fma(f, y, b0)
            f = spread(w, w1 + k)
            a1, b1 = fma(f, x, a1), fma(f, y, b1)
            f = spread(w, w2 + k)
            a2, b2 = fma(f, x, a2), fma(f, y, b2)
            f = spread(w, w3 + k)
            a3, b3 = fma(f, x, a3), fma(f, y, b3)
    _store_four(out, o, o1, o2, o3, a0, a1, a2, a3)
    _store_four(out, o + WIDTH, o1 + WIDTH, o2 + WIDTH, o3 + WIDTH, b0, b1, b2, b3)


@inlined
def _tile(add, out, o, so, w, wo, sw, columns, v, vo, sv, steps, step_w, step_v):
    o1, o2, o3 = o + so, o + 2 * so, o + 3 * so
    a0 = splat(0.0)
    a1, a2, a3 = a0, a0, a0
    if add:
        a0, a1, a2, a3 = load(out, o), load(out, o1), load(out, o2), load(out, o3)
    for t in range(steps):
        w0, p = wo + t * step_w, vo + t * step_v
        w1, w2, w3 = w0 + sw, w0 + 2 * sw, w0 + 3 * sw
        for k in range(columns):
            x = load(v, p + k * sv)
            a0, a1 = fma(spread(w, w0 + k), x, a0), fma(spread(w, w1 + k), x, a1)
            a2, a3 = fma(spread(w, w2 + k), x, a2), fma(spread(w, w3 + k), x, a3)
    _store_four(out, o, o1, o2, o3, a0, a1, a2, a3)


@inlined
def _store_four(out, o0, o1, o2, o3, a0, a1, a2, a3):
    store(out, o0, a0)
    store(out, o1, a1)
    store(out, o2, a2)
    store(out, o3, a3)


@inlined
def transpose(out, o, so, v, vo, sv, rows, lanes):
    """Set out[lane, row] to v[row, lane] for whole squares: up to `WIDTH` - 1 rows more are read and written."""
    for r in range(0, rows, WIDTH):
        for i in range(0, lanes, WIDTH):
            turn(out, o + i * so + r, so, v, vo + r * sv + i, sv)


@inlined
def _numerator(x):
    """P of tanh(x) = P(x) / Q(x): x times a polynomial in x^2, as Q is one; a minimax fit for |x| <= 7.9, to 6e-9."""
    z = x * x
    p = fma(z, splat(1.54290021e-08), splat(2.20239954e-05))
    p = fma(z, p, splat(3.57903804e-03))
    p = fma(z, p, splat(1.34506595e-01))
    return x * fma(z, p, splat(9.99999994e-01))


@inlined
def _denominator(x):
    z = x * x
    q = fma(z, splat(8.59920344e-07), splat(3.42372549e-04))
    q = fma(z, q, splat(2.61924135e-02))
    q = fma(z, q, splat(4.67839875e-01))
    return fma(z, q, splat(1.0))


@inlined
def _clipped(x):
    """Beyond 7.9, tanh is one in float32 but for its last digit."""
    return larger(smaller(x, splat(7.9)), splat(-7.9))


@inlined
def _tanh(values, first, rows, lanes, scale, slope, shift):
    """Replace values in rows of lanes by slope tanh(scale values) + shift, to 5e-7.

    Two rows share one division, which costs most; what is not finite in one trial stays in that trial.
    """
    for r in range(0, rows - 1, 2):
        for i in range(first + r * lanes, first + (r + 1) * lanes, WIDTH):
            x, y = _clipped(load(values, i) * scale), _clipped(load(values, i + lanes) * scale)
            p, q = _denominator(x), _denominator(y)
            ratio = slope / (p * q)
            store(values, i, fma(_numerator(x) * q, ratio, shift))
            store(values, i + lanes, fma(_numerator(y) * p, ratio, shift))
    if rows % 2:
        for i in range(first + (rows - 1) * lanes, first + rows * lanes, WIDTH):
            x = _clipped(load(values, i) * scale)
            store(values, i, fma(_numerator(x), slope / _denominator(x), shift))


@unfolded
def activate(values, first, rows, lanes, kind):
    """Replace rows of values by their activation, in place; sigmoid(x) = (1 + tanh(x / 2)) / 2."""
    if kind == TANH:
        _tanh(values, first, rows, lanes, splat(1.0), splat(1.0), splat(0.0))
    elif kind == SIGMOID:
        _tanh(values, first, rows, lanes, splat(0.5), splat(0.5), splat(0.5))
    elif kind == RELU:
        for i in range(first, first + rows * lanes, WIDTH):
            store(values, i, larger(load(values, i), splat(0.0)))


@unfolded
def multiply_by_derivative(values, v, activated, a, number, kind):
    """Multiply values by the activation's derivative, which follows from the activated values alone."""
    one = splat(1.0)
    for i in range(0, number, WIDTH):
        y = load(activated, a + i)
        x = load(values, v + i)
        if kind == TANH:
            store(values, v + i, x * (one - y * y))
        elif kind == SIGMOID:
            store(values, v + i, x * y * (one - y))
        elif kind == RELU:
            store(values, v + i, x * positive(y))


@unfolded
def fill(values, first, number, value):
    """Set a stretch to a value."""
    for i in range(first, first + number, WIDTH):
        store(values, i, splat(value))
