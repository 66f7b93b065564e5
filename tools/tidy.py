#!/usr/bin/env python3
"""House rules that a machine can check; run by ctest as `tidy`. Prints each break as file:line; the whole counts as one test.

A line that must break a rule says why: `// tidy-ok: reason` on it or on the line above.
"""
import pathlib
import re
import subprocess
import sys

import includes

LINE_MAX = 100
FILE_MAX = 800
FUNCTION_MAX = 70
PURE = ("base", "model", "trigger", "oms", "engine")

# What a pure room may not contain, and what to do instead.
IMPURE = {
    r"#include <(thread|mutex|atomic|condition_variable|future)>": "no threads: time and order come in as events",
    r"::now\(": "no clock: time comes with the event",
    r"#include <random>|\brand\(|random_device": "no randomness: the caller brings it",
    r"#include <(fstream|iostream|sys/.*|unistd\.h|filesystem)>": "no I/O",
    r"\bunordered_(map|set)<": "iteration order must not reach an effect: std::map, or say why it cannot",
    r"\b(float|double)\b": "exact prices: base::Price or wire integers",
    r"\bthrow\b|\btry\b\s*\{": "no exceptions: base::Result",
}
EVERYWHERE = {
    r"\b(FIXME|TODO|XXX|HACK)\b": "finish it, or write it down for people",
    r'#include "\.\./': "include by room: \"room/file.h\"",
    r"/(work|home|root)/\w": "no path of one machine",
}
# What writes to a database is in files of this name.
WRITER = re.compile(r"src/adapters/\w+/writer\w*\.cpp")
NAMELESS_COMMIT = (r"\.commit\(\)", "a durable write names its step of fault/steps.h: the proof ends the program there")
SELF = "tools/tidy.py"


def tracked(root):
    out = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True)
    return [pathlib.Path(line) for line in out.stdout.splitlines() if (pathlib.Path(root) / line).is_file()]


def excused(lines, index):
    return "tidy-ok:" in lines[index] or (index > 0 and "tidy-ok:" in lines[index - 1])


def code_of(line):
    """The line without comments and string contents: words in prose are not code."""
    return re.sub(r'"(\\.|[^"\\])*"', '""', line).split("//")[0]


def pure_room(path):
    parts = path.parts
    is_test = re.search(r"_(test|bench|fuzz)\.cpp$", path.name) or path.name.startswith("test_")
    return len(parts) > 2 and parts[0] == "src" and parts[1] in PURE and not is_test


def check_lines(path, lines):
    cpp = path.suffix in (".h", ".cpp")
    for index, line in enumerate(lines):
        if excused(lines, index):
            continue
        if cpp and len(line) > LINE_MAX and "R\"" not in line and "http" not in line:
            yield index, f"line of {len(line)} characters, at most {LINE_MAX}"
        if str(path) != SELF:
            for pattern, why in EVERYWHERE.items():
                if re.search(pattern, line):
                    yield index, why
        if cpp and pure_room(path):
            for pattern, why in IMPURE.items():
                if re.search(pattern, code_of(line)):
                    yield index, why
        if WRITER.fullmatch(str(path)) and re.search(NAMELESS_COMMIT[0], code_of(line)):
            yield index, NAMELESS_COMMIT[1]


def check_functions(path, lines):
    """A definition opens in the first column and ends with a `}` there."""
    start = None
    for index, line in enumerate(lines):
        opens = line.endswith("{") and line[:1] not in (" ", "\t", "}") and "namespace" not in line
        if opens and not re.match(r"(class|struct|enum|union|extern)\b", line):
            start = index
        elif line.startswith("}") and start is not None:
            if index - start > FUNCTION_MAX and not excused(lines, start):
                yield start, f"function of {index - start} lines, at most {FUNCTION_MAX}"
            start = None


def named_places(root, line):
    """What a page says of where a thing stands, `src/room/file.cpp`: `function`, `function`: each file and function, and if it is there."""
    for file, functions in re.findall(r"`(src/[\w/.]+)`:((?: `\w+`,?)+)", line):
        path = root / file
        text = path.read_text() if path.is_file() else ""
        for function in re.findall(r"`(\w+)`", functions):
            yield file, function, bool(re.search(rf"\b{function}\b", text))


def check_page(root, lines):
    for index, line in enumerate(lines):
        yield from ((index, f"{file} has no {function}") for file, function, there in named_places(root, line) if not there)


def check_room(root, room, files):
    readme = room / "README.md"
    if readme not in files:
        yield f"{room}: a room has a README.md"
        return
    length = len((root / readme).read_text().splitlines())
    if length > 60:
        yield f"{readme}: {length} lines, at most 60"


def check_dead_headers(root, files):
    sources = [path for path in files if path.suffix in (".h", ".cpp") or path.name.endswith(".in")]
    text = {path: (root / path).read_text(errors="replace") for path in sources}
    for header in (path for path in sources if path.suffix == ".h"):
        name = f"{header.parent.name}/{header.name}"
        if not any(f'"{name}"' in body for path, body in text.items() if path != header):
            yield f"{header}: no file includes it"


def rooms_of(files):
    return sorted({path.parent for path in files if path.name == "CMakeLists.txt" and path.parts[0] == "src"
                   and len(path.parts) > 2})


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    files = tracked(root)
    broken = []
    checked = 0
    for path in files:
        if path.suffix not in (".h", ".cpp", ".py", ".sh", ".md", ".txt", ".cmake", ".mjs", ".sql", ".toml"):
            continue
        checked += 1
        lines = (root / path).read_text(errors="replace").splitlines()
        found = list(check_lines(path, lines))
        if path.suffix == ".cpp":
            found += check_functions(path, lines)
        if path.suffix == ".md":
            found += check_page(root, lines)
        if path.suffix in (".h", ".cpp", ".py") and len(lines) > FILE_MAX:
            found.append((0, f"file of {len(lines)} lines, at most {FILE_MAX}"))
        broken += [f"{path}:{index + 1}: {why}" for index, why in found]
    for room in rooms_of(files):
        broken += check_room(root, room, files)
    broken += check_dead_headers(root, files)
    broken += includes.missing(root, files, code_of)
    print("\n".join(broken))
    print(f"{checked} files checked, {len(broken)} breaks")
    print("0 passed, 1 failed" if broken or not checked else "1 passed, 0 failed")
    return 1 if broken or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
