"""A vector of float32 numbers as a numba type, so that kernels are written in whole vector registers.

LLVM's own vectoriser gives up on recurrent kernels (too many arrays that might overlap, loops too short); with an
explicit vector type nothing is left to it. A `Lanes` holds one number for each of `WIDTH` trials.

    a = load(array, i)          WIDTH numbers from array[i] on; nothing is checked
    store(array, i, a)
    turn(out, o, m, v, i, n)    a square of WIDTH rows, transposed from v (rows n apart) to out (rows m apart)
    spread(array, i)            array[i] in every lane
    splat(x)                    x in every lane
    fma(a, b, c)                a b + c, rounded once
    total(a)                    the sum over the lanes
    positive(a)                 1 where a > 0, else 0
    where_positive(a, b)        b where a > 0, else 0
    a + b, a - b, a * b, a / b, smaller(a, b), larger(a, b)
"""

import operator

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

WIDTH = 16 if get_host_cpu_features().get("avx512f") else 8

_FLOAT, _INDEX = ir.FloatType(), ir.IntType(32)
_VECTOR = ir.VectorType(_FLOAT, WIDTH)


class Lanes(types.Type):
    """The numba type of a vector."""

    def __init__(self) -> None:
        super().__init__(name=f"Lanes{WIDTH}")


LANES = Lanes()


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, _VECTOR)


def _infix(function, instruction: str) -> None:
    """Let an operator of Python act on two vectors."""

    @infer_global(function)
    class _Typing(AbstractTemplate):
        def generic(self, args, kws):
            return signature(LANES, *args) if args == (LANES, LANES) else None

    @lower_builtin(function, LANES, LANES)
    def _lower(context, builder, sig, args):
        return getattr(builder, instruction)(*args, flags=("contract",))


for _function, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _infix(_function, _instruction)


def _place(context, builder, sig, args):
    """The address of array[index], without Python's negative indices and without a check."""
    data = context.make_array(sig.args[0])(context, builder, args[0]).data
    return builder.gep(data, [context.cast(builder, args[1], sig.args[1], types.intp)])


def _call(builder, name: str, result, *args, **options):
    kind = ir.FunctionType(result, [each.type for each in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args, **options)


def _broadcast(builder, number):
    first = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), number, ir.Constant(_INDEX, 0))
    everywhere = ir.Constant(ir.VectorType(_INDEX, WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(first, ir.Constant(_VECTOR, ir.Undefined), everywhere)


@intrinsic
def load(typing, array, index):
    """`WIDTH` numbers of a flat float32 array."""

    def code(context, builder, sig, args):
        return builder.load(builder.bitcast(_place(context, builder, sig, args), _VECTOR.as_pointer()), align=4)

    return LANES(array, index), code


@intrinsic
def store(typing, array, index, value):
    """Write `WIDTH` numbers into a flat float32 array."""

    def code(context, builder, sig, args):
        place = _place(context, builder, sig, args)
        builder.store(args[2], builder.bitcast(place, _VECTOR.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(array, index, value), code


@intrinsic
def turn(typing, out, o, so, array, index, stride):
    """out[o + lane * so + row] = array[index + row * stride + lane], for `WIDTH` rows: a square turned over.

    In every round, vectors a distance apart exchange halves of their blocks (Eklundh 1972).
    """

    def code(context, builder, sig, args):
        source = _place(context, builder, _arguments_from(sig, 3), args[3:])
        target = _place(context, builder, sig, args)
        strides = [context.cast(builder, args[i], sig.args[i], types.intp) for i in (5, 2)]
        rows = []
        for _ in range(WIDTH):
            rows.append(builder.load(builder.bitcast(source, _VECTOR.as_pointer()), align=4))
            source = builder.gep(source, [strides[0]])
        distance = WIDTH // 2
        while distance:
            rows = _exchanged(builder, rows, distance)
            distance //= 2
        for row in rows:
            builder.store(row, builder.bitcast(target, _VECTOR.as_pointer()), align=4)
            target = builder.gep(target, [strides[1]])
        return context.get_dummy_value()

    return types.void(out, o, so, array, index, stride), code


def _arguments_from(sig, first: int):
    """The part of a call's signature that `_place` looks at, from an argument on."""
    return signature(sig.return_type, *sig.args[first:])


def _exchanged(builder, rows, distance: int):
    result = list(rows)
    for r in range(WIDTH):
        if r & distance:
            continue
        low, high = [], []
        for lane in range(WIDTH):
            stays = not lane & distance
            low.append(lane if stays else WIDTH + lane - distance)
            high.append(lane + distance if stays else WIDTH + lane)
        pair = rows[r], rows[r + distance]
        for place, mask in ((r, low), (r + distance, high)):
            order = ir.Constant(ir.VectorType(_INDEX, WIDTH), mask)
            result[place] = builder.shuffle_vector(*pair, order)
    return result


@intrinsic
def spread(typing, array, index):
    """One number of a flat float32 array in every lane."""

    def code(context, builder, sig, args):
        return _broadcast(builder, builder.load(_place(context, builder, sig, args)))

    return LANES(array, index), code


@intrinsic
def splat(typing, number):
    """A number in every lane."""

    def code(context, builder, sig, args):
        return _broadcast(builder, context.cast(builder, args[0], sig.args[0], types.float32))

    return LANES(number), code


@intrinsic
def fma(typing, a, b, c):
    """A b + c, rounded once."""

    def code(context, builder, sig, args):
        return _call(builder, f"llvm.fma.v{WIDTH}f32", _VECTOR, *args)

    return LANES(a, b, c), code


@intrinsic
def smaller(typing, a, b):
    """The smaller of each pair; a NaN in the first stays one."""

    def code(context, builder, sig, args):
        return builder.select(builder.fcmp_ordered(">", *args), args[1], args[0])

    return LANES(a, b), code


@intrinsic
def larger(typing, a, b):
    """The larger of each pair; a NaN in the first stays one."""

    def code(context, builder, sig, args):
        return builder.select(builder.fcmp_ordered("<", *args), args[1], args[0])

    return LANES(a, b), code


@intrinsic
def where_positive(typing, a, b):
    """The second where the first is above zero, else 0, even if the second is not finite."""

    def code(context, builder, sig, args):
        zeros = ir.Constant(_VECTOR, [0.0] * WIDTH)
        return builder.select(builder.fcmp_ordered(">", args[0], zeros), args[1], zeros)

    return LANES(a, b), code


@intrinsic
def positive(typing, a):
    """1 where a number is above zero, else 0."""

    def code(context, builder, sig, args):
        zeros, ones = ir.Constant(_VECTOR, [0.0] * WIDTH), ir.Constant(_VECTOR, [1.0] * WIDTH)
        return builder.select(builder.fcmp_ordered(">", args[0], zeros), ones, zeros)

    return LANES(a), code


@intrinsic
def total(typing, a):
    """The sum over the lanes."""

    def code(context, builder, sig, args):
        start = ir.Constant(_FLOAT, 0.0)
        name = f"llvm.vector.reduce.fadd.v{WIDTH}f32"
        return _call(builder, name, _FLOAT, start, args[0], fastmath=("reassoc",))

    return types.float32(a), code
