"""Checks that a program's vector instructions stay where they belong.

    python3 Scripts/check-kernels.py .build/release/lstm

The kernels are compiled once for each level of x86-64. A function that they share with other code, such as a
specialization of the standard library's, is kept by the linker only once, with the instructions of any of them, and would
crash older processors. So AVX may stand in the modules KernelsX86V3 and KernelsX86V4 alone, and AVX-512 in the latter.
"""

import re
import subprocess
import sys

# Copies of values with vectors, which nothing but the kernels has.
HARMLESS = re.compile(r"__swift_memcpy\d+_16$")


def main():
    disassembly = subprocess.Popen(
        ["objdump", "-d", "--no-show-raw-insn", sys.argv[1]], stdout=subprocess.PIPE, text=True
    )
    function, found = "", {}
    for line in disassembly.stdout:
        if match := re.match(r"[0-9a-f]+ <(.*)>:", line):
            function = match[1]
        elif match := re.match(r"\s+[0-9a-f]+:\s+(v[a-z0-9]+|kmov\w*)\s(.*)", line):
            is_wide = re.search(r"%zmm|%k[0-7]|%[xy]mm(1[6-9]|2\d|3[01])", match[2]) is not None
            found[function] = found.get(function, False) or is_wide
    if disassembly.wait() != 0:
        sys.exit("objdump failed")
    problems = [
        f"{name} has {'AVX-512' if is_wide else 'AVX'} instructions"
        for name, is_wide in sorted(found.items())
        if not ("KernelsX86V4" in name or "KernelsX86V3" in name and not is_wide or HARMLESS.match(name))
    ]
    if not any("KernelsX86V4" in name and is_wide for name, is_wide in found.items()):
        problems.append("there is no AVX-512 at all: the check doesn't work")
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
