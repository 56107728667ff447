"""How films and photographs are to be shown: turned by quarters and mirrored, as they say themselves."""

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt8

if TYPE_CHECKING:
    import av


def turned(
    pixels: UInt8[np.ndarray, "channel rows columns"], frame: "av.VideoFrame"
) -> UInt8[np.ndarray, "channel height width"]:
    """Pixels as the movie says that they are shown: turned by quarters and mirrored, as its display matrix says.

    The matrix (ISO/IEC 14496-12, 6.2.2, in 16.16 fixed point) maps (x, y) of what is stored to (a x + c y, b x + d y).
    Other angles than quarters are left alone, as OpenCV does. Pixel values stay as they are, from 0 to 255.
    """
    stored: Any = frame.side_data.get("DISPLAYMATRIX")
    if stored is None:
        return pixels
    a, b, _, c, d = np.frombuffer(stored, np.int32)[:5].tolist()
    if a == d == 0 and b and c:
        pixels, across, down = pixels.transpose(0, 2, 1), c, b
    elif b == c == 0 and a and d:
        across, down = a, d
    else:
        return pixels
    return np.ascontiguousarray(pixels[:, :: int(np.sign(down)), :: int(np.sign(across))])
