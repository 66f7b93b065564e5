#!/usr/bin/env python3
"""tidy.py must see each kind of break: a rule that cannot fail protects nothing."""
import pathlib
import subprocess
import sys
import tempfile

import includes

HERE = pathlib.Path(__file__).resolve().parent

BREAKS = {
    "a clock in a pure room": ("src/base/x.cpp", "auto t = clock::now();\n", "no clock"),
    "a double price": ("src/model/x.cpp", "double price = 1;\n", "exact prices"),
    "a hash map in a pure room": ("src/trigger/x.cpp", "std::unordered_map<int, int> m;\n", "iteration order"),
    "a thread in a pure room": ("src/oms/x.cpp", "#include <thread>\n", "no threads"),
    "a relative include": ("src/net/x.cpp", '#include "../oms/tag.h"\n', "include by room"),  # tidy-ok: the break itself
    "a long line": ("src/net/x.cpp", "int " + "a" * 120 + ";\n", "line of"),
    "a long function": ("src/net/x.cpp", "void f() {\n" + "  g();\n" * 80 + "}\n", "function of"),
    "a leftover mark": ("src/net/x.cpp", "// " + "FIX" + "ME later\n", "finish it"),
    "a write without a name": ("src/adapters/sqlite/writer.cpp", "return transaction.commit();\n", "names its step"),
    "a room without README": ("src/lone/CMakeLists.txt", "room(lone)\n", "has a README"),
    "an include that is missing": ("src/net/x.cpp", "std::vector<int> v;\n", "does not include <vector>"),
    "a page of what is gone": ("docs/x.md", "| claim | `src/net/x.cpp`: `gone` |\n", "src/net/x.cpp has no gone"),
    "a header nobody includes": ("src/net/alone.h", "#pragma once\n", "no file includes it"),
}


def broken_by(path, text):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "init", "-q", folder], check=True)
        target = pathlib.Path(folder) / path
        target.parent.mkdir(parents=True)
        target.write_text(text)
        # What is precompiled is of the project, whatever is broken in it.
        (pathlib.Path(folder) / includes.PRECOMPILED).parent.mkdir()
        (pathlib.Path(folder) / includes.PRECOMPILED).write_text((HERE.parent / includes.PRECOMPILED).read_text())
        return subprocess.run([sys.executable, HERE / "tidy.py", folder], capture_output=True, text=True)


def main():
    failed = 0
    for name, (path, text, expected) in BREAKS.items():
        done = broken_by(path, text)
        if done.returncode != 1 or expected not in done.stdout:
            failed += 1
            print(f"not seen: {name}\n{done.stdout}")
    excused = broken_by("src/base/x.cpp", "// tidy-ok: shown to work\nauto t = clock::now();\n")
    if excused.returncode != 0:
        failed += 1
        print(f"an excused break was reported\n{excused.stdout}")
    print(f"{len(BREAKS) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
