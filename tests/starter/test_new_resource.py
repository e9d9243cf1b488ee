# SPDX-License-Identifier: ISC
"""./keel new-resource: the files of tests/starter/notes to the byte, which
names and fields it refuses, and that it writes all or nothing."""

import os
import pathlib
import pwd
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

from project import NOTES, ROOT, Project, without

sys.path.insert(0, os.path.join(ROOT, "tools"))
import names  # noqa: E402

GOLDEN = pathlib.Path(__file__).resolve().parent / "notes"
# What files that are there already get, in NAME.lines.
CHANGED = ("docs/resources.md", "kore.conf")
# The lines above which they belong.
MARK = re.compile(r"^([ \t]*# End of your own .*\n)", re.M)

has_no_notes = without("notes")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """It stays as it is: refusals and --dry-run write nothing."""
    return Project(tmp_path_factory.mktemp("a project") / "tree")


@pytest.fixture
def other(tmp_path):
    return Project(tmp_path / "tree")


def added(before, after):
    """The lines of `after` that are new. They stand above the marks or at the
    end; difflib would guess between lines that are alike."""
    parts = [MARK.split(text) for text in (before, after)]
    assert parts[0][1::2] == parts[1][1::2]
    new = []
    for old, now in zip(*(part[::2] for part in parts)):
        assert now.startswith(old)
        new.append(now[len(old):])
    return "".join(new)


def as_first(text):
    """In a project that has migrations of its own, the number is another."""
    return re.sub(r"\b1\d{3}_notes\b", "1001_notes", text)


def made(project, *arguments):
    """{path: text} of what the command makes, and its lines of kore.conf."""
    before = project.files()
    status, output, errors = project.keel("new-resource", *arguments)
    assert (status, errors) == (0, "")
    after = project.files()
    new = {str(path): after[path].decode() for path in after.keys() -
           before.keys()}
    changed = {str(path) for path in before if after[path] != before[path]}
    assert sorted(changed) == sorted(CHANGED)
    told = re.findall(r"^keel: (?:wrote|changed) +(\S+)$", output, re.M)
    assert sorted(told) == sorted([*new, *changed])
    for name in CHANGED:
        path = pathlib.Path(name)
        new[name + ".lines"] = added(before[path].decode(),
                                     after[path].decode())
    return {as_first(name): as_first(text) for name, text in new.items()}


@has_no_notes
def test_the_files_are_those_of_notes(other):
    """make golden writes them; their diff is what users will get."""
    golden = {str(path.relative_to(GOLDEN)): path.read_text()
              for path in GOLDEN.rglob("*") if path.is_file()}
    assert made(other, *NOTES) == golden


@pytest.mark.parametrize("many, one", [
    ("notes", "note"), ("categories", "category"), ("boxes", "box"),
    ("statuses", "status"), ("buses", "bus"), ("houses", "house"),
    ("causes", "cause"), ("uses", "use"), ("sizes", "size"),
    ("quizzes", "quiz"), ("caches", "cache"), ("classes", "class"),
    ("wolves", "wolf"), ("heroes", "hero"), ("aliases", "alias"),
    ("sales_people", "sales_person"), ("courses", "course"),
    ("series", None), ("news", None), ("status", None), ("sheep", None)])
def test_singulars(many, one):
    assert names.singular_of(many) == one


def test_articles():
    assert [names.with_article(words) for words in (
        "note", "item", "user", "unit", "umbrella", "uninvited guest", "hour",
        "house", "one off")] == [
            "a note", "an item", "a user", "a unit", "an umbrella",
            "an uninvited guest", "an hour", "a house", "a one off"]


@has_no_notes
def test_a_dry_run_shows_the_files_and_writes_none(project):
    before = project.files()
    status, output, errors = project.keel("new-resource", "--dry-run", *NOTES)
    assert (status, errors) == (0, "")
    assert project.files() == before
    for path in GOLDEN.rglob("*"):
        if path.is_file():
            assert path.read_text() in as_first(output)
            if path.suffix != ".lines":
                assert "--- %s (new)\n" % path.relative_to(GOLDEN) in \
                    as_first(output)


REFUSED = [
    # The name.
    ("my-notes a:int", "the resource: my-notes has a dash, which C and SQL do "
     "not allow: write my_notes"),
    ("Notes a:int", "the resource: Notes is no name: it has lower-case "
     "letters, digits and single underscores, and begins with a letter"),
    ("my__notes a:int", "the resource: my__notes is no name: it has lower-case "
     "letters, digits and single underscores, and begins with a letter"),
    ("../notes a:int", "the resource: ../notes is no name: it has lower-case "
     "letters, digits and single underscores, and begins with a letter"),
    ("%ss a:int" % ("n" * 23), "the resource: %ss is longer than 23 "
     "characters" % ("n" * 23)),
    ("structs a:int", "one of structs: struct is a word of C"),
    ("order a:int", "the resource: order is a word of SQL"),
    ("pg_notes a:int", "the resource: pg_notes: names with pg_ are "
     "PostgreSQL's"),
    ("note a:int", "note: what is one of them called? Write the plural, such "
     "as notes, or --singular"),
    ("news --singular news a:int",
     "news: one and many need different names: write --singular"),
    ("series a:int", "series: what is one of them called? Write the plural, "
     "such as serieses, or --singular"),
    # What is there already.
    ("users a:int", "users is taken: there is such a table"),
    ("sessions a:int", "sessions is taken: there is such a table"),
    ("docs a:int", "docs is taken: there is src/modules/docs"),
    ("audits a:int", r"audits is taken: src/.* has struct audit"),
    ("schemas a:int", r"schemas is taken: src/.* has schema_\w+"),
    ("lists a:int", "lists is taken: there is tests/api/lists"),
    # The fields.
    ("notes", "notes: which fields? Write notes title:str:120"),
    ("notes title", "title: which type? Write title:str:120, or one of text, "
     "int, bool, time, choice, uuid, ref"),
    ("notes title:varchar", "title: there is no type varchar: it is one of "
     "str, text, int, bool, time, choice, uuid, ref"),
    ("notes title:str", "title: how long may it be? Write title:str:120"),
    ("notes title:str:0", "title: a str has at most 1 to 1000 characters, not "
     "0"),
    ("notes title:str:1001", "title: a str has at most 1 to 1000 characters, "
     "not 1001"),
    ("notes body:text:100001", "body: a text has at most 1 to 100000 "
     "characters, not 100001"),
    ("notes n:int:5..1", "n: an int has a range such as n:int:0..100, not "
     "5..1"),
    ("notes n:int:0..9223372036854775808", "n: an int has a range such as "
     "n:int:0..100, not 0..9223372036854775808"),
    ("notes n:int:0..%s" % ("9" * 5000), "n: an int has a range such as "
     "n:int:0..100, not 0..9+"),
    ("notes b:bool:1", "b: a bool takes no :1"),
    ("notes s:choice", "s: a choice needs words: s:choice:new,done"),
    ("notes s:choice:a,a", "s: a word stands there twice"),
    ("notes s:choice:%s" % ",".join("w%d" % n for n in range(900)), "s: the "
     "words of a choice have at most 4000 characters together, not 4389"),
    ("notes sort:str:5", "sort:str:5: the order of the list is v_note_sort "
     "already: give the field another name"),
    ("notes %s" % " ".join("f%d:int" % n for n in range(31)),
     "notes: a resource has at most 30 fields, not 31"),
    ("%ss %s:ref:posts" % ("n" * 22, "f" * 20), "n{22}s and f{20}_id are 1 "
     r"characters too long together: n{22}s\.list:f{20}_id:-created_at is the "
     "name of a statement"),
    ("notes s:choice:A", "s: a choice needs words: s:choice:new,done"),
    ("notes order:int", "the field: order is a word of SQL"),
    ("notes class-a:int", "the field: class-a has a dash, which C and SQL do "
     "not allow: write class_a"),
    ("notes int:int", "the field: int is a word of C"),
    ("notes errno:int", "the field: errno is a word of C"),
    ("notes xmin:int", "the field: xmin is a word of SQL"),
    ("notes id:uuid", "id: every resource has this field already"),
    ("notes version:int", "version: every resource has this field already"),
    ("notes a:int a:bool", "a:bool: a field a is there already"),
    ("notes a:ref:users a_id:uuid", "a_id:uuid: a field a_id is there already"),
    ("notes owner:ref:users --owner",
     "owner:ref:users: a field owner_id is there already"),
    ("notes page:ref", "page: there is no table pages: name the one that it "
     "refers to, as in page:ref:users"),
    ("notes page:ref:nothing", "page: there is no table nothing"),
    *(("notes a:ref:" + table, "a: a ref needs a table with an id uuid, whose "
       "rows only endpoints delete: %s is none" % table)
      for table in ("refresh_tokens", "sessions", "audit_log")),
    ("notes parent:ref:notes", r"parent: the first of notes has no other to "
     r"refer to: write parent:ref:notes\?"),
    ("notes a:text:99999 b:text:99999 c:text:99999 d:text:99999",
     r"notes: its fields may have \d+ bytes together, and a request may have "
     r"\d+: make the texts shorter"),
    ("notes PRODUCT:int", r"the field: PRODUCT is no name: .*"),
    ("notes a:int --shared", "--shared says who reads what an owner wrote: add "
     "--owner, or leave it out"),
]


@pytest.mark.parametrize("arguments, line", REFUSED,
                         ids=[case[0][:40] for case in REFUSED])
def test_what_is_refused(project, arguments, line):
    before = project.files()
    status, output, errors = project.keel("new-resource", *arguments.split())
    assert (status, output) == (1, "")
    expected = "keel: new-resource: " + line
    assert errors == expected + "\n" or re.fullmatch(expected + "\n", errors)
    assert project.files() == before


def test_a_name_that_only_the_compiler_knows_is_refused(project):
    """A macro of a header."""
    status, _, errors = project.keel("new-resource", "notes", "unix:int")
    assert status == 1 and "unix is a word of C" in errors
    header = project.folder / "src/database/list.h"
    text = header.read_text()
    header.write_text(text + "#define shelf 1\n")
    status, _, errors = project.keel("new-resource", "notes", "shelf:int")
    header.write_text(text)
    assert status == 1 and errors.startswith(
        "keel: new-resource: a name does not compile in C: src/modules/notes/")


def test_a_second_resource_may_refer_to_the_first(other):
    albums = made(other, "albums", "name:str:100", "--owner", "--shared")
    songs = made(other, "songs", "name:str:100", "album:ref", "--owner")
    first, second = (int(re.search(
        r"(\d{4})_%s" % name, "".join(files))[1]) for name, files in (
            ("albums", albums), ("songs", songs)))
    assert second == first + 1
    assert "REFERENCES albums (id)" in songs[
        "sql/migrations/%d_songs.sql" % second]
    lines = songs["kore.conf.lines"]
    assert lines.startswith("validator\tv_song_name") and lines.endswith(
        "\t}\n") and "v_album" not in lines
    assert other.keel("new-resource", "songs", "a:int")[2] == \
        "keel: new-resource: songs is taken: there is such a table\n"


@has_no_notes
def test_all_is_written_or_nothing(other):
    """Half of the files are written before one cannot be."""
    folder = other.folder / "tests/unit/modules"
    shutil.rmtree(folder)
    folder.write_text("a file")
    before = other.files()
    status, output, errors = other.keel("new-resource", *NOTES)
    assert (status, output) == (1, "")
    assert errors.startswith("keel: new-resource: cannot write ") and \
        "Not a directory" in errors
    assert other.files() == before
    assert not (other.folder / "src/modules/notes").exists()


@has_no_notes
@pytest.mark.skipif(os.geteuid() != 0, reason="needs two users")
def test_of_another_user_who_may_not_write_all():
    """kore.conf is root's, and all else is nobody's."""
    with tempfile.TemporaryDirectory() as folder:   # below none of root's alone
        os.chmod(folder, 0o755)
        check_another_user(Project(folder + "/tree"))


def check_another_user(other):
    nobody = pwd.getpwnam("nobody")
    for path in [other.folder, *other.folder.rglob("*")]:
        os.lchown(path, nobody.pw_uid, nobody.pw_gid)
    os.chown(other.folder / "kore.conf", 0, 0)
    before = other.files()
    done = subprocess.run([other.folder / "keel", "new-resource", *NOTES],
                          user=nobody.pw_uid, group=nobody.pw_gid, text=True,
                          capture_output=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "keel: new-resource: cannot write %s: Permission " \
        "denied\n" % (other.folder / "kore.conf")
    assert other.files() == before
    assert not (other.folder / "src/modules/notes").exists()


@has_no_notes
def test_a_reader_of_the_dry_run_may_leave(project):
    done = subprocess.run(
        "./keel new-resource --dry-run notes body:text | head -n 1",
        shell=True, cwd=project.folder, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (
        "--- sql/migrations/%s (new)\n" % done.stdout.split("/")[2].split()[0],
        "")


@has_no_notes
def test_without_the_marks_it_says_where_lines_belong(other):
    conf = other.folder / "kore.conf"
    conf.write_text(conf.read_text().replace("# End of your own routes.", ""))
    before = other.files()
    status, _, errors = other.keel("new-resource", *NOTES)
    assert (status, errors) == (
        1, "keel: new-resource: kore.conf has no line '# End of your own "
        "routes.': the new lines stand above it\n")
    assert other.files() == before
