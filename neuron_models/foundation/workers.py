"""Independent calls on several processes: those of this machine, or the workers of a Dask cluster."""

import logging
import os
import re
import threading
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.worker_life import end_with_parent, sharing_folder

SECONDS_TO_CONNECT = 5
"""How long a cluster may take to answer."""
_REPLACED = "A worker stopped while some jobs were given to the executor"
"""What joblib says when it replaces a worker that has grown; no job is lost."""
_DECISIVE = ("wormtwin", "c302", "neuron", "keras", "jax", "numba", "numpy")
"""Distributions whose versions decide a result."""


class WorkerLostError(InputError):
    """A worker process died, or the cluster was lost: what was finished is kept."""


@dataclass(frozen=True)
class Call:
    """A piece of work, `function(shared, *arguments)`, all of it picklable; its result must be so too.

    The function takes data and returns data: the process that runs it may see no file of the one that asked. What many
    calls share (the same object) is sent once to a cluster.
    """

    function: Callable[..., Any]
    shared: Any
    arguments: tuple = ()


def one_thread() -> Any:
    """Let linear algebra run in one thread for a while, so that its last bits do not hang on the number of processes.

    Returns:
        What `with` takes.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1, user_api="blas")


def require_workers(jobs: int, cluster: str | None = None) -> None:
    """Check what a user says about workers, before anything is run.

    Raises:
        InputError: fewer than one process, something that is no address, or both processes and a cluster.
    """
    require(jobs >= 1, f"--jobs must be >= 1, got {jobs}")
    if cluster is not None:
        form = re.fullmatch(r"(tcp|tls|ws|wss)://[^/\s]+:[0-9]{1,5}/?", cluster)
        require(form is not None, f"--cluster is an address such as tcp://host:8786, got {cluster!r}")
        require(jobs == 1, "--jobs counts processes of this machine: leave it out when --cluster is given")


@contextmanager
def run_calls(
    calls: Sequence[Call], *, jobs: int = 1, cluster: str | None = None, kept: str = ""
) -> Iterator[Iterator[tuple[int, Any]]]:
    """Run calls that do not depend on each other, the first ones first; what `with` gives iterates over the results.

    It yields the place in `calls` and the result of each call as it finishes, and raises what a call raises.
    Leaving the `with` early, by the keyboard too, cancels what has not begun.

    Args:
        calls: the work.
        jobs: processes of this machine; with one, the calls run in this process.
        cluster: the address of a Dask scheduler, `tcp://host:port`, whose workers run the calls instead. Each worker
            must run one task at a time, since NEURON holds one network a process.
        kept: what stays if a worker dies, for the message.

    Raises:
        WorkerLostError: a worker died.
        InputError: the cluster cannot be reached or used.
    """
    if not calls:
        yield iter(())
    elif cluster is None:
        with closing(_on_this_machine(calls, jobs, kept)) as finished:
            yield finished
    else:
        with _connected(cluster) as client, closing(_on_cluster(client, calls, cluster, kept)) as finished:
            yield finished


def _on_this_machine(calls: Sequence[Call], jobs: int, kept: str) -> Generator[tuple[int, Any]]:
    import joblib
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    jobs = min(jobs, len(calls))
    shared = sharing_folder() if jobs > 1 else None
    pool = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", temp_folder=shared)
    watched = os.getpid(), threading.current_thread() is not threading.main_thread()
    threads = max(1, joblib.cpu_count() // jobs) if jobs > 1 else None
    finished = pool(joblib.delayed(_run)(index, call, threads, *watched) for index, call in enumerate(calls))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", _REPLACED)
            for outcome in finished:  # noqa: UP028  (`yield from` would close it out of the silence below)
                yield outcome
    except TerminatedWorkerError:
        raise WorkerLostError(_died(kept, "with fewer --jobs if memory is short")) from None
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # joblib says that something was cancelled: it should be
            finished.close()


def _run(index: int, call: Call, threads: int | None, parent: int, by_thread: bool) -> tuple[int, Any]:
    end_with_parent(parent, by_thread)
    if threads is not None:  # for XLA, which reads it when a process computes first; joblib limits the others
        os.environ.setdefault("NPROC", str(threads))
    return index, call.function(call.shared, *call.arguments)


def _died(kept: str, advice: str) -> str:
    return f"a worker process died (out of memory?): {kept}; start the same command again, {advice}"


def _on_cluster(client: Any, calls: Sequence[Call], address: str, kept: str) -> Generator[tuple[int, Any]]:
    from distributed import KilledWorker, as_completed

    shared = {id(call.shared): call.shared for call in calls}
    sent = {key: client.scatter([value], broadcast=True, hash=False)[0] for key, value in shared.items()}
    indices = {
        client.submit(call.function, sent[id(call.shared)], *call.arguments, pure=False, priority=-index): index
        for index, call in enumerate(calls)
    }
    try:
        for future in as_completed(list(indices), loop=client.loop):
            result = future.result()
            yield indices.pop(future), result
    except KilledWorker:
        raise WorkerLostError(_died(kept, "with more memory a worker")) from None
    except CancelledError:
        raise WorkerLostError(f"the cluster at {address} was lost: {kept}; start the same command again") from None
    finally:
        client.cancel(list(indices))


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """A client of a usable cluster; Dask's own log is silent meanwhile, since every fault is reported here."""
    distributed = require_extra("distributed", extra="cluster", purpose="--cluster")
    with _silent("distributed"):
        try:
            client = distributed.Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise InputError(f"the cluster at {address} cannot be reached ({error}): is its scheduler up?") from None
        with client:
            _require_usable(client, address)
            yield client


@contextmanager
def _silent(name: str) -> Iterator[None]:
    """Keep every logger of a package quiet for a while."""
    loggers = [logging.getLogger(each) for each in (name, *logging.root.manager.loggerDict) if _belongs(each, name)]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _belongs(logger: str, package: str) -> bool:
    return logger == package or logger.startswith(f"{package}.")


def _require_usable(client: Any, address: str) -> None:
    """Check that a cluster has workers, that each runs one task at a time, and that all have what this process has."""
    threads = client.nthreads()
    start = f"dask worker {address} --nworkers 2 --nthreads 1"
    require(len(threads) > 0, f"the cluster at {address} has no workers: start some, such as `{start}`")
    for worker, number in threads.items():
        require(
            number == 1,
            f"worker {worker} of the cluster runs {number} tasks at a time in one process, but NEURON holds one "
            f"network a process: start it with one thread, such as `{start}`",
        )
    try:
        workers = client.run(installed)
    except ImportError as error:
        raise InputError(f"the workers of the cluster at {address} lack wormtwin ({error}): install it there") from None
    mine = installed()
    for worker, versions in workers.items():
        other = [f"{name} {versions[name]} instead of {mine[name]}" for name in mine if versions[name] != mine[name]]
        require(not other, f"worker {worker} of the cluster has {', '.join(other)}: give it the same versions")


def installed() -> dict[str, str]:
    """The versions, in this process, of what decides a result, and the backend that Keras is set to use."""
    import importlib.metadata

    versions = {"KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "jax")}
    for name in _DECISIVE:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "none"
    return versions
