"""The options of `wormtwin dataset split` as a division, and what it prints."""

from rich.table import Table

from datasets.dataset import Dataset
from datasets.parts.division import Named, Shares, divided_groups
from datasets.parts.splitting import diversity
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.splits import SPLITS
from neuron_models.foundation.wording import counted


def division_of(
    test: tuple[str, ...], validation: tuple[str, ...], fractions: str, by: str, seed: int
) -> Shares | Named:
    """What the options ask for.

    Raises:
        InputError: names together with fractions, a name that comes twice, or fractions that are none.
    """
    if test or validation:
        require(not fractions, "--fractions draws the parts and --test, --validation name them: give one of the two")
        require(by in ("", "trial", "group"), f"--by {by} draws the parts and --test, --validation name them")
        both = sorted(set(test) & set(validation))
        require(not both, f"{', '.join(both)} cannot be in both test and validation")
        return Named(test, validation, apart=by == "trial")
    given = {"fractions": _numbers(fractions)} if fractions else {}
    return Shares(**given, by=by or "diverse", seed=seed)


def print_parts(dataset: Dataset, division: Shares | Named) -> None:
    """Print the trials, animals and samples of each part; and how diverse they are, if that was asked for."""
    table = Table("part", "trials", "animals", "samples", "names")
    for split in SPLITS:
        mine = [trial for trial in dataset if trial.split == split]
        names = ", ".join(trial.name for trial in mine[:6]) + (", ..." if len(mine) > 6 else "")
        animals = len({trial.group or trial.name for trial in mine})
        samples = sum(int(trial.valid().sum()) for trial in mine)
        table.add_row(split, *map(str, (len(mine), animals, samples)), names)
    print_whole(table)
    if isinstance(division, Shares) and division.by == "diverse":
        spreads = diversity(dataset)
        for part in spreads.spread:
            print(f"{part}: spread {spreads.spread[part]:.3f} of the whole, mean off by {spreads.offset[part]:.3f}")
    if both := divided_groups(dataset):
        print(f"{counted(len(both), 'animal')} in several parts, so the test is not of unseen ones: {_few(both)}")


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(each) for each in text.split(","))
    except ValueError:
        raise InputError(f"--fractions must be numbers such as 0.7,0.15,0.15, got {text!r}") from None


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
