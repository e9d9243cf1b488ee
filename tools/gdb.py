# SPDX-License-Identifier: ISC
"""Commands for gdb: the coroutines of a worker, of the jobs runner, or of a
core of one. In gdb: source tools/gdb.py

coroutines              lists them: what each runs, and where it waits
coroutine N [COMMAND]   runs a command of gdb in it: bt, or `bt full`, `up`...

A coroutine that waits has its registers in its struct coro. gdb is told that
they are those of the caller of frame 0, so that `bt` shows the real frame 0 and
then the coroutine's. Nothing is written to the process."""

import os

import gdb
import gdb.unwinder

# Where stack_switch() has saved a register: its offset from the stack pointer,
# which is that of the caller at "end" (src/coro/stack_switch.c).
SAVED = {
    "i386:x86-64": {"r15": 8, "r14": 16, "r13": 24, "r12": 32, "rbx": 40,
                    "rbp": 48, "rip": 56, "end": 64},
    "aarch64": {"x%d" % (19 + n): 8 * n for n in range(11)} |
               {"pc": 88, "end": 176},
}

# Functions that only pass a wait on: the caller tells what is waited for.
WAITS = {"stack_switch", "coro_suspend", "wait_until", "ctx_stall",
         "ctx_wait"}


def find_loop():
    """The variable of src/coro/coro.c. The module was loaded by a path that is
    relative to the process's folder, where gdb does not look."""
    try:
        return gdb.parse_and_eval("'coro.c'::loop")
    except gdb.error:
        pid = gdb.selected_inferior().pid
        try:
            gdb.execute("set solib-search-path " +
                        os.readlink("/proc/%d/cwd" % pid))
            return gdb.parse_and_eval("'coro.c'::loop")
        except (OSError, gdb.error):
            raise gdb.GdbError(
                "no coro.c here: attach to a worker (-p), or open its core in "
                "the folder of its build, which is that of the .so") from None


def coroutines():
    """Those that exist, the oldest first."""
    loop = find_loop()
    found = []
    co = loop["all"]["lh_first"]
    while co:
        found.insert(0, co)
        co = co["all"]["le_next"]
    return found


def registers(co):
    """{gdb's name: value}, as stack_switch() has saved them."""
    machine = gdb.selected_inferior().architecture().name()
    try:
        gdb.parse_and_eval("stack_start")   # else libc switches the stacks
        offsets = SAVED[machine]
    except (gdb.error, KeyError):
        raise gdb.GdbError("this build switches stacks in a way that these "
                           "commands do not know (%s)" % machine) from None
    place = int(co["place"])
    memory = gdb.selected_inferior()
    saved = {name: int.from_bytes(memory.read_memory(place + at, 8), "little")
             for name, at in offsets.items() if name != "end"}
    saved["sp" if machine == "aarch64" else "rsp"] = place + offsets["end"]
    return saved


class FrameId:
    """Of frame 0, just below the coroutine's frames."""

    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class Suspended(gdb.unwinder.Unwinder):
    """Says that the caller of frame 0 is a coroutine that waits."""

    def __init__(self):
        super().__init__("suspended coroutine")
        self.saved = None

    def __call__(self, frame):
        if self.saved is None or frame.level() != 0:
            return None
        sp = self.saved.get("rsp", self.saved.get("sp"))
        info = frame.create_unwind_info(
            FrameId(gdb.Value(sp - 16), frame.read_register("pc")))
        for name, value in self.saved.items():
            info.add_saved_register(name, gdb.Value(value).cast(
                frame.read_register(name).type))
        return info


UNWINDER = Suspended()


class inside:
    """A with block whose frames are those of a coroutine."""

    def __init__(self, co):
        self.saved = registers(co)

    def __enter__(self):
        UNWINDER.saved = self.saved
        gdb.invalidate_cached_frames()
        gdb.newest_frame().older().select()

    def __exit__(self, *_):
        UNWINDER.saved = None
        gdb.invalidate_cached_frames()
        gdb.newest_frame().select()


def text(value):
    """A C string, or what it is instead."""
    try:
        return value.string(errors="replace") if value else "-"
    except gdb.MemoryError:
        return "(no memory)"


def runs(co):
    """The request or the job: its method, route, and request id."""
    if not co["owner"]:
        return "nothing that has a ctx"
    c = co["owner"].cast(gdb.lookup_type("struct ctx").pointer())
    words = [text(c["method_name"]) if c["method_name"] else "job"]
    if c["endpoint"]:
        words.append(text(c["endpoint"]["name"]))
    if c["route"] and c["route"]["hdlr"]:
        words.append(text(c["route"]["hdlr"]["path"]))
    identifier = text(c["request_id"])
    return " ".join(words) + (", request " + identifier if identifier else "")


def waits(co):
    """Where: the first function that is not about waiting itself."""
    with inside(co):
        frame = gdb.selected_frame()
        while frame is not None and (
                frame.name() is None or frame.name() in WAITS):
            frame = frame.older()
        if frame is None:
            return "somewhere"
        place = frame.find_sal()
        return "%s%s" % (frame.name(), " (%s:%d)" % (
            place.symtab.filename.rpartition("src/")[2], place.line)
            if place.symtab else "")


class Coroutines(gdb.Command):
    """List the coroutines: what each runs, and where it waits."""

    def __init__(self):
        super().__init__("coroutines", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        found = coroutines()
        for number, co in enumerate(found, 1):
            state = str(co["state"]).rpartition("CORO_")[2].lower()
            where = ", in " + waits(co) if state == "suspended" else ""
            print("%-3d %s%s: %s" % (number, state, where, runs(co)))
        if not found:
            print("no coroutine: it handles no request and no job")


class Coroutine(gdb.Command):
    """coroutine N [COMMAND]: run a command, bt if none, in a coroutine."""

    def __init__(self):
        super().__init__("coroutine", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        number, _, command = argument.partition(" ")
        found = coroutines()
        if not found:
            raise gdb.GdbError("this process has no coroutines")
        if not number.isdigit() or not 1 <= int(number) <= len(found):
            raise gdb.GdbError("coroutine N [COMMAND]: N is from 1 to %d" %
                               len(found))
        co = found[int(number) - 1]
        if str(co["state"]).endswith("CORO_RUNNING"):
            raise gdb.GdbError("coroutine %s runs: bt" % number)
        with inside(co):
            gdb.execute(command.strip() or "bt", from_tty)


gdb.unwinder.register_unwinder(None, UNWINDER, replace=True)
Coroutines()
Coroutine()
