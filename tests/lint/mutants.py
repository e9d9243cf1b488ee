# SPDX-License-Identifier: ISC
"""Each mutant of tests/mutants names a text that is in its file once, and tests
that exist."""

import sys

from _common import ROOT, read, run

sys.path.insert(0, str(ROOT / "tests/mutants"))

from mutant_list import LISTS, parse, read_tree  # noqa: E402


def check(files):
    def read_file(path):
        return files[path] if path in files else read_tree(path)

    return [(path, line, message) for path, text in files.items()
            if path.endswith(".toml")
            for line, message in parse(path, text, read_file)[1]]


def sample(text="a < b", replacement="a <= b",
           ends='tests = ["unit:a/test_a"]'):
    return {"src/a.c": "a < b; c; c;", "tests/unit/a/test_a.c": "",
            "tests/api/a/test_b.py": "def test_b():",
            "a.toml": '[[mutant]]\nfile = "src/a.c"\ntext = "%s"\n'
                      'replacement = "%s"\n%s\n' % (text, replacement, ends)}


OWN = "# Routes of your own project.\na < b\n# End of your own routes.\n"
BAD = [
    (sample(text="d"), "0 times"),
    (sample(text="c"), "2 times"),
    (sample() | {"src/a.c": OWN}, "0 times"),
    (sample(text=""), "needs a text"),
    (sample(replacement="a < b"), "another replacement"),
    (sample(ends=""), "needs tests"),
    (sample(ends='tests = ["unit:a/test_b"]'), "no such test: unit:a/test_b"),
    (sample(ends='tests = ["api:a/test_b.py::test_c"]'), "no such test"),
    (sample(ends='tests = ["uint:a/test_a"]'), "no such test"),
    (sample(ends='test = ["unit:a/test_a"]'), "unknown keys: test"),
    ({"a.toml": "[[mutant]"}, "Expected"),
    ({"a.toml": '[[mutant]]\nfile = "src/b.c"\n'}, "no such file"),
]
GOOD = [
    sample(),
    sample() | {"src/a.c": OWN + "a < b; c"},
    sample(ends='equivalent = "Because."'),
    sample(ends='tests = ["api:a/test_b.py::test_b[1]"]'),
]

if __name__ == "__main__":
    run(check, read(LISTS), BAD, GOOD)
