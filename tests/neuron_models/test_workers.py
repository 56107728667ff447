"""Calls on other processes: of this machine, and of a Dask cluster."""

import logging
import math
import operator
import os

import pytest

from datasets.responses.simulation import simulate_dataset
from datasets.store import dataset_checksum
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.workers import Call, require_workers, run_calls

CLOSED = "tcp://127.0.0.1:9"


@pytest.fixture(params=["this machine", "a cluster"])
def where(request):
    """Both places where calls can run."""
    return {"jobs": 2} if request.param == "this machine" else {"cluster": request.getfixturevalue("cluster")}


def results(calls, **where):
    with run_calls(calls, **where) as finished:
        return list(finished)


def test_every_result_comes_back_with_its_place(where):
    shared = [10, 20]
    calls = [Call(operator.getitem, shared, (index,)) for index in (1, 0, 1)]
    assert sorted(results(calls, **where)) == [(0, 20), (1, 10), (2, 20)]
    assert results([], **where) == []


def test_what_a_call_raises_is_raised(where):
    with pytest.raises(ValueError, match=r"math domain|nonnegative"):
        results([Call(math.sqrt, -1.0)], **where)


def test_a_worker_that_dies_is_reported_with_what_is_kept(where):
    with pytest.raises(InputError, match=r"a worker process died .*: all is kept in a\.h5; start"):
        results([Call(os._exit, 1), Call(abs, -2)], kept="all is kept in a.h5", **where)


@pytest.mark.filterwarnings("error")
def test_stopping_early_leaves_the_workers_free(where):
    with run_calls([Call(abs, -number) for number in range(20)], **where) as finished:
        next(finished)
    assert sorted(results([Call(abs, -3), Call(abs, -4)], **where)) == [(0, 3), (1, 4)]


def test_one_process_is_this_one():
    one = object()
    assert results([Call(operator.is_, one, (one,))]) == [(0, True)]


def test_simulations_on_a_cluster_are_those_of_this_machine(cluster, small, kick, tmp_path):
    simulate_dataset(kick, small, tmp_path / "here.h5")
    simulate_dataset(kick, small, tmp_path / "there.h5", cluster=cluster)
    assert dataset_checksum(tmp_path / "here.h5") == dataset_checksum(tmp_path / "there.h5")


def test_a_cluster_that_is_not_there_is_one_line(wormtwin, small, kick, monkeypatch, tmp_path):
    pytest.importorskip("distributed")
    monkeypatch.setattr("neuron_models.foundation.workers.SECONDS_TO_CONNECT", 0.5)
    monkeypatch.setattr("connectome.wiring.load_connectome", lambda source=None: small)
    call = ("simulate", "--out", tmp_path / "a.h5", "--cluster", CLOSED)
    monkeypatch.setattr("connectome.scenario.load_scenario", lambda name: kick)
    status, _, err = wormtwin(*call)
    assert status == 2
    assert err.startswith("wormtwin: the cluster at tcp://127.0.0.1:9 cannot be reached")
    assert err.count("\n") == 1


def test_a_worker_of_several_threads_is_refused():
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(**options, silence_logs=logging.CRITICAL) as running,
        pytest.raises(InputError, match=r"runs 2 tasks at a time in one process.*--nthreads 1"),
    ):
        results([Call(abs, 1)], cluster=running.scheduler_address)


def test_a_cluster_without_workers_or_with_other_versions_is_refused(cluster, monkeypatch):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=logging.CRITICAL) as running,
        pytest.raises(InputError, match="has no workers: start some"),
    ):
        results([Call(abs, 1)], cluster=running.scheduler_address)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    with pytest.raises(InputError, match="has KERAS_BACKEND jax instead of torch"):
        results([Call(abs, 1)], cluster=cluster)


def test_without_distributed_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'wormtwin\[cluster\]'"):
        results([Call(abs, 1)], cluster=CLOSED)


@pytest.mark.parametrize(
    ("jobs", "cluster", "message"),
    [
        (0, None, "--jobs must be >= 1, got 0"),
        (1, "localhost", "an address such as tcp://host:8786, got 'localhost'"),
        (2, "tcp://host:8786", "leave it out when --cluster is given"),
    ],
)
def test_wrong_workers(jobs, cluster, message):
    with pytest.raises(InputError, match=message):
        require_workers(jobs, cluster)


def _grown(shared, number):
    import warnings

    warnings.warn(
        "A worker stopped while some jobs were given to the executor. This can be caused by ...", stacklevel=1
    )
    return number


def test_a_worker_that_is_replaced_is_no_news_for_a_user(recwarn):
    with run_calls([Call(_grown, None, (number,)) for number in range(2)]) as finished:
        assert sorted(finished) == [(0, 0), (1, 1)]
    assert not [each for each in recwarn if "worker stopped" in str(each.message)]
