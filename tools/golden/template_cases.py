"""Hand-picked expressions and templates for template_diff.py: each of jinja2's filters, tests, methods and statements, at
their edges. CASES are expressions, STATEMENTS whole templates; all see CONTEXT."""

CONTEXT = {
    "n": 7, "z": 0, "neg": -3, "f": 2.5, "s": "Hello World", "t": "  pad  ", "e": "", "l": [3, 1, 2], "ls": ["b", "A", "c"],
    "d": {"b": 2, "a": 1, "C": 3}, "nest": {"x": {"y": [10, 20, {"z": "deep"}]}},
    "users": [{"name": "Al", "age": 30, "on": True}, {"name": "bo", "age": 25, "on": False}, {"name": "Cy", "age": 30, "on": True}],
    "none": None, "tr": True, "fa": False, "u": "é日本😀", "html": "<a href='x'>&\"</a>", "multi": "l1\nl2\n\nl3",
    "big": 12345678901234567890, "mixed": [1, "a", None, True, 2.0, [1], {"k": "v"}], "eld": [], "emd": {},
    "tree": [{"v": 1, "c": [{"v": 2, "c": []}, {"v": 3, "c": [{"v": 4, "c": []}]}]}],
}

# What switchyard refuses where jinja2 does not: complex numbers, characters by name, and slices of constants that no slice
# fits, which jinja2's folding of constants makes undefined.
DEPARTURES = {"(-8) ** 0.5", "'\\N{BULLET}'", "none[1:2]", "'abcdef'['a':]"}

CASES = r"""
n ** 2
10 ** 20
2 ** 64
2 ** 100 // 3
-(2 ** 70) // 7
-(2 ** 70) % 7
(2 ** 70) % -7
2 ** 200 % (2 ** 65 + 1)
big + 1
big * big
big - big
big // 10
big / 3
big % 97
-big
big|string|length
big == 12345678901234567890
big > 1e18
big == 1.2345678901234567e19
2 ** 63
2 ** 63 - 1
-(2 ** 63)
9223372036854775807 + 1
-9223372036854775808 - 1
9007199254740993 == 9007199254740992.0
9007199254740993 > 9007199254740992.0
1e308 * 10
1e400
-1e400
1e16
1e15
123456789012345678.0
1e-4
0.1 + 0.2
5e-324
1.5e300 * 1e10
100000000000000000000.0
1/3*3
-0.0
0.0 == -0.0
7 // 2
-7 // 2
7 // -2
-7 % 3
7 % -3
-7.5 // 2
-7.5 % 2
7.5 % -2
0.0 % 5
-0.0 % 5
1e20 // 3
5 % 0.0
5 // 0
5 / 0
5.0 // 0
0 ** 0
0 ** -1
2 ** -2
2 ** 0.5
(-8) ** 0.5
(-8) ** 3
2.5 ** 2
1_000
1_0.5
0x_ff
0xFF
0b101
0o17
00
1.
.5
1e
07
true + true
true * 3
-true
+true
not 0
- - 3
-2 ** 2
2 ** -1 ** 2
1 < 2 < 3 < 3
1 == 1.0 == true
'a' < 'b' < 'c'
'a' in 'abc' in ['abc']
[1, 2] < [1, 2, 3]
[1, 'a'] < [1, 2]
(1, 2) == [1, 2]
[1, [2]] == [1, [2]]
{'a': [1]} == {'a': [1.0]}
none < 1
none == none
'a' < 1
q < 1
q == q
q == none
q in [q]
'x' in q
q + 1
q ~ 'x'
q|list
q|length
q|upper
q|int
q|string
q|tojson
q()
q['a']
q.a
-q
not q
[q]
{'a': q}
q|default(none)
q is defined
q.a is defined
q is iterable
q is sequence
q is callable
q is mapping
q is string
n is mapping
1 in 5
1 in none
1 in 'abc'
'' in ''
'' in 'abc'
1 in {1: 2}
1.0 in {1: 2}
[1] in {1: 2}
[1] in [[1]]
'a' in d
'a' in d.keys()
1 in d.values()
('a', 1) in d.items()
2 in range(5)
2.0 in range(5)
2.5 in range(5)
'x' in range(5)
d.keys() == d.keys()
s * 2
2 * s
s * -1
s * 0
[1, 2] * 2
(1,) * 3
s * 2.0
[] * 5
'a' * true
s + 1
1 + s
[1] + (2,)
[1] + [2, [3]]
(1,) + (2,)
d + d
none + 1
'%s' % 1
'%s %s' % (1, 2)
'%s' % [1]
'%s' % (1, 2)
'%d' % 3.7
'%d' % 'a'
'%5d|%-5d|%05d|%+d|% d' % (1, 2, 3, 4, 5)
'%.2f|%8.3f|%-8.1f|%e|%g' % (1.234, 2.5, 3.25, 12345.678, 0.0001)
'%g %g %g' % (1e10, 100000.0, 1e-5)
'%x %X %o %#x %#o' % (255, 255, 8, 255, 8)
'%c%c' % ('a', 66)
'%%'  % ()
'%(a)s-%(b)d' % {'a': 'x', 'b': 3}
'%(a)s' % {'b': 1}
'%r %a' % ('é', 'é')
'%s' % none
'%s%s' % (1,)
'%5s|%-5s|%.2s' % ('ab', 'ab', 'abcdef')
'%*d' % (5, 3)
'%.3d' % 5
'%i' % true
'%s' % q
'%q' % 1
'%' % 1
'%5%' % ()
'abc' % ()
'abc' % 1
'abc' % {}
'abc' % []
'%.0f %.0f %.0f' % (0.5, 1.5, 2.5)
'%#.3g' % 1.0
'%f' % 1e20
'%d' % (2 ** 70)
'%x' % -255
'{}'.format(1)
'{} {}'.format(1, 'a')
'{1} {0}'.format(1, 'a')
'{a} {b[0]} {c.name}'.format(a=1, b=[5], c=users[0])
'{0[a]}'.format(d)
'{0.a}'.format(d)
'{!r} {!s} {!a}'.format('é', 'é', 'é')
'{:5}|{:<5}|{:>5}|{:^5}|'.format('a', 'a', 'a', 'a')
'{:5}|{:<5}|{:>5}|{:^5}|{:05}'.format(1, 1, 1, 1, 1)
'{:*^9}'.format('mid')
'{:+d} {: d} {:-d}'.format(1, 1, -1)
'{:,} {:_}'.format(1234567, 1234567)
'{:,.2f}'.format(1234567.891)
'{:010,}'.format(1234)
'{:09,}'.format(1234)
'{:08,}'.format(1234)
'{:x} {:#x} {:b} {:o} {:X}'.format(255, 255, 5, 8, 255)
'{:c}'.format(65)
'{:e} {:g} {:%} {:.1%}'.format(1234.5, 1234.5, 0.25, 0.256)
'{:.3} {:.3} {:.10}'.format(3.14159, 1234567.0, 1.0)
'{:.2}'.format('abcdef')
'{:d}'.format('a')
'{:s}'.format(1)
'{:.2f}'.format('a')
'{:=5}'.format('a')
'{:=+5}'.format(1)
'{:>{w}}'.format('a', w=5)
'{{}} {}'.format(1)
'{'.format(1)
'}'.format(1)
'{0} {}'.format(1)
'{} {0}'.format(1)
'{5}'.format(1)
'{x}'.format(y=1)
'{:5}'.format(none)
'{}'.format(none)
'{}'.format([1, 'a'])
'{:>5}'.format([1])
'{}'.format(q)
'{0.__class__}'.format(1)
'{:}'.format(1.0)
'{:5}'.format(true)
'{}'.format(true)
'{:d}'.format(true)
'{:n}'.format(1234)
'{:.0f} {:.0f}'.format(0.5, 1.5)
'{:10.3f}|{:<10.3f}|{:^10.3f}|{:+010.3f}'.format(3.14159, 3.14159, 3.14159, 3.14159)
'{a}'.format_map({'a': 1})
'{a}'.format_map({})
'{:10}'.format('é日')
'{:.1f}'.format(2)
'{:,}'.format(2 ** 70)
'{:g}'.format(1e6)
'{:G}'.format(1e-10)
'{:.2e}'.format(0)
'{:.3}'.format(0.0001)
'{:.3}'.format(100.0)
'{:.3}'.format(1e20)
'{:#x}'.format(0)
'{:08.2f}'.format(-3.14159)
'{:08d}'.format(-5)
'{:+,}'.format(12345)
s.upper()
s.lower()
'ß'.upper()
'ŉ'.upper()
'ﬁ'.title()
'ǆ'.title()
'ΑΣ'.lower()
'ΑΣ Σ ΑΣΑ'.lower()
'İ'.lower()
'ß'.casefold()
'ẞ'.lower()
'hello world-foo bar'.title()
"they're bill's".title()
'HELLO'.capitalize()
'éCOLE'.capitalize()
'ǆabc'.capitalize()
'Hello'.swapcase()
'ßA'.swapcase()
''.capitalize()
t.strip()
' \t\n x \u00a0\u3000'.strip()
'xxabcxx'.strip('x')
'xyabcyx'.strip('xy')
'abc'.strip('')
'abc'.strip(none)
'abc'.strip(1)
'éaé'.strip('é')
'abc'.lstrip('ab')
'abc'.rstrip('bc')
'a b  c'.split()
' a b '.split()
''.split()
''.split(',')
'a,b,,c'.split(',')
'a,b,c'.split(',', 1)
'a b c'.split(none, 1)
' a  b  c '.split(none, 1)
'a,b,c'.split(',', 0)
'a,b,c'.split(',', -1)
'abc'.split('')
'a--b--c'.split('--')
'a b c'.split(maxsplit=1)
'a,b'.split(sep=',')
'a,b,c'.rsplit(',', 1)
' a  b  c '.rsplit(none, 1)
'a b c'.rsplit()
'aXXbXXc'.rsplit('XX')
'a\nb\r\nc\rd\x0be\x0cf\x1cg\u2028h'.splitlines()
'a\nb\n'.splitlines(true)
'a\n\nb'.splitlines()
''.splitlines()
'a.b.c'.partition('.')
'abc'.partition('.')
'a.b.c'.rpartition('.')
'abc'.rpartition('.')
'abc'.partition('')
','.join(['a', 'b'])
','.join('abc')
','.join([])
','.join([1])
','.join({'a': 1})
','.join(1)
'abcabc'.find('c')
'abcabc'.find('c', 3)
'abcabc'.find('c', 3, 5)
'abcabc'.find('c', -1)
'abcabc'.find('')
'abc'.find('', 4)
'éab'.find('a')
'abcabc'.rfind('b')
'abcabc'.index('z')
'abcabc'.rindex('a')
'éaéa'.rfind('a')
'aaa'.count('a')
'aaa'.count('aa')
'aaa'.count('')
'aaa'.count('a', 1)
'abc'.startswith('ab')
'abc'.startswith(('x', 'a'))
'abc'.startswith(['a'])
'abc'.startswith('b', 1)
'abc'.startswith('')
'abc'.endswith('bc')
'abc'.endswith('b', 0, 2)
'abc'.endswith(1)
'abab'.replace('a', 'x')
'abab'.replace('a', 'x', 1)
'abc'.replace('', '-')
'abc'.replace('', '-', 2)
'abab'.replace('b', '')
'abc'.replace('x', 'y')
'abc'.replace(1, 2)
'abc'.removeprefix('a')
'abc'.removeprefix('b')
'abc'.removesuffix('c')
'abc'.removesuffix('abc')
'a'.center(4)
'ab'.center(5)
'ab'.center(5, '*')
'abc'.center(6, '*')
'abc'.center(2)
'a'.center(4, 'xy')
'a'.ljust(3, '.')
'a'.rjust(3, '.')
'5'.zfill(3)
'-5'.zfill(4)
'+'.zfill(3)
'a\tb'.expandtabs()
'a\tb\n\tc'.expandtabs(4)
'abc'.isalpha()
'ab1'.isalpha()
''.isalpha()
'é日'.isalpha()
'a1é'.isalnum()
'٣'.isdigit()
'²'.isdigit()
'²'.isdecimal()
'Ⅷ'.isnumeric()
'一'.isnumeric()
'½'.isnumeric()
' \t\u2003'.isspace()
''.isspace()
'abc'.islower()
'aBc'.islower()
'a1'.islower()
'1'.islower()
'ABC'.isupper()
'ª'.islower()
'Ab Cd'.istitle()
'AB'.istitle()
'a b'.isidentifier()
'_a1'.isidentifier()
'1a'.isidentifier()
'abc'.isascii()
'é'.isascii()
'a\n'.isprintable()
'abc'.isprintable()
'abc'.encode is defined
'abc'.nope
'abc'.__len__
'abc'['upper']()
'abc'[1]
'abc'[-1]
'abc'[5]
'abc'['x']
'é日本😀'[1:3]
'é日本😀'[::-1]
'é日本😀'[-2:]
'abc'[1:2:0]
'abcdef'[4:1:-1]
'abcdef'[::-2]
'abcdef'[-100:100]
'abcdef'['a':]
'abcdef'[1:none]
l[1:]
l[::-1]
l[10:]
l[-1]
l[5]
l['x']
l.x
l[true]
l[1.0]
l[none]
l[:q]
(1, 2, 3)[1:]
range(10)[2:5]|list
range(10)[::3]|list
range(10)[-1]
range(3)
range(1, 5, 2)
range(0)
range(5, 1)
range(1.5)
range('a')
range(1, 2, 0)
range(100000)|length
range(100001)|length
range(-3, 3)|list
range(10)|last
range(10) == range(0, 10, 1)
range(3).index(2)
range(3).count(5)
range(3).start
d[1:2]
none[1:2]
n[1:2]
d['a']
d['x']
d.x
d.get('a')
d.get('x')
d.get('x', 1)
d.get(l)
d.items
d.items()|list
d.keys()|list
d.values()|sum
d.keys()|first
d.keys()[0]
d.copy()
d.pop('a')
d.setdefault('z', 1)
d.update(a=1)
d.clear
d|length
d.keys()|length
{'items': 1}.items
{'items': 1}['items']
{'a': 1, 'a': 2}
{1: 1, 1.0: 2, true: 3}
{(1, 2): 3}[(1, 2)]
{[1]: 2}
{none: 1, q: 2}
l.append(1)
l.index(9)
l.index(1)
l.index(2, 1)
l.count(1)
l.sort()
l.reverse()
l.copy()
l.pop
l.pop()
l.clear is defined
(1, 2).index(2)
(1, 2).count(1)
n.real
n.imag
n.numerator
n.bit_length()
n.bit_count()
f.is_integer()
(2.0).is_integer()
f.as_integer_ratio()
n.as_integer_ratio()
f.hex()
f.real
n.x
n.conjugate()
tr.real
tr.bit_length()
none.x
none.x.y
none['x']
n|abs
neg|abs
'x'|abs
(-2.5)|abs
(-(2**70))|abs
d|attr('a')
d|attr('items') is defined
s|attr('upper')
'x'|attr('nope')
l|batch(2)|list
l|batch(2, 0)|list
l|batch(0)|list
l|batch(5, 'x')|list
[]|batch(2)|list
l|batch('a')|list
'hello wORLD'|capitalize
'ab'|center(7)
12|center(5)
l|count
n|count
d|count
none|count
range(3)|count
l|map('string')|count
d|dictsort
d|dictsort(true)
d|dictsort(false, 'value')
d|dictsort(by='value', reverse=true)
d|dictsort(by='x')
{'a': 1, 2: 3}|dictsort
l|dictsort
html|e
html|escape|escape
html|safe|escape
html|escape|forceescape
html|escape|length
'<'|escape + '<'
'<' + ('<'|escape)
('<'|escape) ~ '<'
['<'|escape]
('<%s>'|safe) % '<'
('<{}>'|safe).format('<')
('<'|escape).upper()
('a'|escape) * 2
'x'|escape is escaped
'x' is escaped
[html|escape, html]|join
n|escape
none|escape
0|filesizeformat
1|filesizeformat
999|filesizeformat
1000|filesizeformat
1500000|filesizeformat
1500000|filesizeformat(true)
1e30|filesizeformat
'1234'|filesizeformat
'x'|filesizeformat
-5|filesizeformat
-5000|filesizeformat
1e24|filesizeformat
12.7|filesizeformat
l|first
''|first
'abc'|first
d|first
n|first
[]|first
[]|first is defined
l|map('string')|first
l|last
'abc'|last
d|last
l|map('string')|last
[]|last
'3.5'|float
'x'|float
'1e3'|float
' 1.5 '|float
'1_000.5'|float
'1__0'|float
'inf'|float
'-Infinity'|float
'nan'|float
'0x10'|float
none|float
none|float(1)
l|float
true|float
'1e400'|float
10**400|float
users|groupby('age')
users|groupby('age')|map('last')|list
users|groupby('name')|map(attribute='grouper')|list
users|groupby('nope')
users|groupby('nope', default='x')|first|first
['a', 'A', 'b']|groupby(0)
users|groupby('on')|list|length
(users|groupby('age'))[0].list|length
(users|groupby('age'))[0].grouper
(users|groupby('age'))[0]
'a\nb\n\nc'|indent
'a\nb\n\nc'|indent(2)
'a\nb\n\nc'|indent(2, true)
'a\nb\n\nc'|indent(2, true, true)
'a\nb\n\nc'|indent('--')
'a\nb\n'|indent
''|indent
''|indent(2, true)
'\n'|indent(2, true)
'a\r\nb'|indent(2)
n|indent
none|indent
'42'|int
' 42 '|int
'4_2'|int
'-42'|int
'42.7'|int
'1e3'|int
'x'|int
'x'|int(5)
'ff'|int(0, 16)
'0xff'|int(0, 16)
'0b11'|int(0, 2)
'0o7'|int(0, 8)
'0x1f'|int(0, 0)
'010'|int(0, 0)
'z'|int(0, 36)
'9'|int(0, 8)
2.9|int
-2.9|int
none|int
none|int('d')
l|int(3)
true|int
'inf'|int
'nan'|int
1e20|int
1e300|int|string|length
('1' * 30)|int
'٣'|int
''|int
'inf'|float|int
'nan'|float|int
d|items|list
q|items|list
l|items|list
l|join
l|join(', ')
l|join(1)
users|join(', ', attribute='name')
users|join(',', 'age')
none|join
'abc'|join('-')
[1, none, true, 2.0]|join('|')
d|join(',')
[]|join(',')
l|length
u|length
n|length
l|list
'ab'|list
d|list
none|list
'ABC'|lower
12|lower
none|lower
l|map('string')|list
l|map('nope')|list
l|map|list
l|map(attribute='x')|list
users|map(attribute='name')|list
users|map(attribute='nope')|list
users|map(attribute='nope', default='D')|list
users|map(attribute='name', bad=1)|list
nest|map(attribute='y')|list
[nest]|map(attribute='x.y.0')|list
[nest]|map(attribute='x.y.2.z')|list
[[1, 2], [3, 4]]|map(attribute=1)|list
[[1, 2], [3, 4]]|map(attribute='1')|list
[[1, 2], [3, 4]]|map('first')|list
[[1, 2], [3]]|map('sum')|list
['a', 'b']|map('replace', 'a', 'x')|list
['a b']|map('split')|list
none|map('upper')|list
0|map('upper')|list
1|map('upper')|list
l|map('round', 1)|list
[1.55, 2.45]|map('round', 1)|list
l|max
l|min
['b', 'A']|max
['b', 'A']|min(case_sensitive=true)
users|max(attribute='age')
users|min(attribute='age')
[1, 'a']|max
[]|max
{'a': 1, 'b': 2}|max
[3, 1.5, true]|min
mixed|pprint
d|pprint
users|pprint
{'k': users, 'long key here': 'some words ' * 12}|pprint
('word ' * 30)|pprint
['x' * 90, 'y']|pprint
{2: 1, 1: 2}|pprint
(1,)|pprint
('a' * 40, 'b' * 50)|pprint
('line one\nline two is longer\n' * 4)|pprint
[[['aaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'], 'ccccccccccccccccccccccc']]|pprint
l|reject('odd')|list
l|reject|list
mixed|reject('none')|list
users|rejectattr('on')|map(attribute='name')|list
users|rejectattr('age', 'eq', 30)|map(attribute='name')|list
users|rejectattr|list
'aXbX'|replace('X', '-')
'aXbX'|replace('X', '-', 1)
'aXbX'|replace('X', 1)
123|replace(2, 'x')
'abc'|replace('', '.')
'aXbX'|replace('X', '-', none)
l|reverse|list
'abc'|reverse
d|reverse|list
range(3)|reverse|list
n|reverse
l|map('string')|reverse
none|reverse
2.5|round
3.5|round
-2.5|round
2.675|round(2)
1234.5678|round(-2)
1250|round(-2)
1350|round(-2)
-1250|round(-2)
50|round(-2)
51|round(-2)
1250.0|round(-2)
0.5|round(-1)
7.0|round(-1)
2.123|round(1, 'ceil')
2.123|round(1, 'floor')
-2.123|round(1, 'ceil')
7|round(0, 'ceil')
7|round(-1, 'ceil')
2.5|round(method='floor')
2.5|round(1, 'x')
'a'|round
1e300|round(2)
1.5|round(400)
1e-300|round(5)
none|round
true|round
123456789.987654321|round(5)
html|safe
l|select|list
l|select('odd')|list
mixed|select('string')|list
mixed|select('number')|list
l|select('gt', 1)|list
l|select('>', 1)|list
l|select('in', [1, 2])|list
l|select('nope')|list
l|select('divisibleby', 2)|list
users|selectattr('on')|map(attribute='name')|list
users|selectattr('age', 'gt', 26)|list|length
users|selectattr('name', 'in', ['Al', 'bo'])|list|length
users|selectattr('nope', 'defined')|list
users|selectattr('nope')|list
users|selectattr('name', 'equalto', 'Al')|first
l|select('odd')|length
l|select('odd')[0]
[1, 2, 3, 4, 5]|slice(3)|list
[1, 2, 3, 4, 5]|slice(3, 'x')|list
[1, 2, 3, 4, 5]|slice(0)|list
[1, 2]|slice(4)|list
[1, 2, 3, 4]|slice(2, 'x')|list
[1, 2]|slice(-1)|list
'abcde'|slice(2)|list
l|sort
l|sort(true)
ls|sort
ls|sort(case_sensitive=true)
ls|sort(true, true)
users|sort(attribute='name')|map(attribute='name')|list
users|sort(attribute='age,name', reverse=true)|map(attribute='name')|list
users|sort(reverse=true, attribute='age')|map(attribute='name')|list
users|sort(attribute='nope')|map(attribute='name')|list
[1, 'a']|sort
[none, 1]|sort
[[2, 1], [1, 2]]|sort
d|sort
'bca'|sort
[3, 1.5, true]|sort
[2, 1, 3]|sort(attribute=0)
n|sort
[['b', 2], ['a', 1]]|sort(attribute=1)
[['b', 2], ['a', 1]]|sort(attribute='1')
1.0|string
none|string
l|string
'<b>x</b>  y <!-- c --> &amp; &lt;'|striptags
'a < b > c'|striptags
'<unclosed'|striptags
'&#65;&#x42;&nope;&copy;'|striptags
l|sum
[]|sum
[1.5, 2]|sum
['a']|sum
users|sum('age')
users|sum(attribute='age', start=10)
[[1], [2]]|sum(start=[])
['a']|sum(start='')
l|sum(start=0.5)
'hello wORLD foo-bar (baz) [qux] <x> {y}'|title
"it's"|title
'éa ßx'|title
12|title
'  a'|title
{'a': 1, 'b': [1, 2.5, none, true, 'é"\\\n\t']}|tojson
{'a': 1, 'b': [1, {'c': []}]}|tojson(indent=2)
{'a': 1}|tojson(indent='--')
{'b': 1, 'a': 2}|tojson(sort_keys=true)
{1: 1, 2.5: 2, true: 3, none: 4}|tojson
{(1, 2): 1}|tojson
[1, 2]|tojson(indent=0)
[1, 2]|tojson(separators=(',', ':'))
{'a': 1, 'b': 2}|tojson(separators=['; ', '= '])
'é\x7f\u2028😀'|tojson
'é\x7f\u2028😀'|tojson(ensure_ascii=true)
'\x00\x1f\x08\x0c/'|tojson
1e100|tojson
'nan'|float|tojson
'inf'|float|tojson
range(3)|tojson
l|map('string')|tojson
(1, 2)|tojson
q|tojson
d.items()|tojson
html|escape|tojson
namespace(a=1)|tojson
[[], {}, ()]|tojson(indent=1)
'  x '|trim
'xxaxx'|trim('x')
12|trim
none|trim
'foo bar baz qux'|truncate(9)
'foo bar baz qux'|truncate(9, true)
'foo bar baz qux'|truncate(11)
'foo bar baz qux'|truncate(11, false, '...', 0)
'foo bar baz qux'|truncate(3, true, '', 0)
'foobarbazqux'|truncate(6, leeway=0)
'foo'|truncate(2)
'foo bar baz qux'|truncate(5, leeway=-1)
l|truncate(5)
['b', 'a', 'B']|unique|list
['b', 'a', 'B']|unique(true)|list
users|unique(attribute='age')|map(attribute='name')|list
[1, 1.0, true, '1']|unique|list
[[1], [1]]|unique|list
'aAb'|unique|list
'abc'|upper
'ß'|upper
'a b&c/d?é~_.-'|urlencode
{'a b': 'c/d', 'x': 1}|urlencode
[('a', 1), ('b', 'c d')]|urlencode
12|urlencode
none|urlencode
[1]|urlencode
''|urlencode
'two words, three'|wordcount
"it's"|wordcount
''|wordcount
'the quick brown fox jumps over the lazy dog'|wordwrap(10)
'averyveryverylongword short'|wordwrap(5)
'averyveryverylongword short'|wordwrap(5, false)
'hyphen-ated well-known-word'|wordwrap(8)
'hyphen-ated well-known-word'|wordwrap(8, true, '|', false)
'a b\nc d e f'|wordwrap(3)
'a b\n\n c d'|wordwrap(3)
'x'|wordwrap(0)
'   lead and   gaps   here'|wordwrap(8)
'foo--bar baz'|wordwrap(5)
'a-b-c-d-e-f'|wordwrap(4)
'--option-name is-this'|wordwrap(6)
''|wordwrap(5)
'é日本 日本語のテキスト'|wordwrap(4)
{'class': 'a b', 'x': none, 'id': 1, 'q': q}|xmlattr
{'a"b': '<'}|xmlattr(false)
{'a b': 1}|xmlattr
{}|xmlattr
{1: 2}|xmlattr
'see http://example.com.'|urlize
'HTTP://EXAMPLE.COM'|urlize
'https://a.bc/d?e=f&g=h#i'|urlize
'(http://a.com/x_(y)) and <www.b.de>'|urlize
'(www.a.com/(b).), www.c.org/(d)e)'|urlize
'http://a.com/(b.).'|urlize
'((http://a.com/((b))))'|urlize
'<http://a.com/<b>>'|safe|urlize
'&lt;http://a.com/&lt;b&gt;&gt;'|safe|urlize
html|urlize
'www.x'|urlize
'www.xn--p1ai www.a.xn--p1ai:80/x xn--a.com'|urlize
'www.a..com www.-a.com www.a-b.museum'|urlize
'example.com example.net:8080 example.info/x example.de a.com ab.com.'|urlize
'é.com ééé.org %41b.net a_b.gov x.mil, ab.İnfo ab.ınt'|urlize
'http://1.2.3.4 http://1.2.3.4:80/x http://1234.2.3.4 1.2.3.4 http://1.2.3 http://١.2.3.4'|urlize
'http://[::1] http://[2001:db8::1]:80/ http://[1:2:3:4:5:6:7:8] http://[1:2:3:4:5:6:7:8:9] http://[12345::] http://[1:2:345678:9] http://[::1'|urlize
'http://a.com:123456 http://a.com:12345/ http://a.com: http://a.com:x'|urlize
'http://localhost http://localhost:8000/x http://a1 http://İ httpſ://ab.com http://ſK'|urlize
'mail a@b.com, <a.b+c@d-e.org>; @a@b.com a@b a@b. a@.b.c a@b-c.d-e a@-b.c a@@b.co'|urlize
'mailto:a@b.com mailto:a@b www.a@b.com x:a@b.com mailto:a@b.c?d=e'|urlize
'http://averylongaddress.example.com/path www.ab.com'|urlize(10)
'http://averylongaddress.example.com/path'|urlize(-5)
'http://averylongaddress.example.com/path'|urlize(0)
'http://a.com/é&é'|urlize(15)
'http://a.com/é&é'|urlize(14, true)
'http://a.com x'|urlize(2.5)
'http://a.com x'|urlize(99.5)
'http://a.com x'|urlize('9')
'x y'|urlize('9')
'http://a.com x'|urlize(q)
'http://a.com x'|urlize(tr)
'http://a.com x'|urlize(big)
'http://a.com x'|urlize(-big)
'http://a.com a@b.co'|urlize(none, true)
'http://a.com a@b.co'|urlize(nofollow=true, rel='b a noopener  <b')
'http://a.com'|urlize(rel='')
'http://a.com'|urlize(rel=q, target=q)
'http://a.com'|urlize(rel=5)
'http://a.com'|urlize(rel=0)
'http://a.com'|urlize(rel=['a'])
'http://a.com'|urlize(target='_blank"')
'http://a.com'|urlize(target='<'|safe)
'http://a.com'|urlize(target=5)
'http://a.com'|urlize(target='')
'http://a.com a@b.co'|urlize(target=none, rel='me')
'tel:123 tel: ftp://a.b (ftp://a.b) news:x'|urlize(extra_schemes=['tel:', 'ftp://'])
'tel:123'|urlize(extra_schemes=('tel:',))
'tel:123'|urlize(3, extra_schemes={'tel:': 1})
'tel:123'|urlize(extra_schemes=['tel:']|map('string'))
'tel:123'|urlize(extra_schemes=['tel:', 'te'])
'tel:123'|urlize(extra_schemes='tel:')
'tel:123'|urlize(extra_schemes='')
'tel:123'|urlize(extra_schemes=[5])
'tel:123'|urlize(extra_schemes=5)
'tel:123'|urlize(extra_schemes=q)
'tel:123'|urlize(extra_schemes=['t:'])
'tel:123'|urlize(extra_schemes=['tel:///'])
'tel:123'|urlize(extra_schemes=['té+.-_1:/'])
'tel:123'|urlize(extra_schemes=['tel'])
'mailto:x'|urlize(extra_schemes=['mailto:'])
'a\u00a0www.b.com\u2003c\x1fwww.d.com\n\nwww.e.com\x85'|urlize
'  www.a.com  \t'|urlize
''|urlize
n|urlize
none|urlize
q|urlize
['www.a.com', 'b']|urlize
'www.a.com'|urlize(1, 2, 3, 4, (), 6)
'www.a.com'|urlize(limit=1)
'www.a.com'|urlize is escaped
'www.a.com <'|urlize|e
'www.a.com <'|e|urlize
'x\x00 www.a.com\x00 (www.b.com\x00)'|urlize
'12'|int(2, 'x')
'x'|int(2, none)
'x'|int(2, 2.5)
'12'|int(2, q)
'11'|int(0, tr)
'12'|int(2, 99)
7|int(2, 'x')
2.5|round(none)
3.5|round(none)
-2.6|round(none)
7|round(none)
tr|round(none)
2.5|round(none, 'ceil')
l|sort(none)
l|sort('a')
l|sort(2)
l|sort(q)
l|sort(2.0)
l|sort(2 ** 40)
l|sort(big)
eld|sort('a')
d|dictsort(false, 'key', none)
d|dictsort(false, 'key', 1)
l|pprint(true)
none|map()|list
none|map(5)|list
eld|selectattr()|list
fa|reject(1)|list
q|rejectattr(5, 5)|list
l|map()|list
l|selectattr()|list
''|wordwrap('a')
''|wordwrap(0)
'a'|wordwrap('a')
''|wordwrap(5, wrapstring=5)
html % q
('a'|safe) % q
'%s' % q
'%s %s' % q
'%(x)s' % q
html is divisibleby(q)
('www.' ~ 'a' * 63)|urlize
('www.' ~ 'a' * 64)|urlize
('www.' ~ 'a' * 64 ~ '.de')|urlize
('b' * 63 ~ '.com')|urlize
('b' * 64 ~ '.com')|urlize
('www.xn--' ~ 'c' * 59)|urlize
('www.xn--' ~ 'c' * 60)|urlize
'www.xn--c www.xn--cc'|urlize
'http://\u212a\u212a www.o\u212a'|urlize
'http://a.com#x http://a.com?x http://a.com/x http://a.com;x'|urlize
'mailto:@b.co mailto:a@b.co @b.co'|urlize
'http://[1:2:x] http://[1:2: http://[1:2:12345678:1:2:3:4] http://[1:2:123456789:1:2:3:4]'|urlize
'a:http://x.com http://a.com/@b.co'|urlize
n is odd
z is even
'a' is odd
2.0 is even
n is divisibleby(7)
n is divisibleby 0
n is eq 7
n is equalto(7)
n is == 7
n is lt 10
n is lessthan 10
n is greaterthan 3
'a' is gt 1
'abc' is lower
'ABC' is upper
'1' is lower
n is in [7]
'a' is in 'abc'
7 is in 7
n is sameas 7
1.0 is sameas 1
tr is sameas true
none is sameas none
'upper' is filter
'nope' is filter
1 is filter
'odd' is test
'nope' is test
s is iterable
n is iterable
d is iterable
s is sequence
d is sequence
range(3) is sequence
d.items() is sequence
l|map('string') is sequence
l|map('string') is iterable
d is mapping
l is mapping
tr is number
tr is integer
tr is boolean
1.0 is integer
1.0 is float
big is integer
big is number
s.upper is callable
range is callable
n is callable
dict is callable
namespace is callable
n is nope
n is odd(1)
n is defined(1)
tr is true
1 is true
n is not none
not n is none
n is not defined
dict(a=1)
dict([('a', 1), ('b', 2)])
dict(d, z=1)
dict({'a': 1}, b=2)
dict([1])
dict(1)
dict(['ab', 'cd'])
namespace(a=1, b=2).b
namespace({'a': 1}).a
namespace(a=1)
namespace(a=1).x
namespace(a=1)['a']
cycler('a', 'b').next()
cycler()
joiner()() ~ 'x'
joiner('|').sep
strftime_now('%Y-%m-%d')
strftime_now('%A %B %d %j %U %w %y %H %I %M %S %p %a %b %c %x %X %% %e %-d %-I %f %z|%Z|')
strftime_now('plain é')
strftime_now('')
strftime_now(1)
raise_exception('boom')
lipsum is defined
'a' 'b' "c"
'esc \x41 \u00e9 \U0001f600 \101 \q \\ \' \" \a'
"dq 'x' \"y\""
'é\é'
'\N{BULLET}'
'\xzz'
'a
b'
[1, 2, 3,]
(1,)
()
(1)
(1, 2,)
{'a': 1,}
[,]
{'a'}
1 if true
1 if false
(1 if false) is defined
1 if true else 2 if false else 3
(1 if false else 2) + 3
x if x is defined else 'no'
n.__class__
''.__class__.__mro__
l.__len__()
d.__class__
s.format.__globals__
namespace.__init__
range.__call__
users[0].name
users[0]['name']
users[0].nope
users[0].nope.x
users[9].name
nest.x.y[2].z
nest['x']['y'][0]
nest.x.y.1
nest.x.y.-1
n.upper()
none.upper()
s.nope()
s()
n()
'abc'()
[1, 'a', none, true, 2.0, 'it\'s', "q\"x", 'both\'"', '\n\x00\x7f\u200b\xad', 'é', '😀']
{'a': {'b': (1, [2])}}
'\u200b\u00a0x'|list
[1.0, 1e100, -0.0]
(l, d)
mixed
d.items()
d.keys()
d.values()
[d.keys()]
loop
caller
self
varargs
super
n|nope
n|default(1)|nope if false
n|string|int + 1
n + l|length
-n|abs
(l|sort)[0]
l|sort|first + 1
'a' ~ 1 + 2 ~ 'b'
1 ~ 2 * 3
'a' ~ none ~ true ~ 1.0 ~ [1]
n is odd and z is even or false
not n is odd
n in l or 'b' in ls
1 not in l
not 1 in l
s|upper|lower|title
s.split('o')|map('upper')|join('-')
range(5)|select('odd')|map('string')|join
d|dictsort|map('first')|join(',')
d.items()|map('last')|sum
users|map(attribute='name')|map('lower')|sort|join
(users|first).name ~ (users|last).age
dict(users|map(attribute='name')|map('upper')|map('list')|map('first')|batch(2)|list|first|batch(2))
s[:5] ~ s[-5:]|reverse
n if n > 5 and n < 10 else none
[l|length, s|length]|max
l|map('string')|map('int')|sum
'%s=%s'|format('a', 1)
'%(a)s'|format(a=1)
'%s'|format
'%d'|format('x')
'%s'|format(1, a=2)
1|format(2)
""".strip("\n").split("\n")
CASES = [c for c in CASES if c not in DEPARTURES]
# A literal line break within a string stands on two lines above.
CASES = [c for c in CASES if c not in ("'a", "b'")] + ["'a\nb'"]

STATEMENTS = [
    "{% for x in l %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in eld %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in l if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% else %}none{% endfor %}",
    "{% for x in l if x > 5 %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in l if loop.index > 1 %}{{ x }}{% endfor %}",
    "{% for x in l %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% else %}E{% endfor %}",
    "{% for x in l %}{% break %}{% else %}E{% endfor %}",
    "{% for x in l %}{% continue %}{% else %}E{% endfor %}",
    "{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}",
    "{% break %}",
    "{% macro f() %}{% break %}{% endmacro %}",
    "{% for x in l %}{% macro f() %}{% break %}{% endmacro %}{% endfor %}",
    "{% for x in l %}{% else %}{% break %}{% endfor %}",
    "{% for a, b in d.items() %}{{ a }}{{ b }}{% endfor %}",
    "{% for a, b in l %}{{ a }}{% endfor %}",
    "{% for a, b in [[1, 2], [3, 4, 5]] %}{{ a }}{% endfor %}",
    "{% for a, b in [[1]] %}{{ a }}{% endfor %}",
    "{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for a in ['xy'] %}{% set b, c = a %}{{ c }}{{ b }}{% endfor %}",
    "{% for x in l %}{{ loop.previtem }}-{{ loop.nextitem }};{% endfor %}",
    "{% for x in l %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }};{% endfor %}",
    "{% for x in l %}{{ loop.cycle('a', 'b') }}{{ loop.changed(x > 1) }} {% endfor %}",
    "{% for x in l %}{{ loop.cycle() }}{% endfor %}",
    "{% for x in l|map('string') %}{{ loop.length }}{{ loop.revindex }}{{ loop.last }}{% endfor %}",
    "{% for x in l|map('string') %}{{ loop.index }}{{ loop.last }}{{ loop.nextitem }}{% endfor %}",
    "{% for x in l|map('string') %}{% if loop.index == 2 %}{{ loop.length }}{% endif %}{{ x }}{% endfor %}",
    "{% for x in l %}{{ loop }}{% endfor %}",
    "{% for x in l %}{{ loop.nope }}|{{ loop.depth0 }}{% endfor %}",
    "{{ loop }}{% for x in l %}{% endfor %}",
    "{% for x in l %}{% for y in l %}{{ loop.index }}{% endfor %}{{ loop.index }} {% endfor %}",
    "{% for x in l %}{% set outer = loop %}{% for y in 'ab' %}{{ outer.index }}{{ loop.index }} {% endfor %}{% endfor %}",
    "{% for x in l %}{% set loop = 1 %}{% endfor %}",
    "{% for loop in l %}{% endfor %}",
    "{% for x in none %}{% endfor %}", "{% for x in 5 %}{% endfor %}", "{% for x in q %}{% else %}E{% endfor %}",
    "{% for x in s[:3] %}{{ x }},{% endfor %}",
    "{% for x in tree recursive %}[{{ x.v }}{{ loop(x.c) }}{{ loop.depth }}]{% endfor %}",
    "{% for x in tree recursive %}{{ x.v }}{% if x.c %}({{ loop(x.c) }}){% endif %}{% else %}E{% endfor %}",
    "{% for x in tree recursive %}{% set v = x.v %}{{ v }}{{ loop(x.c) }}{{ v }}{% endfor %}",
    "{% for x in tree if x.v != 2 recursive %}{{ x.v }}{{ loop(x.c) }}{% endfor %}",
    "{% for x in l %}{{ loop(l) }}{% endfor %}",
    "{% for x in range(3) recursive %}{{ x }}{% if x %}{{ loop(range(x)) }}{% endif %}{% endfor %}",
    "{% set x = 1 %}{% for i in l %}{{ x }}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}",
    "{% for i in l %}{{ y is defined }}{% set y = 1 %}{% endfor %}{{ y is defined }}",
    "{% for i in l %}{{ n }}{% set n = i %}{{ n }} {% endfor %}{{ n }}",
    "{% for i in l %}{% if i == 1 %}{% set n = 'X' %}{% endif %}{{ n }} {% endfor %}{{ n }}",
    "{% if true %}{% set n = 9 %}{% endif %}{{ n }}", "{% if false %}{% set n = 9 %}{% endif %}{{ n }}",
    "{% if false %}{% set k = 9 %}{% endif %}{{ k is defined }}",
    "{% for i in l %}{{ late }}{% endfor %}{% set late = 1 %}",
    "{% for i in l %}{{ n }}{% endfor %}{% set n = 1 %}",
    "{{ n }}{% set n = 1 %}{{ n }}",
    "{% set n = n + 1 %}{{ n }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a, b = b, a %}{{ a }}", "{% set (a, b) = (1, 2) %}{{ b }}", "{% set a, b = 1 %}", "{% set a = 1, %}{{ a }}",
    "{% set x %}a{{ n }}b{% endset %}{{ x }}", "{% set x | upper | replace('A', 'z') %}a{{ n }}b{% endset %}{{ x }}",
    "{% set x %}{% set y = 1 %}{% endset %}{{ y is defined }}",
    "{% set ns = namespace(a=1) %}{% for i in l %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns }}",
    "{% set ns = namespace() %}{% set ns.x %}block{% endset %}{{ ns.x }}",
    "{% set ns = namespace() %}{% set ns.a, ns.b = 1, 2 %}{{ ns.a }}{{ ns.b }}",
    "{% set d.x = 1 %}", "{% set q.x = 1 %}", "{% set 1 = 2 %}", "{% set true = 2 %}", "{% set a.b.c = 2 %}", "{% set 'a' = 2 %}", "{% set a[0] = 2 %}", "{% set (a, 1) = 2 %}",
    "{% macro f(a, b=2, *c) %}{% endmacro %}", "{% macro f(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ f(1) }}{{ f(1, 2) }}{{ f(b=3, a=4) }}",
    "{% macro f(a, b=c, c=3) %}{{ b }}{{ c }}{% endmacro %}{{ f(1) }}",
    "{% macro f(a) %}{{ a }}{{ a is defined }}{% endmacro %}{{ f() }}", "{% macro f(a) %}{{ a.x }}{% endmacro %}{{ f() }}",
    "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(b=2) }}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, a=2) }}",
    "{% macro f(a) %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, x=3) }}",
    "{% macro f() %}{{ caller() }}{% endmacro %}{% call f() %}in{{ n }}{% endcall %}",
    "{% macro f() %}{{ caller(1, 2) }}{% endmacro %}{% call(a, b=5) f() %}{{ a }}{{ b }}{% endcall %}",
    "{% macro f() %}no{% endmacro %}{% call f() %}in{% endcall %}", "{% macro f() %}{{ caller() }}{% endmacro %}{{ f() }}",
    "{% macro f(caller) %}{{ caller }}{% endmacro %}{{ f(1) }}", "{% macro f(caller=5) %}{{ caller }}{% endmacro %}{{ f() }}{{ f(1) }}",
    "{% macro f() %}{% if caller %}{{ caller() }}{% else %}none{% endif %}{% endmacro %}{{ f() }}{% call f() %}c{% endcall %}",
    "{% macro f() %}{{ kwargs }}{% endmacro %}{% call f(a=1) %}in{% endcall %}",
    "{% set x = 1 %}{% macro f() %}{{ x }}{% set x = 2 %}{{ x }}{% endmacro %}{{ f() }}{{ x }}",
    "{% macro f() %}{{ x }}{% endmacro %}{% set x = 5 %}{{ f() }}", "{% macro f() %}{{ n }}{% endmacro %}{% set n = 5 %}{{ f() }}",
    "{% for x in l %}{% macro f() %}{{ x }}{% endmacro %}{{ f() }}{% endfor %}",
    "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}",
    "{% macro f(x) %}{% macro g(y) %}{{ x }}{{ y }}{% endmacro %}{{ g(2) }}{% endmacro %}{{ f(1) }}",
    "{{ f(1) if f }}{% macro f(x) %}{{ x }}{% endmacro %}", "{% macro f(a, b=1, c) %}{% endmacro %}",
    "{% macro f(x) %}{{ x }}{% endmacro %}{{ f }}|{{ f.name }}|{{ f.arguments }}|{{ f.catch_kwargs }}|{{ f.caller }}",
    "{% macro f(a, a2) %}{{ a }}{{ a2 }}{% endmacro %}{{ f(*[1, 2]) }}{{ f(**{'a': 3, 'a2': 4}) }}{{ f(1, **{'a': 2}) }}",
    "{% macro f(x) %}<{{ x }}>{% endmacro %}{{ f('a')|upper }}{{ f('b') ~ 'c' }}{{ f('é')|length }}",
    "{% filter upper %}a{{ n }}b{% endfilter %}", "{% filter replace('a', 'b')|upper %}aXa{% endfilter %}", "{% filter nope %}{% endfilter %}",
    "{% for x in l %}{% filter upper %}{{ x }}a{% if x == 1 %}{% break %}{% endif %}{% endfilter %}{% endfor %}|",
    "{% with %}{% set n = 1 %}{{ n }}{% endwith %}{{ n }}", "{% with a = 1, b = a %}{{ a }}{{ b }}{% endwith %}", "{% with a, b = (1, 2) %}{{ a }}{{ b }}{% endwith %}",
    "{% with n = 5 %}{{ n }}{% with n = n + 1 %}{{ n }}{% endwith %}{% endwith %}{{ n }}",
    "{% block a %}x{{ n }}{% endblock %}", "{% block a %}x{% endblock a %}", "{% block a %}{% endblock %}{% block a %}{% endblock %}",
    "{% for x in l %}{% block a scoped %}{{ x }}{{ loop.index }}{% endblock %}{% endfor %}", "{% for x in l %}{% block a %}{{ x }}{% endblock %}{% endfor %}",
    "{% set k = 5 %}{% block a %}{{ k }}{% set k = 6 %}{% endblock %}{{ k }}", "{% block a %}A{% endblock %}{{ self.a() }}", "{{ self.nope }}", "{% block a %}{{ super() }}{% endblock %}",
    "{% block a required %}{% endblock %}", "{% block a required %}x{% endblock %}", "{% block a-b %}{% endblock %}",
    "{% autoescape true %}{{ html }}{{ html|safe }}{{ html|escape }}{{ '<' ~ '>' }}<b>{% endautoescape %}{{ html }}",
    "{% autoescape true %}{% set x %}<b>{{ html }}{% endset %}{{ x }}{% endautoescape %}",
    "{% autoescape true %}{% macro f(x) %}<{{ x }}>{% endmacro %}{{ f('<') }}{% endautoescape %}",
    "{% autoescape true %}{{ ['<', '<'|safe]|join('&') }}{{ d|tojson }}{{ [html] }}{% endautoescape %}",
    "{% autoescape false %}{{ html }}{% endautoescape %}", "{% autoescape true %}{{ html|replace('<', '&') }}{{ html|upper }}{% endautoescape %}",
    "{% autoescape true %}{% filter upper %}<{{ html }}{% endfilter %}{% endautoescape %}", "{% autoescape true %}{{ {'a': '<'}|xmlattr }}{% endautoescape %}", "{% autoescape true %}{{ 'www.a.com <'|urlize }}{{ html|urlize is escaped }}{{ ('www.a.com <'|safe)|urlize }}{% endautoescape %}",
    "{% raw %}{{ x }}{% endraw %}", "{% raw -%}  {{ x }}  {%- endraw %}", "a  {%- raw %} b {% endraw -%}  c", "{% raw %}\n x\n{% endraw %}\ny", "  {% raw %}a{% endraw %}\n",
    "{%raw%}a{%endraw%}", "{% raw %}{% raw %}{% endraw %}", "{% raw %}", "{% endraw %}", "{%- raw -%} {%- endraw -%} ",
    "a\n  {% if n %}\n  b\n  {% endif %}\nc", "a  {%+ if n %}b{% endif %}", "  {%- if n %} b {%- endif %} c", "a {{- n -}} b", "a\n\n  {{- n }}", "{% if n %}\n\nb{% endif %}\n\n", "  {{ n }}\n",
    "a {# c #} b", "a\n  {# c #}\nb", "a\n  {#- c -#}\n  b", "{# a {{ b }} {% c %} #}x", "{##}x", "{#-#}x", "{#+ a +#}\nx", "{# a", "a {#+ c #}b", "{{ n }}{# c -#}   x",
    "{% if n +%}\nx{% endif %}", "x {% if n -%}   y{% endif %}", "\t{% set a = 1 +%}\n\tb", "a\r\n  {% if n %}\r\nb{% endif %}", "a\rb", "a\n", "a\n\n", "\n", "", "   ", "{% set a = 1 %}",
    "{{ n }", "{{ n", "{% if n", "{{ }}", "{% %}", "{{ n }}}}", "{{ {'a': {'b': 1}}['a'] }}", "{{ {'a': 1} }}", "{{ '}}' }}", "{% if '%}' %}x{% endif %}", "{{ ) }}", "{{ (] }}", "{{ n @ 2 }}", "{{ n ; }}", "{{ 'a }}",
    "{% if n %}", "{% endif %}", "{% if n %}{% endfor %}", "{% for x in l %}{% endif %}{% endfor %}", "{% nope %}", "{% if %}{% endif %}", "{% for x l %}{% endfor %}", "{% for in l %}{% endfor %}", "{% elif n %}", "{% else %}",
    "{% if n %}a{% else %}b{% else %}c{% endif %}", "{% if n %}a{% elif z %}b{% elif f %}c{% else %}d{% endif %}", "{% if z %}a{% elif f %}c{% else %}d{% endif %}", "{% if n, %}a{% endif %}", "{% if n: %}a{% endif %}",
    "{% print n, 's', l %}", "{% print %}", "{% do n %}", "{% include 'x' %}", "{% include 'x' ignore missing %}", "{% import 'x' as y %}", "{% from 'x' import y, z as w %}", "{% extends 'x' %}", "{% if false %}{% include 'x' %}{% endif %}ok", "{% trans %}{% endtrans %}", "{% debug %}",
    "{% generation %}a{{ n }}{% endgeneration %}", "{% for x in l %}{% generation %}{{ x }}{% set n = x %}{% endgeneration %}{{ n }}{% endfor %}", "{% generation %}", "{% for x in l %}{% generation %}{% break %}{% endgeneration %}{% endfor %}",
    "{% if false %}{{ n|nope }}{% endif %}ok", "{% if true %}{{ n|nope }}{% endif %}", "{% if false %}{{ n is nope }}{% endif %}ok", "{{ n if true else n|nope }}", "{% if false %}{% for x in l|nope %}{% endfor %}{% endif %}ok", "{% if false %}{% for x in l %}{{ x|nope }}{% endfor %}{% endif %}ok",
    "{% macro f() %}{{ n|nope }}{% endmacro %}ok", "{% set x = l|map('nope') %}ok", "{% set x = l|map('upper') %}{{ x|join }}{{ x|join }}", "{% set x = l|select('odd') %}{% for i in x %}{{ i }}{% endfor %}{% for i in x %}{{ i }}{% endfor %}",
    "{% set x = l|batch(2) %}{{ 1 in x }}{{ x|list }}", "{% set x = l|reverse %}{{ x|first }}{{ x|first }}{{ x|list }}",
    "{% set c = cycler(1, 2) %}{{ c.current }}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.reset() }}{{ c.next() }}", "{% set j = joiner('; ') %}{% for x in l %}{{ j() }}{{ x }}{% endfor %}",
    "{% set x = 1 %}{% with %}{% set x = 2 %}{% block b %}{{ x }}{% endblock %}{% endwith %}", "{% for i in l %}{% set ns = namespace(a=i) %}{% endfor %}{{ ns is defined }}",
    "{% for x in l %}{% set y = x %}{% if loop.last %}{{ y }}{% endif %}{% endfor %}", "{% set l2 = l + [4] %}{{ l2 }}{{ l }}", "{%- for k, v in d|dictsort -%}{{ k }}={{ v }}{{ ', ' if not loop.last }}{%- endfor -%}",
    "{% for u_ in users if u_.on and u_.age > 20 %}{{ loop.index }}{{ u_.name }}{% endfor %}", "{% for x in [1, 2, 3, 4] if x is even %}{{ loop.first }}{{ x }}{% endfor %}", "{% for i in range(3) %}{% for j in range(i) %}{{ i }}{{ j }} {% else %}- {% endfor %}{% endfor %}",
    "{% for x in l %}{% if loop.first %}{% set ns = namespace(m=x) %}{% endif %}{{ ns.m if ns is defined else 'u' }}{% endfor %}", "{% set x = 'o' %}{% for x in l %}{{ x }}{% endfor %}{{ x }}", "{% for n in l %}{{ n }}{% else %}{{ n }}{% endfor %}{{ n }}",
    "{% for x in eld %}{% set n = 1 %}{% else %}{{ n }}{% set n = 2 %}{{ n }}{% endfor %}{{ n }}", "{% set a = 1 %}{% if a %}{% set a = 2 %}{% if a %}{% set a = a + 1 %}{% endif %}{% endif %}{{ a }}",
    "{% set a %}{% endset %}{{ a is defined }}{{ a|length }}", "{{ 'a' if n else 'b' }}{% if not (n and z) %}x{% endif %}", "{{ [x for x in l] }}", "{{ lambda: 1 }}", "{{ n := 1 }}", "{{ l[0] = 1 }}", "{{ *l }}", "{{ f(*l, 1) }}", "{{ dict(**d, a=1) }}", "{{ dict(a=1, **{'b': 2}) }}", "{{ dict(a=1, a=2) }}", "{{ range(*[1, 4])|list }}", "{{ n.a b }}", "{{ n is }}", "{{ n| }}", "{{ n|upper() }}", "{{ n|upper(1) }}", "{{ n is odd is even }}", "{{ 1 is 2 }}", "{{ n is not }}", "{{ not }}", "{{ and }}", "{{ if }}", "{{ n if }}", "{{ a.b.c.d }}", "{{ 'x' in }}", "{{ n..x }}", "{{ n.'x' }}", "{{ l[] }}", "{{ l[1, 2] }}", "{{ l[1:2, 3] }}", "{{ l[:::] }}", "{{ d['a', 'b'] }}", "{{ ((((1)))) }}", "{{ true and false or none }}", "{{ (1, 2)[0] }}", "{{ [1, 2][0] }}", "{{ {'a': 1}['a'] }}", "{{ 'abc'[0] }}", "{{ 1.real }}", "{{ 1.5.real }}", "{{ (1.5).real }}", "{{ l.0.real }}", "{{ l|first.real }}", "{{ (l|first).real }}", "{{ 5 is divisibleby 5 and 1 }}", "{{ x is defined and x.y }}", "{{ x.y if x is defined else 'no' }}", "{{ é }}", "{% set é = 1 %}{{ é }}", "{{ n²}}", "{{ $n }}", "{{ n & 1 }}", "{{ n ^ 1 }}", "{{ ~n }}", "{{ n << 1 }}", "{{ n ? 1 : 2 }}", "{{ n != 7 }}", "{{ n <> 7 }}", "{{ 'a' != 'b' }}", "{{ !n }}", "{{ None }}{{ True }}{{ False }}{{ NONE is defined }}", "{{ none is none }}",
    "{{ a }}{% set a = namespace %}{{ a(x=1).x }}", "{% set range = 5 %}{{ range }}", "{% set f = s.upper %}{{ f() }}", "{% set f = d.get %}{{ f('a') }}{{ f('x', 2) }}", "{{ [s.upper][0]() }}", "{{ {'f': s.lower}.f() }}", "{{ (s.upper if n else s.lower)() }}", "{% for f in [s.upper, s.lower] %}{{ f() }}{% endfor %}", "{% macro m(f) %}{{ f('x') }}{% endmacro %}{% macro g(x) %}<{{ x }}>{% endmacro %}{{ m(g) }}",
]
