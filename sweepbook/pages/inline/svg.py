"""A drawing of matplotlib as a part of a page: short, without ids that others may have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from xml.etree import ElementTree

from sweepbook.pages.inline.colours import is_deep, themed
from sweepbook.pages.inline.paths import short, short_numbers, short_path

_LINK = "{http://www.w3.org/1999/xlink}href"
_NUMBERS = ("x", "y", "width", "height")
_LEFT_OUT = ("metadata", "style", "defs", "clipPath")
_KNOWN = ("g", "path", "use", "text", "tspan", "image", "rect")
_STYLE = (  # of matplotlib's that a page keeps
    *("fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray"),
    *("stroke-dashoffset", "opacity", "text-anchor", "font-size", "font-style", "font-weight"),
    *("stroke-linecap", "stroke-linejoin", "image-rendering"),
)
_DEFAULTS = {"stroke-dashoffset": "0", "stroke-linejoin": "round", "text-anchor": "start"}
_Node = ElementTree.Element


def inline_svg(
    svg: str, name: str, alt: str, marks: Mapping[str, Mapping[str, Any]], n: str = ""
) -> str:
    """The SVG that matplotlib wrote, as an element of a page.

    Args:
        svg: written with `svg.fonttype` none, transparent.
        name: of the figure; ids begin with it.
        alt: what the picture shows, in words.
        marks: id of an element in `svg` -> the attributes that it gets; a list of series goes
            to its paths, one to each.
        n: how many replicates a mean is over, where all of the figure are over as many.
    """
    return _Writer(ElementTree.fromstring(svg), name, marks).page(alt, n)


class _Writer:
    def __init__(self, root: _Node, name: str, marks: Mapping[str, Mapping[str, Any]]) -> None:
        self.root, self.name, self.marks = root, name, marks
        named = [node for node in root.iter() if node.get("id")]
        self.paths = {str(n.get("id")): n for n in named if _tag(n) == "path"}
        self.clips = [str(n.get("id")) for n in named if _tag(n) == "clipPath"]
        links = (str(n.get(_LINK)).removeprefix("#") for n in root.iter() if _tag(n) == "use")
        self.uses = Counter(links)
        self.shared = [key for key in self.paths if self.uses[key] > 1]

    def page(self, alt: str, n: str) -> str:
        body = "".join(map(self.node, self.root))
        said = f' data-n="{escape(n)}"' if n else ""
        fixed = " paper" if self._stands_on_white() else ""
        return (
            f'<svg class="plot{fixed}" role="img" viewBox="{self.root.get("viewBox")}"{said} '
            'fill="currentColor" stroke-linejoin="round" xmlns="http://www.w3.org/2000/svg">'
            f"<title>{escape(alt)}</title>{self._definitions()}{body}</svg>"
        )

    def _stands_on_white(self) -> bool:
        """Whether texts lie on coloured areas, so that the page's ink may not replace theirs."""
        texts = [node for node in self.root.iter() if _tag(node) == "text"]
        white = any(_style(node).get("fill") == "#ffffff" for node in texts)
        return white or any(_tag(node) == "image" for node in self.root.iter())

    def _definitions(self) -> str:
        parts = [
            f'<path id="{self._id("p", self.shared, key)}"{self._attributes(self.paths[key])}/>'
            for key in self.shared
        ]
        for node in self.root.iter():
            if _tag(node) == "clipPath":
                inside = "".join(map(self.node, node))
                own = self._id("c", self.clips, str(node.get("id")))
                parts.append(f'<clipPath id="{own}">{inside}</clipPath>')
        return f"<defs>{''.join(parts)}</defs>" if parts else ""

    def _id(self, letter: str, known: Sequence[str], key: str) -> str:
        return f"{self.name}-{letter}{known.index(key)}"

    def node(self, node: _Node) -> str:
        """An element and what is in it; a group that says nothing is left out."""
        tag = _tag(node)
        is_no_line = tag == "path" and (not node.get("d") or node.get("id") in self.paths)
        if tag in _LEFT_OUT or is_no_line:
            return ""
        if tag == "use":
            return self._use(node)
        if tag not in _KNOWN:
            return "".join(map(self.node, node))
        attributes = self._attributes(node)
        inside = escape(node.text or "", quote=False) if tag in ("text", "tspan") else ""
        inside += self._children(node)
        if tag == "g" and (not attributes or not inside):
            return inside
        return f"<{tag}{attributes}>{inside}</{tag}>" if inside else f"<{tag}{attributes}/>"

    def _children(self, node: _Node) -> str:
        series = self.marks.get(str(node.get("id")), {}).get("data-series")
        if not isinstance(series, list):
            return "".join(map(self.node, node))
        written = [self.node(child) for child in node.iter() if _tag(child) in ("path", "use")]
        named = zip(series, [text for text in written if text], strict=False)
        return "".join(
            text.replace(" ", f' data-role="background" data-series="{escape(name)}" ', 1)
            for name, text in named
        )

    def _use(self, node: _Node) -> str:
        key = str(node.get(_LINK)).removeprefix("#")
        x, y = (float(node.get(side, 0)) for side in "xy")
        if key not in self.shared:  # as a path in its place
            whole = {"d": short_path(str(self.paths[key].get("d")), x, y)}
            whole |= self._of_style(self.paths[key]) | self._of_style(node)
            return f"<path{_written(whole)}/>"
        link = {"href": f"#{self._id('p', self.shared, key)}", "x": short(x), "y": short(y)}
        return f"<use{_written(link | self._of_style(node))}/>"

    def _attributes(self, node: _Node) -> str:
        found: dict[str, str] = {}
        mark = self.marks.get(str(node.get("id")), {})
        if not isinstance(mark.get("data-series"), list):
            found |= mark
        if "d" in node.keys():
            found["d"] = short_path(str(node.get("d")))
        for key in _NUMBERS:
            if key in node.keys():
                found[key] = short(float(str(node.get(key))))
        turned = str(node.get("transform", ""))
        if turned and not turned.startswith("rotate(-0 "):
            found["transform"] = short_numbers(turned)
        if (clip := str(node.get("clip-path", ""))[5:-1]) in self.clips:
            found["clip-path"] = f"url(#{self._id('c', self.clips, clip)})"
        if (link := str(node.get(_LINK, ""))).startswith("data:image/"):
            found["href"] = link
        return _written(found | self._of_style(node))

    def _of_style(self, node: _Node) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, value in _style(node).items():
            if key not in _STYLE or _DEFAULTS.get(key) == value:
                continue
            found[key] = themed(value) if key in ("fill", "stroke") else short_numbers(value)
            if key in ("fill", "stroke") and found[key] == value:
                if _tag(node) == "text" or is_deep(value):
                    found |= {"class": f"own-{key}", "style": f"--c:{value}"}
        return found


def _tag(node: _Node) -> str:
    return str(node.tag).rpartition("}")[2]


def _style(node: _Node) -> dict[str, str]:
    """The declarations of an element's style; sizes without their unit."""
    pairs = (part.partition(":") for part in str(node.get("style", "")).split(";") if part.strip())
    return {key.strip(): value.strip().removesuffix("px") for key, _, value in pairs}


def _written(attributes: Mapping[str, Any]) -> str:
    return "".join(f' {key}="{escape(str(value))}"' for key, value in attributes.items())
