"""In a bad environment the program says what is wrong in a line, or does as if nothing were."""

import os
import sys
from pathlib import Path

import pytest

from harness import premises, shell
from harness.errors import HarnessError, UsageError
from harness.shell import LOOPBACK, shielded
from tests.fix_command_line import Say, twinbench
from tools.bad_environments import VARIABLES, Case, complaint, sample


def test_a_sample_of_bad_environments_is_taken_well(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    wrong = [f"{case}: {told}" for case in sample(3, 6, str(tmp_path)) if (told := complaint(case))]
    assert wrong == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_bad_environments_are_taken_well(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    wrong = [f"{case}: {told}" for case in sample(2, 200, str(tmp_path), runs=1) if (told := complaint(case))]
    assert wrong == []


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (Case(words=("frob",), codes=frozenset({0})), "code 2 instead of [0]"),
        (Case(words=("list",), codes=frozenset({0}), timeout_s=0.01), "no end"),
    ],
    ids=["code", "hang"],
)
def test_what_is_taken_badly_is_told(case: Case, said: str) -> None:
    assert said in complaint(case)


def test_a_traceback_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad.py").write_text("raise RuntimeError('Traceback')")
    monkeypatch.setattr("tools.bad_environments.PROGRAM", (sys.executable, str(tmp_path / "bad.py")))
    assert "a traceback" in complaint(Case(words=(), codes=frozenset({0})))


class TestShielded:
    def test_what_was_meant_for_others_is_left_out(self) -> None:
        kept = {"PGUSER", "PGPASSWORD", "PGPASSFILE", "TWINBENCH_CACHE", "PYTHONUTF8"}
        kept |= {"PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONNOUSERSITE"}
        kept |= {"GOFLAGS", "GOTOOLCHAIN", "LOG_LEVEL"}  # each set where it matters
        carried = [*VARIABLES["libpq"], *VARIABLES["python"], *VARIABLES["libraries"]]
        assert shielded(dict.fromkeys(carried, "junk")).keys() <= {*kept, "NO_PROXY", "no_proxy"}

    def test_what_is_for_us_and_for_the_application_stays(self) -> None:
        ours = {"TWIN_POOL_SIZE": "5", "STOCK_DATABASE": "x", "PATH": "/bin", "PGPASSWORD": "x", "PYTHONPATH": "/x"}
        assert ours.items() <= shielded(ours).items()

    @pytest.mark.parametrize(("carried", "expected"), [({}, LOOPBACK), ({"NO_PROXY": "a"}, f"a,{LOOPBACK}")])
    def test_loopback_goes_by_no_proxy(self, carried: dict[str, str], expected: str) -> None:
        kept = shielded({"HTTP_PROXY": "http://proxy", **carried})
        assert kept["NO_PROXY"] == expected
        assert kept["HTTP_PROXY"] == "http://proxy"  # which fetching a program may need
        assert shielded(kept) == {**kept, "NO_PROXY": f"{expected},{LOOPBACK}", "no_proxy": f"{LOOPBACK},{LOOPBACK}"}


@pytest.mark.parametrize("variables", [{"PYTHONIOENCODING": "ascii"}, {"PYTHONUTF8": "0", "LC_ALL": "C"}], ids=str)
def test_text_is_utf_8_whatever_the_shell_says(variables: dict[str, str]) -> None:
    assert "→" in twinbench("doctor", TOXIPROXY_BIN="/no/such/program", **variables).stdout


@pytest.mark.parametrize(
    "content", ["raise RuntimeError('boom')", "", "syntax error"], ids=["fails", "empty", "syntax"]
)
def test_a_module_that_stands_in_for_a_library_is_named(content: str, tmp_path: Path) -> None:
    file = tmp_path / "typer.py"
    file.write_text(content)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = twinbench("list", PYTHONPATH=path)
    assert done.returncode == 2
    assert f"twinbench: PYTHONPATH has {file}: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_of_ours_on_the_path_is_not_to_blame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    assert shell.fault_of_path(RuntimeError("boom")) == ""


@pytest.mark.parametrize(
    "program",
    ["text", "#!/no/such/interpreter\n", "#!/bin/sh\nsleep 30\n"],
    ids=["no program", "no interpreter", "hangs"],
)
def test_a_toxiproxy_that_cannot_be_run_is_named(
    program: str, say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.provision.toxiproxy_binary.VERSION_TIMEOUT_S", 0.5)
    file = tmp_path / "toxiproxy"
    file.write_text(program)
    file.chmod(0o755)
    done = say("doctor", TOXIPROXY_BIN=str(file))
    assert done.returncode == 3
    assert f"TOXIPROXY_BIN leads to '{file}', which can't be run: " in done.stdout


def test_a_relative_toxiproxy_is_found(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "toxiproxy"
    file.write_text("#!/bin/sh\necho version 9.9\n")
    file.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    assert "9.9" in say("doctor", TOXIPROXY_BIN="./toxiproxy").stdout


class TestPremises:
    @pytest.mark.parametrize("word", ["a\nb", os.fsdecode(b"caf\xe9"), "\x1b[1m"], ids=ascii)
    def test_a_word_that_is_no_text_is_refused(self, word: str) -> None:
        with pytest.raises(UsageError, match="control character"):
            premises.require([word])

    def test_words_in_any_language_are_taken(self) -> None:
        premises.require(["run", "ä 猫 \u00a0é", ""])

    @pytest.mark.parametrize("limit", premises.LEAST)
    def test_a_limit_is_told_with_its_option(self, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
        of_what, option, least = premises.LEAST[limit]
        allowed = {limit: least}
        monkeypatch.setattr("resource.getrlimit", lambda asked: (allowed.get(asked, -1), -1))
        premises.require([])
        allowed[limit] -= 1
        with pytest.raises(HarnessError, match=f"{of_what} is limited to {least - 1}.*'ulimit {option} "):
            premises.require([])

    @pytest.mark.parametrize(
        ("error", "short"),
        [
            (MemoryError(), True),
            (OSError(28, "No space"), True),
            (OSError(2, "No such file"), False),
            (KeyError(), False),
        ],
        ids=repr,
    )
    def test_what_the_machine_lacks_is_no_bug(self, error: Exception, short: bool) -> None:  # noqa: FBT001 - a case
        assert bool(premises.shortage(error)) == short


@pytest.mark.parametrize("output", [">/dev/full", ">&-"], ids=["full", "closed"])
def test_standard_output_that_takes_nothing(output: str) -> None:
    full = output != ">&-"
    assert complaint(Case(words=("list",), codes=frozenset({4 if full else 0}), output=output)) == ""
