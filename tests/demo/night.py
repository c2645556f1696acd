"""One Sunday night in three authorities: about 120 call-outs, most of them plain, some of each odd
kind. The cast joins the world before the rolls are written, so each odd case is what it says.

A case lists what is published in order, and where its children have to end: (child_ref, place) with
  ('school', urn, role)   told there                ('centre', urn, role)  by local agreement
  ('desk', la, reason)    with the authority's desk  'withheld'  'withdrawn'  'refused'
"""

import copy
import datetime
import json
from dataclasses import dataclass, field

from support.invent import incident, said
from support.scene import Publisher

NIGHT = datetime.datetime(2026, 3, 15, 18, 5)  # UTC, which is London's time until 29 March
FORCES = {"383": "west-yorkshire", "886": "kent", "888": "lancashire"}

# What the authorities and forces have settled: Lancashire tells children's centres, Leeds and West
# Yorkshire let a notice say all, and each force has an authority whose desk takes a child of no
# known home.
POLICIES = [("la", "888", "childrens_centres", "on"), ("la", "888", "nurseries", "on"),
            ("la", "886", "nurseries", "on"), ("la", "383", "nurseries", "on"), ("la", "383", "fields", "full"),
            ("force", "west-yorkshire", "fields", "full")] + [
    ("force", force, "home_la", la_code) for la_code, force in FORCES.items()]


@dataclass
class Case:
    label: str
    force: str
    police_ref: str
    messages: list  # JSON texts, or bytes that are none
    expect: dict = field(default_factory=dict)
    odd: bool = True


class Night:
    def __init__(self, world, ordinary=100):
        self.world = world
        self.cases = []
        self.contact_changes = {}
        self._minutes = 0
        self._serial = 0
        self._plain = list(world.families)
        world.random.shuffle(self._plain)
        self._odd_cases()
        for _ in range(ordinary):
            self._ordinary()

    # Making call-outs.

    def _when(self):
        self._minutes += 4
        return (NIGHT + datetime.timedelta(minutes=self._minutes)).strftime("%Y-%m-%dT%H:%M:00Z")

    def _case(self, label, la_code, entries, expect, odd=True, force=None, revisions=(), **changes):
        """revisions: changes of the message, each published after the one before."""
        self._serial += 1
        force = force or FORCES[la_code]
        reference = f"260315-{self._serial:04d}"
        message = incident(force, reference, self._when(), entries, **changes)
        messages = [message]
        for number, revision in enumerate(revisions, 2):
            message = {**copy.deepcopy(message), "revision": number, **revision}
            messages.append(message)
        case = Case(label, force, reference, [json.dumps(m, ensure_ascii=False) for m in messages],
                    expect, odd)
        self.cases.append(case)
        return case

    @staticmethod
    def _at(child, role="dsl", index=0):
        school = child.enrolments[index][0]
        return (school.namespace, school.urn, role)

    def _school(self, la_code, type_code=None, low=4, high=11):
        """A school that nothing else in the cast changes."""
        choices = [s for s in self.world.schools if s.la_code == la_code
                   and (s.type_code == type_code if type_code else s.low <= low and s.high >= high
                        and s.type_code not in (10, 11, 14, 15))
                   and (s.namespace, s.urn) not in self.contact_changes]
        return self.world.random.choice(choices)

    def _child(self, la_code, age=9, school=None, **more):
        school = school or self._school(la_code)
        home = self.world.home(school)
        home.la_code = la_code
        more.setdefault("enrol", [school])
        return self.world.child(home, more.pop("surname", None) or self.world.surname(), age=age, **more)

    def _ordinary(self):
        family = self._plain.pop()
        while any(self.contact_changes.get((c.enrolments[0][0].namespace, c.enrolments[0][0].urn))
                  for c in family):
            family = self._plain.pop()
        rng = self.world.random
        entries = [said(c, str(n), present=rng.choice(("present", "heard", "not_present")))
                   for n, c in enumerate(family, 1)]
        self._case("an ordinary call-out", family[0].home.la_code, entries,
                   {str(n): [self._at(c)] for n, c in enumerate(family, 1)}, odd=False,
                   risk=rng.choice(("standard", "medium", "medium", "high")))

    def _odd_cases(self):
        w = self.world

        young, old = w.family(ages=[6, 13])
        self._case("a brother and sister at two schools", young.home.la_code,
                   [said(young, "1"), said(old, "2", present="heard")],
                   {"1": [self._at(young)], "2": [self._at(old)]})

        first = self._child("383", age=8, forename="Erin", sex="F")
        second = w.child(first.home, first.surname, born=first.born, sex="F", forename="Orla",
                         enrol=[first.enrolments[0][0]])
        self._case("twins at one school: one notice", "383", [said(first, "1"), said(second, "2")],
                   {"1": [self._at(first)], "2": [self._at(second)]})

        first = self._child("886", age=9, forename="Felix", sex="M")
        second = w.child(first.home, first.surname, born=first.born, sex="M", forename="Hugo",
                         enrol=[self._school("886")])
        self._case("one of twins at two schools", "886", [said(second, "1")],
                   {"1": [self._at(second)]})

        centre = next(c for c in w.centres if c.la_code == "888")
        home = w.home(centre)
        home.la_code = "888"
        toddler = w.child(home, w.surname(), age=2, enrol=False)
        self._case("a toddler where the authority tells children's centres", "888",
                   [said(toddler, "1", present="present")], {"1": [("centre", centre.urn, "dsl")]})
        toddler = self._child("886", age=2, enrol=False)
        self._case("a toddler where it does not", "886", [said(toddler, "1")],
                   {"1": [("desk", "886", "under-five")]})

        taught_at_home = self._child("886", age=11, enrol=False)
        self._case("a child educated at home", "886",
                   [said(taught_at_home, "1", claimed_establishment={"name": "taught at home"})],
                   {"1": [("desk", "886", "no-match")]})

        child = self._child("383", age=14)
        self._case("withheld by a supervisor", "383", [said(child, "1")], {"1": "withheld"},
                   withhold={"reason": "risk-to-victim", "authorised_by": "Duty inspector"})

        child = self._child("888", age=7)
        wrong = said(child, "1", date_of_birth="2011-11-11", surname="Smyth-Unheard")
        self._case("a name put right in a second revision", "888", [wrong],
                   {"1": [self._at(child)]}, revisions=[{"children": [said(child, "1")]}])

        child = self._child("383", age=10)
        self._case("withdrawn by the police", "383", [said(child, "1")], {"1": "withdrawn"},
                   revisions=[{"action": "withdraw"}])

        child = self._child("886", age=6)
        case = self._case("a birth date that does not exist", "886",
                          [said(child, "1", date_of_birth="2019-02-30")], {"1": "refused"})
        case.messages.append(case.messages[0].replace("2019-02-30", child.born.isoformat()))
        case.label += ", then sent again"
        case.expect = {"1": [self._at(child)]}
        self.cases.append(Case("a message that is no JSON", "kent", "",
                               ['{"version": 1, "force": "kent", "police_ref": '], {}))

        away = self._school("888", high=11)
        child = self._child("383", age=9, enrol=[away])
        self._case("lives in Leeds, at school in Lancashire", "383", [said(child, "1")],
                   {"1": [self._at(child)]})

        child = self._child("383", age=12)
        self._case("met by another force than the home's", "886", [said(child, "1")],
                   {"1": [self._at(child)]})

        first = self._child("888", age=9, forename="Arthur", sex="M")
        second = self._child("888", forename="Arthur", sex="M", surname=first.surname, age=9)
        second.born = first.born
        self._case("two pupils of one name and birth date, no address", "888",
                   [said(first, "1", address=None, claimed_establishment=None, middle_names=None)],
                   {"1": [("desk", "888", "review")]})

        unit = self._school("886", type_code=14)
        child = self._child("886", age=13, enrol=[self._school("886", high=16), unit])
        self._case("on roll at a school and a pupil referral unit", "886", [said(child, "1")],
                   {"1": [self._at(child), self._at(child, index=1)]})

        for change, label, role in (("none", "a school with no contact on file", None),
                                    ("unverified", "a school whose contacts nobody has verified", None),
                                    ("deputy-only", "a school with a deputy alone", "deputy")):
            school = self._school("383")
            self.contact_changes[("school", school.urn)] = change
            child = self._child("383", age=8, school=school)
            self._case(label, "383", [said(child, "1")],
                       {"1": [self._at(child, role)] if role else [("desk", "383", "no-contact")]})

        child = self._child("886", age=7)
        self._case("the key adult is a party: told to the deputy", "886", [said(child, "1")],
                   {"1": [self._at(child, "deputy")]},
                   do_not_tell=[{"role": "dsl", "school_urn": child.enrolments[0][0].urn,
                                 "reason": "party to the incident"}])

        child = self._child("888", age=15)
        self._case("an address that must not be known", "888", [said(child, "1")],
                   {"1": [self._at(child)]},
                   location={"address": child.home.address, "postcode": child.home.postcode,
                             "protected": True})

        child = self._child("383", age=5)
        case = self._case("the same message twice", "383", [said(child, "1")],
                          {"1": [self._at(child)]})
        case.messages.append(case.messages[0])

        child = self._child("888", age=12, forename="Zoë", sex="F")
        entry = said(child, "1", present="not_present")
        entry["forename"], entry["surname"] = "ZOE", child.surname.upper()
        self._case("in capitals, without the accent, and not present", "888", [entry],
                   {"1": [self._at(child)]}, risk="standard")

        nursery = self._school("888", type_code=15)
        child = self._child("888", age=3, enrol=[nursery])
        self._case("a three-year-old on a nursery school's roll", "888", [said(child, "1")],
                   {"1": [self._at(child)]})

        child = self._child("886", age=10, enrol=[self._school("886", type_code=11)])
        self._case("a pupil of an independent school", "886", [said(child, "1")],
                   {"1": [self._at(child)]})

    @property
    def messages(self):
        """(force, text) in the order of the night; a case's own keep their order."""
        queue = [(n, case.force, text) for case in self.cases for n, text in enumerate(case.messages)]
        queue.sort(key=lambda item: item[0])
        return [(force, text) for _, force, text in queue]

    def publish_raw(self, scene):
        """What no careful client would send, straight to the broker."""
        for case in self.cases:
            for text in case.messages:
                if not text.endswith("}"):
                    publisher = Publisher(scene.broker, scene.certs, case.force)
                    publisher.publish(f"encompass/v1/{case.force}/incident", text).wait_for_publish(10)
                    publisher.stop()
