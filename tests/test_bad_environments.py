"""In a bad environment the program says what is wrong in a line, or does as if nothing were."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness import premises, shell
from harness.commands.interruption import ended_in_order
from harness.errors import HarnessError, UsageError
from harness.provision.account import other_account
from harness.shell import LOOPBACK, shielded
from tests.fix_command_line import ROOT, Say, assert_one_line, twinbench
from tools.bad_environments import NOBODY_READS, VARIABLES, Case, complaint, sample


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
    "content",
    ["raise RuntimeError('boom')", "", "syntax error", "import sys; sys.exit(0)"],
    ids=["fails", "empty", "syntax", "ends the process"],
)
def test_a_module_that_stands_in_for_a_library_is_named(content: str, tmp_path: Path) -> None:
    file = tmp_path / "typer.py"
    file.write_text(content)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = twinbench("list", PYTHONPATH=path)
    assert done.returncode == 2
    assert f"twinbench: {file} is imported in the place of another module: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("content", ["raise ImportError", "import sys; sys.exit(0)"], ids=["fails", "ends the process"])
def test_what_telling_an_error_needs_may_be_what_stands_in(content: str, tmp_path: Path) -> None:
    (tmp_path / "enum.py").write_text(content)
    argv = [sys.executable, "-S", "-c", "from harness.cli import main; main()"]
    path = {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(argv, cwd=ROOT, env=path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert_one_line(done.stderr, f"{tmp_path / 'enum.py'} is imported in the place of another module")


def test_a_module_with_null_bytes_is_named_though_python_does_not(tmp_path: Path) -> None:
    (tmp_path / "random.py").write_bytes(b"x = 1\0")
    done = subprocess.run(
        [sys.executable, "-c", "from harness.cli import main; main()", "--help"],
        cwd=ROOT,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert_one_line(done.stderr, f"{tmp_path / 'random.py'} is imported in the place of another module")


@pytest.mark.parametrize("columns", ["0", "00", ""])
def test_an_error_is_told_on_a_terminal_that_tells_no_size(columns: str) -> None:
    done = twinbench("check", "/nowhere", COLUMNS=columns, LINES=columns)
    assert done.returncode == 2
    assert_one_line(done.stderr, "No run is stored in /nowhere")


def test_a_folder_of_ours_on_the_path_is_not_to_blame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    assert shell.fault_of_path(RuntimeError("boom")) == ""


def test_a_module_in_the_current_folder_is_to_blame_where_it_has_the_name_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", ["", *sys.path])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calendar.py").touch()
    (tmp_path / "mine.py").touch()
    (tmp_path / "numpy").mkdir()  # a folder without a module in it stands in for nothing
    assert shell.fault_of_path(ImportError(path=str(tmp_path / "calendar.py"))) == str(tmp_path / "calendar.py")
    assert shell.fault_of_path(ImportError(path=str(tmp_path / "mine.py"))) == ""
    assert shell.fault_of_path(ImportError(path=str(tmp_path / "numpy" / "x.py"))) == ""
    monkeypatch.setitem(sys.modules, "calendar", SimpleNamespace(__file__=str(tmp_path / "calendar.py")))  # type: ignore[arg-type]  # all that is asked of it
    assert shell.fault_of_path(AttributeError()) == str(tmp_path / "calendar.py")
    assert shell.fault_of_path(RuntimeError()) == ""  # which no module that lacks something can cause


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


def test_root_without_an_account_for_postgresql_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert other_account() is None
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("pwd.getpwnam", unknown)
    with pytest.raises(HarnessError, match="there is no account 'nobody'"):
        other_account()


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


@pytest.mark.parametrize(("umask", "expected"), [(0o777, 0o077), (0o022, 0o022), (0o000, 0)])
def test_what_it_makes_is_its_own_to_use(umask: int, expected: int) -> None:
    program = "import os, sys; from harness import shell; shell.shield(); print(os.umask(0))"
    done = subprocess.run([sys.executable, "-c", program], umask=umask, capture_output=True, text=True, check=True)
    assert int(done.stdout) == expected


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_it_in_order_unless_the_shell_has_it_ignored(number: signal.Signals) -> None:
    before = {one: signal.getsignal(one) for one in (number, signal.SIGCHLD)}
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # of which no end of a child would be known
        for handler in (signal.SIG_DFL, signal.SIG_IGN):
            signal.signal(number, handler)
            with ended_in_order():
                ends = signal.getsignal(number) is signal.default_int_handler
                assert ends == (handler is signal.SIG_DFL)
                assert signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL
            assert signal.getsignal(number) is handler
            assert signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@pytest.mark.parametrize("given", ["@~nosuch/url", "@/dev/zero", "@/etc/passwd", "@/dev/null", "@"])
def test_a_file_that_has_no_url_is_one_line_without_what_is_in_it(given: str, say: Say, tmp_path: Path) -> None:
    done = say("run", "ping", "--postgres-url", given, "--out", str(tmp_path))
    assert done.returncode == 2
    assert_one_line(done.stderr, "--postgres-url")
    assert "root" not in done.stderr


@pytest.mark.parametrize("output", [">/dev/full", ">&-"], ids=["full", "closed"])
def test_standard_output_that_takes_nothing(output: str) -> None:
    full = output != ">&-"
    assert complaint(Case(words=("list",), codes=frozenset({4 if full else 0}), output=output)) == ""


def test_where_there_is_no_terminal_and_nobody_reads_it_ends_in_order() -> None:
    assert complaint(Case(words=("list", "--all"), codes=frozenset({0}), output=NOBODY_READS)) == ""
