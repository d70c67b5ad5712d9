"""A hook of mkdocs: links that leave docs/ lead to copies of those files within the site.

A page under docs/ links to a file of the repository by its relative path (`../cluster.yaml`),
which works where the repository is read. In the site that file is a page of its own under
repository/: Markdown as it is, code and settings in a code block. A folder is a page that lists
its files. A link to a file that does not exist is left alone, and the strict build fails on it.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?P<path>[^)\s#]+)(?P<rest>[^)]*\))")  # also of a picture in a link
CODE = {
    ".py": "python",
    ".yaml": "yaml",
    ".toml": "toml",
    ".json": "json",
    ".txt": "text",
    ".j2": "jinja",
}
FINISHED = ("report/", "search/", "replay/", "images/", "repository/")  # not searched


def on_files(files, config):
    """Adds every file outside docs/ that a page links to, and what those link to in turn."""
    waiting = re.findall(r"repository/([^'\"]+)", str(config["nav"]))
    for file in files.documentation_pages():
        waiting += targets(file.src_uri)
    while waiting:
        source = waiting.pop()
        uri = place_of(source)
        if files.get_file_from_path(uri) is None and (ROOT / source).exists():
            files.append(File.generated(config, uri, **content_of(source)))
            waiting += targets(uri)
            if uri.removesuffix(".md") == f"repository/{source}":  # a page, and the file itself
                raw = str(ROOT / source)
                files.append(File.generated(config, f"repository/{source}", abs_src_path=raw))
    return files


def on_page_markdown(markdown, page, config, files):
    """Leads the page's links to the places that on_files gave their files."""
    uri = page.file.src_uri
    if uri.startswith(FINISHED):
        page.meta.setdefault("search", {"exclude": True})
    return led(markdown, uri)


def source_of(uri):
    """The path in the repository of a page of the site."""
    inside = uri.removeprefix("repository/")
    return inside if inside != uri else f"docs/{uri}"


def place_of(source):
    """The page of the site, or the file, that shows a path of the repository."""
    path = ROOT / source
    is_ours = source.startswith("docs/") and not source.startswith("docs/tools/")
    uri = source.removeprefix("docs/") if is_ours else f"repository/{source}"
    if path.is_dir():
        return f"{uri}/index.md"
    if path.with_suffix(".html").is_file():  # the same report, whole in one file
        return posixpath.splitext(uri)[0] + ".html"
    return uri if is_ours or path.suffix not in CODE else f"{uri}.md"


def linked(uri, path):
    """The path in the repository that a link of a page means; None: it is no file of it."""
    if ":" in path or path.startswith("/"):
        return None
    source = posixpath.normpath(posixpath.join(posixpath.dirname(source_of(uri)), path))
    return None if source.startswith("..") or not (ROOT / source).exists() else source


def targets(uri):
    """The files and folders of the repository that a Markdown page links to."""
    path = ROOT / source_of(uri)
    if path.name == "index.md" and not path.exists():  # of a folder
        return [str(file.relative_to(ROOT)) for file in path.parent.iterdir() if file.is_file()]
    if not (path.suffix == ".md" and path.is_file()):
        return []
    links = LINK.finditer(path.read_text(encoding="utf-8"))
    return [source for link in links if (source := linked(uri, link["path"])) is not None]


def led(markdown, uri):
    """The page's text with its links as the site needs them."""

    def lead(link):
        source = linked(uri, link["path"])
        if source is None:
            return link[0]
        path = posixpath.relpath(place_of(source), posixpath.dirname(uri) or ".")
        return f"]({path}{link['rest']}"

    path = ROOT / source_of(uri)
    is_text = path.is_file() or path.name == "index.md"  # else it is code in a block
    return LINK.sub(lead, markdown) if is_text else markdown


def content_of(source):
    """What a file that the site gets from outside docs/ holds, as arguments for mkdocs."""
    path = ROOT / source
    if path.is_dir():
        names = sorted(entry.name for entry in path.iterdir() if entry.is_file())
        listed = "\n".join(f"- [{name}]({name})" for name in names)
        return {"content": f"# {source}\n\nThe files of this folder:\n\n{listed}\n"}
    if path.suffix in CODE:
        text = path.read_text(encoding="utf-8")
        head = f"# {source}\n\n[Open the file itself]({path.name})"
        return {"content": f"{head}\n\n`````{CODE[path.suffix]}\n{text}`````\n"}
    return {"abs_src_path": str(path)}
