"""What matplotlib writes, made fit to stand inside a page: own ids, CSS colours, no styles, no needless weight.

The page's security policy lets no element have a style, as text that slipped into the page could bring one. What a
style says of an element of SVG its attributes can say, too.
"""

from __future__ import annotations

import re

from markupsafe import Markup

from harness.report.palette import with_variables

# Positions to a hundredth of a point are finer than any screen.
LONG_NUMBER = re.compile(r"(\d\.\d\d)\d+")
POSITIONS = re.compile(r' (?:d|x|y|transform|points)="[^"]*"')
MARKS = re.compile(r"<g([^>]*)>((?:<use [^>]*/>)+)</g>")
STYLE = re.compile(r' style="([^"]*)"')
STYLED = re.compile(rf"(<[^<>]*?){STYLE.pattern}")  # in a tag, not in text: matplotlib escapes both signs there


def inlined(svg: str, prefix: str) -> Markup:
    """Return matplotlib's SVG as an element of an HTML page.

    Args:
        svg: A whole SVG document.
        prefix: Put before every id, as ids are unique within one SVG only, and a page holds many.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\n\s*", "", svg)
    svg = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true">', svg, count=1)
    svg = re.sub(r"<defs><style.*?</style></defs>", "", svg)  # how lines end and join, which report.css says
    svg = svg.replace(" xlink:href=", " href=")
    svg = re.sub(r'( id="|url\(#| href="#)', rf"\g<1>{slug(prefix)}-", svg)
    # the page's own typeface, so that a figure reads like the text around it
    svg = re.sub(r"font: (?:(\w+) )?([\d.]+)px [^;\"]*", _font, svg)
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg)
    svg = POSITIONS.sub(lambda found: LONG_NUMBER.sub(r"\1", found[0]), svg)
    svg = STYLED.sub(_as_attributes, MARKS.sub(_with_one_style, svg))
    return Markup(with_variables(svg))  # noqa: S704 - matplotlib escapes the text that it draws


def slug(text: str) -> str:
    """Return ``text`` as a part of an id: letters, digits and hyphens, whatever else it held."""
    return re.sub(r"[^A-Za-z0-9-]", lambda found: f"-{ord(found[0]):x}-", text)


def _font(found: re.Match[str]) -> str:
    weight = f"font-weight: {found[1]}; " if found[1] else ""
    return f"{weight}font-size: {found[2]}px"


def _as_attributes(found: re.Match[str]) -> str:
    declared = (part.partition(":") for part in found[2].split(";") if part.strip())
    return found[1] + "".join(f' {name.strip()}="{value.strip()}"' for name, _, value in declared)


def _with_one_style(found: re.Match[str]) -> str:
    """Define the style of a series once, instead of once a mark."""
    styles = set(STYLE.findall(found[2]))
    if len(styles) != 1:
        return found[0]
    return f'<g{found[1]} style="{styles.pop()}">{STYLE.sub("", found[2])}</g>'
