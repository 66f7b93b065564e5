#!/usr/bin/env python3
"""What a machine can say of web/ without running it: check_web.py WEB

Types, lint and format, and whether the API's types are those of the API's document. Ends with `N passed, N failed`.
"""
import pathlib
import subprocess
import sys


def good(name, command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    print(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name}", flush=True)
    if done.returncode != 0:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


def types_are_current(web):
    schema = web / "src/api/schema.ts"
    before = schema.read_text()
    try:
        made = good("the API's types can be made", ["npm", "run", "--silent", "gen:api"], web)
        same = schema.read_text() == before
    finally:
        schema.write_text(before)
    print(f"{'ok  ' if same else 'FAIL'} src/api/schema.ts is that of openapi.json (npm run gen:api)")
    return [made, same]


def main():
    web = pathlib.Path(sys.argv[1])
    results = [good("types", ["npx", "--no-install", "tsc", "--noEmit"], web),
               good("lint and format", ["npx", "--no-install", "biome", "ci", "."], web), *types_are_current(web)]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
