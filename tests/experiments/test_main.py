"""The command line of the experiments."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from experiments import catalogue, store
from experiments.__main__ import main

ROOT = Path(__file__).parents[2]


def folders(tmp_path):
    return ["--results", str(tmp_path), "--cache", str(tmp_path / "cache"), "--executor", "inline"]


def test_without_a_name_it_lists(capsys):
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == catalogue.names()
    assert any(line.startswith("ridge_probe") and "closed-form filter" in line for line in lines)


def test_runs_stores_and_resumes(tmp_path, capsys):
    for _ in range(2):
        assert main(["ridge_probe", "--device", "cpu", *folders(tmp_path)]) == 0
        assert capsys.readouterr().out.strip() == str(tmp_path / "ridge_probe" / "smoke.npz")
    result = store.load("ridge_probe", "smoke", root=tmp_path)
    assert result["deviation"].max() < 1e-8
    assert result.provenance["tasks_run"] == 0


def test_missing_cuda_is_a_clear_error(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["ridge_probe", "--device", "cuda", *folders(tmp_path)]) == 2
    assert "finds no CUDA device; use --device cpu" in capsys.readouterr().err


def test_unknown_experiment_is_a_clear_error(capsys):
    assert main(["ridge_prob"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: no experiment is called 'ridge_prob'; did you mean ridge_probe?")
    assert err.count("\n") == 1


BAD_USAGE = {
    "preset": (["ridge_probe", "--preset", "big"], "'big'"),
    "workers": (["ridge_probe", "--workers", "x"], "'x'"),
    "two names": (["ridge_probe", "gp_timing"], "gp_timing"),
    "no name": (["--preset", "cpu"], "--preset needs the name of an experiment"),
}


@pytest.mark.parametrize(("arguments", "names"), BAD_USAGE.values(), ids=BAD_USAGE)
def test_bad_usage_is_one_line_and_status_2(capsys, arguments, names):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    err = capsys.readouterr().err
    assert stop.value.code == 2
    assert names in err
    assert err.count("\n") == 1


def test_results_that_cannot_be_written_are_one_line(tmp_path, capsys):
    (tmp_path / "taken").touch()
    arguments = ["ridge_probe", "--device", "cpu", *folders(tmp_path)]
    arguments[arguments.index("--results") + 1] = str(tmp_path / "taken")
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"error: {tmp_path / 'taken' / 'ridge_probe'}: ")
    assert err.count("\n") == 1


def test_without_pytorch_the_extra_is_named():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from experiments.__main__ import main; sys.exit(main(['ridge_probe']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "error: needs torch: pip install '.[neural]' in a checkout\n"


def test_all_runs_every_experiment(monkeypatch, capsys):
    monkeypatch.setattr("experiments.__main__.run", lambda name, options: name)
    assert main(["all"]) == 0
    assert capsys.readouterr().out.split() == catalogue.names()


def test_interrupt_names_the_command_to_go_on(capsys, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("experiments.__main__.run", stop)
    command = ["ridge_probe", "--preset", "cpu", "--results", "a folder"]
    assert main(command) == 130
    err = capsys.readouterr().err
    assert "python -m experiments ridge_probe --preset cpu --results 'a folder'\n" in err
