#!/usr/bin/env python3
"""Whether two files hold the same text, such as a migration and its copy for Supabase: same_text.py ORIGINAL COPY"""
import pathlib
import sys


def main():
    original, copy = map(pathlib.Path, sys.argv[1:3])
    same = copy.is_file() and copy.read_bytes() == original.read_bytes()
    if not same:
        print(f"{copy} is not a copy of {original}: cp {original} {copy}")
    print("1 passed, 0 failed" if same else "0 passed, 1 failed")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
