# SPDX-License-Identifier: ISC
"""What a browser finds in a page that a link in a mail opens."""

import html.parser

from product import TITLE


class Page(html.parser.HTMLParser):
    """What a browser finds in a page."""

    def __init__(self, answer):
        super().__init__()
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        self.tags, self.texts, self.open = [], {}, []
        self.feed(answer.text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and data.strip():
            self.texts.setdefault(self.open[-1], []).append(data.strip())

    def one(self, tag, **wanted):
        [attrs] = [attrs for name, attrs in self.tags if name == tag and
                   wanted.items() <= attrs.items()]
        return attrs

    @property
    def title(self):
        [title] = self.texts["h1"]
        assert self.texts["title"] == [title + " - " + TITLE]
        return title

    @property
    def token(self):
        return self.one("input", name="token", type="hidden")["value"]

    @property
    def problem(self):
        """The text that a screen reader reads at once; None without one."""
        if not any(attrs.get("role") == "alert" for _, attrs in self.tags):
            return None
        self.one("p", role="alert", id="problem")
        return self.texts["p"][0]
