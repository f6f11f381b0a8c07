"""Which calls are the application's, and which ask to be passed over."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial, wraps
from pathlib import Path
from types import FrameType, FunctionType

import pytest
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.probe import call_site
from harness.probe.call_site import Place, is_of_application, of_application, place_of, place_of_function, waits_at

SOURCE = """
import sys
seen.append(of_application(sys._getframe()))
__tracebackhide__ = True

def call():
    return of_application(sys._getframe())
"""


def test_a_file_that_was_seen_while_it_was_imported_is_passed_over_afterwards(tmp_path: Path) -> None:
    file = str(tmp_path / "driver.py")
    seen: list[FrameType | None] = []
    scope = {"of_application": of_application, "seen": seen}
    exec(compile(SOURCE, file, "exec"), scope)  # noqa: S102 - a module of ours, as an import runs it
    (imported,) = seen
    assert imported is not None
    assert imported.f_code.co_filename == file
    call = scope["call"]
    assert callable(call)
    assert call() is sys._getframe()


# What is looked up: the application's own, as it is installed, and what is installed beside and within it.
FILES = {
    "shop/__init__.py": "",
    "shop/main.py": "",
    "shop/.venv/lib/python3/site-packages/driver/__init__.py": "",
    "library/__init__.py": "",
    "alone.py": "",
    "company/shop/__init__.py": "",
    "company/library/__init__.py": "",
}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages, on the path."""
    folder = tmp_path / "lib" / "site-packages"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(call_site, "_served", [])
    monkeypatch.setattr(call_site, "_known", {})
    yield folder
    for name in ("shop", "library", "alone", "company"):
        sys.modules.pop(name, None)


def applications(folder: Path) -> set[str]:
    """Those of the installed files whose calls are the application's."""

    def call() -> FrameType:
        return sys._getframe()

    def frame_in(file: str) -> FrameType:
        code = call.__code__.replace(co_filename=str(folder / file))
        frame = FunctionType(code, {"sys": sys})()
        assert isinstance(frame, FrameType)
        return frame

    return {file for file in FILES if is_of_application(frame_in(file))}


@pytest.mark.parametrize(
    ("app", "of_it"),
    [
        ("shop.main:app", {"shop/__init__.py", "shop/main.py"}),
        ("shop:app", {"shop/__init__.py", "shop/main.py"}),
        ("alone:app", {"alone.py"}),
        ("company.shop:app", {"company/shop/__init__.py"}),
        ("nowhere.to.be:found", set()),
    ],
)
def test_an_installed_application_is_what_is_served_belongs_to_and_nothing_else(
    app: str, of_it: set[str], installed: Path
) -> None:
    call_site.serve(app)
    assert applications(installed) == of_it


def in_package(name: str) -> Callable[[], None]:
    """A function of an installed package, as its modules define them."""
    module = __import__(name)

    def endpoint() -> None: ...

    code = endpoint.__code__.replace(co_filename=str(module.__file__))
    function = FunctionType(code, vars(module))
    function.__module__ = name
    return function


def served(*packages: str, mounted: str = "") -> FastAPI:
    """An application that is not installed, and puts together what packages have."""
    app = FastAPI()
    for name in packages:
        app.add_api_route(f"/{name}", in_package(name))
    if mounted:
        other = FastAPI()
        other.add_api_route("/", wraps(in_package(mounted))(lambda: None))
        app.mount("/mounted", other)
    return app


@pytest.mark.parametrize(
    ("app", "of_it"),
    [
        (served, set()),
        (lambda: served("shop"), {"shop/__init__.py", "shop/main.py"}),
        (lambda: served(mounted="alone"), {"alone.py"}),
        (lambda: GZipMiddleware(served("library")), {"library/__init__.py"}),
        (lambda: print, set()),
    ],
)
def test_packages_that_routes_lead_to_are_of_the_application(
    app: Callable[[], object], of_it: set[str], installed: Path
) -> None:
    call_site.serve("nowhere:app")
    call_site.serve_routes(app())
    assert applications(installed) == of_it
    assert not any("fastapi" in root for root in call_site._served)  # which has routes of its own


def test_beside_an_installed_application_files_that_are_not_installed_are_the_applications_still(
    installed: Path, tmp_path: Path
) -> None:
    call_site.serve("shop:app")
    code = compile("import sys\nframe = sys._getframe()", str(tmp_path / "settings.py"), "exec")
    scope: dict[str, FrameType] = {}
    exec(code, scope)  # noqa: S102 - a module of ours, as an import runs it
    assert installed.name == "site-packages"
    assert is_of_application(scope["frame"])


def test_a_call_that_is_at_no_line_is_at_its_functions_first(tmp_path: Path) -> None:
    """Of some instructions Python knows no line, and another thread may look just then."""
    code = compile("import sys\nframe = sys._getframe()", str(tmp_path / "app.py"), "exec")
    scope: dict[str, FrameType] = {}
    exec(code.replace(co_linetable=b""), scope)  # noqa: S102 - a module of ours, as an import runs it
    assert place_of(scope["frame"]) == ("app.py", 1, "<module>")


def test_the_place_of_a_function_is_that_of_what_is_called() -> None:
    class Endpoint:
        def __call__(self) -> None: ...

    def function() -> None: ...

    places = [place_of_function(called) for called in (function, partial(function), Endpoint(), None)]
    assert [place and place[2] for place in places] == ["function", "function", "__call__", None]


def waited_at(answer: ASGIApp) -> Place | None:
    """Where a request is seen to wait while ``sending`` is called for its answer, by another task."""
    found: list[Place | None] = []

    async def serve() -> None:
        async def sending() -> AsyncIterator[str]:
            found.append(waits_at(serving))
            yield "part"

        async def send(_message: Message) -> None:
            await asyncio.sleep(0)

        async def receive() -> Message:
            await asyncio.sleep(20)
            return {"type": "http.disconnect"}

        async def application() -> None:
            await answer({"type": "http", "sending": sending, "asgi": {"spec_version": "2.0"}}, receive, send)

        serving = application()
        await serving

    asyncio.run(serve())
    (place,) = found
    return place


async def streams(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer by a stream of Starlette's, which has a task of its own."""
    await StreamingResponse(scope["sending"]())(scope, receive, send)


async def hands_on(scope: Scope, _receive: Receive, _send: Send) -> None:
    """Have another task make the answer."""
    await asyncio.gather(*[anext(scope["sending"]())])


@pytest.mark.parametrize(("answer", "function"), [(streams, None), (hands_on, "hands_on")])
def test_who_waits_for_its_own_answer_to_be_streamed_has_handed_nothing_on(
    answer: ASGIApp, function: str | None
) -> None:
    place = waited_at(answer)
    assert (place and place[2]) == function
