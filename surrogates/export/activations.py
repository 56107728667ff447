"""What an activation is called, or how it is written, outside Keras."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Activation:
    """A function of `a`: in numpy, in C++, and its operator in ONNX, which recurrent operators may lack inside."""

    numpy: str
    cpp: str
    onnx: str
    within_recurrent: bool = True


ACTIVATIONS: dict[str, Activation] = {
    "linear": Activation("a", "a", "Identity"),
    "tanh": Activation("np.tanh(a)", "tanh(a)", "Tanh"),
    "sigmoid": Activation("0.5 + 0.5 * np.tanh(0.5 * a)", "0.5 + 0.5 * tanh(0.5 * a)", "Sigmoid"),
    "relu": Activation("np.maximum(a, 0.0)", "a > 0.0 ? a : 0.0", "Relu"),
    "elu": Activation("np.where(a > 0.0, a, np.expm1(np.minimum(a, 0.0)))", "a > 0.0 ? a : expm1(a)", "Elu"),
    "softsign": Activation("a / (1.0 + np.abs(a))", "a / (1.0 + fabs(a))", "Softsign"),
    # scale 1.0507 and scale times alpha 1.7581: Klambauer et al. 2017, eq. 14
    "selu": Activation(
        "np.where(a > 0.0, 1.0507009873554805 * a, 1.7580993408473766 * np.expm1(np.minimum(a, 0.0)))",
        "a > 0.0 ? 1.0507009873554805 * a : 1.7580993408473766 * expm1(a)",
        "Selu",
        within_recurrent=False,
    ),
    "exp": Activation("np.exp(a)", "exp(a)", "Exp", within_recurrent=False),
    "reciprocal": Activation("1.0 / a", "1.0 / a", "Reciprocal", within_recurrent=False),
}
"""By Keras's names. The sigmoid is written with tanh, which overflows nowhere."""
