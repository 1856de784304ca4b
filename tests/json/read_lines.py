"""Reads what random_lines prints from standard input, strictly. What was UTF-8 must come out as it went in, what
was none with replacement characters in it. Prints how many lines there were and a hash of the texts."""

import hashlib
import json
import sys


def refuse(constant):
    raise ValueError(constant + " is no JSON")


digest = hashlib.sha256()
count = 0
for line in sys.stdin.buffer:
    given, text = line.rstrip(b"\n").split(b" ", 1)
    given = bytes.fromhex(given.decode())
    ((key, value),) = json.loads(text.decode("utf-8", "strict"), parse_constant=refuse).items()
    if key != value:
        sys.exit(f"key and value differ: {text}")
    try:
        same = value == given.decode("utf-8", "strict")
    except UnicodeDecodeError:
        same = "\ufffd" in value
    if not same:
        sys.exit(f"{given.hex()} became {text}")
    digest.update(value.encode("utf-8", "strict") + b"\n")
    count += 1
print(count, digest.hexdigest())
