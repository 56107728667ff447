"""Behaviour states, and the rules that make classes of them: every figure of a classifier depends on its rule.

The states are those that Kato et al. 2015 read off the activity: forward crawling and its slowing, dorsal and ventral
turn, two kinds of short reversal, the sustained reversal, and frames that belong to none.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from neuron_models.foundation.errors import InputError, require, require_distinct

FORWARDS = ("forward", "slowing")
TURNS = ("dorsal_turn", "ventral_turn")
REVERSES = ("reverse_1", "reverse_2", "sustained_reverse")
UNLABELLED = "no_state"
STATES = (*FORWARDS, *TURNS, *REVERSES, UNLABELLED)

_PUBLISHED_NAMES = {
    # As the fields of `States` are called in the files of Kato et al. 2015.
    "fwd": "forward",
    "slow": "slowing",
    "dt": "dorsal_turn",
    "vt": "ventral_turn",
    "rev1": "reverse_1",
    "rev2": "reverse_2",
    "revsus": "sustained_reverse",
    "nostate": "no_state",
}


@dataclass(frozen=True)
class StateRule:
    """Which states make which class; the frames of a state that the rule does not name get weight 0."""

    name: str
    classes: Mapping[str, tuple[str, ...]]
    source: str = ""

    def __post_init__(self) -> None:
        where = f"state rule {self.name!r}"
        require(len(self.classes) >= 2, f"{where} needs two classes or more, got {', '.join(self.classes) or 'none'}")
        require_distinct((state for states in self.classes.values() for state in states), f"{where} has a state")
        for name, states in self.classes.items():
            require(len(states) > 0, f"{where}: the class {name!r} has no state")


STATE_RULES: dict[str, StateRule] = {
    rule.name: rule
    for rule in (
        StateRule("two", {"forward": FORWARDS, "reverse": REVERSES}, "Wang et al. 2020: turns and no_state masked"),
        StateRule("two_turns", {"forward": FORWARDS, "reverse": (*REVERSES, *TURNS)}, "harder: turns as reverse"),
        StateRule(
            "four",
            {"forward": FORWARDS, "dorsal_turn": TURNS[:1], "ventral_turn": TURNS[1:], "reverse": REVERSES},
            "harder: turns by side; no_state masked",
        ),
        StateRule("seven", {state: (state,) for state in STATES[:-1]}, "Kato et al. 2015: all but no_state"),
    )
}


def state_name(text: str) -> str:
    """A state's name as this project writes it; names that are not Kato's are only made lower case.

    >>> state_name("REVSUS"), state_name("Quiescent")
    ('sustained_reverse', 'quiescent')
    """
    plain = text.strip().lower().replace(" ", "_").replace("-", "_")
    return _PUBLISHED_NAMES.get(plain.replace("_", ""), plain)


def state_rule(text: str) -> StateRule:
    """The rule of this name, or one written out: `forward=forward+slowing,reverse=reverse_1+reverse_2`.

    Raises:
        InputError: there is no such rule, or the text is none.
    """
    if text in STATE_RULES:
        return STATE_RULES[text]
    classes: dict[str, tuple[str, ...]] = {}
    for part in text.split(","):
        name, equals, states = part.partition("=")
        if not equals or not name.strip() or name.strip() in classes:
            known = ", ".join(STATE_RULES)
            raise InputError(f"there is no state rule {text!r}: give {known}, or write one as go=forward+slowing,...")
        classes[name.strip()] = tuple(state_name(state) for state in states.split("+") if state.strip())
    return StateRule(text, classes, "given by the user")
