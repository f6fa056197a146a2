#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/sizes finds what a freestanding build must not hold, on each machine."""
import pathlib
import shutil

from harness import TOOLS, Tap, run, tree

COMPILERS = {"x86_64": "gcc", "aarch64": "aarch64-linux-gnu-gcc",
             "riscv64": "riscv64-linux-gnu-gcc"}
FLAGS = ["-O2", "-w", "-ffreestanding", "-fno-pie", "-fno-asynchronous-unwind-tables"]

CLEAN = """
void xcpu_port_kick(void);
unsigned f(unsigned *p) { xcpu_port_kick(); return __atomic_fetch_or(p, 1, 4); }
"""
BYTE = "char g(char *p) { return __atomic_fetch_or(p, 1, 4); }\n"
HALF = "short g(short *p) { return __atomic_exchange_n(p, 1, 4); }\n"
# (what, more source, machine, the failing line, a word that explains it)
CASES = [
    ("a global", "int counter;\n", "x86_64", "no writable data", "counter"),
    ("a static", "static int n; int g(void) { return n++; }\n", "riscv64",
     "no writable data", "n"),
    ("a byte atomic", BYTE, "x86_64", "no atomic narrower", "BYTE PTR"),
    ("a halfword atomic", HALF, "x86_64", "no atomic narrower", "WORD PTR"),
    ("a byte atomic", BYTE, "aarch64", "no atomic narrower", "xrb"),
    ("a halfword atomic", HALF, "aarch64", "no atomic narrower", "xrh"),
    ("a byte atomic", BYTE, "riscv64", "undefined symbols", "__atomic_fetch_or_1"),
    ("a stranger", "void z(void); void g(void) { z(); }\n", "aarch64",
     "undefined symbols", "z is not in"),
    ("too much text", "const char big[25000] = {1};\n", "riscv64", "text at most",
     "it is 25"),
]


def built(source, arch, flags=()):
    """A tree with the tool, and this source built for that machine."""
    folder = tree({"out/a.c": source, "README.md": "a\n",
                   "tools/lib-undefined.txt": "# x\nxcpu_port_kick\n"})
    home = pathlib.Path(folder.name)
    for name in ("sizes", "libsyms.py", "libtap.py"):
        shutil.copy(TOOLS / name, home / "tools" / name)
    objects = home / "out" / f"core-{arch}-gcc" / "src"
    objects.mkdir(parents=True)
    run(COMPILERS[arch], *FLAGS, *flags, "-c", "-o", objects / "a.o", home / "out/a.c")
    shutil.copytree(home / "out" / f"core-{arch}-gcc", home / "out" / f"full-{arch}-gcc")
    shutil.copytree(objects, home / "out" / f"port-{arch}-gcc" / "port" / "x")
    return folder


def sizes(folder, command, arch, kinds=None):
    kinds = kinds or (["core"] if command == "check" else ["core", "full", "port"])
    return run("python3", f"{folder}/tools/sizes", command, "--out", f"{folder}/out",
               *(f"{kind}-{arch}-gcc" for kind in kinds))


def main():
    tap = Tap()
    for arch in COMPILERS:
        outline = ["-mno-outline-atomics"] if arch == "aarch64" else []
        with built(CLEAN, arch, outline) as folder:
            status, output = sizes(folder, "check", arch)
            tap.test(f"sizes: a clean build for {arch}", status == 0
                     and output.endswith("1..5\n"), output)
    for what, more, arch, line, word in CASES:
        flags = ["-mno-outline-atomics"] if arch == "aarch64" else []
        with built(CLEAN + more, arch, flags) as folder:
            status, output = sizes(folder, "check", arch)
            failing = [l for l in output.splitlines() if l.startswith("not ok")]
            tap.test(f"sizes: {what}, {arch}", status == 1 and len(failing) == 1
                     and line in failing[0] and word in output, output)
    with built(CLEAN, "aarch64") as folder:
        status, output = sizes(folder, "check", "aarch64")
        tap.test("sizes: outlined atomics", status == 1
                 and "__aarch64_ldset4" in output, output)
    with built(CLEAN + BYTE + "int counter; void z(void); void g1(void) { z(); }\n",
               "x86_64") as folder:
        status, output = sizes(folder, "check", "x86_64", ["port"])
        tap.test("sizes: a port may have data, but no byte atomic", status == 1
                 and "not ok 1 - port-x86_64-gcc: no atomic narrower" in output
                 and output.endswith("1..1\n"), output)
    with built("void f(void) { }\n", "x86_64") as folder:
        status, output = sizes(folder, "check", "x86_64")
        tap.test("sizes: a documented symbol that nobody wants", status == 1
                 and "xcpu_port_kick is documented, but not wanted" in output, output)
        status, output = sizes(folder, "write", "x86_64")
        tap.test("sizes: a README without its marker lines", status == 1
                 and "lacks its marker lines" in output, output)
        markers = output.splitlines()[1:3]
        readme = pathlib.Path(folder, "README.md")
        readme.write_text("a\n" + markers[0] + "\nold\n" + markers[1] + "\nb\n")
        status, output = sizes(folder, "write", "x86_64")
        text = readme.read_text()
        tap.test("sizes: the table is put between the markers", status == 0
                 and text.startswith("a\n" + markers[0] + "\n|")
                 and text.endswith(markers[1] + "\nb\n") and "old" not in text
                 and "| **all** |" in text
                 and text.count(" port of the architecture") == 1, text)
    tap.end()


if __name__ == "__main__":
    main()
