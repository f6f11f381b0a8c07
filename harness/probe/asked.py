"""What a request has asked the database so far: its statements by their form, whoever they are sent by."""

from __future__ import annotations

from contextvars import ContextVar

from harness.probe.call_site import Place, caller, place_of
from harness.probe.statement_form import name_of

MANY_ROWS = 100  # of one statement: from here on, where it was sent from is kept


class Form:
    """The statements of one form that a request has sent: how many, in how many calls, and the rows that came.

    ``known`` is how many forms there were when it was sent last, itself among them. ``call_site`` is of one that came
    again, or that brought many rows. Made for every form that a request sends, and so of what is quickest made.
    """

    __slots__ = ("call_site", "calls", "executions", "fix", "known", "rows")

    def __init__(self) -> None:
        self.executions = self.calls = self.rows = self.known = 0
        self.call_site: Place | None = None
        self.fix = ""

    def call(self, context: object) -> None:
        """Count a call, and keep the site of the second, the fourth, the eighth and so on.

        A loop has most of them, and what sent the statement before it has not.
        """
        self.calls += 1
        if self.calls > 1 and not self.calls & (self.calls - 1):
            self._keep_site(context)

    def bring(self, rows: int, context: object) -> None:
        """Count rows that came, and keep the site if there are many."""
        self.rows += rows
        if self.call_site is None and self.rows >= MANY_ROWS:
            self._keep_site(context)

    def _keep_site(self, context: object) -> None:
        self.call_site = place_of(caller())
        self.fix = _fix(context)


class Asked:
    """The forms of a request by their names, in the order in which it has sent them, and what of them is still to come.

    ``streams`` are forms by the ``id`` of the cursor that their rows come from, part by part.
    """

    __slots__ = ("forms", "streams")

    def __init__(self) -> None:
        self.forms: dict[str, Form] = {}
        self.streams: dict[int, Form] = {}

    def count(
        self,
        statement: str,
        executions: int,
        rows: int,
        context: object = None,
        *,
        stream: object = None,
        with_others: bool = False,
    ) -> None:
        """Count a statement that was carried out, whose rows may still come by a ``stream``.

        One that is sent ``with_others``, in one go, is no call more than those of its form that were.
        """
        name = name_of(statement)
        form = self.forms.get(name)
        if form is None:
            form = self.forms[name] = Form()
        if stream is not None:
            self.streams[id(stream)] = form
        form.executions += executions
        if not (with_others and form.calls):
            form.call(context)
        form.known = len(self.forms)
        form.bring(rows, context)

    def brought(self, stream: object, rows: int) -> None:
        """Count rows that came by a stream."""
        form = self.streams.get(id(stream))
        if form is not None:
            form.bring(rows, None)


under_way: ContextVar[Asked | None] = ContextVar("twinbench_asked", default=None)
# Whether this is part of what SQLAlchemy asks of a driver, which is told already.
by_dialect: ContextVar[bool] = ContextVar("twinbench_by_dialect", default=False)


def _fix(context: object) -> str:
    """Name the loader option that spares a statement by which a relationship is loaded lazily; of any other, nothing.

    What ``ORMExecuteState`` tells by ``lazy_loaded_from`` and ``loader_strategy_path``, without a listener that is
    asked before every statement. An option that is used already loads as well, but for no single object.
    """
    load = getattr(context, "execution_options", {}).get("_sa_orm_load_options")
    if getattr(load, "_lazy_loaded_from", None) is None:
        return ""
    options = getattr(getattr(context, "invoked_statement", None), "_compile_options", None)
    path = getattr(options, "_current_path", None)
    if path is None or path.is_root:
        return ""
    loaded = path[-1]
    return f"{'selectinload' if loaded.uselist else 'joinedload'}({loaded.class_attribute})"
