"""The contract is written three times: in C (gateway/intake/incident.c), as JSON Schema and as an
AsyncAPI document (config/). Here each is held to the others, over the corpus of messages and over
thousands of mutations of good ones."""

import copy
import json
import os
import random
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIG = REPOSITORY / "config"
CASES = REPOSITORY / "tests/cases/incident"
BUILD = Path(os.environ.get("ENCOMPASS_BUILD", REPOSITORY / "build/dev"))
FORCE, RECEIVED_AT = "devon-and-cornwall", "2026-11-20T01:13:00Z"
SEED, MUTATIONS = 20261125, 4000

# All that the gateway refuses and a schema cannot: the only differences there may be.
NOT_JSON = re.compile(  # of the message as a whole, before anybody can speak of members
    r"is empty|is longer than 64 KiB|has a NUL byte|has a NUL character|is not UTF-8"
    r"|begins with a byte order mark|is nested more than 8 deep|has half of a surrogate pair"
    r"|has a number of more than 40 characters|is not JSON: .*")
BEYOND_A_SCHEMA = {
    "is there twice",
    "is not a whole number",  # of 1.0, 1e3 and -0, which a schema takes for integers
    "is not in Unicode's composed form (NFC)",
    "has a character that hides or reorders text",  # of the noncharacters beyond the first plane
    "is not the force of the topic",
    "is another child's too",
    "is not a date and time with its zone",  # of a day that does not exist
    "lies before the year 2000",
    "lies in the future",
    "is before attended_at",
    "is after the incident",
    "is more than 25 years before the incident",
}


def schema(name):
    return json.loads((CONFIG / f"{name}.schema.json").read_text(encoding="utf-8"))


def validator(name):
    return Draft202012Validator(schema(name), format_checker=FormatChecker(["date"]))


def receipts(messages):
    """The first receipt of each message, by the gateway's own reader and writer."""
    framed = b"".join(b"%d\n%s" % (len(m), m) for m in messages)
    done = subprocess.run([BUILD / "tests/incident_check", FORCE, RECEIVED_AT], input=framed,
                          capture_output=True, check=True)
    lines = done.stdout.decode().splitlines()
    assert len(lines) == len(messages)
    return [json.loads(line) for line in lines]


def gateway_says(messages):
    """The problems of each message."""
    return [receipt["errors"] for receipt in receipts(messages)]


def pointer(path):
    return "".join(f"/{step}" for step in path)


def member_names(value):
    """Of all objects that a schema describes."""
    if isinstance(value, list):
        return set().union(*map(member_names, value))
    if not isinstance(value, dict):
        return set()
    return set(value.get("properties", ())).union(*map(member_names, value.values()))


KNOWN = {name.replace("_", "") for name in member_names(schema("incident"))}


def may_be_named(name):
    """A member's name can be a child's, so a receipt holds the contract's own letters alone."""
    return len(name) <= 40 and re.sub("[_-]", "", name).lower() in KNOWN


def places(error):
    """Where the gateway would see this error of the schema."""
    at = pointer(error.absolute_path)
    if error.validator == "required":
        return {f"{at}/{name}" for name in error.validator_value if name not in error.instance}
    if error.validator == "additionalProperties":
        unknown = set(error.instance) - set(error.schema["properties"])
        return {f"{at}/{name}" if may_be_named(name) else at for name in unknown}
    return {at}


def beyond_a_list(place, problems):
    """An element that the gateway does not look at, for the list has too many."""
    for problem in problems:
        most = re.match(r"has more than (\d+) ", problem["problem"])
        index = re.match(re.escape(problem["at"]) + r"/(\d+)", place)
        if most and index and int(index[1]) >= int(most[1]):
            return True
    return False


def disagreement(message, problems, incident):
    """None, or what the gateway and the schema see differently."""
    texts = {p["problem"] for p in problems}
    if any(p["at"] == "" and NOT_JSON.fullmatch(p["problem"]) for p in problems):
        return None
    value = json.loads(message)
    seen = set().union(*map(places, incident.iter_errors(value)))
    seen = {place for place in seen if not beyond_a_list(place, problems)}
    ours = {p["at"] for p in problems if p["problem"] not in BEYOND_A_SCHEMA}
    excused = {p["at"] for p in problems if p["problem"] in BEYOND_A_SCHEMA}
    if "has more problems than are listed" in texts:
        return None if seen else "the schema takes it"
    if "is there twice" in texts:  # the schema sees the last of them, the gateway the first
        seen = {s for s in seen if not any(s.startswith(at) for at in excused)}
        ours = {o for o in ours if not any(o.startswith(at) for at in excused)}
    if ours - seen:
        return f"the gateway alone refuses {sorted(ours - seen)}"
    if seen - ours - excused:
        return f"the schema alone refuses {sorted(seen - ours - excused)}"
    return None


def corpus(folder):
    return sorted((CASES / folder).glob("*.json"))


def test_the_schemas_are_schemas():
    for name in ("incident", "receipt"):
        Draft202012Validator.check_schema(schema(name))


def test_the_examples_of_the_schemas_are_valid():
    for name in ("incident", "receipt"):
        examples = schema(name)["examples"]
        assert examples
        for example in examples:
            assert list(validator(name).iter_errors(example)) == []
    assert gateway_says([json.dumps(e).encode() for e in schema("incident")["examples"]]) == [[]]


def test_gateway_and_schema_agree_on_every_message_of_the_corpus():
    files = corpus("good") + corpus("bad")
    assert len(files) > 85
    incident = validator("incident")
    messages = [file.read_bytes() for file in files]
    found = []
    for file, message, problems in zip(files, messages, gateway_says(messages)):
        assert bool(problems) == (file.parent.name == "bad"), file.name
        difference = disagreement(message, problems, incident)
        if difference:
            found.append(f"{file.name}: {difference}")
    assert found == []


def test_every_receipt_is_as_its_schema_says_and_names_what_it_can():
    files = corpus("good") + corpus("bad")
    receipt = validator("receipt")
    for file, said in zip(files, receipts([file.read_bytes() for file in files])):
        assert list(receipt.iter_errors(said)) == [], file.name
        assert said["status"] == ("accepted" if file.parent.name == "good" else "refused")
        assert said["force"] == FORCE
        if said["status"] == "accepted":
            incident = json.loads(file.read_bytes())
            assert said["police_ref"] == incident["police_ref"]
            assert said["revision"] == incident["revision"]
            assert [c["child_ref"] for c in said["children"]] == [
                c["child_ref"] for c in incident["children"]]


WORDS = ["", " ", "x", "Zo\u00eb", "Zoe\u0308", "notify", "withdraw", "high", "heard", "F", "dsl",
         "2017-03-09", "2017-02-29", "20170309", "2026-11-21", "2026-11-19T23:41:00Z",
         "2026-11-19T23:41:00+01:00", "2026-11-19T23:61:00Z", "113292", "line\nbreak", "tab\t",
         "end\n", "\u202ex", "\ufeff", "\u00a0\u2003", "\u2028", "\x7f", "\x85", "\U0001fffe",
         "\ufdd0", "\u200dx", "kent", "court_order", "\x1f"]
VALUES = [None, True, False, 0, 1, -1, 2, 9, 25, 26, 1.0, 1.5, 1e3, -0.0, 2**53 - 1, 2**53, 10**30,
          [], {}, [None], [""], ["x"], [[]], [{}], {"x": 1}, {"reason": "court_order"}]
BOUNDS = [15, 16, 17, 32, 33, 64, 65, 100, 101, 300, 301, 4000, 4001]


def spots(value, path=()):
    yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from spots(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from spots(inner, (*path, index))


def parent(value, path):
    for step in path[:-1]:
        value = value[step]
    return value


def members(part):
    """Every member that the contract knows, of whichever object."""
    names = set(part.get("properties", {}))
    for inner in part.values():
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, dict):
                names |= members(one)
    return names


def mutate(value, chance, known):
    """One thing changed: removed, replaced, lengthened, repeated, or a member put in."""
    path = chance.choice([p for p in spots(value) if p])
    where, key = parent(value, path), path[-1]
    old = where[key]
    kind = chance.randrange(6)
    if kind == 0:
        del where[key]
    elif kind == 1:
        where[key] = copy.deepcopy(chance.choice(VALUES))
    elif kind == 2:
        where[key] = chance.choice(WORDS)
    elif kind == 3 and isinstance(old, str):
        where[key] = old + chance.choice(WORDS)
    elif kind == 3 and isinstance(old, list):
        where[key] = [copy.deepcopy(x) for x in old for _ in range(chance.choice([2, 11, 21]))]
    elif kind == 4 and isinstance(old, str):
        where[key] = chance.choice(["a", "7", "\u0175", "\U00020bb7"]) * chance.choice(BOUNDS)
    else:
        objects = [p for p in spots(value) if isinstance(parent(value, (*p, None)), dict)]
        target = parent(value, (*chance.choice(objects), None))
        name = chance.choice(["extra", "a/b", "a~b", "caf\u00e9", "x" * 40, "x" * 41, "",
                              *known, *known])
        target[name] = copy.deepcopy(chance.choice(VALUES + WORDS))


def mutations():
    chance = random.Random(SEED)
    known = sorted(members(schema("incident")))
    good = [json.loads(file.read_bytes()) for file in corpus("good")]
    good = [g for g in good if len(g["children"]) < 12]
    for _ in range(MUTATIONS):
        value = copy.deepcopy(chance.choice(good))
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            mutate(value, chance, known)
        yield json.dumps(value, ensure_ascii=chance.random() < 0.5).encode()


def test_gateway_and_schema_agree_on_thousands_of_mutations_of_good_messages():
    incident = validator("incident")
    messages = list(mutations())
    seen, found = Counter(), []
    for message, problems in zip(messages, gateway_says(messages)):
        seen.update({p["problem"] for p in problems} or {"taken"})
        difference = disagreement(message, problems, incident)
        if difference:
            found.append(f"{difference}: {message[:3000]} {problems}")
    assert found == [], "\n".join(found[:5])
    assert seen["taken"] > MUTATIONS / 20, seen  # the mutations reach both sides,
    assert len(seen) > 40, seen  # and nearly every problem there is


def test_every_difference_that_is_allowed_is_one_that_there_is():
    """A rule that the schema has learnt to say is to leave the list."""
    incident = validator("incident")
    messages = [file.read_bytes() for file in corpus("bad")]
    alone = set()
    for message, problems in zip(messages, gateway_says(messages)):
        if problems and not any(NOT_JSON.fullmatch(p["problem"]) for p in problems):
            errors = set().union(*map(places, incident.iter_errors(json.loads(message))))
            alone |= {p["problem"] for p in problems if p["at"] not in errors}
    assert BEYOND_A_SCHEMA <= alone


def test_each_index_entry_of_the_corpus_has_its_message():
    lines = (CASES / "expected.tsv").read_text(encoding="utf-8").splitlines()
    named = {line.split("\t")[0] for line in lines if not line.startswith("#")}
    assert named == {file.name for file in corpus("bad")}


# --- AsyncAPI


def document():
    return yaml.safe_load((CONFIG / "asyncapi.yaml").read_text(encoding="utf-8"))


def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolve(reference, whole):
    file, _, fragment = reference.partition("#")
    if file:
        whole = json.loads((CONFIG / file).read_text(encoding="utf-8"))
    for step in filter(None, fragment.split("/")):
        whole = whole[step.replace("~1", "/").replace("~0", "~")]
    return whole


def test_every_reference_of_the_asyncapi_document_leads_somewhere():
    whole = document()
    assert whole["asyncapi"] == "3.0.0"
    found = set(references(whole))
    assert {"./incident.schema.json", "./receipt.schema.json"} <= found
    for reference in found:
        assert resolve(reference, whole), reference


@pytest.mark.parametrize("name", ["incident", "receipt"])
def test_the_examples_of_the_asyncapi_document_are_valid(name):
    message = document()["components"]["messages"][name]
    assert message["payload"]["schema"]["$ref"] == f"./{name}.schema.json"
    assert message["examples"]
    for example in message["examples"]:
        assert list(validator(name).iter_errors(example["payload"])) == []
    if name == "incident":
        payloads = [json.dumps(e["payload"]).encode() for e in message["examples"]]
        assert gateway_says(payloads) == [[] for _ in payloads]


def test_the_asyncapi_document_names_both_topics_at_qos_1():
    whole = document()
    assert {c["address"] for c in whole["channels"].values()} == {
        "encompass/v1/{force}/incident", "encompass/v1/{force}/receipt"}
    for channel in whole["channels"].values():
        assert set(channel["parameters"]) == {"force"}
    for operation in whole["operations"].values():
        assert operation["bindings"]["mqtt"]["qos"] == 1
        assert operation["bindings"]["mqtt"]["retain"] is False
