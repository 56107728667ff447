"""From a network that was trained to what finds key points with it."""

from datasets.dataset import Dataset
from neuron_models.foundation.errors import InputError
from surrogates.backend import keras
from surrogates.pose.evaluation import kind_finder
from surrogates.pose.models import POSE_MODELS
from surrogates.pose.prediction import BATCH, Finder, KeyPoints, find_in_dataset
from surrogates.runs.model_file import ModelSignature


def find_keypoints(
    network: keras.Model, signature: ModelSignature, dataset: Dataset, *, refine: bool = True, progress: bool = True
) -> list[KeyPoints]:
    """The key points that a network finds in every image of a dataset, one value a trial."""
    return find_in_dataset(finder_of(network, signature, refine=refine), dataset, progress=progress)


def finder_of(network: keras.Model, signature: ModelSignature, *, refine: bool = True, batch: int = BATCH) -> Finder:
    """What finds key points with a network that was read from a model file.

    Raises:
        InputError: the file does not tell what the network was trained for.
    """
    kind = POSE_MODELS.get(signature.model)
    if kind is None:
        raise InputError(f"model {signature.model or network.name!r} finds no key points")
    return kind_finder(kind, network, signature, refine=refine, batch=batch)
