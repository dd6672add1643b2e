#!/usr/bin/env python3
"""Reference intervals of paired differences, written without floats rounding early.

Newcombe, Improved confidence intervals for the difference between binomial
proportions based on paired data, Statistics in Medicine 17 (1998), method 10, in 50
digits from the counts of the 2 x 2 table: right in both, only without, only with,
right in neither. The difference is with - without.

The first row is the airway hyper-responsiveness study that R's contingencytables
and ratesci use as their example (there 1, 1, 7, 12, first minus second).

    python3 newcombe.py > newcombe.json
"""
import json
from decimal import Decimal as D, getcontext

getcontext().prec = 50
Z = D("1.959963984540054235524594430520551527955550")


def wilson(x, n):
    x, n = D(x), D(n)
    root = Z * (Z * Z + 4 * x * (n - x) / n).sqrt()
    return (2 * x + Z * Z - root) / (2 * (n + Z * Z)), (2 * x + Z * Z + root) / (2 * (n + Z * Z))


def newcombe(both, without, with_, neither):
    n = both + without + with_ + neither
    a, b = both + with_, both + without  # right with, right without
    la, ua = wilson(a, n)
    lb, ub = wilson(b, n)
    product = a * (n - a) * b * (n - b)
    odds = D(both * neither - without * with_)
    if odds > 0:
        odds = max(odds - D(n) / 2, D(0))
    phi = odds / D(product).sqrt() if product else D(0)
    pa, pb = D(a) / n, D(b) / n
    down = ((pa - la) ** 2 - 2 * phi * (pa - la) * (ub - pb) + (ub - pb) ** 2).sqrt()
    up = ((ua - pa) ** 2 - 2 * phi * (ua - pa) * (pb - lb) + (pb - lb) ** 2).sqrt()
    return float(pa - pb - down), float(pa - pb + up)


tables = [
    (1, 7, 1, 12), (36, 2, 12, 0), (20, 2, 12, 16), (9, 16, 53, 8), (5, 5, 5, 5),
    (20, 0, 0, 0), (0, 0, 0, 20), (0, 0, 20, 0), (0, 20, 0, 0), (19, 0, 1, 0), (10, 0, 0, 10),
    (412, 18, 61, 9), (0, 1, 9, 0), (3, 1, 2, 4),
]
print(json.dumps([{"table": t, "ci95": newcombe(*t)} for t in tables], indent=1))
