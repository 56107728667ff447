"""One survey: the models are read, the derived one is added, every measure is taken; gaps are named."""

from collections.abc import Sequence
from pathlib import Path

from connectome.contact import Connectome
from datasets.dataset import Dataset
from datasets.responses.resimulation import connectome_of, scenario_of
from neuron_models.foundation.errors import InputError
from surrogates.responses.derived.derivation import derive
from surrogates.responses.derived.page import derived_model
from surrogates.responses.physics.curves import error_by_amplitude, error_by_trials, scaled_tests
from surrogates.responses.physics.measures import Probes, probes_of
from surrogates.responses.physics.report import Answers, answers_of
from surrogates.responses.physics.subjects import Subject, read_subjects, subject_of


def survey(
    models: Sequence[Path],
    dataset: Dataset,
    out: Path,
    *,
    trials: Sequence[int] = (),
    draws: int = 1,
    order: int = 0,
    amplitudes: Sequence[float] = (),
    network: str | Path | None = None,
    jobs: int = 1,
) -> tuple[list[Answers], Probes, list[str]]:
    """Ask every model everything.

    Args:
        models: their files.
        dataset: as they were trained on.
        out: the folder that keeps simulations and trainings.
        trials: numbers of training trials to train anew on.
        draws: how often trials are drawn.
        order: of the derived model; 0 for none.
        amplitudes: factors of the test stimuli.
        network: where the dataset's wiring is, if it is none of the known ones.
        jobs: processes.

    Returns:
        The answers, the probes, and in words what could not be measured.

    Raises:
        InputError: a file is no model of these data, or the data do not begin at rest.
    """
    probes, subjects, notes = probes_of(dataset), read_subjects(list(models), dataset), []
    wiring: Connectome | None = None
    if order or amplitudes:
        try:
            wiring = connectome_of(dataset, network)
        except InputError as error:
            notes.append(f"no other amplitudes and no derived model: {error}")
    if wiring is not None and order:
        try:
            subjects.append(_derived(dataset, wiring, order))
        except InputError as error:
            notes.append(f"no derived model: {error}")
    tests: dict[float, Dataset] = {}
    if wiring is not None and amplitudes:
        try:
            tests = scaled_tests(dataset, wiring, amplitudes, out / "amplitudes", jobs)
        except InputError as error:
            notes.append(f"no other amplitudes: {error}")
    unknown = [each.name for each in subjects if each.recipe is None and not each.derived]
    if trials and unknown:
        notes.append(f"not trained anew, since no scores.json beside them says how: {', '.join(unknown)}")
    curves = error_by_trials(subjects, dataset, trials, draws, out / "trainings", jobs) if trials else {}
    answers = [
        answers_of(each, dataset, probes, error_by_amplitude(each, tests), curves.get(each.name, {}))
        for each in subjects
    ]
    return answers, probes, notes


def _derived(dataset: Dataset, wiring: Connectome, order: int) -> Subject:
    scenario = scenario_of(dataset)
    found = derive(scenario, wiring, order)
    return subject_of(derived_model(found, scenario), f"derived-{order}", derived=True)
