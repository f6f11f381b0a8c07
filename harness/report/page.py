"""The report: figures, tables and sentences, in one file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from harness.model.summary import Summary
from harness.model.verdict import Verdict
from harness.report import tables
from harness.report.kinds import words_of
from harness.report.sections import SIGNS, sections
from harness.report.sentences.findings import finding_text
from harness.report.sentences.warnings import warning_text

# Nothing from outside, no script, and no style but the page's own. ``data:`` is for its empty icon.
POLICY = "default-src 'none'; style-src 'sha256-{style}'; img-src data:; base-uri 'none'; form-action 'none'"


def write_report(summary: Summary, folder: Path) -> Path:
    """Write ``report.html`` into ``folder``, whole or not at all, and return its path.

    Raises:
        OSError: The folder is missing or can't be written; an earlier report in it is left as it was.
    """
    page = render(summary)
    path = folder / "report.html"
    handle, name = tempfile.mkstemp(dir=folder, prefix=".report-")
    written = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(page)
        written.chmod(0o644)
        written.replace(path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    return path


def render(summary: Summary) -> str:
    """Return the report as HTML."""
    environment = Environment(
        loader=PackageLoader("harness.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["signs"] = SIGNS
    css = _css(summary)
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return environment.get_template("report.html.j2").render(
        summary=summary,
        css=css,
        policy=POLICY.format(style=digest),
        tally=tables.tally(summary.findings),
        notable=[finding_text(finding) for finding in summary.findings if finding.verdict is not Verdict.PASS],
        warnings=[warning_text(warning) for warning in summary.measures.warnings],
        sections=list(sections(summary)),
        **words_of(summary),
    )


def _css(summary: Summary) -> str:
    """Return all styles of the page; those of an element's own, which the policy forbids, would be one number."""
    fixed = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    columns = len(tables.set_alike(summary.plan.targets, summary.settings))
    return f"{fixed}.settings {{ --targets: {columns}; }}\n"
