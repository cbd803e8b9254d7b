#!/usr/bin/env python3
"""Prints src/template/values/unicode_tables.h: what Python's str knows of characters beyond their general category and simple
case mappings, which come from utf8proc. Run with the Python whose str is to be matched: 3.11 (Unicode 14)."""
import unicodedata

POINTS = [chr(c) for c in range(0x110000)]


def ranges(holds):
    out, start = [], None
    for point, char in enumerate(POINTS + [None]):
        if char is not None and holds(char):
            start = point if start is None else start
        elif start is not None:
            out.append((start, point - 1))
            start = None
    return out


def print_ranges(name, comment, holds):
    rows = ranges(holds)
    print(f"/* {comment} */\nstatic const struct point_range {name}[] = {{")
    print(" ".join(f"{{ 0x{a:x}, 0x{b:x} }}," for a, b in rows))
    print("};\n")


def sequence(text):
    points = [f"0x{ord(c):x}" for c in text]
    return "{ " + ", ".join(points + ["0"] * (3 - len(points))) + " }"


category = unicodedata.category
print("/*\n * Characters whose nature their general category does not tell. Made by tools/golden/template_unicode.py,\n"
      f" * from Unicode {unicodedata.unidata_version}.\n */\n#ifndef TEMPLATE_VALUES_UNICODE_TABLES_H\n#define TEMPLATE_VALUES_UNICODE_TABLES_H\n")
print("#include <stdint.h>\n\nstruct point_range {\n    uint32_t first, last;\n};\n")
print_ranges("digits_beside_nd", "isdigit, and not of category Nd", lambda c: c.isdigit() and category(c) != "Nd")
print_ranges("numeric_beside_n", "isnumeric, and of no category N", lambda c: c.isnumeric() and category(c)[0] != "N")
print_ranges("lower_beside_ll", "islower, and not of category Ll", lambda c: c.islower() and category(c) != "Ll")
print_ranges("upper_beside_lu", "isupper, and not of category Lu", lambda c: c.isupper() and category(c) != "Lu")
print("/* Case mappings to more than one character. */\nstruct point_cases {\n    uint32_t point, upper[3], lower[3], title[3];\n};\n"
      "static const struct point_cases point_cases[] = {")
for char in POINTS:
    cases = (char.upper(), char.lower(), char.title())
    if max(map(len, cases)) > 1:
        print(f"{{ 0x{ord(char):x}, " + ", ".join(map(sequence, cases)) + " },")
print("};\n\n#endif")
