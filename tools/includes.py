"""Each file includes what it uses of what is precompiled for it (cmake/precompiled.cmake), itself or by a header of ours.

Builds without precompiled headers would show the same, and no test makes one of every room. Called by tidy.py.
"""
import re

PRECOMPILED = "cmake/precompiled.cmake"

# What a file that names one of these includes. Not every name that a header has: the usual ones.
NAMES = {
    "algorithm": r"std::(min|max|clamp|sort|ranges::(sort|find\w*|any_of|all_of|none_of|copy\w*|count\w*|max|min|equal|fill|transform|"
                 r"reverse|upper_bound|lower_bound|nth_element|partition_point))\b",
    "array": r"std::(array|to_array)\b",
    "chrono": r"std::chrono::(system_clock|steady_clock|sys_days|year_month_day|floor|duration)\b",
    "cstdint": r"std::u?int(8|16|32|64)_t\b",
    "deque": r"std::deque\b",
    "filesystem": r"std::filesystem::",
    "functional": r"std::(function|move_only_function|invoke|less|greater)\b",
    "map": r"std::(multi)?map\b",
    "memory": r"std::(unique_ptr|shared_ptr|weak_ptr|make_unique|make_shared|enable_shared_from_this)\b",
    "mutex": r"std::(mutex|scoped_lock|unique_lock|lock_guard|once_flag)\b",
    "optional": r"std::(optional|nullopt)\b",
    "set": r"std::(multi)?set\b",
    "span": r"std::span\b",
    "sstream": r"std::[io]?stringstream\b",
    "string": r"std::(string|to_string)\b",
    "string_view": r"std::string_view\b",
    "unordered_map": r"std::unordered_map\b",
    "utility": r"std::(move|exchange|pair|forward|swap|unreachable|to_underlying)\b",
    "variant": r"std::(variant|visit|get_if|holds_alternative|monostate)\b",
    "vector": r"std::vector\b",
}


def name_of(path):
    """As others include it: "room/file.h"."""
    return f"{path.parent.name}/{path.name}"


def all_of(name, included, seen):
    """The system headers that a file of this name includes, directly or by our headers."""
    if name in seen or name not in included:
        return set()
    seen.add(name)
    system, ours = included[name]
    return system.union(*(all_of(other, included, seen) for other in ours))


def missing(root, files, code_of):
    """A line for each header that a file of a room uses and nobody includes for it."""
    if not (root / PRECOMPILED).exists():
        return
    precompiled = set(re.search(r"set\(precompiled_standard ([^)]+)\)", (root / PRECOMPILED).read_text())[1].split())
    if precompiled != set(NAMES):
        yield f"tools/includes.py: {sorted(precompiled ^ set(NAMES))} are not precompiled, or have no names here"
    lines = {path: (root / path).read_text(errors="replace").splitlines() for path in files
             if path.parts[0] == "src" and path.suffix in (".h", ".cpp")}
    included = {name_of(path): (set(re.findall(r"^#include <(.+)>", "\n".join(text), re.M)),
                                set(re.findall(r'^#include "(.+)"', "\n".join(text), re.M))) for path, text in lines.items()}
    for path, text in lines.items():
        has = all_of(name_of(path), included, set())
        code = "\n".join(code_of(line) for line in text)
        for header, names in NAMES.items():
            if header not in has and (used := re.search(names, code)):
                yield f"{path}: uses {used[0]} and does not include <{header}>"
