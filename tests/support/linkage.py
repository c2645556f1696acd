"""A small labelled set for matching, from one seed: a roll, call-outs as police write them down, who each child is.

Families of one to four children, some with another surname, some twins at two schools. A call-out has what goes wrong
in real ones, each with the chance that stands beside it: names misspelt, short, exchanged; birth dates off by a digit,
exchanged, an age instead; another address, or part of one; a school as somebody said it. One child in seven is on no
roll: a little brother, a namesake elsewhere, or somebody of whom nothing is known. All people are invented.
"""
import csv
import datetime
import random

FORENAMES = """Amelia Olivia Isla Ava Ivy Freya Lily Florence Mia Willow Rosie Sophia Isabella Grace Daisy Sienna Poppy
Elsie Emily Ella Evelyn Phoebe Sofia Harper Charlotte Alice Evie Maya Margaret Elizabeth Aisha Fatima Zainab Zofia Maja
Oliver George Noah Arthur Harry Leo Muhammad Jack Charlie Oscar Jacob Henry Thomas Freddie Alfie Theodore William Joshua
Archie James Alexander Samuel Daniel Benjamin Edward Max Reuben Ibrahim Yusuf Ahmed Jakub Kacper Rohan Arjun Tobias""".split()
SURNAMES = """Smith Jones Taylor Brown Wilson Evans Thomas Roberts Johnson Walker Wright Robinson Thompson Hughes Edwards Green
Khan Ahmed Hussain Patel Singh Kaur Begum Kowalski Nowak Murphy Kelly Abbott Ackroyd Appleyard Ashworth Bagshaw Bannister
Barraclough Beaumont Birkin Blenkinsop Boothroyd Bracewell Brockbank Butterworth Calvert Carrington Cattermole Chadwick
Cholmeley Clegg Clutterbuck Crabtree Culpepper Dalby Dewhurst Dinsdale Drinkwater Eckersley Entwistle Fairclough Fawcett
Feather Fothergill Gaskell Gledhill Greenhalgh Hargreaves Haworth Heptonstall Hinchliffe Holroyd Illingworth Jagger Kershaw
Lofthouse Lumley Metcalfe Micklethwaite Murgatroyd Nettleton Oldroyd Ollerenshaw Pickersgill Postlethwaite Priestley
Ramsbottom Rawcliffe Rigby Satterthwaite Shuttleworth Skelton Southworth Standish Sutcliffe Tattersall Thistlethwaite
Thwaite Tunnicliffe Uttley Waddington Wigglesworth Winterbottom Womersley Wolstenholme""".split()
SHORT = {"Margaret": "Peggy", "Elizabeth": "Beth", "Isabella": "Bella", "Theodore": "Teddy", "William": "Billy", "Thomas": "Tom",
         "Samuel": "Sam", "Daniel": "Dan", "Benjamin": "Ben", "Edward": "Ned", "Alexander": "Alex", "Joshua": "Josh",
         "Charlotte": "Lottie", "Florence": "Flo", "Muhammad": "Mohammed", "Yusuf": "Yousef", "Zofia": "Zosia"}
STREETS = [f"{a} {b}" for a in """Acorn Birch Chapel Dene Elm Ferry Grange Hazel Ivy Jubilee Kiln Laburnum Mill Northgate Orchard
Park Quarry Ridge Spring Tanner Union Vicarage Willow York""".split() for b in ("Road", "Lane", "Close", "Avenue")]
SCHOOLS = [f"{a} {b}" for a in "Ashfield Broomhill Castleford Deepdale Eastwell Fernley Gorsedale Hillbeck".split()
           for b in ("Primary School", "Academy")]
ROLL = """pupil_id upn forename middle_names surname preferred_forename former_surname gender dob house street town postcode
urn school la_code nc_year""".split()
QUERY = "query_id call_date forename middle_names surname dob age gender address postcode school_said".split()
NIGHT = datetime.date(2026, 3, 13)


class Linkage:
    def __init__(self, seed=2026, families=2500, calls=1500):
        self.rng = random.Random(seed)
        self.roll, self.queries, self.truth, self.twins = [], [], {}, set()
        for _ in range(families):
            self.family()
        for n in range(calls):
            self.call(f"Q{n:05}")

    def chance(self, p):
        return self.rng.random() < p

    def postcode(self):
        r = self.rng
        return f"ZZ{r.randint(1, 9)} {r.randint(1, 9)}{r.choice('ABDEFGHJLN')}{r.choice('PQRSTUWXYZ')}"

    def place(self):
        return {"house": str(self.rng.randint(1, 180)), "street": self.rng.choice(STREETS), "postcode": self.postcode()}

    def born(self):
        return datetime.date(2008, 9, 1) + datetime.timedelta(days=self.rng.randrange(13 * 365))

    def family(self):
        surname, home, birth = self.rng.choice(SURNAMES), self.place(), None
        school = self.rng.choice(SCHOOLS)
        for name in self.rng.sample(FORENAMES, self.rng.choice((1, 1, 2, 2, 3, 4))):
            twin = birth and self.chance(0.03)
            birth = birth if twin else self.born()
            there = self.rng.choice(SCHOOLS) if twin or self.chance(0.3) else school
            pupil = dict.fromkeys(ROLL, "")
            pupil.update(home, pupil_id=f"P{len(self.roll):06}", forename=name, town="Example", gender=self.rng.choice("FM"),
                         surname=self.rng.choice(SURNAMES) if self.chance(0.1) else surname, dob=birth.isoformat(),
                         middle_names=self.rng.choice(FORENAMES) if self.chance(0.5) else "",
                         urn=str(100001 + SCHOOLS.index(there)), school=there, la_code="801", nc_year="3")
            if twin:
                self.twins |= {pupil["pupil_id"], self.roll[-1]["pupil_id"]}
            self.roll.append(pupil)

    def slip(self, name):
        i = self.rng.randrange(1, len(name))
        return self.rng.choice((name[:i] + name[i + 1:], name[:i] + name[i - 1] + name[i:],
                                name[:i] + self.rng.choice("aeioulnrst") + name[i + 1:]))

    def call(self, query_id):
        child = dict(self.rng.choice(self.roll))
        kind = self.rng.choices(("on_roll", "little", "namesake", "new"), (86, 5, 2, 7))[0]
        if kind == "little":
            child.update(forename=self.rng.choice(FORENAMES), dob=f"{self.rng.randint(2022, 2025)}-{self.rng.randint(1, 12):02}-11")
        elif kind == "namesake":
            child.update(self.place(), dob=self.born().isoformat(), school="")
        elif kind == "new":
            child.update(self.place(), forename=self.rng.choice(FORENAMES), surname=self.rng.choice(SURNAMES),
                         dob=self.born().isoformat(), school="")
        self.truth[query_id] = child["pupil_id"] if kind == "on_roll" else ""
        self.queries.append(self.written_down(query_id, child))

    def written_down(self, query_id, c):
        q = dict.fromkeys(QUERY, "")
        q.update(query_id=query_id, call_date=NIGHT.isoformat(), forename=c["forename"], surname=c["surname"], gender=c["gender"])
        place = self.place() if self.chance(0.13) else c
        q.update(address=f"{place['house']} {place['street']}", postcode=place["postcode"])
        if self.chance(0.12):
            q["forename"] = SHORT.get(c["forename"], c["forename"])
        if self.chance(0.07):
            q["forename"] = self.slip(q["forename"])
        if self.chance(0.1):
            q["surname"] = self.slip(q["surname"])
        if self.chance(0.05):
            q["surname"] = self.rng.choice(SURNAMES)
        if self.chance(0.02):
            q["forename"], q["surname"] = q["surname"], q["forename"]
        if self.chance(0.02):
            q["forename"] = q["forename"][0]
        if self.chance(0.15):
            q["postcode"] = ""
        if self.chance(0.12):
            q["address"] = ""
        if self.chance(0.15) and c["school"]:
            q["school_said"] = c["school"].split(" ")[0]
        if self.chance(0.1):
            q["gender"] = ""
        self.birth(q, datetime.date.fromisoformat(c["dob"]))
        if self.chance(0.3):
            q.update({k: q[k].upper() for k in ("forename", "surname", "address")})
        return q

    def birth(self, q, born):
        how = self.rng.random()
        q["dob"] = born.isoformat()
        if how < 0.1:
            q["dob"], q["age"] = "", str(NIGHT.year - born.year - ((NIGHT.month, NIGHT.day) < (born.month, born.day)))
        elif how < 0.13 and born.day <= 20:
            q["dob"] = born.replace(day=born.day + self.rng.choice((1, 2, 7))).isoformat()
        elif how < 0.15 and born.day <= 12:
            q["dob"] = born.replace(month=born.day, day=born.month).isoformat()
        elif how < 0.17 and (born.month, born.day) != (2, 29):
            q["dob"] = born.replace(year=born.year - 1).isoformat()

    def write(self, folder, roll=None, queries=None):
        for name, header, some in (("roll.csv", ROLL, roll or self.roll), ("queries.csv", QUERY, queries or self.queries)):
            with open(folder / name, "w", encoding="utf-8", newline="") as f:
                w = csv.DictWriter(f, header)
                w.writeheader()
                w.writerows(some)


def figures(truth, decisions):
    """How many call-outs were decided how; decisions by their query_id."""
    n = dict.fromkeys(("right", "wrong", "not_on_roll", "review", "lost", "shown"), 0)
    for query_id, true in truth.items():
        d = decisions[query_id]
        if d["decision"] == "match":
            n["right" if d["pupil_id"] == true else "wrong"] += 1
            n["not_on_roll"] += not true
        n["review"] += d["decision"] == "review"
        n["lost"] += d["decision"] == "none" and bool(true)
        n["shown"] += bool(true) and d["decision"] != "none" and true in d["candidates"].split("|")
    return n
