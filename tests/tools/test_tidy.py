#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each rule of tidy finds a snippet that breaks it, and passes one that does not.

A case is (what, path, text, message): a tree that holds only this file must
draw a finding with that message, or none at all where the message is None.
"""
import importlib.util
import pathlib
import sys

from harness import TOOLS, Tap, run, tree

TAG = "/* SPDX-License-Identifier: BSD-2-Clause */\n"
FREE_TAG = "/* SPDX-License-Identifier: 0BSD */\n"

KEYS = """/*
 * xcpu_f: does it.
 *
 * Context: any.
 * Waits:   never.
 * Order:   none.
 * Cost:    a load.
 * Returns: 0.
 */
"""

RING = TAG + """
static void
ring_push(void)
{
	/* [M1] release: slot before tail.  Pairs with [M1] in ring_pop(). */
	xcpu_store_rel(&tail, 1);
}

static unsigned
ring_pop(void)
{
	/* [M1] acquire: tail before slot.  Pairs with [M1] in ring_push(). */
	return xcpu_load_acq(&tail);
}
"""


def function(body, name="f"):
    return TAG + f"\nvoid\n{name}(void)\n{{\n{body}}}\n"


TEXT_CASES = [
    ("a clean file", "work/a.c", TAG, None),
    ("no licence tag", "work/a.c", "int a;\n", "no licence tag"),
    ("the wrong licence", "examples/a.c", TAG, "no licence tag"),
    ("0BSD in examples", "examples/a.c", FREE_TAG, None),
    ("no licence tag in a script", "tools/a", "#!/bin/sh\nls\n", "no licence tag"),
    ("trailing white space", "work/a.c", TAG + "int a; \n", "trailing white space"),
    ("no last newline", "work/a.c", TAG + "int a;", "no newline"),
    ("a line of 101 columns", "work/a.c", TAG + "x" * 101 + "\n", "101 columns"),
    ("tabs count as eight", "work/a.c", TAG + "\t" * 12 + "12345\n", "101 columns"),
    ("a line of 100 columns", "work/a.c", TAG + "x" * 100 + "\n", None),
    ("a machine's path", "doc/a.md", "see /" + "home/me/xcpu\n", "machine's path"),
    ("a folder of this tree", "doc/a.md", "see ../work/table.c\n", None),
    ("a // comment", "work/a.c", TAG + "int a; // one\n", "// comment"),
    ("// in a string", "work/a.c", TAG + 'char *a = "http://x";\n', None),
]

LENGTH_CASES = [
    ("a file of 601 lines", "work/a.c", TAG + "int a;\n" * 600, "601 lines"),
    ("a long file with a reason", "work/a.c",
     TAG + "/* tidy: long because a table. */\n" + "int a;\n" * 600, None),
    ("a function of 71 lines", "work/a.c", function("\ta();\n" * 69), "71 lines"),
    ("a function of 70 lines", "work/a.c", function("\ta();\n" * 68), None),
    ("a long function with a reason", "work/a.c",
     function("\t/* tidy: long because one switch. */\n" + "\ta();\n" * 69), None),
    ("a long function of Python", "tools/a.py",
     "# SPDX-License-Identifier: BSD-2-Clause\ndef f():\n" + "    g()\n" * 70,
     "f() has 71 lines"),
]

API_CASES = [
    ("a prototype with its keys", "include/xcpu/a.h",
     TAG + KEYS + "int xcpu_f(void);\n", None),
    ("two prototypes under one comment", "include/xcpu/a.h",
     TAG + KEYS + "int xcpu_f(void);\nint xcpu_g(int a,\n    int b);\n", None),
    ("a hook with its keys", "include/xcpu/port.h",
     TAG + "/*\n * xcpu_port_f: f.\n *\tCaller: all.\n *\tContext: any.\n"
     " *\tOrder: none.\n *\tBody: none.\n */\nvoid xcpu_port_f(void);\n", None),
    ("a prototype without a comment", "include/xcpu/a.h",
     TAG + KEYS + "\nint xcpu_f(void);\n", "has no comment"),
    ("a hook without its caller", "include/xcpu/port.h",
     TAG + "/*\n * xcpu_port_f: f.\n *\tContext: any.\n *\tOrder: none.\n"
     " *\tBody: none.\n */\nvoid xcpu_port_f(void)\n    "
     "__attribute__((noreturn));\n", "does not say Caller:"),
] + [
    (f"a comment without {key}", "include/xcpu/a.h",
     TAG + KEYS.replace(f" * {key}:", " * Other:") + "int xcpu_f(void);\n",
     f"does not say {key}:")
    for key in ("Context", "Waits", "Order", "Cost", "Returns")
]

ARCH_CASES = [
    ("an architecture in the kernel's shared part", "kernel/a.c",
     TAG + "#ifdef __aarch64__\nint a;\n#endif\n", "the architecture __aarch64__"),
    ("an architecture in the library", "src/a.h",
     TAG + "#if defined(__riscv_xlen)\nint a;\n#endif\n",
     "the architecture __riscv_xlen"),
    ("an architecture in its folder", "kernel/arch/arm/a.h",
     TAG + "#ifdef __arm__\nint a;\n#endif\n", None),
    ("an architecture in a comment", "work/a.c", TAG + "/* as __x86_64__ */\n", None),
]

ORDER_CASES = [
    ("a tagged pair", "src/a.c", RING, None),
    ("an ordered access without a tag", "src/a.c",
     function("\txcpu_store_rel(&a, 1);\n"), "has no tag"),
    ("a fence without a tag", "src/a.c", function("\txcpu_fence_sc();\n"),
     "xcpu_fence_sc() has no tag"),
    ("a comment that is no tag", "src/a.c",
     function("\t/* slot before tail */\n\txcpu_store_rel(&a, 1);\n"), "has no tag"),
    ("a tag of the statement before", "src/a.c",
     RING.replace("xcpu_store_rel(&tail, 1);",
                  "xcpu_store_rel(&tail, 1);\n\txcpu_store_rel(&tail, 2);"),
     "has no tag"),
    ("a further access, as above", "src/a.c",
     RING.replace("xcpu_store_rel(&tail, 1);", "xcpu_store_rel(&tail, 1);\n"
                  "\txcpu_store_rel(&tail, 2); /* [M1] as above */"), None),
    ("as above where there is nothing", "src/a.c",
     function("\txcpu_store_rel(&a, 1); /* [M1] as above */\n"), "has no tag"),
    ("a tag of the other order", "src/a.c",
     RING.replace("acquire: tail", "release: tail"), "the access is acquire"),
    ("one tag for both orders of an access", "src/a.c",
     RING.replace("xcpu_store_rel", "xcpu_fetch_or_ar"), "the access is acq_rel"),
    ("two tags for both orders of an access", "src/a.c",
     RING.replace("in ring_pop(). */", "in ring_pop().\n\t * [M2] acquire: x.  "
                  "Pairs with [M2] in f(). */").replace("xcpu_store_rel",
                                                        "xcpu_fetch_or_ar")
     + function("\t/* [M2] release: x.  Pairs with [M2] in ring_push(). */\n"
                "\txcpu_store_rel(&a, 1);\n").removeprefix(TAG), None),
    ("two acquires that pair", "src/a.c",
     RING.replace("release:", "acquire:").replace("store_rel", "load_acq"),
     "one must be the other side"),
    ("a tag that names no partner", "src/a.c",
     RING.replace("  Pairs with [M1] in ring_pop().", ""), "names no partner"),
    ("a partner that does not exist", "src/a.c",
     RING.replace("in ring_pop()", "in ring_drop()"), "which is not there"),
    ("a partner without the tag", "src/a.c",
     RING.replace("Pairs with [M1] in ring_pop", "Pairs with [M2] in ring_pop"),
     "which is not there"),
    ("a partner that names another", "src/a.c",
     RING + function("\t/* [M1] release: x.  Pairs with [M1] in ring_pop(). */\n"
                     "\txcpu_store_rel(&a, 1);\n").removeprefix(TAG),
     "does not name [M1] in f()"),
    ("partners in a list", "src/a.c",
     RING.replace("in ring_push()", "in ring_push() and f()")
     + function("\t/* [M1] release: x.  Pairs with [M1] in ring_pop(). */\n"
                "\txcpu_store_rel(&a, 1);\n").removeprefix(TAG), None),
    ("a tag over several lines", "src/a.c",
     RING.replace("slot before tail.  Pairs with",
                  "slot before\n\t * tail.  Pairs\n\t * with"), None),
    ("a tag above an if", "src/a.c",
     RING.replace("\treturn xcpu_load_acq(&tail);",
                  "\tif (a &&\n\t    xcpu_load_acq(&tail))\n\t\treturn 1;"), None),
    ("a relaxed access without a reason", "src/a.c",
     function("\txcpu_load_rlx(&a);\n"), "does not say why relaxed"),
    ("a reason beside it", "src/a.c",
     function("\txcpu_load_rlx(&a);\t/* rlx: own counter */\n"), None),
    ("a reason above it", "src/a.c",
     function("\t/* rlx: own counter */\n\tb = xcpu_load_rlx(&a);\n"), None),
    ("a reason above the statement before", "src/a.c",
     function("\t/* rlx: own counter */\n\tb = 1;\n\tc = xcpu_load_rlx(&a);\n"),
     "does not say why relaxed"),
    ("a shared field by dot", "kernel/a.c", function("\ta.v_ = 1;\n"), "touches v_"),
    ("a shared field by arrow", "src/a.c", function("\tb = a->v_;\n"), "touches v_"),
    ("an engine that looks at memory", "sim/a.c", function("\tb = a->v_;\n"), None),
    ("a compiler's atomic", "src/a.c", function("\t__atomic_load_n(&a, 0);\n"),
     "__atomic_load_n outside atomic.h"),
    ("an old atomic", "src/a.c", function("\t__sync_synchronize();\n"), "outside"),
    ("volatile", "include/xcpu/a.h", TAG + "extern volatile int a;\n", "volatile"),
    ("assembly", "src/a.c", function('\tasm("nop");\n'), "asm outside"),
    ("the word volatile in a comment", "src/a.c", TAG + "/* volatile */\n", None),
]

LOOP_CASES = [
    ("a counted loop", "src/a.c",
     function("\tfor (i = 0; i < n; i++)\n\t\tg();\n"), None),
    ("a loop over bits", "src/a.c",
     function("\tfor (; w != 0; w &= w - 1)\n\t\tg();\n"), None),
    ("a marked retry", "src/a.c",
     function("\t/* retry: another poster won */\n\tdo {\n\t\tb = a | 1;\n"
              "\t} while (!xcpu_cas_x(&w, &a, b));\n"), None),
    ("a retry marked inside", "src/a.c",
     function("\tdo {\n\t\tif (b)\n\t\t\treturn;\n\t\t/* retry: another won */\n"
              "\t} while (!xcpu_cas_x(&w, &a, b));\n"), None),
    ("do { } while (0)", "src/a.c", TAG + "#define F(x) do { g(x); } while (0)\n",
     None),
    ("the wait", "src/wait.c",
     function("\t/* wait: done, or its deadline */\n\twhile (!done())\n\t\tg();\n"),
     None),
    ("an endless for", "src/a.c", function("\tfor (;;)\n\t\tg();\n"), "`for` of no"),
    ("a for without a comparison", "src/a.c",
     function("\tfor (p = a; p; p = p->next)\n\t\tg();\n"), "`for` of no"),
    ("a while", "src/a.c", function("\twhile (a())\n\t\tg();\n"), "`while` of no"),
    ("a do", "src/a.c", function("\tdo {\n\t\tg();\n\t} while (a());\n"), "`do` of no"),
    ("a retry that swaps nothing", "src/a.c",
     function("\t/* retry: it will come */\n\twhile (a())\n\t\tg();\n"),
     "without a compare-and-swap"),
    ("a wait elsewhere", "src/a.c",
     function("\t/* wait: it will come */\n\twhile (a())\n\t\tg();\n"), "`while` of no"),
    ("a second wait", "src/wait.c",
     function("\t/* wait: a */\n\twhile (a())\n\t\tg();\n"
              "\t/* wait: b */\n\twhile (b())\n\t\tg();\n"), "a second wait"),
]

DEPS_CASES = [
    ("what src/ may include", "src/a.c",
     TAG + "#include <stdint.h>\n#include <xcpu/call.h>\n", None),
    ("libc in src/", "src/a.c", TAG + "#include <string.h>\n", "includes <string.h>"),
    ("a port in src/", "src/a.c", TAG + '#include "../port/linux/threads.h"\n',
     'includes "../port'),
    ("the port's header in src/", "src/a.c", TAG + '#include "xcpu_port.h"\n',
     'includes "xcpu_port.h"'),
    ("the port's header in port.h", "include/xcpu/port.h",
     TAG + '#include "xcpu_port.h"\n', None),
    ("src/ in include/", "include/xcpu/a.h", TAG + '#include "internal.h"\n',
     'includes "internal.h"'),
    ("libc in work/", "work/a.c", TAG + "#include <stdio.h>\n", "includes <stdio.h>"),
    ("a port in selftest/", "selftest/a.c", TAG + '#include "port/linux/a.h"\n',
     "includes"),
    ("what an engine may include", "explore/litmus/a.c",
     TAG + '#include <stdio.h>\n#include "../engine.h"\n#include "sim_atomic.h"\n',
     None),
    ("the other engine in an engine", "explore/a.c",
     TAG + '#include "../sim/sim.h"\n', 'includes "../sim/sim.h"'),
    ("an engine in the engines' port", "port/sim/a.c",
     TAG + '#include "../../sim/sim.h"\n', 'includes "../../sim'),
    ("src/ in an engine", "sim/a.c", TAG + '#include "../src/internal.h"\n',
     'includes "../src'),
    ("src/ in a program of the explorer", "explore/programs/a.c",
     TAG + '#include "../../src/internal.h"\n', None),
]


def load_tidy():
    """tools/tidy as a module: a process for each case would take long."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(TOOLS / "tidy"))
    spec = importlib.util.spec_from_file_location(
        "tidy_main", TOOLS / "tidy" / "__main__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TIDY = load_tidy()


def tidy(files):
    """(exit status, findings) of all checks on a tree of these files."""
    with tree(files) as folder:
        sources = TIDY.Tree(pathlib.Path(folder))
        errors = [line for _, check in TIDY.CHECKS
                  for line in TIDY.findings(check, sources)[0]]
    return (1 if errors else 0), "\n".join(errors)


def one_case(tap, what, path, text, message):
    files = {path: text}
    if path.startswith("src/"):
        name = path.removeprefix("src/")
        files["src/xcpu_all.c"] = TAG + f'#include "{name}"\n'
    status, output = tidy(files)
    if message is None:
        tap.test(f"tidy passes {what}", status == 0, output)
    else:
        tap.test(f"tidy finds {what}",
                 status == 1 and f"{path}:" in output and message in output, output)


def unity(tap):
    both = {"src/a.c": TAG, "src/b.c": TAG}
    status, output = tidy(both | {"src/xcpu_all.c": TAG + '#include "a.c"\n'})
    tap.test("tidy finds a file that the unity build lacks",
             status == 1 and "lacks b.c" in output, output)
    status, output = tidy(both)
    tap.test("tidy finds that there is no unity build",
             status == 1 and "is not there" in output, output)
    status, output = tidy({"src/a.c": TAG, "src/xcpu_all.c":
                           TAG + '#include "a.c"\n#include "c.c"\n'})
    tap.test("tidy finds a unity build of too much",
             status == 1 and "which src/ has not" in output, output)


def architectures(tap):
    tag = "# " + TAG.split()[1] + " BSD-2-Clause\n"
    folder = {"kernel/arch/vax/rules.mk": tag + "A := vax\n"}
    status, output = tidy(folder | {"kernel/rules.mk": tag + "A := vax\n"})
    tap.test("tidy finds an architecture in what all share", status == 1
             and "kernel/rules.mk:2: names the architecture vax" in output
             and "arch/vax" not in output, output)
    status, output = tidy(folder | {"kernel/rules.mk": tag + "A := pdp # not vax\n"})
    tap.test("tidy knows architectures by their folders", status == 0, output)


def library(tap):
    cases = [("a global", "int global_counter;\n", "has the global global_counter"),
             ("a static variable", "static int a;\nint *f(void) { return &a; }\n",
              "has the global a"),
             ("a stranger's function", "int printf();\nint f(void) { return "
              "printf(); }\n", "wants printf"),
             ("memset", "void *memset();\nvoid f(void) { memset(); }\n", None)]
    for what, text, message in cases:
        with tree({"a.c": TAG + text}) as folder:
            run("gcc", "-ffreestanding", "-w", "-fno-pie", "-c", "a.c", cwd=folder)
            run("ar", "rc", "a.a", "a.o", cwd=folder)
            status, output = run("python3", TOOLS / "tidy", "--root", folder,
                                 "--lib", f"{folder}/a.a")
        if message is None:
            tap.test(f"tidy lets the library use {what}", status == 0, output)
        else:
            tap.test(f"tidy finds {what} in the library",
                     status == 1 and message in output, output)


def command_line(tap):
    with tree({"a.c": TAG + "int a; \n"}) as folder:
        status, output = run("python3", TOOLS / "tidy", "--root", folder)
        tap.test("tidy prints file:line: what (what to do)", status == 1
                 and "a.c:2: trailing white space (delete it)" in output, output)
        status, output = run("python3", TOOLS / "tidy", "--root", folder, "--tap")
        tap.test("tidy prints TAP", status == 1 and "not ok 1 - " in output
                 and "\nok 2 - " in output, output)


def main():
    tap = Tap()
    for cases in (TEXT_CASES, LENGTH_CASES, API_CASES, ARCH_CASES, ORDER_CASES,
                  LOOP_CASES, DEPS_CASES):
        for case in cases:
            one_case(tap, *case)
    unity(tap)
    architectures(tap)
    library(tap)
    command_line(tap)
    tap.end()


if __name__ == "__main__":
    main()
