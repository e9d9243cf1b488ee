"""Every `function()` that docs/architecture.md names exists."""

import re

from _common import line_of, mask, read, run

PAGE = "docs/architecture.md"
NAMED = re.compile(r"`(\w+)\(\)`")
DEFINED = re.compile(r"^(\w+)\(|^[ \t]*#[ \t]*define[ \t]+(\w+)\(", re.M)


def check(files):
    if PAGE not in files:
        return [(PAGE, 1, "the page is missing")]
    defined = {
        function or macro
        for path, text in files.items() if path.endswith((".c", ".h"))
        for function, macro in DEFINED.findall(mask(text))
    }
    page = files[PAGE]
    named = list(NAMED.finditer(page))
    if not named:
        return [(PAGE, 1, "the page names no function")]
    return [
        (PAGE, line_of(page, match.start()),
         f"{match.group(1)}() is defined nowhere in src")
        for match in named if match.group(1) not in defined
    ]


C = "static void\nf(int a)\n{\n}\n#define g(x) (x)\n/*\nh(int)\n*/\n"
BAD = [
    ({"src/a.c": C}, "missing"),
    ({"src/a.c": C, PAGE: "nothing"}, "names no function"),
    ({"src/a.c": C, PAGE: "`f()` then `h()`"}, "h() is defined nowhere"),
]
GOOD = [{"src/a.c": C, PAGE: "`f()` then `g()`"}]

if __name__ == "__main__":
    run(check, read("src/**/*.[ch]", PAGE), BAD, GOOD)
