"""Families of a bench, with names and streets as common as they are in England (tests/data/names): how long
matching takes is a matter of how many pupils share them."""

import csv
import itertools
import lzma
import random
from pathlib import Path

from support import invent

NAMES = Path(__file__).resolve().parents[1] / "data/names"
# Of a postcode's last two letters; with one that no real postcode has there it is nobody's.
REAL, UNREAL = "ABDEFGHJLNPQRSTUWXYZ", "CKMV"
ENDS = [a + b for a, b in itertools.product(REAL + UNREAL, repeat=2) if a in UNREAL or b in UNREAL]


def read(name):
    with lzma.open(NAMES / f"{name}.csv.xz", "rt", encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


class Common:
    """Texts, each as often as its weight says."""

    def __init__(self, weighed):
        self._texts, weights = zip(*weighed)
        self._sums = list(itertools.accumulate(weights))

    def draw(self, rng: random.Random):
        return rng.choices(self._texts, cum_weights=self._sums)[0]


class Population(invent.World):
    def __init__(self, establishments):
        forenames = read("forenames")
        counts = [c for c in forenames[0] if c.startswith("c20")]
        self._forenames = {sex: Common([(r["name"], sum(float(r[c] or 0) for c in counts))
                                        for r in forenames if r["sex"] == sex]) for sex in "FM"}
        self._surnames = Common([(r["surname"], float(r["weight"])) for r in read("surnames")])
        self._streets = Common([(r["street"], float(r["count"])) for r in read("streets")])
        super().__init__(establishments, 0)

    def surname(self):
        return self._surnames.draw(self.random)

    def home(self, school):
        return invent.Home(str(self.random.randint(1, 120)), self._streets.draw(self.random), school.town,
                           school.postcode[:-2] + self.random.choice(ENDS), school.la_code)

    def child(self, home, surname, forename=None, sex=None, **more):
        sex = sex or self.random.choice("FM")
        child = super().child(home, surname, sex=sex,
                              forename=forename or self._forenames[sex].draw(self.random), **more)
        if child.middle_names:
            child.middle_names = self._forenames[sex].draw(self.random)
        return child
