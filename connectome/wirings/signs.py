"""What a contact does to the cell behind it: the rule by transmitter, and the predictions of Fenyves 2020."""

import re
from collections.abc import Mapping
from dataclasses import replace

from connectome.contact import Sign
from connectome.wirings.table import Pair, WiringTable
from neuron_models.foundation.errors import InputError, require

SIGNS: dict[str, Sign] = {
    "Acetylcholine": 1,
    "Betaine": 1,
    "Dopamine": 1,
    "FMRFamide": 1,
    "GABA": -1,
    "Glutamate": 1,
    "Octopamine": 1,
    "Octapamine": 1,  # as the table of 2012 spells it
    "Serotonin": 1,
    "Tyramine": 1,
    "unknown": 1,
}
"""The rule of the published network: GABA inhibits, all else excites; where nothing is known, it is assumed to."""

SIGN_RULE = "GABA as the only transmitter inhibits, every other one excites"

_FENYVES = "journal.pcbi.1007974.s003.xlsx"
_SHEET = "5. Sign prediction"


def sign_of(transmitter: str) -> Sign:
    """The sign of a contact by its transmitter; several are joined by an underscore, and inhibit only if all do.

    >>> sign_of("GABA"), sign_of("Acetylcholine_GABA")
    (-1, 1)

    Raises:
        InputError: there is no rule for it; the message lists those that have one.
    """
    parts = transmitter.split("_")
    for part in parts:
        if part not in SIGNS:
            raise InputError(
                f"there is no sign rule for the transmitter {part!r}: give the sign, or one of {', '.join(SIGNS)}"
            )
    return -1 if all(SIGNS[part] < 0 for part in parts) else 1


def fenyves_signs() -> Mapping[tuple[str, str], str]:
    """The predicted polarity ('+', '-', 'complex', 'no pred') of chemical pairs (pre, post).

    Source: Fenyves et al. 2020, PLoS Computational Biology, S3 workbook, sheet 5, as the user's own copy of the package
    wormneuroatlas holds it. Names lose their leading zeros (VB01 is VB1).

    Raises:
        InputError: the package is not installed.
    """
    import openpyxl

    from connectome.atlas_files import atlas_file

    sheet = openpyxl.load_workbook(atlas_file(_FENYVES), read_only=True, data_only=True)[_SHEET]
    rows = list(sheet.iter_rows(min_row=3, max_col=17, values_only=True))
    require(
        any(row[0] for row in rows), f"{_FENYVES} has no rows in its sheet {_SHEET!r}: install wormneuroatlas again"
    )
    return {(short_name(row[0]), short_name(row[3])): str(row[16]).strip() for row in rows if row[0] and row[3]}


def with_fenyves_signs(table: WiringTable) -> WiringTable:
    """The wiring with the predicted sign of every pair that has one; 'complex' and no prediction keep the rule's."""
    predicted = fenyves_signs()
    signs: dict[str, Sign] = {"+": 1, "-": -1}

    def signed(pair: Pair) -> Pair:
        sign = predicted.get((pair.pre, pair.post), "")
        return replace(pair, sign=signs[sign]) if pair.kind == "chemical" and sign in signs else pair

    pairs = tuple(signed(pair) for pair in table.pairs)
    chemical = table.of_kind("chemical")
    known = sum(predicted.get((p.pre, p.post)) in signs for p in chemical)
    note = f"Signs of {known} of {len(chemical)} chemical pairs are those that Fenyves et al. 2020 predict"
    return replace(
        table, name=f"{table.name}:fenyves", pairs=pairs, source=f"{table.source}; {note}", notes=(*table.notes, note)
    )


def short_name(name: str) -> str:
    """A neuron's name without leading zeros.

    >>> short_name("VB01"), short_name("VB10")
    ('VB1', 'VB10')
    """
    return re.sub(r"(?<=[A-Z])0+(?=\d)", "", str(name).strip())
