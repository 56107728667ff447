"""Every command through its command line, with right and with wrong input."""

import functools
import gzip
import http.server
import json
import subprocess
import sys
import threading

import pytest

import connectome.download as download
from datasets.store import load_dataset, save_dataset
from neuron_models.foundation.cache import CACHE_VARIABLE

HEAD = "wormtwin: "


@pytest.fixture
def data(linear_response, tmp_path):
    return save_dataset(linear_response(), tmp_path / "toy.h5")


@pytest.fixture
def small_network(small, monkeypatch):
    """The commands meet a network of three neurons, whatever --network says."""
    monkeypatch.setattr("connectome.wiring.load_connectome", lambda source=None: small)


def refused(result, *words):
    """The command ended with status 2 and one line that holds these words."""
    status, out, err = result
    assert status == 2, (out, err)
    lines = [line for line in err.strip().splitlines() if line.strip()]
    assert len(lines) == 1, err
    assert lines[0].startswith(HEAD)
    for word in words:
        assert word in lines[0], lines[0]
    assert "Traceback" not in out + err


def test_connectome_info(wormtwin):
    status, out, _ = wormtwin("connectome", "info", "--network", "placed")
    assert status == 0
    assert "302 neurons, 6702 contacts" in out
    assert "5221" in out
    assert "1481" in out
    assert "AVAL (468)" in out
    assert "CANL, CANR, VC6" in out


@pytest.mark.shared
def test_connectome_info_of_a_file(wormtwin, network_file, tmp_path):
    status, out, _ = wormtwin("connectome", "info", "--network", network_file)
    assert status == 0
    assert "openworm_2012_network" in out
    assert "AVAL (468)" in out
    cut = tmp_path / "cut.xml.gz"
    cut.write_bytes(network_file.read_bytes()[:9000])
    refused(wormtwin("connectome", "info", "--network", cut), "cut.xml.gz", "truncated or damaged")


def test_simulate_and_look(wormtwin, small_network, monkeypatch, kick, tmp_path):
    monkeypatch.setattr("connectome.scenario.load_scenario", lambda name: kick)
    out_file = tmp_path / "kick.h5"
    status, out, _ = wormtwin("simulate", "--scenario", "fcm", "--sequences", "1,3-4", "--out", out_file, "--jobs", 1)
    assert status == 0
    assert "Network: three neurons" in out
    assert "3 simulations in" in out
    status, out, _ = wormtwin("dataset", "info", out_file)
    assert status == 0
    assert "3 (1 train, 1 validation, 1 test)" in out
    assert "DB1, VB1 (V)" in out
    refused(wormtwin("simulate", "--out", out_file), "holds another simulation")
    refused(wormtwin("simulate", "--out", tmp_path / "b.h5", "--sampling", 0.25), "0.1 ms does not divide", "0.25 ms")


def test_simulate_random_stimuli_with_a_split_of_their_own(wormtwin, small_network, monkeypatch, kick, tmp_path):
    monkeypatch.setattr("connectome.scenario.load_scenario", lambda name: kick)
    call = ("simulate", "--stimuli", "random", "--count", 8, "--seed", 3, "--record", "all", "--out")
    assert wormtwin(*call, tmp_path / "a.h5")[0] == 0
    dataset = load_dataset(tmp_path / "a.h5")
    assert [sum(t.split == part for t in dataset) for part in ("train", "validation", "test")] == [4, 2, 2]
    assert dataset.y_names == ("AVBL", "DB1", "VB1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scenario", "swimming"], ["no scenario 'swimming'", "fcm_nictation"]),
        (["--sequences", "41"], ["sequences 1 to 40, not 41"]),
        (["--sequences", "1;2"], ["looks like 1,3-5, got '1;2'"]),
        (["--sequences", "3,1-3"], ["names a number twice"]),
        (["--sampling", "-1"], ["sampling interval must be > 0 ms"]),
        (["--time-step", "0.3"], ["time step (dt) must divide the duration of 500 ms, got 0.3 ms"]),
        (["--time-step", "-1"], ["time step (dt) must be > 0 ms, got -1"]),
        (["--seed", "3"], ["--seed goes with --stimuli random, --next or --split auto"]),
        (["--compartment", "-1"], ["the longest compartment must be > 0 um, got -1"]),
        (["--record", "some"], ["--record must be one of outputs, all, got 'some'"]),
        (["--stimuli", "odd"], ["--stimuli must be one of"]),
        (["--stimuli", "random", "--count", "0"], ["must be >= 1, got 0"]),
        (["--stimuli", "random", "--split", "published"], ["use --split auto"]),
        (["--jobs", "0"], ["--jobs must be >= 1, got 0"]),
        (["--jobs", "two"], ["--jobs", "valid integer"]),
        (["--simulator", "brian"], ["simulator must be one of neuron, coreneuron, linear, euler, got 'brian'"]),
        (["--frobnicate"], ["No such option", "--help"]),
    ],
)
def test_wrong_simulations(wormtwin, small_network, tmp_path, arguments, words):
    out = tmp_path / "a.h5"
    refused(wormtwin("simulate", "--out", out, *arguments), *words)
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--sampling", 0.25], "does not divide the sampling interval of 0.25 ms"),
        (["--time-step", 0.3], "must divide the duration"),
        (["--compartment", 0], "the longest compartment must be > 0 um, got 0"),
    ],
)
def test_settings_are_checked_before_the_contacts_are_placed(wormtwin, monkeypatch, tmp_path, arguments, words):
    def load(source):
        raise AssertionError(f"the network {source} was loaded")

    monkeypatch.setattr("connectome.wiring.load_connectome", load)
    refused(wormtwin("simulate", "--out", tmp_path / "a.h5", *arguments), words)


def test_one_is_singular(wormtwin, small_network, monkeypatch, kick, data, tmp_path):
    monkeypatch.setattr("connectome.scenario.load_scenario", lambda name: kick)
    status, out, err = wormtwin("simulate", "--sequences", "2", "--out", tmp_path / "a.h5")
    assert status == 0, err
    assert "1 simulation in" in out
    assert "1 sequence in" in out
    assert "1 trial in" in wormtwin("dataset", "plot", data, "--trials", "2", "--out", tmp_path / "d.png")[1]


def test_unwritable_pictures_and_folders_are_reported_before_the_work(wormtwin, data, monkeypatch, tmp_path):
    def work(*_, **__):
        raise AssertionError("work was begun")

    monkeypatch.setattr("datasets.parts.external_test.load_dataset", work)  # before the next one
    monkeypatch.setattr("datasets.store.load_dataset", work)
    monkeypatch.setattr("surrogates.runs.model_file.load_model", work)
    call = ("evaluate", "--data", data, "--model", tmp_path / "m.keras", "--plot")
    refused(wormtwin(*call, data / "p.png"), "a file where a folder should be")
    (tmp_path / "folder.png").mkdir()
    refused(wormtwin(*call, tmp_path / "folder.png"), "is a folder: give a picture another name")
    refused(wormtwin("train", "--data", data, "--out", data / "x"), "a file where a folder should be")


@pytest.mark.parametrize("network", ["published", "nothing.xml"])
def test_networks_that_are_not_there(wormtwin, tmp_path, network):
    words = {
        "published": "wormtwin connectome download",
        "nothing.xml": "there is no network nothing.xml: give a path, or one of published",
    }
    refused(wormtwin("simulate", "--out", tmp_path / "a.h5", "--network", network), words[network])


def test_train_evaluate_and_plot(wormtwin, data, tmp_path):
    folder = tmp_path / "gru3"
    call = ("train", "--data", data, "--model", "gru", "--units", 3, "--epochs", 4, "--seed", 1, "--out", folder)
    status, out, err = wormtwin(*call)
    assert status == 0, err
    files = {"model.keras", "history.csv", "history.png", "scores.json", "traces.png"}
    assert {p.name for p in folder.iterdir()} == files
    scores = json.loads((folder / "scores.json").read_text())
    assert (scores["model"], scores["settings"], scores["seed"]) == ("gru", {"units": 3, "activation": "tanh"}, 1)
    assert set(scores["scores"]["test"]["rmse_by_output"]) == {"P", "Q"}
    assert len((folder / "history.csv").read_text().splitlines()) == 5
    refused(wormtwin(*call[:5], "--units", 0, "--out", folder), "units must be >= 1, got 0")
    assert {p.name for p in folder.iterdir()} == files  # a mistake takes nothing away
    status, again, _ = wormtwin("evaluate", "--model", folder / "model.keras", "--data", data)
    assert status == 0
    assert f"{scores['scores']['test']['rmse']:.4g}" in again
    assert f"{scores['scores']['test']['rmse']:.4g}" in out
    assert wormtwin("evaluate", "--model", folder / "model.keras", "--data", data, "--plot", tmp_path / "p.svg")[0] == 0
    assert "<svg" in (tmp_path / "p.svg").read_text()


def test_a_training_that_explodes_is_reported(wormtwin, data, tmp_path):
    call = ("train", "--data", data, "--units", 2, "--out", tmp_path / "x", "--learning-rate")
    status, _, err = wormtwin(*call, 1e4, "--epochs", 3)
    assert status == 0
    assert "wormtwin: warning: the validation RMSE of" in err
    assert "worse than that of the outputs' mean" in err


def test_a_training_whose_first_epoch_was_the_best_is_reported(linear_response):
    from surrogates.responses.evaluation import ResponseEvaluation
    from surrogates.training.configuration import Training

    evaluation = ResponseEvaluation("gru", linear_response(), [], {}, 1.0)
    assert "the first epoch was the best" in evaluation.doubt(Training({"loss": [1.0, 2.0]}, 0, 0.1))
    assert evaluation.doubt(Training({"loss": [2.0, 1.0]}, 1, 0.1)) == ""


def test_train_the_linear_model(wormtwin, data, tmp_path):
    status, _, err = wormtwin("train", "--data", data, "--model", "linear", "--lags", 2, "--out", tmp_path / "l")
    assert status == 0
    assert err == ""
    assert json.loads((tmp_path / "l" / "scores.json").read_text())["scores"]["test"]["rmse"] < 1e-5


@pytest.mark.parametrize(
    ("model", "setting", "candidates"), [("linear", "lags", (1, 2)), ("state_space", "order", (1, 6))]
)
def test_train_chooses_on_validation_and_says_what(wormtwin, data, tmp_path, monkeypatch, model, setting, candidates):
    from surrogates.registry import MODELS

    monkeypatch.setitem(MODELS[model].chosen, setting, candidates)
    status, out, _ = wormtwin("train", "--data", data, "--model", model, "--out", tmp_path / "l")
    assert status == 0
    assert f"{setting} {candidates[1]} chosen" in out
    assert json.loads((tmp_path / "l" / "scores.json").read_text())["settings"] == {setting: candidates[1]}


def test_train_a_network_that_feeds_back(wormtwin, data, tmp_path):
    call = ("train", "--data", data, "--model", "narx", "--units", 3, "--input-lags", 2, "--output-lags", 1)
    assert wormtwin(*call, "--epochs", 2, "--out", tmp_path / "n")[0] == 0
    found = json.loads((tmp_path / "n" / "scores.json").read_text())
    assert found["settings"] == {"units": 3, "input_lags": 2, "output_lags": 1}
    assert wormtwin("evaluate", "--model", tmp_path / "n" / "model.keras", "--data", data)[0] == 0


def test_plot_split_and_convert(wormtwin, data, tmp_path):
    assert wormtwin("dataset", "plot", data, "--out", tmp_path / "d.png", "--trials", "2,9", "--outputs", "Q")[0] == 0
    assert (tmp_path / "d.png").read_bytes()[:4] == b"\x89PNG"
    status, out, _ = wormtwin("dataset", "split", data, "--out", tmp_path / "s.h5")
    assert status == 0
    assert "validation: spread" in out
    assert wormtwin("dataset", "export-dat", data, "--out", tmp_path / "dat")[0] == 0
    assert wormtwin("dataset", "import-dat", tmp_path / "dat", "--out", tmp_path / "again.h5")[0] == 0
    assert len(load_dataset(tmp_path / "again.h5")) == 16
    refused(wormtwin("dataset", "import-dat", tmp_path, "--out", tmp_path / "n.h5"), "no .dat file")
    refused(
        wormtwin("dataset", "import-dat", tmp_path / "dat", "--scenario", "fcm", "--out", tmp_path / "n.h5"),
        "scenario fcm has 40 sequences",
        "has 16 .dat files",
    )


def test_models_and_data_that_do_not_fit(wormtwin, data, tmp_path):
    wormtwin("train", "--data", data, "--model", "linear", "--out", tmp_path / "l")
    other = save_dataset(load_dataset(data).without_inputs(["B"]), tmp_path / "other.h5")
    model = tmp_path / "l" / "model.keras"
    refused(
        wormtwin("evaluate", "--model", model, "--data", other), "trained on the inputs A, B (scenario toy)", "has A"
    )
    (tmp_path / "cut.keras").write_bytes(model.read_bytes()[:500])
    refused(wormtwin("evaluate", "--model", tmp_path / "cut.keras", "--data", data), "not a whole .keras model")
    (tmp_path / "cut.h5").write_bytes(data.read_bytes()[:3000])
    refused(wormtwin("evaluate", "--model", model, "--data", tmp_path / "cut.h5"), "not a whole dataset file")
    refused(wormtwin("train", "--data", tmp_path / "no.h5", "--out", tmp_path / "x"), "no.h5: there is no such file")
    refused(wormtwin("train", "--data", data, "--model", "gruu", "--out", tmp_path / "x"), "there are rnn, lstm, gru")
    refused(wormtwin("train", "--data", data, "--units", 0, "--out", tmp_path / "x"), "units must be >= 1, got 0")
    refused(wormtwin("train", "--data", data, "--activation", "step", "--out", tmp_path / "x"), "softsign, linear, got")
    refused(wormtwin("train", "--data", data, "--lags", 2, "--out", tmp_path / "x"), "gru has no setting 'lags'")
    call = ("train", "--data", data, "--out", tmp_path / "x", "--model")
    refused(wormtwin(*call, "tdnn", "--order", 2), "tdnn has no setting 'order'; it has units, input_lags")
    refused(wormtwin(*call, "state_space", "--units", 2), "state_space has no setting 'units'; it has order")
    refused(wormtwin(*call, "state_space", "--epochs", 2), "model state_space is solved at once and has no epochs")
    refused(wormtwin(*call, "state_space", "--order", 999), "tell an order of at most")
    refused(wormtwin("dataset", "plot", data, "--out", tmp_path / "x.doc"), "ends in .png")
    refused(wormtwin("dataset", "plot", data, "--out", tmp_path / "x.png", "--trials", "17"), "trials 1 to 16, not 17")
    refused(wormtwin("dataset", "plot", data, "--out", tmp_path / "x.png", "--outputs", "R"), "no output 'R'")
    refused(wormtwin("dataset", "plot", data, "--out", tmp_path / "x.png", "--outputs", ","), "',' names no output")
    assert not (tmp_path / "x").exists()


@pytest.fixture
def server(tmp_path):
    """Serve bytes on the loopback interface: gives the function that sets them and returns their address."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()

        def serve(content: bytes) -> str:
            (folder / "Generated.net.xml").write_bytes(content)
            return f"http://127.0.0.1:{running.server_port}/Generated.net.xml"

        yield serve
        running.shutdown()


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache for the published network, and the function that sets where it comes from."""
    folder = tmp_path / "wormtwin" / "network"
    original = download.download_network
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "wormtwin"))

    def come_from(url):
        monkeypatch.setattr(download, "download_network", lambda: original(url))

    return folder, come_from


@pytest.mark.shared
def test_download_fetches_the_published_network(wormtwin, network_file, server, cache):
    folder, come_from = cache
    come_from(server(gzip.decompress(network_file.read_bytes())))
    status, out, err = wormtwin("connectome", "download")
    assert status == 0, err
    assert str(folder / "Generated.net.xml") in out.replace("\n", "")
    assert download.cached_network() == folder / "Generated.net.xml"


def test_download_checks_what_it_gets(wormtwin, server, cache):
    folder, come_from = cache
    come_from(server(b"another file"))
    refused(wormtwin("connectome", "download"), "gave another file than the published network")
    come_from("http://127.0.0.1:9/Generated.net.xml")
    refused(wormtwin("connectome", "download"), "cannot be reached", "--network PATH")
    assert not list(folder.glob("*"))


def test_a_disk_that_is_full_leaves_nothing_behind(data, tmp_path):
    out = tmp_path / "full" / "s.h5"

    code = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)); from run_experiments import main; main()"
    )
    command = [sys.executable, "-c", code, "dataset", "split"]
    done = subprocess.run(
        [*command, str(data), "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    refused((done.returncode, done.stdout, done.stderr), "File too large: ", "s.h5")
    assert not out.parent.exists()


def test_folders_and_files_in_the_wrong_place(wormtwin, data, tmp_path):
    refused(wormtwin("dataset", "info", tmp_path), "is a folder, not a dataset file (.h5): make one of it by")
    refused(wormtwin("evaluate", "--data", data, "--model", tmp_path), "is a folder: name the model file")
    refused(wormtwin("simulate", "--out", tmp_path), "is a folder: give a file name")
    refused(wormtwin("train", "--data", data, "--out", data), "exists, and is read: choose another --out")
    refused(wormtwin("train", "--data", data, "--out", ""), "must name a folder of its own")
    refused(wormtwin("dataset", "split", data, "--out", data), "exists, and is read: choose another --out")
    refused(wormtwin("dataset", "split", data, "--out", data / "x.h5"), "a file where a folder should be")


def test_stopping_by_the_keyboard_is_reported_and_has_its_status(wormtwin, data, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("datasets.store.load_dataset", interrupt)
    status, _, err = wormtwin("dataset", "info", data)
    assert status == 130
    assert "stopped; simulations, trainings, experiments and searches go on" in err


def test_no_arguments_show_the_help(wormtwin):
    status, out, _ = wormtwin()
    assert status == 2
    assert "experiments" in out


def test_the_installed_command(data):
    done = subprocess.run(
        [f"{sys.prefix}/bin/wormtwin", "dataset", "info", str(data)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "oscillator" in done.stdout


def test_the_home_folder_may_be_named_in_any_option(wormtwin, tmp_path, monkeypatch, linear_response):
    monkeypatch.setenv("HOME", str(tmp_path))
    save_dataset(linear_response(), tmp_path / "data.h5")
    for arguments in (("dataset", "info", "~/data.h5"), ("dataset", "export-dat", "~/data.h5", "--out=~/there")):
        assert wormtwin(*arguments)[0] == 0
    assert any((tmp_path / "there").iterdir())
