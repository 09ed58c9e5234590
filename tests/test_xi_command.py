"""The recommendation for a user's own data, from every kind of file, and from bad ones."""

import json

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from sdtheory import label_noise
from sdtheory._xi_command import recommend
from sdtheory.cli import main


@pytest.fixture
def data(rng):
    x = rng.normal(size=(40, 30)) * np.geomspace(3, 0.1, 30)
    return x, x @ np.r_[np.ones(5), np.zeros(25)] + 2.0 * rng.normal(size=40) + 5.0


def save(tmp_path, kind, x, y):
    path = tmp_path / f"data.{kind}"
    table = np.column_stack([x, y])
    if kind == "csv":
        names = ",".join([*(f"x{k}" for k in range(x.shape[1])), "label"])
        np.savetxt(path, table, delimiter=",", header=names, comments="", fmt="%.17g")
    elif kind == "npy":
        np.save(path, table)
    else:
        np.savez(path, features=x, label=y)
    return path


@pytest.mark.parametrize(("kind", "target"), [("csv", "label"), ("npy", "-1"), ("npz", "label")])
def test_every_kind_of_file_gives_the_tuned_weight(tmp_path, capsys, data, kind, target):
    path = save(tmp_path, kind, *data)
    status = main(["xi", str(path), "--target", target, "--alpha", "2.5", "--json"])
    assert status == 0
    got = json.loads(capsys.readouterr().out)
    want = label_noise.tune_xi(*data, 2.5, intercept=True)
    assert got["xi"] == [pytest.approx(float(want.xi), rel=1e-9)]
    assert got["student_error"] == pytest.approx(float(want.risk), rel=1e-9)
    assert (got["samples"], got["features"]) == (40, 30)
    assert got["joint_error"] <= got["tuned_ridge_error"]


def test_text_and_plot(tmp_path, capsys, data):
    path, plot = save(tmp_path, "csv", *data), tmp_path / "plot.png"
    assert main(["xi", str(path), "--target", "label", "--steps", "2", "--plot", str(plot)]) == 0
    out = capsys.readouterr().out
    assert "leave-one-out" in out
    assert "2 round(s)" in out
    assert plot.stat().st_size > 1000


def test_sign_rule_and_advice(rng):
    x = rng.normal(size=(60, 10))
    y = x @ rng.normal(size=10) + 0.5 * rng.normal(size=60)
    over, under = recommend(x, y, alpha=1e3), recommend(x, y, alpha=1e-3)
    assert over.over_regularised
    assert over.xi[0] < 0
    assert not under.over_regularised
    assert "tune the penalty instead" in over.advice or "Distil:" in over.advice
    # Isotropic features and signal: nothing beats tuned ridge by much.
    assert over.joint_error > 0.9 * over.tuned_ridge_error


def test_curvature_test_sees_aligned_signals(rng):
    d = np.array([16.0, 1.0, 0.2])
    x = np.linalg.qr(rng.normal(size=(400, 3)))[0] * np.sqrt(400 * d)
    y = x @ np.array([1.5, 0.2, 0.0]) + 6.0 * rng.normal(size=400)
    found = recommend(x, y)
    assert found.curvature_test
    assert found.joint_error < found.tuned_ridge_error


@pytest.mark.parametrize(
    ("text", "target", "says"),
    [
        ("a,b\n1,2\n3,x\n", "b", ":3:2: must be a finite number, got 'x'"),
        ("a,b\n1,2\n3\n", "b", ":3: has 1 columns, header 2"),
        ("a,b\n1,nan\n", "b", ":2:2: must be a finite number, got 'nan'"),
        ("a,b\n1,2\n", "c", "no column 'c'; columns are a, b"),
        ("a\n1\n", "a", "has no column but the target"),
        ("a,b\n", "a", "has no data lines"),
        ("", "a", ":1: must have a header line"),
        ("a,b\n1,2\n1,3\n", "b", "the features are constant"),
        ("a,b\n1,2\n2,2\n", "b", "the labels are constant"),
        ("a,a,b\n1,2,3\n2,1,4\n", "a", "has 2 columns 'a': give its number"),
        ("a,b\n1e200,2\n2e200,3\n", "b", "the features must have squares within range"),
        ("a,b\n1,2e200\n2,3\n", "b", "y must have squares within the range"),
    ],
)
def test_bad_files_get_one_line(tmp_path, capsys, text, target, says):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    assert main(["xi", str(path), "--target", target]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_chance_gains_are_called_so(rng):
    # Labels without any signal: the best of many penalties and weights looks a little better.
    found = recommend(rng.normal(size=(30, 4)), rng.normal(size=30))
    assert found.joint_error < found.tuned_ridge_error
    assert found.joint_error > (1 - 2 * found.joint_gain_error) * found.tuned_ridge_error
    assert "may not help" in found.advice


def test_standard_error_of_the_gain_is_that_of_refits(rng):
    x, y = rng.normal(size=(12, 3)), rng.normal(size=12)
    found = recommend(x, y)
    gaps = []
    for i in range(12):
        a, b = np.delete(x, i, axis=0), np.delete(y, i)
        errors = []
        for alpha, xi in ((found.tuned_alpha, 0.0), (found.joint_alpha, found.joint_xi)):
            teacher = Ridge(alpha).fit(a, b)
            student = Ridge(alpha).fit(a, xi * teacher.predict(a) + (1 - xi) * b)
            errors.append((student.predict(x[i : i + 1])[0] - y[i]) ** 2)
        gaps.append(errors[0] - errors[1])
    want = np.std(gaps, ddof=1) / 12**0.5 / found.tuned_ridge_error
    assert found.joint_gain_error == pytest.approx(want, rel=1e-6)


def test_bad_arrays_get_one_line(tmp_path, capsys):
    np.savez(tmp_path / "a.npz", x=np.ones((3, 2)), y=np.array([1.0, np.inf, 2.0]))
    np.save(tmp_path / "b.npy", np.ones(3))
    np.savez(tmp_path / "c.npz", y=np.ones(3))
    (tmp_path / "d.txt").write_text("1")
    (tmp_path / "f.npy").write_bytes(b"garbage")
    (tmp_path / "g.npz").write_bytes(b"PK\x03\x04garbage")
    (tmp_path / "h.csv").write_bytes("x,y\n1,2\nä,3\n".encode("latin-1"))
    for name, says in [
        ("a.npz", "y must be finite, got inf at [1]"),
        ("b.npy", "must be numbers with 2 axes, got shape (3,)"),
        ("c.npz", "must have one matrix with 3 rows, got 0"),
        ("d.txt", "must end in .csv, .npy or .npz"),
        ("e.csv", "e.csv"),
        ("f.npy", "f.npy: must be an NPY file of numbers"),
        ("g.npz", "g.npz: must be an NPZ file of numbers"),
        ("h.csv", "h.csv:3: must be UTF-8 text"),
    ]:
        assert main(["xi", str(tmp_path / name)]) == 2
        error = capsys.readouterr().err
        assert says in error
        assert error.count("\n") == 1


@pytest.mark.parametrize("option", [["--alpha", "-1"], ["--steps", "0"]])
def test_bad_options_get_one_line(tmp_path, capsys, option):
    with pytest.raises(SystemExit):
        main(["xi", "data.csv", *option])
    assert "must be" in capsys.readouterr().err


def test_more_rounds_than_samples_are_refused(rng):
    with pytest.raises(ValueError, match="--steps must be at most 6, the number of samples"):
        recommend(rng.normal(size=(6, 2)), rng.normal(size=6), steps=7)
