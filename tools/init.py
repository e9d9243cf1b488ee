# SPDX-License-Identifier: ISC
"""
./keel init NAME: makes the tree a project of another name.

It changes a few files, all or none: src/product.h, ./keel and the units in
conf. Nothing below src/modules changes, and no test and no page of docs, so
a later version of Keel still merges. Run again, it changes the names again.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys

import output
from names import C_WORDS, SQL_WORDS

ROOT = pathlib.Path(__file__).resolve().parents[1]
HEADER, SCRIPT = "src/product.h", "keel"
UNITS = ("conf/{}.service", "conf/{}-jobs.service",
         "conf/{}-migrate.service", "conf/{}.socket")

# The users and groups of Debian, and what systemd or PostgreSQL call so.
TAKEN = """
    root daemon bin sys sync games man lp mail news uucp proxy backup list irc
    nobody nogroup adm tty disk dialout fax voice cdrom floppy tape sudo audio
    dip operator src shadow utmp video sasl plugdev staff users kmem input sgx
    kvm render crontab ssh sshd messagebus postgres postgresql dbus cron nginx
    apache2 caddy haproxy network networking systemd udev user kore kodev
""".split()

# Other programs have variables that begin so: they would be unknown settings.
PREFIXES = """
    ASAN APT BASH CACHE CARGO CONFIGURATION CREDENTIALS CURL DBUS DEBIAN
    DESKTOP DISPLAY DOCKER EXIT GIT GNOME GPG GTK HTTP HTTPS INVOCATION JOURNAL
    KDE KORE KRB5 KUBERNETES LANG LC LD LISTEN LOGS LSAN MAIL MAIN MALLOC
    MEMORY NO NODE NOTIFY NPM OPENSSL PG PYTEST PYTHON QT RUNTIME SERVICE SSH
    SSL STATE SUDO SYSTEMD TERM TSAN UBSAN VSCODE WATCHDOG WAYLAND WINDOW XDG
""".split()

NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
NAME_MAX = 24
PREFIX = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_")
VERSION = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?")
TEXT_MAX = 60

# Of src/product.h: the macro, and how its line begins and ends.
LINES = {
    "name": ("PRODUCT", r'(#define PRODUCT\t+")(.*)(")'),
    "title": ("PRODUCT_TITLE", r'(#define PRODUCT_TITLE\t+")(.*)(")'),
    "authors": ("PRODUCT_AUTHORS", r'(#define PRODUCT_AUTHORS\t+")(.*)(")'),
    "version": ("PRODUCT_VERSION", r"(#define PRODUCT_VERSION\t+)(\S+)()"),
    "prefix": ("ENV()", r'(#define ENV\(name\)\t+")(.*)(" name)'),
}

KEEL = {"name": "keel", "title": "Keel", "prefix": "KEEL_"}

# Where the units have names. The command in /opt/NAME has its own, keel.
PLACES = (
    (r"(?<=^User=)@$", "name"), (r"(?<=^Group=)@$", "name"),
    (r"(?<=^StateDirectory=)@$", "name"), (r"(?<=/var/lib/)@\b", "name"),
    (r"(?<=/opt/)@\b", "name"), (r"(?<=/etc/)@(?=/)", "name"),
    (r"\b@(?=\.env$|\.env )", "name"), (r"(?<=system user )@\b", "name"),
    (r"(?<![\w-])@(?=(-jobs|-migrate)?\.(service|socket))", "name"),
    (r"(?<=SocketGroup=)@\b", "name"),
    (r"(?<=^Description=)@(?!\w)", "title"),
    (r"(?<=^# )@(?= in production)", "title"),
    (r"(?<=background work of )@(?!\w)", "title"),
    (r"\b@(?=[A-Z])", "prefix"),
)


class Refused(Exception):
    """Says in a line why nothing was changed."""


def read(path):
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except OSError as error:
        raise Refused(f"cannot read {path}: {error.strerror}") from None


def line_in(path, text, pattern, what):
    found = re.findall(f"^{pattern}$", text, re.M)
    if len(found) != 1:
        raise Refused(f"{path} has no line of {what}, or several")
    return found[0][1]


def names_of(header, script):
    """The names that the tree has now."""
    names = {key: line_in(HEADER, header, pattern, what)
             for key, (what, pattern) in LINES.items()}
    for key, word in (("name", "product"), ("prefix", "prefix")):
        has = line_in(SCRIPT, script, f"({word}=)(.*)()", word)
        if has != names[key]:
            raise Refused(f"./keel says {word}={has}, and {HEADER} "
                          f"{names[key]}: make them equal first")
    names["version"] = names["version"].strip('"')
    return names


def check_name(name):
    if not NAME.fullmatch(name) or len(name) > NAME_MAX:
        raise Refused(f"{name!r}: a name is lower-case letters, digits and "
                      "single underscores, begins with a letter, and has at "
                      f"most {NAME_MAX} characters: metrics, tokens and a "
                      "system user have it")
    if name == "keel":
        raise Refused("keel is the name of the framework")
    if name in TAKEN:
        raise Refused(f"{name}: a user, group or service of Debian has this "
                      "name")
    if (ROOT / "src/modules" / name).exists():
        raise Refused(f"{name} is a module of src/modules")
    if name in C_WORDS | SQL_WORDS:
        raise Refused(f"{name} is a word of C or SQL")


def check_text(what, text):
    bad = [c for c in text if not c.isprintable() or c in '"\\<>{}%']
    if bad or text != text.strip() or not 1 <= len(text) <= TEXT_MAX:
        raise Refused(f"the {what} must be 1 to {TEXT_MAX} characters without "
                      'blanks around them and without " \\ < > { } %')


def check_prefix(prefix):
    if not PREFIX.fullmatch(prefix) or len(prefix) > NAME_MAX + 1:
        raise Refused(f"{prefix!r}: a prefix is capital letters, digits and "
                      "single underscores, and ends with one")
    if prefix.startswith("KEEL_"):
        raise Refused(f"{prefix}: KEEL_ is the framework's prefix")
    if prefix.split("_")[0] in PREFIXES:
        raise Refused(f"{prefix}: other programs have variables that begin "
                      "so; choose another one with --prefix")


def wanted(options, old):
    """The names to write: those that are not given follow from NAME, or stay
    if NAME stays."""
    new = {"name": options.name}
    check_name(options.name)
    stays = options.name == old["name"]
    title = " ".join(word.capitalize() for word in options.name.split("_"))
    new["title"] = old["title"] if stays else title
    new["version"] = old["version"] if stays or old["name"] != "keel" \
        else "0.1.0"
    new["prefix"] = old["prefix"] if stays else options.name.upper() + "_"
    for key in ("title", "version", "prefix"):
        if getattr(options, key) is not None:
            new[key] = getattr(options, key)
    if options.authors is not None:
        new["authors"] = options.authors
    else:
        new["authors"] = old["authors"] if stays \
            else f"The {new['title']} authors"
    if not new["prefix"].endswith("_"):
        new["prefix"] += "_"
    check_text("title", new["title"])
    check_text("authors", new["authors"])
    check_prefix(new["prefix"])
    if not VERSION.fullmatch(new["version"]):
        raise Refused(f"{new['version']!r}: a version is like 1.2.3")
    return new


def put(text, pattern, value):
    return re.sub(f"^{pattern}$", lambda m: m[1] + value + m[3], text,
                  flags=re.M)


def header_with(text, new):
    for key, (_, pattern) in LINES.items():
        value = f'"{new[key]}"' if key == "version" else new[key]
        text = put(text, pattern, value)
    return text


def script_with(text, new):
    text = put(text, "(product=)(.*)()", new["name"])
    return put(text, "(prefix=)(.*)()", new["prefix"])


def unit_with(text, old, new):
    """The unit with the new names, whether it has the old ones or, after a
    merge, Keel's."""
    for names in (old, KEEL):
        for pattern, key in PLACES:
            text = re.sub(pattern.replace("@", re.escape(names[key])),
                          lambda _: new[key], text, flags=re.M)
    return text


def changes(old, new):
    """[(path before, path after, text after)] of what differs."""
    found = [(HEADER, HEADER, header_with(read(HEADER), new)),
             (SCRIPT, SCRIPT, script_with(read(SCRIPT), new))]
    for unit in UNITS:
        before, after = unit.format(old["name"]), unit.format(new["name"])
        found.append((before, after, unit_with(read(before), old, new)))
        if before != after and (ROOT / after).exists():
            raise Refused(f"{after} is there already")
    return [(before, after, text) for before, after, text in found
            if before != after or text != read(before)]


def check_clean(paths):
    """What git does not have yet could not be brought back."""
    done = subprocess.run(
        ["git", "-C", str(ROOT), "status", "--porcelain", "--", *paths],
        capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return          # no clone, but a tree
    if done.stdout:
        changed = ", ".join(line[3:] for line in done.stdout.splitlines())
        raise Refused(f"commit these first, or undo them: {changed}")


def write(found):
    """All or nothing: the new texts stand beside the files before the first
    of these is replaced; what was replaced is put back if the next fails."""
    made, undo = [], []
    try:
        for before, after, text in found:
            beside = ROOT / (after + ".new")
            made.append(beside)
            beside.write_text(text, encoding="utf-8")
            beside.chmod((ROOT / before).stat().st_mode & 0o777)
        for (before, after, _), beside in zip(found, list(made)):
            kept = ROOT / (before + ".old")
            os.link(ROOT / before, kept)
            undo.append((kept, before, after))
            os.replace(beside, ROOT / after)
            if before != after:
                os.unlink(ROOT / before)
    except OSError as error:
        for kept, before, after in undo:
            if before != after:
                (ROOT / after).unlink(missing_ok=True)
            os.replace(kept, ROOT / before)
        for beside in made:
            if beside.is_file():
                beside.unlink()
        raise Refused(f"nothing was changed: {error.filename}: "
                      f"{error.strerror}") from None
    for kept, _, _ in undo:
        kept.unlink()


def report(found, new, is_dry):
    print("would change:" if is_dry else "changed:")
    for before, after, _ in found:
        print(f"    {before}" + (f" -> {after}" if after != before else ""))
    if is_dry:
        return
    paths = sorted({path for change in found for path in change[:2]})
    print(f"""\
now:
    git add {' '.join(paths)}
    git commit -m "{new['title']}: the project's names"
    make run
in production: the tree in /opt/{new['name']}, the user {new['name']}, the
settings in /etc/{new['name']}/{new['name']}.env, all with {new['prefix']}
refresh tokens and links that were given before are no longer valid""")


def read_options(words=None):
    parser = argparse.ArgumentParser(
        prog="keel init", allow_abbrev=False,
        description="Make the tree a project of another name.")
    parser.add_argument("name", metavar="NAME", help="such as acme")
    parser.add_argument("--title", help='in pages and mails: "Acme"')
    parser.add_argument("--version", help="of the API: 0.1.0")
    parser.add_argument("--authors", help='"The Acme authors"')
    parser.add_argument("--prefix", help="of the settings: ACME_")
    parser.add_argument("--dry-run", action="store_true",
                        help="only list the files")
    return parser.parse_args(words)


def rename():
    options = read_options()
    old = names_of(read(HEADER), read(SCRIPT))
    new = wanted(options, old)
    found = changes(old, new)
    if not found:
        print(f"the project is {new['name']} already")
        return
    if not options.dry_run:
        check_clean([path for change in found for path in change[:2]])
        write(found)
        output.done.append("the files are changed")
    report(found, new, options.dry_run)


def main():
    try:
        rename()
    except Refused as refused:
        sys.exit(f"keel: init: {refused}")


if __name__ == "__main__":
    output.run(main)
