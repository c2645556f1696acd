#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "chance.h"

const char *const forces[FORCES] = {"kent", "lancashire"};
const struct la las[LAS] = {
    {"886", "Kent", "Maidstone", "ME14", 0, false, true, true, 0},
    {"888", "Lancashire", "Preston", "PR1", 1, true, true, true, 1},
    {"889", "Blackburn with Darwen", "Blackburn", "BB2", 1, false, false, false, 2},
};

static const char *const girls[] = {
    "Amelia",   "Olivia",   "Isla",      "Freya",  "Mia",   "Poppy",  "Evie",   "Willow",
    "Elsie",    "Phoebe",   "Matilda",   "Sophie", "Zara",  "Aisha",  "Fatima", "Maryam",
    "Hannah",   "Layla",    "Zuzanna",   "Oliwia", "Lena",  "Ioana",  "Adaeze", "Priya",
    "Ananya",   "Jasleen",  "Simran",    "Yuki",   "Carys", "Niamh",  "Aoife",  "Beatrix",
    "Harriet",  "Imogen",   "Jessica",   "Martha", "Orla",  "Sienna", "Thea",   "Violet",
    "Temitope", "Chiamaka", "Anastasia", "Siân",   "Zoë"};
static const char *const boys[] = {
    "Oliver", "George", "Arthur",    "Harry",    "Jacob",  "Henry",   "Thomas",  "Freddie",
    "Alfie",  "Theo",   "William",   "Joshua",   "Yusuf",  "Ibrahim", "Hamza",   "Zayn",
    "Bilal",  "Jakub",  "Szymon",    "Antoni",   "Andrei", "Matei",   "Chinedu", "Emeka",
    "Kwame",  "Arjun",  "Rohan",     "Gurpreet", "Haoran", "Kenji",   "Rhys",    "Ieuan",
    "Dylan",  "Cormac", "Rory",      "Tomasz",   "Elliot", "Felix",   "Gabriel", "Hugo",
    "Isaac",  "Reuben", "Sebastian", "Toby",     "Łukasz"};
static const char *const surnames[] = {
    "Abara",     "Achebe",     "Adeyemi",     "Aldridge",       "Appleyard",    "Ashworth",
    "Atherton",  "Baines",     "Barraclough", "Begum",          "Bickerstaffe", "Birtwistle",
    "Bracewell", "Brannigan",  "Broadbent",   "Chaudhry",       "Clough",       "Constantin",
    "Crabtree",  "Cunliffe",   "Danso",       "Dhillon",        "Dlamini",      "Duckworth",
    "Eastwood",  "Entwistle",  "Fairhurst",   "Fernandes",      "Fielding",     "Greenhalgh",
    "Grimshaw",  "Gupta",      "Hardcastle",  "Hargreaves",     "Haworth",      "Heaton",
    "Hindle",    "Holroyd",    "Hussain",     "Iqbal",          "Jankowska",    "Kaczmarek",
    "Kershaw",   "Kowalski",   "Lightfoot",   "Lumb",           "Mahmood",      "McAllister",
    "McGrath",   "Mensah",     "Mistry",      "Murgatroyd",     "Naylor",       "Nowak",
    "Nuttall",   "O'Brien",    "Ogden",       "Okafor",         "Okonkwo",      "Oldroyd",
    "Osei",      "Parkinson",  "Pickles",     "Popescu",        "Pritchard",    "Quigley",
    "Rahman",    "Ramsbottom", "Rawsthorne",  "Rigby",          "Robertshaw",   "Rushworth",
    "Sandhu",    "Schofield",  "Sharma",      "Shuttleworth",   "Sowerby",      "Stansfield",
    "Sutcliffe", "Tattersall", "Thackray",    "Thistlethwaite", "Turnbull",     "Uddin",
    "Varley",    "Wadsworth",  "Walmsley",    "Whitehead",      "Woźniak",      "Wrigley",
    "Yates"};
const char *const streets[] = {
    "Lantern Row",    "Heron Mews",     "Teasel Drive",    "Old Tannery Lane", "Saltpan Way",
    "Kite Hill Road", "Weir Side",      "Foundry Terrace", "Bramble Croft",    "Quince Avenue",
    "Ropewalk",       "Plover Gardens", "Beacon Rise",     "Orchard End",      NULL};
enum { STREETS = 14 };

struct door_truth doors[100];
int doors_count;
struct contact_truth contacts[CONTACTS_MAX];
int contacts_count;
struct pupil_truth *pupils;
int pupils_count;

static int pupils_room;
static int serial;

static void add_door(enum kind kind, int la, const char *name, int low, int high)
{
    struct door_truth *d = &doors[doors_count++];
    int number = (la < 0 ? 0 : la) * 100 + doors_count;

    *d = (struct door_truth){.kind = kind, .la = la, .low = low, .high = high, .timing = MORNINGS};
    d->namespace = kind == CENTRE       ? "centre"
                   : kind == LA_DESK    ? "la"
                   : kind == FORCE_DESK ? "force"
                                        : "school";
    snprintf(d->urn, sizeof d->urn, "%d", kind == CENTRE ? 20000 + number : 100000 + number);
    snprintf(d->name, sizeof d->name, "%s", name);
    if (la >= 0)
        snprintf(d->postcode, sizeof d->postcode, "%s %d%c%c", las[la].outward,
                 chance_between(1, 9), "ABDEFGHJ"[chance_below(8)], "ABDEFGHJ"[chance_below(8)]);
    /* The authority that holds over holidays, and one school in it that is told at any hour. */
    if (la == 2 && kind != CENTRE)
        d->timing = HOLDS;
    if (kind == SPECIAL)
        d->timing = AT_ONCE;
    d->own_terms = kind == INDEPENDENT || kind == COLLEGE || kind == CENTRE;
    d->saturdays = kind == INDEPENDENT && la != 2;
}

static void make_doors(void)
{
    static const char *const saints[] = {"St Joseph's", "St Mary's", "Holy Trinity", "All Saints"};

    for (int la = 0; la < LAS; la++) {
        char name[64];

        for (int i = 0; i < 11; i++) {
            snprintf(name, sizeof name, "%s Primary School",
                     i < 4 ? saints[i] : streets[(la * 5 + i) % STREETS]);
            add_door(PRIMARY, la, name, i % 3 == 0 ? 3 : 4, 11);
        }
        for (int i = 0; i < 4; i++) {
            snprintf(name, sizeof name, "%s High School", streets[(la * 3 + i) % STREETS]);
            add_door(SECONDARY, la, name, 11, i < 2 ? 18 : 16);
        }
        snprintf(name, sizeof name, "%s Special School", las[la].town);
        add_door(SPECIAL, la, name, 4, 19);
        snprintf(name, sizeof name, "%s Grammar School", las[la].town);
        add_door(INDEPENDENT, la, name, 4, 18);
        snprintf(name, sizeof name, "%s College", las[la].town);
        add_door(COLLEGE, la, name, 16, 99);
        snprintf(name, sizeof name, "%s Pupil Referral Unit", las[la].town);
        add_door(UNIT, la, name, 11, 16);
        snprintf(name, sizeof name, "%s Children's Centre", las[la].town);
        add_door(CENTRE, la, name, 0, 5);
    }
    for (int la = 0; la < LAS; la++) {
        add_door(LA_DESK, la, las[la].name, -1, -1);
        snprintf(doors[doors_count - 1].urn, sizeof doors[0].urn, "%s", las[la].code);
    }
    for (int f = 0; f < FORCES; f++) {
        add_door(FORCE_DESK, -1, forces[f], -1, -1);
        snprintf(doors[doors_count - 1].urn, sizeof doors[0].urn, "%s", forces[f]);
    }
}

int world_force_desk(int force)
{
    return doors_count - FORCES + force;
}

int world_la_desk(int la)
{
    return las[la].has_desk ? doors_count - FORCES - LAS + la : world_force_desk(las[la].force);
}

static int some_door(int la, enum kind kind);

void world_close_one(int successors, time_t at)
{
    int la = chance_below(LAS), from = some_door(la, PRIMARY);
    struct door_truth *d = &doors[from];

    for (int tries = 0; tries < 100 && d->successors_count < successors; tries++) {
        int to = some_door(la, PRIMARY);

        if (to != from && (d->successors_count == 0 || d->successors[0] != to))
            d->successors[d->successors_count++] = to;
    }
    d->closed_at = at;
}

unsigned world_days_at(const struct pupil_truth *p, int door, time_t at)
{
    for (int i = 0; i < p->doors_count; i++) {
        if (world_followed(p->doors[i], at) == door)
            return p->days;
    }
    return 0;
}

int world_followed(int door, time_t at)
{
    while (doors[door].closed_at && doors[door].closed_at <= at) {
        if (doors[door].successors_count != 1)
            return -1;
        door = doors[door].successors[0];
    }
    return door;
}

/* Contacts */

int world_add_contact(int door, const char *role, const char *adapter, enum temper temper,
                      time_t verified_at)
{
    struct contact_truth *c = &contacts[contacts_count];
    const struct door_truth *d = &doors[door];

    *c = (struct contact_truth){.door = door,
                                .role = role,
                                .adapter = adapter,
                                .temper = temper,
                                .verified_at = verified_at};
    snprintf(c->name, sizeof c->name, "Contact %s%d", role[1] == 's' ? "K" : "D", contacts_count);
    if (strcmp(adapter, "webhook") == 0)
        snprintf(c->address, sizeof c->address, "https://%s-%s.example/in/%d", d->namespace, d->urn,
                 contacts_count);
    else if (strcmp(adapter, "spool") == 0)
        snprintf(c->address, sizeof c->address, "tray-%d", contacts_count);
    else
        snprintf(c->address, sizeof c->address, "%s%d@%s-%s.example", role[1] == 's' ? "dsl" : "d",
                 contacts_count, d->namespace, d->urn);
    return contacts_count++;
}

static enum temper some_temper(void)
{
    int n = chance_below(100);

    return n < 62   ? PROMPT
           : n < 75 ? SLOW
           : n < 82 ? SILENT
           : n < 90 ? FLAKY
           : n < 94 ? FULL
           : n < 98 ? DEAD
                    : GONE;
}

/* One school in each authority has nobody, one has people whom nobody has verified, one a deputy
 * alone. Most of the rest have two. */
static void make_contacts(time_t checked)
{
    for (int d = 0; d < doors_count; d++) {
        const struct door_truth *door = &doors[d];
        int n = door->kind == PRIMARY ? d % 20 : -1;

        if (door->kind == FORCE_DESK || (door->kind == LA_DESK && las[door->la].has_desk)) {
            world_add_contact(d, "la_desk", "email", chance_of(0.5) ? PROMPT : SLOW, checked);
            continue;
        }
        if (door->kind == LA_DESK || n == 1)
            continue;
        if (n != 3)
            world_add_contact(d, "dsl",
                              chance_of(0.2)   ? "spool"
                              : chance_of(0.2) ? "webhook"
                                               : "email",
                              some_temper(), n == 2 ? 0 : checked);
        if (n == 3 || chance_of(0.85))
            world_add_contact(d, "deputy", "email", n == 3 ? PROMPT : some_temper(),
                              n == 2 ? 0 : checked);
    }
}

int world_contact_at(const char *address)
{
    int i = contacts_count - 1;

    while (i >= 0 && strcmp(contacts[i].address, address) != 0)
        i--;
    return i;
}

/* Pupils */

static int age_in_september(const struct pupil_truth *p, int year)
{
    return day_age(p->born, day_from_civil(year, 8, 31));
}

static int some_door(int la, enum kind kind)
{
    int n = 0, found = -1;

    for (int d = 0; d < doors_count; d++) {
        if (doors[d].la == la && doors[d].kind == kind && doors[d].closed_at == 0 &&
            chance_below(++n) == 0)
            found = d;
    }
    return found;
}

static int school_for(int la, int age)
{
    int d;

    if (chance_of(0.02) && age >= 4)
        return some_door(la, SPECIAL);
    if (chance_of(0.03) && age >= 4)
        return some_door(la, INDEPENDENT);
    if (age < 11)
        return some_door(la, PRIMARY);
    if (age >= 16 && chance_of(0.6))
        return some_door(la, COLLEGE);
    do
        d = some_door(la, SECONDARY);
    while (age >= 16 && doors[d].high < 18);
    return d;
}

/* A school's nursery class, or a room at the centre: most for some days of the week. */
static void enrol_at_nursery(struct pupil_truth *p, int age)
{
    static const unsigned some_days[] = {0x03, 0x07, 0x0a, 0x11, 0x15, 0x1c};
    int door = -1;

    if (age == 3 && chance_of(0.6)) {
        do
            door = some_door(p->la, PRIMARY);
        while (doors[door].low > 3);
    } else if (age < 3 && las[p->la].centres && chance_of(0.2)) {
        door = some_door(p->la, CENTRE);
    }
    if (door < 0)
        return;
    p->doors[p->doors_count++] = door;
    p->days = chance_of(0.8) ? CHANCE_OF_LIST(some_days) : 0;
}

/* age: on 31 August before the school year, so 4 is reception. */
static void enrol(struct pupil_truth *p, int age)
{
    int la = p->la;

    p->doors_count = 0;
    p->days = 0;
    if (age < 4)
        enrol_at_nursery(p, age);
    if (age < 4 || age > 17 || (age < 16 && chance_of(0.02))) /* educated at home */
        return;
    if (la == 2 && chance_of(0.08)) /* over the border */
        la = 1;
    p->doors[p->doors_count++] = school_for(la, age);
    if (age >= 11 && age < 16 && chance_of(0.02))
        p->doors[p->doors_count++] = some_door(p->la, UNIT);
}

/* The national number's check letter: weights 2 to 13, modulo 23. */
static void give_upn(struct pupil_truth *p)
{
    char digits[13];
    int total = 0;

    snprintf(digits, sizeof digits, "%s%04d%02d%03d", las[p->la].code, 2000 + serial / 1000 % 8000,
             (p->born / 365 + 1974) % 100, serial % 1000);
    for (int i = 0; i < 12; i++)
        total += (i + 2) * (digits[i] - '0');
    snprintf(p->upn, sizeof p->upn, "%c%s", "ABCDEFGHJKLMNPQRTUVWXYZ"[total % 23], digits);
}

/* By a brother or sister as the first name, whose second name it may well be. Twins share neither: who
 * is meant could not be told from it. */
static bool is_taken(const struct pupil_truth *p, const char *name, bool is_first)
{
    for (int i = pupils_count - 1; i >= 0 && pupils[i].family == p->family; i--) {
        const struct pupil_truth *other = &pupils[i];
        bool is_twin = other->born == p->born;

        if ((is_first || is_twin) && strcmp(other->forename, name) == 0)
            return true;
        if (is_twin && strcmp(other->middle, name) == 0)
            return true;
    }
    return false;
}

static struct pupil_truth *add_pupil(const struct pupil_truth *of, day_t born)
{
    struct pupil_truth *p;

    if (pupils_count == pupils_room) {
        pupils_room = pupils_room ? pupils_room * 2 : 1024;
        pupils = reallocarray(pupils, (size_t)pupils_room, sizeof *pupils);
        if (!pupils)
            abort();
    }
    p = &pupils[pupils_count];
    *p = *of;
    p->girl = chance_of(0.5);
    p->born = born;
    do
        p->forename = p->girl ? CHANCE_OF_LIST(girls) : CHANCE_OF_LIST(boys);
    while (is_taken(p, p->forename, true));
    do
        p->middle = p->girl ? CHANCE_OF_LIST(girls) : CHANCE_OF_LIST(boys);
    while (p->middle == p->forename || is_taken(p, p->middle, false));
    serial++;
    give_upn(p);
    pupils_count++;
    return p;
}

static void add_family(int first_year, int year)
{
    static int family, houses[LAS][STREETS];
    struct pupil_truth of = {.la = chance_below(LAS), .family = ++family};
    int children = chance_between(1, 3);
    day_t born = DAY_NONE;

    of.surname = CHANCE_OF_LIST(surnames);
    if (chance_of(0.05))
        of.second_surname = CHANCE_OF_LIST(surnames);
    of.street = chance_below(STREETS);
    of.house = ++houses[of.la][of.street]; /* no street has a number twice */
    /* Letters that no real postcode ends in. */
    snprintf(of.postcode, sizeof of.postcode, "%s %d%c%c", las[of.la].outward, chance_between(1, 9),
             "CKMV"[chance_below(4)], "CKMV"[chance_below(4)]);
    for (int i = 0; i < children; i++) {
        struct pupil_truth *p;

        if (born == DAY_NONE || !chance_of(0.03)) /* else twins */
            born = day_from_civil(first_year, 9, 1) + chance_below((year - 1 - first_year) * 365);
        p = add_pupil(&of, born);
        enrol(p, age_in_september(p, year - 1));
    }
}

void world_new_school_year(void)
{
    int new_ones = pupils_count / 30;

    for (int i = 0; i < pupils_count; i++) {
        struct pupil_truth *p = &pupils[i];
        int age = age_in_september(p, 2027);

        if (age > 17) {
            p->left = true;
            p->doors_count = 0;
        } else if (age == 3 || age == 4 || age == 11 || age == 16) {
            enrol(p, age);
        } else if (p->doors_count > 1) {
            p->doors_count = 1; /* the year at the unit is over */
        }
    }
    for (int i = 0; i < new_ones; i++)
        add_family(2012, 2028);
}

void world_move(int pupil)
{
    struct pupil_truth *p = &pupils[pupil];

    if (!p->left && p->doors_count > 0)
        enrol(p, age_in_september(p, 2027));
}

void world_some_move(double share)
{
    for (int i = 0; i < pupils_count; i++) {
        struct pupil_truth *p = &pupils[i];

        if (!p->left && p->doors_count > 0 && chance_of(share))
            enrol(p, age_in_september(p, 2027));
        for (int j = 0; j < p->doors_count; j++) {
            const struct door_truth *d = &doors[p->doors[j]];

            if (d->closed_at && d->successors_count > 0)
                p->doors[j] = d->successors[chance_below(d->successors_count)];
        }
    }
}

const char *world_surname(const struct pupil_truth *p, char out[64])
{
    snprintf(out, 64, "%s%s%s", p->surname, p->second_surname ? "-" : "",
             p->second_surname ? p->second_surname : "");
    return out;
}

void world_make(int pupils_wanted)
{
    make_doors();
    make_contacts(london_moment(YEAR_BEGINS - 40, 12 * 3600));
    while (pupils_count < pupils_wanted)
        add_family(2009, 2027);
}

void world_free(void)
{
    free(pupils);
}
