"""Invented families for real establishments: rolls, contacts, terms, and what the police would say.

Everything follows from the seed. Home postcodes end in letters that no real postcode has (C, K, M
and V never stand there), staff addresses in .example (RFC 2606).
"""

import csv
import datetime
import random
from dataclasses import dataclass, field
from pathlib import Path

FORENAMES = {
    "F": """Amelia Olivia Isla Ava Freya Lily Mia Grace Poppy Evie Ella Rosie Willow Florence Elsie
        Daisy Phoebe Matilda Ivy Sophie Emily Evelyn Zara Aisha Fatima Maryam Hannah Layla Amina Noor
        Zuzanna Oliwia Lena Maja Ioana Anastasia Chiamaka Adaeze Temitope Blessing Priya Ananya Meera
        Jasleen Simran Mei Xin Yuki Siân Ffion Carys Niamh Aoife Róisín Zoë Chloé Beatrix Harriet
        Imogen Jessica Martha Orla Penelope Sienna Thea Violet""".split(),
    "M": """Oliver George Noah Arthur Harry Leo Jack Charlie Oscar Jacob Henry Thomas Freddie Alfie
        Theo William Archie Joshua Alexander James Muhammad Yusuf Ibrahim Omar Hamza Adam Zayn Bilal
        Jakub Szymon Filip Antoni Andrei Matei Chinedu Oluwaseun Emeka Kwame Arjun Rohan Dev Gurpreet
        Jaspal Wei Haoran Kenji Rhys Ieuan Dylan Cormac Oisín Seán Rory Tomasz Łukasz Elliot Felix
        Gabriel Hugo Isaac Jude Logan Mason Reuben Sebastian Toby""".split(),
}
SURNAMES = """Abara Achebe Adeyemi Ahmed Aldridge Ali Appleyard Ashworth Atherton Baines Barraclough
    Begum Bickerstaffe Birtwistle Blackburn Bracewell Brannigan Broadbent Byrne Chaudhry Chen
    Clough Constantin Crabtree Cunliffe Danso Davies Dhillon Dlamini Drăgan Duckworth Eastwood
    Entwistle Evans Fairhurst Fernandes Fielding Gill Greenhalgh Grimshaw Gupta Hardcastle Hargreaves
    Haworth Heaton Hindle Holroyd Hussain Ibrahim Iqbal Jankowska Jones Kaczmarek Kaur Kershaw Khan
    Kowalski Lam Lightfoot Liu Lumb Mahmood Malik McAllister McGrath Mensah Mistry Morgan Murgatroyd
    Naylor Ng Nowak Nuttall O'Brien O'Rourke Ogden Okafor Okonkwo Oldroyd Osei Parkinson Patel Pickles
    Popescu Pritchard Quigley Rahman Ramsbottom Rawsthorne Rees Rehman Rigby Robertshaw Rushworth
    Sandhu Schofield Shah Sharma Shuttleworth Singh Slater Smith Sowerby Stansfield Sutcliffe
    Szymański Tattersall Thackray Thistlethwaite Tran Turnbull Uddin Varley Wadsworth Walmsley
    Whitehead Wiśniewski Woźniak Wrigley Yates Zielińska""".split()
RARE = "brax vel zorn quil thar miv dro xen yul kapt ostr wem".split()
STREETS = """Lantern Row;Heron Mews;Cobbler's Yard;Teasel Drive;Old Tannery Lane;Saltpan Way;Kite Hill
    Road;Weir Side;Foundry Terrace;Bramble Croft;Signal Box Lane;Quince Avenue;Ropewalk;Mill Race
    Close;Larch Bank;Chandler Street;Plover Gardens;Beacon Rise;Fuller's Fold;Orchard End""".replace(
    "\n    ", " ").split(";")
LA_FORCE = {"383": "west-yorkshire", "886": "kent", "888": "lancashire"}
UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


def upn(la_code, establishment, year, serial):
    """A valid UPN: check letter over LA, establishment, year and serial (domain rule)."""
    digits = f"{int(la_code):03d}{int(establishment) % 10000:04d}{year % 100:02d}{serial % 1000:03d}"
    total = sum(weight * int(digit) for weight, digit in zip(range(2, 14), digits))
    return UPN_LETTERS[total % 23] + digits


@dataclass
class Establishment:
    namespace: str
    urn: str
    la_code: str
    la_name: str
    name: str
    town: str
    postcode: str
    low: int
    high: int
    type_code: int


@dataclass
class Home:
    house: str
    street: str
    town: str
    postcode: str
    la_code: str

    @property
    def address(self):
        return f"{self.house} {self.street}, {self.town}"


@dataclass
class Child:
    pupil_id: str
    forename: str
    middle_names: str
    surname: str
    sex: str
    born: datetime.date
    home: Home
    upn: str = ""
    preferred: str = ""
    enrolments: list = field(default_factory=list)  # (Establishment, 'main' or 'subsidiary')

    def age_on(self, day):
        return day.year - self.born.year - ((day.month, day.day) < (self.born.month, self.born.day))


def read_establishments(*paths):
    found = []
    for path in paths:
        raw = Path(path).read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252")
        for row in csv.DictReader(text.splitlines()):
            kind = int(row["TypeOfEstablishment (code)"])
            found.append(Establishment(
                "centre" if kind in (47, 48) else "school", row["URN"], row["LA (code)"],
                row["LA (name)"], row["EstablishmentName"], row["Town"], row["Postcode"],
                int(row.get("StatutoryLowAge") or -1), int(row.get("StatutoryHighAge") or -1), kind))
    return found


class World:
    """today: the day on which ages are reckoned. rare_names: surnames found nowhere else, for tests
    that search logs for them."""

    def __init__(self, establishments, children, seed=2026, today=datetime.date(2026, 3, 15),
                 rare_names=False):
        self.random = random.Random(seed)
        self.today = today
        self.rare = rare_names
        self.schools = [e for e in establishments if e.namespace == "school"]
        self.centres = [e for e in establishments if e.namespace == "centre"]
        self.children = []
        self.families = []
        self._serial = 0
        self._by_age = {}
        for school in self.schools:
            if school.type_code in (14, 15):
                continue  # units and nurseries get their pupils by name
            for age in range(max(school.low, 4), min(school.high, 18)):
                self._by_age.setdefault((school.la_code, age), []).append(school)
        while len(self.children) < children:
            self.family()

    @property
    def authorities(self):
        return sorted({(s.la_code, s.la_name) for s in self.schools})

    def surname(self):
        if self.rare:
            self._serial += 1
            return "".join(self.random.choice(RARE) for _ in range(3)).capitalize() + \
                "abcdefghijklmnopqrstuvwxyz"[self._serial % 26]
        if self.random.random() < 0.04:
            return "-".join(self.random.sample(SURNAMES, 2))
        return self.random.choice(SURNAMES)

    def home(self, school):
        sector = school.postcode[:-2]
        return Home(str(self.random.randint(1, 180)), self.random.choice(STREETS), school.town,
                    sector + self.random.choice("CKMV") + self.random.choice("CKMV"),
                    school.la_code)

    def born(self, age):
        start = self.today.replace(year=self.today.year - age - 1) + datetime.timedelta(days=1)
        return start + datetime.timedelta(days=self.random.randrange(364))

    def child(self, home, surname, age=None, born=None, sex=None, enrol=True, forename=None):
        """One more child. enrol: True by age, False nowhere, or a list of establishments."""
        sex = sex or self.random.choice("FM")
        born = born or self.born(age)
        self._serial += 1
        middle = self.random.choice(FORENAMES[sex]) if self.random.random() < 0.6 else ""
        child = Child(f"{home.la_code}-{self._serial:06d}",
                      forename or self.random.choice(FORENAMES[sex]), middle, surname, sex, born, home)
        if enrol is True:
            choices = self._by_age.get((home.la_code, child.age_on(self.today)))
            near = [s for s in choices or () if s.postcode.split()[0] == home.postcode.split()[0]]
            enrol = [self.random.choice(near or choices)] if choices else []
        for index, school in enumerate(enrol or []):
            child.enrolments.append((school, "main" if index == 0 else "subsidiary"))
        if child.enrolments and child.enrolments[0][0].type_code not in (10, 11):
            # Serial numbers within one school and year: distinct for distinct children.
            child.upn = upn(home.la_code, 2000 + self._serial // 1000, born.year + 4, self._serial)
        self.children.append(child)
        return child

    def family(self, children=None, ages=None):
        school = self.random.choice(self.schools)
        home, surname = self.home(school), self.surname()
        ages = ages or self.random.sample(range(4, 18), children or self.random.choice((1, 1, 2, 2, 3)))
        taken = set()
        family = []
        for age in ages:
            child = self.child(home, surname, age=age)
            while child.forename in taken:
                child.forename = self.random.choice(FORENAMES[child.sex])
            taken.add(child.forename)
            family.append(child)
        self.families.append(family)
        return family

    # The files that an authority would send.

    def write_roll(self, folder, la_code):
        path = Path(folder) / f"roll-{la_code}.csv"
        with open(path, "w", encoding="utf-8", newline="") as out:
            rows = csv.writer(out)
            rows.writerow("pupil_id upn forename middle_names surname preferred_forename former_surname "
                          "gender dob house street town postcode urn school la_code nc_year namespace "
                          "enrolment from to days".split())
            for c in self.children:
                for school, kind in c.enrolments:
                    if school.la_code != la_code:
                        continue
                    year = self.school_year(c)
                    rows.writerow([c.pupil_id, c.upn, c.forename, c.middle_names, c.surname,
                                   c.preferred, "", c.sex, c.born.isoformat(), c.home.house,
                                   c.home.street, c.home.town, c.home.postcode, school.urn,
                                   school.name, la_code, year, school.namespace, kind, "", "", ""])
        return path

    def school_year(self, child):
        """R, 1..13 by the age on 31 August before this school year; N before that."""
        start = self.today.year if self.today.month >= 9 else self.today.year - 1
        age = child.age_on(datetime.date(start, 8, 31))
        return "N" if age < 4 else "R" if age == 4 else str(age - 4)

    def write_contacts(self, folder, verified_at="2026-01-12T10:00:00Z", changes=None,
                       webhook=None, adapter_of=None):
        """changes: {(namespace, urn): 'none', 'unverified', 'deputy-only'}; adapter_of(establishment)
        names the adapter of its dsl; webhook(establishment) is the URL."""
        changes = changes or {}
        path = Path(folder) / "contacts.csv"
        with open(path, "w", encoding="utf-8", newline="") as out:
            rows = csv.writer(out)
            rows.writerow("namespace urn role name adapter address language verified_at".split())
            for e in self.schools + self.centres:
                change = changes.get((e.namespace, e.urn))
                if change == "none":
                    continue
                host = f"{e.namespace}-{e.urn}.example"
                adapter = adapter_of(e) if adapter_of else "email"
                dsl = webhook(e) if adapter == "webhook" else f"dsl@{host}"
                if change != "deputy-only":
                    rows.writerow([e.namespace, e.urn, "dsl", f"{self.random.choice(SURNAMES)} (DSL)",
                                   adapter, dsl, "en", "" if change == "unverified" else verified_at])
                rows.writerow([e.namespace, e.urn, "deputy", f"{self.random.choice(SURNAMES)} (deputy)",
                               "email", f"deputy@{host}", "en",
                               "" if change == "unverified" else verified_at])
            for code, name in self.authorities:
                rows.writerow(["la", code, "la_desk", f"{name} front door", "email",
                               f"front-door@la-{code}.example", "en", verified_at])
                force = LA_FORCE.get(code)
                if force:
                    rows.writerow(["force", force, "la_desk", "Vulnerability desk", "email",
                                   f"encompass@{force}.example", "en", verified_at])
        return path

    def write_terms(self, folder):
        """One school year of invented dates for every authority; two schools with a day of their own."""
        path = Path(folder) / "terms.csv"
        with open(path, "w", encoding="utf-8", newline="") as out:
            rows = csv.writer(out)
            rows.writerow("la namespace urn kind from to title".split())
            for code, _ in self.authorities:
                for first, last, title in (("2025-09-03", "2025-10-24", "Autumn 1"),
                                           ("2025-11-03", "2025-12-19", "Autumn 2"),
                                           ("2026-01-05", "2026-02-13", "Spring 1"),
                                           ("2026-02-23", "2026-03-27", "Spring 2"),
                                           ("2026-04-13", "2026-05-22", "Summer 1"),
                                           ("2026-06-01", "2026-07-21", "Summer 2")):
                    rows.writerow([code, "", "", "term", first, last, title])
        return path

    def write_reach(self, folder):
        path = Path(folder) / "reach.csv"
        with open(path, "w", encoding="utf-8", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(["namespace", "urn", "postcode_prefix"])
            seen = set()
            for c in self.centres:
                sector = c.postcode[:-2]
                if sector not in seen:  # the first centre of a sector serves it
                    seen.add(sector)
                    rows.writerow([c.namespace, c.urn, sector])
        return path


def said(child, ref, **changes):
    """The child as an officer would put it in a call-out."""
    entry = {
        "child_ref": ref, "forename": child.forename, "surname": child.surname,
        "date_of_birth": child.born.isoformat(), "sex": child.sex,
        "address": {"address": child.home.address, "postcode": child.home.postcode},
        "present": "present",
    }
    if child.middle_names:
        entry["middle_names"] = child.middle_names
    if child.enrolments:
        entry["claimed_establishment"] = {"name": child.enrolments[0][0].name}
    entry.update(changes)
    return {key: value for key, value in entry.items() if value is not None}


def incident(force, police_ref, attended_at, children, **changes):
    """children: entries from said(). attended_at: RFC 3339."""
    home = children[0].get("address") if children else None
    message = {
        "version": 1, "force": force, "police_ref": police_ref, "revision": 1,
        "type": "domestic_abuse", "action": "notify", "attended_at": attended_at,
        "risk": "medium", "children": children,
    }
    if home:
        message["location"] = {**home, "protected": False}
    message.update(changes)
    return message
