"""Units as types: the number is a plain float, its unit stands in its annotation."""

from typing import Annotated

Hertz = Annotated[float, "Hz"]
Milliseconds = Annotated[float, "ms"]
Millivolts = Annotated[float, "mV"]
Nanoamperes = Annotated[float, "nA"]
Microsiemens = Annotated[float, "uS"]
Micrometres = Annotated[float, "um"]
Millimetres = Annotated[float, "mm"]
SiemensPerSquareCentimetre = Annotated[float, "S/cm2"]
MicrofaradsPerSquareCentimetre = Annotated[float, "uF/cm2"]
OhmCentimetres = Annotated[float, "ohm cm"]
Radians = Annotated[float, "rad"]
Seconds = Annotated[float, "s"]
Microseconds = Annotated[float, "us"]
Degrees = Annotated[float, "degrees"]
Fraction = Annotated[float, "0..1"]
Decibels = Annotated[float, "dB"]
DataUnits = Annotated[float, "units of the data"]
Pixels = Annotated[float, "px"]
Dimensionless = Annotated[float, "1"]
