# SPDX-License-Identifier: ISC
"""Templates of source files: {{ expression }}, lines such as `% if owner`,
`% else`, `% for field in fields` and `% end`, and lines that are broken at 80
columns where a name made them longer."""

import re
import textwrap

COLUMNS = 80
MACRO_COLUMNS = 72
TAB = 8

WORD = re.compile(r"{{ (.*?) }}")
STEP = re.compile(r"% *(if|elif|else|for|end)\b *(.*)$")


def value_of(expression, names):
    """The expressions are those of our own templates."""
    return eval(expression, {"__builtins__": {"len": len, "any": any}}, names)


def blocks(lines, at=0, nested=False):
    """The lines from `at` as a tree: a text, or (condition or loop, tree)s."""
    tree = []
    while at < len(lines):
        step = STEP.match(lines[at])
        if step is None:
            tree.append(lines[at])
            at += 1
            continue
        word, rest = step.groups()
        if word in ("if", "for"):
            branches = []
            while word != "end":
                inner, at = blocks(lines, at + 1, True)
                branches.append((word, rest, inner))
                word, rest = STEP.match(lines[at]).groups()
            tree.append(branches)
            at += 1
        elif nested:
            return tree, at
        else:
            raise ValueError("unexpected %s" % lines[at])
    if nested:
        raise ValueError("an end is missing")
    return tree, at


def fill(tree, names, out):
    for node in tree:
        if isinstance(node, str):
            out.append(WORD.sub(
                lambda found: str(value_of(found[1], names)), node))
            continue
        for word, rest, inner in node:
            if word == "for":
                name, _, items = rest.partition(" in ")
                for item in value_of(items, names):
                    fill(inner, {**names, name: item}, out)
            elif word == "else" or value_of(rest, names):
                fill(inner, names, out)
                break


def width(line):
    return len(line.expandtabs(TAB))


def leading(line):
    return line[:len(line) - len(line.lstrip())]


def continuation(line, language, continues):
    """What the rest of a broken line begins with: of C as in KNF, four blanks
    behind the indent of the statement."""
    if language == "c" and re.match(r"\s*\*", line):
        return leading(line) + "* "
    if language == "c" and re.match(r"\w[\w ]*\t", line):    # a prototype
        return "\t\t    "
    if line.startswith('"""'):
        return leading(line)
    if language == "sql":
        if line.startswith("-- "):
            return "-- " if not line.startswith("-- list:") else "--     "
        return leading(line) if continues else leading(line) + "       "
    if continues:
        return leading(line)
    return (leading(line) + "    ").replace("        ", "\t")


def break_line(line, language):
    """The line, and those that its rest needs. A string is not broken."""
    comment = re.fullmatch(r"/\* (.*) \*/", line)
    if language == "c" and comment and width(line) > COLUMNS:
        return ["/*", *textwrap.wrap(comment[1], COLUMNS, initial_indent=" * ",
                                     subsequent_indent=" * "), " */"]
    out = []
    continues = False
    macro = line.startswith("#define")
    limit = MACRO_COLUMNS - 1 if macro else COLUMNS
    while width(line) > limit:
        at = last_blank(line, language, limit)
        if at is None:
            break
        begin = continuation(line, language, continues)
        part = line[:at].rstrip()
        if macro:
            part += "\t" * ((MACRO_COLUMNS - width(part) + TAB - 1) // TAB) \
                + "\\"
        out.append(part)
        line = begin + line[at:].lstrip()
        continues = True
    return [*out, line]


def last_blank(line, language, limit):
    """The last blank within the limit that is outside of strings; behind a
    comma if there is one."""
    best = comma = None
    quoted = False
    for at, sign in enumerate(line):
        if sign == '"' and language in ("c", "py") and \
                not line.startswith('"""'):
            quoted = not quoted
        if width(line[:at]) > limit:
            break
        if sign == " " and not quoted and line[:at].strip(" \t*-"):
            best = at
            if line[at - 1] == ",":
                comma = at
    return best if comma is None else comma


def render(text, names, language):
    tree, _ = blocks(text.splitlines())
    lines = []
    fill(tree, names, lines)
    if language is None:        # its lines have their length
        return "\n".join(lines) + "\n"
    out = []
    for line in lines:
        out.extend(break_line(line.rstrip(), language))
    return "\n".join(out) + "\n"
