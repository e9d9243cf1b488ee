# SPDX-License-Identifier: ISC
"""The reader of docs/tutorial.md: test_grown.py makes what the page says."""

import pytest

from tutorial import PAGE, Page, Wrong, check_output, make_step

# Each of these is a page, and what is wrong in it.
DIFF = "# 1\n\n**a/b.c**\n\n```diff\n%s```\n"
WRONG = [
    (DIFF % " no\n+x\n", "6: this passage is not in a/b.c:\nno"),
    (DIFF % " one\n+x\n", "6: this passage is there 2 times in a/b.c:\none"),
    (DIFF % "-two\n+2\n@@\n three\n-four\n",
     "9: this passage is not in a/b.c:\nthree\nfour"),
    (DIFF % " two\n", "6: this passage changes nothing in a/b.c:\ntwo"),
    (DIFF % "+x\n", "6: this passage has no line that is in a/b.c:"),
    (DIFF % "two\n", "6: a line of a diff begins with ' ', '-' or '+': two"),
    (DIFF.replace("a/b.c", "no.c") % "-two\n", "5: there is no no.c"),
    ("**a/b.c**\n```c\nx\n```\n",
     "2: a/b.c is there already: a ```diff changes it"),
    ("**a/b.c**\nOr not.\n", "2: **a/b.c** is not above a block"),
    ("In a/b.c:\n```c\none\n...\nfour\n```\n",
     "2: this is not in a/b.c:\nfour"),
    ("```sql\nSELECT\n```\n", "1: no file is named above: **PATH** makes an "
     "edit of this block"),
    ("```yaml\na: b\n```\n", "1: a block of kind 'yaml' without **PATH** is "
     "not checked: write ```text"),
    ("```text\n", "1: the block does not end"),
    ("```console\nls\n```\n", "2: a console begins with a command: $ ..."),
]


def make(folder, text):
    """The file after the steps of a page."""
    (folder / "a").mkdir()
    (folder / "a/b.c").write_text("one\ntwo\none\nthree\n")
    for step in Page(text).steps:
        make_step(folder, step)
    return (folder / "a/b.c").read_text()


@pytest.mark.parametrize("text, problem", WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_told_with_its_line(tmp_path, text, problem):
    with pytest.raises(Wrong) as raised:
        make(tmp_path, text)
    assert str(raised.value).strip() == PAGE + ":" + problem


def test_passages_are_replaced_in_their_order(tmp_path):
    assert make(tmp_path, DIFF % " two\n-one\n+1\n@@\n-three\n+3\n") == \
        "one\ntwo\n1\n3\n"


CONSOLE = ("```console\n$ cd keel && make run\n$ curl \\\n    -d x\n"
           "{\"id\":\"...\"}\n$ ./keel init acme\n```\n")


def test_commands_and_what_they_print():
    page = Page(CONSOLE)
    [curl] = page.final_commands()
    assert (curl.line, curl.text) == (3, "curl \\\n    -d x")
    check_output(curl, '{"id":"1\n2"}\r\n')
    with pytest.raises(Wrong, match=PAGE + ":3: the page says that this "
                       'prints\n.*\nbut it printed\n{"id":1}'):
        check_output(curl, '{"id":1}')
