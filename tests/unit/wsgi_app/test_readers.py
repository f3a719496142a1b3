"""What stands in for libraries that read the environment."""

from __future__ import annotations

from typing import Any

import pytest

from wsgi_app.absent import missing
from wsgi_app.readers import Reader


@pytest.fixture(autouse=True)
def _set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKERS", "3")
    monkeypatch.setenv("HOSTS", "a, b")
    monkeypatch.setenv("DEBUG", "False")


environ: Any = Reader("environ")
env: Any = environ.Env(THREADS=(int, 4), DEBUG=(bool, True))
config: Any = Reader("decouple.config")


def test_a_variable_is_read_as_the_type_that_is_asked_for() -> None:
    assert (env.int("WORKERS"), env("WORKERS"), env["WORKERS"], env("WORKERS", int)) == (3, "3", "3", 3)
    assert (env("DEBUG"), env.bool("DEBUG")) == (False, False)
    assert env.list("HOSTS") == ["a", " b"]
    assert config("HOSTS", cast=Reader("decouple.Csv")()) == ["a", "b"]
    assert config("WORKERS", default=1, cast=int) == 3


def test_one_that_is_not_set_has_its_default() -> None:
    assert env("THREADS") == 4
    assert env.str("BIND", "0.0.0.0:1") == "0.0.0.0:1"
    assert (env.int("TIMEOUT", default=30), env("TIMEOUT", default=None)) == (30, None)
    assert config("TIMEOUT", default="30", cast=int) == 30
    assert config("TIMEOUT", cast=lambda text: int(text) * 2, default="4") == 8


def test_a_variable_with_neither_value_nor_default_is_not_here() -> None:
    assert missing(env.str("BIND")) == "the variable BIND"
    assert missing(f"0.0.0.0:{config('PORT', cast=int)}") == "the variable PORT"


def test_files_of_variables_are_not_read() -> None:
    environ.Env.read_env("env")
    assert Reader("decouple.Config")(Reader("decouple.RepositoryEnv")("env"))("WORKERS", cast=int) == 3
    assert Reader("dotenv.dotenv_values")(".env") == {}
    with env.prefixed("APP_"):
        assert env.int("THREADS", 2) == 2
