"""Fetches the published network file into the user's cache."""

from pathlib import Path

from neuron_models.foundation.cache import cache_folder, made_cache_folder
from neuron_models.foundation.errors import InputError, reason

COMMIT = "b36380a36d2a6dda0f03c946c433524b25ea2268"
URL = f"https://raw.githubusercontent.com/openworm/CElegansNeuroML/{COMMIT}/CElegans/generatedNeuroML/Generated.net.xml"
SHA256 = "e0f5869422b85df690f1ddcc9db2b1fa4aefd2da0d2a5c24f2672c6075f78a29"
_NAME = "Generated.net.xml"
_CACHE = "network"


def cached_network() -> Path | None:
    """The published network file in the cache, or None."""
    path = cache_folder(_CACHE) / _NAME
    return path if path.is_file() else None


def download_network(url: str = URL) -> Path:
    """Fetch the published network file (CElegansNeuroML, 23 August 2012) and return where it lies.

    The file appears under its name only when it is whole: its SHA-256 is checked first.

    Raises:
        InputError: the cache cannot be written, the address cannot be reached, or what came is another file.
    """
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    folder = made_cache_folder(_CACHE)
    try:
        return Path(pooch.retrieve(url, known_hash=f"sha256:{SHA256}", fname=_NAME, path=folder))
    except requests.RequestException as error:
        raise InputError(
            f"{url} cannot be reached ({type(error).__name__}): try later, or use --network PATH"
        ) from None
    except ValueError as error:
        raise InputError(f"{url} gave another file than the published network: {reason(error)}") from None
