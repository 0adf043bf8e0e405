"""A page as a strict reader sees it: every element is closed, nothing is fetched from anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from yolozu.report.markup import VOID


@dataclass
class ReadPage(HTMLParser):
    """What a page holds; reading one that is not well formed fails."""

    title: str = ""
    text: str = ""
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self):
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        assert len(given) == len(attrs), (tag, attrs)
        assert not [name for name in given if name.startswith("on")], given
        self.tags.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        self.pictures += [given["src"]] if "src" in given else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "title" and "svg" not in self.open:
            self.title += data
        elif "style" not in self.open:
            self.text += data


def read_page(text: str) -> ReadPage:
    """The page, held against what every page must be."""
    read = ReadPage()
    read.feed(text)
    read.close()
    assert read.open == []
    assert "script" not in read.tags
    assert len(read.ids) == len(set(read.ids))
    assert {link[1:] for link in read.links if link.startswith("#")} <= set(read.ids)
    assert [link for link in read.links if not link.startswith(("#", "data:"))] == []
    assert [picture[:40] for picture in read.pictures if not picture.startswith("data:image/")] == []
    assert "url(" not in text
    assert "@import" not in text
    return read
