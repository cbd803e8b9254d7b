#!/usr/bin/env python3
"""Write src/text/normalize/unicode_newer.h: marks, formats and characters with a decomposition or a combining class
that Unicode got after 9.0, the version that Hugging Face's tokenizers normalise by (unicode-normalization-alignments);
and the marks and formats of 9.0 itself, for its BertNormalizer goes by 8.0 (unicode_categories).

Needs perl (for ages) and libutf8proc (whose tables the program itself uses).
"""
import ctypes
import ctypes.util
import pathlib
import subprocess


def known(version):
    ages = subprocess.run(
        ["perl", "-e", 'for (0..0x10ffff) { next if $_ >= 0xd800 && $_ < 0xe000;'
         f' print "$_\\n" if chr($_) =~ /\\p{{Present_In: {version}}}/ }}'], capture_output=True, text=True, check=True)
    return {int(line) for line in ages.stdout.split()}


old, older = known("9.0"), known("8.0")
utf8proc = ctypes.CDLL(ctypes.util.find_library("utf8proc"))
utf8proc.utf8proc_category_string.restype = ctypes.c_char_p
utf8proc.utf8proc_decompose_char.restype = ctypes.c_ssize_t


class Property(ctypes.Structure):  # the front of utf8proc_property_t
    _fields_ = [("category", ctypes.c_int16), ("combining_class", ctypes.c_int16)]


utf8proc.utf8proc_get_property.restype = ctypes.POINTER(Property)


def matters(point):
    room, last = (ctypes.c_int32 * 32)(), ctypes.c_int(0)
    category = utf8proc.utf8proc_category_string(point).decode()
    options = 1 << 1 | 1 << 2 | 1 << 4  # stable, compat, decompose
    count = utf8proc.utf8proc_decompose_char(point, room, 32, options, ctypes.byref(last))
    return (category[0] == "M" or category == "Cf" or list(room[:count]) != [point]
            or utf8proc.utf8proc_get_property(point).contents.combining_class != 0)


def category(point):
    return utf8proc.utf8proc_category_string(point).decode()


def table(points):
    ranges = []
    for point in points:
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    lines, line = [], ""
    for low, high in ranges:
        item = f"{{ 0x{low:x}, 0x{high:x} }}, "
        if len(line) + len(item) > 105:
            lines.append(line)
            line = ""
        line += item
    return "\n".join("    " + line.rstrip() for line in lines + [line])


everything = [point for point in range(0x110000) if not 0xD800 <= point < 0xE000]
newer = table(point for point in everything if point not in old and matters(point))
of_9 = table(point for point in everything if point in old and point not in older and category(point) in ("Mn", "Cf"))
text = f"""/*
 * Characters that Unicode got after version 9.0 and that normal forms, marks or formats concern: the tables
 * by which Hugging Face's tokenizers normalise end there. And the marks and formats that came with 9.0, which
 * its BertNormalizer does not know. Written by tools/golden/unicode_newer.py.
 */
#ifndef TEXT_UNICODE_NEWER_H
#define TEXT_UNICODE_NEWER_H

#include <stdint.h>

struct unicode_range {{
    uint32_t low, high;
}};

/* clang-format off */
static const struct unicode_range unicode_newer[] = {{
{newer}
}};

static const struct unicode_range unicode_of_9[] = {{
{of_9}
}};
/* clang-format on */

#endif
"""
path = pathlib.Path(__file__).resolve().parents[2] / "src/text/normalize/unicode_newer.h"
path.write_text(text, encoding="utf-8")
print(f"{path}: {newer.count('{')} and {of_9.count('{')} ranges")
