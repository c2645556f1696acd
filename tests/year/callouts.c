#include "callouts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "world.h"

struct callout *callouts;
int callouts_count;

static int room;

/* A pupil of the force's authorities, mostly; now and then of the other's, for the child lives
 * elsewhere. */
static int some_pupil(int force)
{
    bool elsewhere = chance_of(0.02);

    for (;;) {
        int i = chance_below(pupils_count);

        if (!pupils[i].left && (las[pupils[i].la].force == force) != elsewhere)
            return i;
    }
}

/* A child may go by its second name, unless a brother or sister is called so or may go by it, too: a
 * notice would name either. */
static bool is_a_siblings(int pupil, const char *forename)
{
    for (int i = 0; i < pupils_count; i++) {
        if (i != pupil && pupils[i].family == pupils[pupil].family &&
            (strcmp(pupils[i].forename, forename) == 0 || strcmp(pupils[i].middle, forename) == 0))
            return true;
    }
    return false;
}

static struct said_child said(int pupil)
{
    struct said_child c = {
        .pupil = pupil,
        .from = 1,
        .typo = chance_of(0.03),
        .nickname_of_middle = chance_of(0.02),
        .no_birth_date = chance_of(0.04),
        .no_upn = !chance_of(0.1),
        .capitals = chance_of(0.05),
        .wrong_school = chance_of(0.05),
        .no_address = chance_of(0.03),
        .stranger = chance_of(0.02),
    };

    c.nickname_of_middle = c.nickname_of_middle && !is_a_siblings(pupil, pupils[pupil].middle);
    return c;
}

static void add_siblings(struct callout *c, int pupil)
{
    int first = pupil;

    while (first > 0 && pupils[first - 1].family == pupils[pupil].family)
        first--;
    for (int i = first; i < pupils_count && pupils[i].family == pupils[pupil].family &&
                        c->children_count < CALLOUT_CHILDREN;
         i++) {
        if (i != pupil && !pupils[i].left && chance_of(0.7))
            c->children[c->children_count++] = said(i);
    }
}

/* What comes after the first message. */
static void add_later(struct callout *c)
{
    int n = chance_below(1000);
    struct said_child *last = &c->children[c->children_count - 1];

    if (n < 25) {
        c->withheld_from = n < 15 ? 1 : 2; /* 2: when some have been told */
        c->withheld_until = chance_of(0.5) ? c->withheld_from + 1 : 0;
        c->last_made = c->withheld_until ? c->withheld_until : c->withheld_from;
    } else if (n < 45) {
        c->withdrawn_from = c->last_made = 2;
    } else if (n < 65 && c->children_count > 1) {
        last->from = c->last_made = 2;
    } else if (n < 80 && c->children_count > 1) {
        last->until = c->last_made = 2;
    } else if (n < 130) {
        c->last_made = chance_between(2, 3);
    }
}

/* The work that the police have done by the first revision, or by the last. */
static void add_rest(struct callout *c)
{
    static const int risks[] = {0, 1, 1, 1, 2, 2, 2, 2, 3, 3};

    c->risk = CHANCE_OF_LIST(risks);
    c->risk_later = chance_of(0.2) ? CHANCE_OF_LIST(risks) : c->risk;
    if (chance_of(c->risk == 3 ? 0.25 : 0.02))
        c->marac_from = chance_of(0.5) ? 1 : c->last_made;
    if (chance_of(0.04))
        c->protected_from = chance_of(0.5) ? 1 : c->last_made;
    c->protects_home = chance_of(0.5);
}

/* Of that door: everybody, one role there, or somebody's address; or an authority's desk, where the
 * force has one as well. */
static struct barred some_barred(int la, int door)
{
    struct barred b = {.is_set = true, .door = door, .contact = -1};
    int n = chance_below(10);

    if (n < 5)
        b.role = "dsl";
    else if (n < 6)
        b.role = "deputy";
    if (n < 8)
        return b;
    if (n == 9 && las[la].has_desk)
        door = world_la_desk(la);
    b.door = -1;
    for (int i = 0; i < contacts_count && b.contact < 0; i++) {
        if (contacts[i].door == door)
            b.contact = i;
    }
    b.is_set = b.contact >= 0;
    return b;
}

static struct place_said *lasts;
static int lasts_count;

struct place_said callouts_last_about(int pupil)
{
    return pupil < lasts_count ? lasts[pupil] : (struct place_said){-1, -1};
}

struct place_said callouts_before(struct place_said at)
{
    return callouts[at.callout].children[at.position].before;
}

static void put_last(int number)
{
    struct callout *c = &callouts[number];

    if (lasts_count < pupils_count) {
        lasts = reallocarray(lasts, (size_t)pupils_count, sizeof *lasts);
        if (!lasts)
            abort();
    }
    for (; lasts_count < pupils_count; lasts_count++)
        lasts[lasts_count] = (struct place_said){-1, -1};
    for (int i = 0; i < c->children_count; i++) {
        struct place_said *last = &lasts[c->children[i].pupil];

        c->children[i].before = *last;
        *last = (struct place_said){number, i};
    }
}

int callouts_add(time_t attended_at, int control_room)
{
    struct callout *c;
    int pupil = some_pupil(control_room);

    if (callouts_count == room) {
        room = room ? room * 2 : 1024;
        callouts = reallocarray(callouts, (size_t)room, sizeof *callouts);
        if (!callouts)
            abort();
    }
    c = &callouts[callouts_count];
    *c = (struct callout){.force = control_room,
                          .attended_at = attended_at,
                          .missing = chance_of(0.01),
                          .last_made = 1};
    c->children[c->children_count++] = said(pupil);
    add_siblings(c, pupil);
    if (chance_of(0.04) && pupils[pupil].doors_count > 0)
        c->barred = some_barred(pupils[pupil].la, pupils[pupil].doors[0]);
    add_later(c);
    add_rest(c);
    put_last(callouts_count);
    return callouts_count++;
}

void callouts_free(void)
{
    for (int i = 0; i < callouts_count; i++) {
        while (callouts[i].tellings) {
            struct telling *t = callouts[i].tellings;

            callouts[i].tellings = t->next;
            free(t);
        }
    }
    free(callouts);
    free(lasts);
}

void callouts_reference(int number, char out[32])
{
    snprintf(out, 32, "27%07d", number);
}

int callouts_number(const char *reference)
{
    int number = atoi(reference + (strlen(reference) > 2 ? 2 : 0));

    return number >= 0 && number < callouts_count ? number : -1;
}

void callouts_answered(int number, const char *reference, time_t at)
{
    for (struct telling *t = callouts[number].tellings; t; t = t->next) {
        if (t->answered_at == 0 && strcmp(t->reference, reference) == 0)
            t->answered_at = at;
    }
}

unsigned callouts_taken_back(const struct callout *c, const struct telling *telling)
{
    unsigned children = 0;

    for (const struct telling *t = c->tellings; t && t != telling; t = t->next) {
        if (t->kind == 'w' && contacts[t->contact].door == contacts[telling->contact].door)
            children |= t->children;
    }
    return children & telling->children;
}

bool callouts_names(const struct said_child *c, int revision)
{
    return revision >= c->from && (c->until == 0 || revision < c->until);
}

bool callouts_is_withheld(const struct callout *c, int revision)
{
    return c->withheld_from > 0 && revision >= c->withheld_from &&
           (c->withheld_until == 0 || revision < c->withheld_until);
}

bool callouts_is_withdrawn(const struct callout *c, int revision)
{
    return c->withdrawn_from > 0 && revision >= c->withdrawn_from;
}

bool callouts_is_marac(const struct callout *c, int revision)
{
    return c->marac_from > 0 && revision >= c->marac_from;
}

bool callouts_is_protected(const struct callout *c, int revision)
{
    return c->protected_from > 0 && revision >= c->protected_from;
}

bool callouts_bars(const struct callout *c, int contact)
{
    const struct barred *b = &c->barred;

    return b->is_set && (!b->role || strcmp(b->role, contacts[contact].role) == 0) &&
           (b->door < 0 || b->door == contacts[contact].door) &&
           (b->contact < 0 || b->contact == contact);
}

int callouts_risk(const struct callout *c, int revision)
{
    return revision > 1 ? c->risk_later : c->risk;
}

const char *callouts_present(const struct said_child *c)
{
    static const char *const words[] = {"present", "heard", "not_present", "unknown"};

    return words[c->pupil % 4];
}

static void upper(char *text)
{
    for (; *text; text++) {
        if (*text >= 'a' && *text <= 'z')
            *text = (char)(*text - 'a' + 'A');
    }
}

void callouts_said_name(const struct said_child *c, int revision, char forename[64],
                        char surname[72])
{
    static const char *const odd_girls[CALLOUT_CHILDREN] = {"Ottoline", "Perpetua", "Hyacinth",
                                                            "Cordula",  "Drusilla", "Ermintrude"};
    static const char *const odd_boys[CALLOUT_CHILDREN] = {"Quentin",   "Barnabas", "Ludovic",
                                                           "Peregrine", "Ignatius", "Torquil"};
    const struct pupil_truth *p = &pupils[c->pupil];
    size_t length;

    snprintf(forename, 64, "%s",
             c->stranger             ? (p->girl ? odd_girls : odd_boys)[c->pupil % CALLOUT_CHILDREN]
             : c->nickname_of_middle ? p->middle
                                     : p->forename);
    if (c->stranger)
        snprintf(surname, 72, "Xerxes%s", p->surname);
    else
        world_surname(p, surname);
    /* Put right by the first revision. */
    length = strlen(forename);
    if (c->typo && revision == c->from && length > 4 && (forename[length - 2] & 0x80) == 0) {
        char letter = forename[length - 2];

        forename[length - 2] = forename[length - 1];
        forename[length - 1] = letter;
    }
    if (c->capitals)
        upper(surname);
}

static void write_child(const struct said_child *c, int number, int revision, bool protects,
                        struct buf *out)
{
    const struct pupil_truth *p = &pupils[c->pupil];
    char forename[64], surname[72], born[DATE_TEXT_SIZE];

    callouts_said_name(c, revision, forename, surname);
    buf_addf(out, "{\"child_ref\":\"%d\",\"forename\":\"%s\",\"surname\":\"%s\",\"sex\":\"%c\"",
             number, forename, surname, p->girl ? 'F' : 'M');
    if (!c->no_birth_date)
        buf_addf(out, ",\"date_of_birth\":\"%s\"",
                 day_format(c->stranger ? p->born - 37 : p->born, born));
    if (!c->no_upn && !c->stranger)
        buf_addf(out, ",\"upn\":\"%s\"", p->upn);
    if (!c->no_address)
        buf_addf(out,
                 ",\"address\":{\"address\":\"%d %s, %s\",\"postcode\":\"%s\",\"protected\":%s}",
                 p->house, streets[p->street], las[p->la].town, p->postcode,
                 protects ? "true" : "false");
    else if (protects)
        buf_add_text(out, ",\"address\":{\"protected\":true}");
    if (p->doors_count > 0)
        buf_addf(out, ",\"claimed_establishment\":{\"name\":\"%s\"}",
                 doors[c->wrong_school ? (p->doors[0] + 1) % 20 : p->doors[0]].name);
    buf_addf(out, ",\"present\":\"%s\",\"voice\":{\"text\":\"Hid upstairs, revision %d.\"}}",
             callouts_present(c), revision);
}

static void write_barred(const struct barred *b, struct buf *out)
{
    buf_add_text(out, ",\"do_not_tell\":[{\"reason\":\"party to the incident\"");
    if (b->role)
        buf_addf(out, ",\"role\":\"%s\"", b->role);
    if (b->door >= 0)
        buf_addf(out, ",\"school_urn\":\"%s\"", doors[b->door].urn);
    if (b->contact >= 0)
        buf_addf(out, ",\"contact\":\"%s\"", contacts[b->contact].address);
    buf_add_text(out, "}]");
}

void callouts_write(int number, int revision, time_t sent_at, struct buf *out)
{
    const struct callout *c = &callouts[number];
    static const char *const risks[] = {"unknown", "standard", "medium", "high"};
    bool is_protected = callouts_is_protected(c, revision);
    char reference[32], attended[MOMENT_TEXT_SIZE], sent[MOMENT_TEXT_SIZE];
    const char *comma = "";

    callouts_reference(number, reference);
    buf_addf(out,
             "{\"version\":1,\"force\":\"%s\",\"police_ref\":\"%s\",\"revision\":%d,"
             "\"type\":\"%s\",\"action\":\"%s\",\"attended_at\":\"%s\",\"sent_at\":\"%s\","
             "\"location\":{\"address\":\"" CALLOUT_PLACE "\",\"protected\":%s},"
             "\"risk\":\"%s\",\"circumstances\":\"An argument, as of revision %d.\","
             "\"referrals\":[\"mash\"%s],\"children\":[",
             forces[c->force], reference, revision, c->missing ? "missing" : "domestic_abuse",
             callouts_is_withdrawn(c, revision) ? "withdraw" : "notify",
             moment_format(c->attended_at, attended), moment_format(sent_at, sent),
             is_protected && !c->protects_home ? "true" : "false",
             risks[callouts_risk(c, revision)], revision,
             callouts_is_marac(c, revision) ? (number % 2 ? ",\"MARAC\"" : ",\"marac\"") : "");
    for (int i = 0; i < c->children_count; i++) {
        if (!callouts_names(&c->children[i], revision))
            continue;
        buf_add_text(out, comma);
        write_child(&c->children[i], i + 1, revision, is_protected && c->protects_home, out);
        comma = ",";
    }
    buf_add_text(out, "]");
    if (c->barred.is_set)
        write_barred(&c->barred, out);
    if (callouts_is_withheld(c, revision))
        buf_addf(out,
                 ",\"withhold\":{\"reason\":\"%s\","
                 "\"authorised_by\":\"Duty inspector\"}",
                 number % 3 ? "risk-to-victim" : "not-on-the-list");
    buf_add_text(out, "}");
}
