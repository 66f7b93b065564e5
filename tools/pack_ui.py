#!/usr/bin/env python3
"""Packs a build of the screens for the program: pack_ui.py DIST OUT

Writes OUT/assets.S (the bytes) and OUT/assets.cpp (the table). The same files give the same output, wherever they lie.
"""
import gzip
import hashlib
import pathlib
import sys

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}
WORTH_IT = 0.9  # compressed forms above this share of the plain size are not kept


def compressed(plain):
    packed = gzip.compress(plain, 9, mtime=0)
    return packed if len(packed) < WORTH_IT * len(plain) else b""


class Packer:
    def __init__(self, dist, out):
        self.dist, self.out = dist, out
        self.assembly, self.rows = [], []
        self.whole = hashlib.sha256()

    def blob(self, name, content):
        """The bytes as a file that the assembler includes; the C++ expression that sees them."""
        if not content:
            return "{}"
        (self.out / f"{name}.bin").write_bytes(content)
        self.assembly += [f"  .globl hmt_ui_{name}", "  .balign 16", f"hmt_ui_{name}:",
                          f'  .incbin "{self.out / name}.bin"']
        return f"{{hmt_ui_{name}, {len(content)}}}"

    def add(self, number, path):
        plain = path.read_bytes()
        name = "/" + path.relative_to(self.dist).as_posix()
        if path.suffix not in MEDIA_TYPES:
            sys.exit(f"pack_ui.py: {name} has no known media type")
        digest = hashlib.sha256(plain).hexdigest()[:32]
        self.whole.update(f"{name} {digest}\n".encode())
        packed = compressed(plain)
        self.assembly.append(f"# {name} {digest}")
        self.rows.append(f'    {{"{name}", "{MEDIA_TYPES[path.suffix]}", "{digest}",\n     '
                         f'{self.blob(f"plain_{number}", plain)}, {self.blob(f"gzip_{number}", packed)}}},')

    def write(self):
        names = [line.split()[1] for line in self.assembly if line.startswith("  .globl")]
        (self.out / "assets.S").write_text("\n".join(
            ["  .section .rodata", *self.assembly, '  .section .note.GNU-stack,"",%progbits', ""]))
        declared = "\n".join(f'extern "C" const char {name}[];' for name in names)
        rows = "\n".join(self.rows)
        (self.out / "assets.cpp").write_text(f"""#include "ui/pages.h"

{declared}

namespace hmt::ui {{
namespace {{

const Asset assets[] = {{
{rows}
}};

const Pages pages{{assets, "{self.whole.hexdigest()[:12]}"}};

}}  // namespace

const Pages* built_in() {{
  return &pages;
}}

}}  // namespace hmt::ui
""")


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    dist, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    if not (dist / "index.html").is_file():
        sys.exit(f"pack_ui.py: {dist} holds no index.html")
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.bin"):
        old.unlink()
    packer = Packer(dist, out)
    # By the name as the program compares it: byte by byte.
    files = sorted((path for path in dist.rglob("*") if path.is_file()),
                   key=lambda path: ("/" + path.relative_to(dist).as_posix()).encode())
    for number, path in enumerate(files):
        packer.add(number, path)
    packer.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
