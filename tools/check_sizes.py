"""Check that source files stay readable: a warning from 300 lines on, an error past 800."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUFFIXES = {".py", ".cc", ".h", ".inc", ".cu", ".cuh"}
AIM, LIMIT = 300, 800


def main():
    """Print files above the aim, longest first; fail above the limit."""
    sizes = []
    for folder in ("csrc", "cuda", "python", "tests", "tools", "examples", "benchmarks"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in SUFFIXES and "fixtures" not in path.parts:
                sizes.append((len(path.read_text(encoding="utf8").splitlines()), path))
    for lines, path in sorted(sizes, reverse=True):
        if lines > AIM:
            print(f"{lines:5d} {path.relative_to(ROOT)}")
    sys.exit(any(lines > LIMIT for lines, _ in sizes))


if __name__ == "__main__":
    main()
