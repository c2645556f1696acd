/* tests/bench/make_roll.c - rolls as large as one likes, of invented pupils with real frequencies of
 * names, and call-outs about some of them; the same from the same seed.
 *
 *   make_roll NAMES PREFIX PUPILS CALLOUTS SEED
 *
 * NAMES is a folder with forenames.csv, surnames.csv, streets.csv and schools.csv (as in the labelled
 * set's own). Writes PREFIX-1.csv, PREFIX-2.csv, … of a million rows at most, PREFIX-queries.csv and
 * PREFIX-truth.csv. The slips in the call-outs are plain ones: this set is for speed and for what is
 * found, not for accuracy.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/date.h"
#include "registers/csv_file.h"

enum { FILE_ROWS = 1000000, TRADITIONS = 6, LATEST_YEAR = 2022, SCHOOL_YEARS = 15 };

static const char *const traditions[TRADITIONS] = {"GEN", "MUS", "IND", "SIK", "POL", "AFR"};
static const double shares[TRADITIONS] = {.83, .09, .03, .01, .015, .025};

struct names {
    char (*text)[40];
    double *upto; /* weights, summed up */
    size_t count;
};

struct school {
    char urn[12], name[120], town[60], la[8], outward[8];
};

static struct names forenames[2][TRADITIONS], surnames[TRADITIONS], streets;
static struct school *schools;
static size_t schools_count;
static uint64_t dice;

static uint64_t roll_dice(void)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return dice * UINT64_C(0x2545f4914f6cdd1d);
}

static double chance(void)
{
    return (double)(roll_dice() >> 11) / 9007199254740992.0;
}

static size_t below(size_t n)
{
    return (size_t)(chance() * (double)n);
}

static void fail(const char *what)
{
    fprintf(stderr, "make_roll: %s\n", what);
    exit(1);
}

static void add_name(struct names *n, const char *text, double weight)
{
    if ((n->count & (n->count - 1)) == 0) { /* room for a power of two */
        size_t room = n->count ? 2 * n->count : 1;

        n->text = reallocarray(n->text, room, sizeof *n->text);
        n->upto = reallocarray(n->upto, room, sizeof *n->upto);
        if (!n->text || !n->upto)
            fail("out of memory");
    }
    snprintf(n->text[n->count], sizeof *n->text, "%.39s", text);
    n->upto[n->count] = weight + (n->count ? n->upto[n->count - 1] : 0);
    n->count++;
}

static const char *any(const struct names *n)
{
    double at = chance() * n->upto[n->count - 1];
    size_t low = 0, high = n->count - 1;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (n->upto[middle] < at)
            low = middle + 1;
        else
            high = middle;
    }
    return n->text[low];
}

static size_t tradition_of(const char *group)
{
    static const char *const also[][2] = {{"PAK", "MUS"}, {"BAN", "MUS"}, {"ARA", "MUS"},
                                          {"SOM", "MUS"}, {"TUR", "MUS"}, {"TAM", "IND"}};

    for (size_t i = 0; i < ARRAY_SIZE(also); i++) {
        if (strcmp(group, also[i][0]) == 0)
            group = also[i][1];
    }
    for (size_t i = 0; i < TRADITIONS; i++) {
        if (strcmp(group, traditions[i]) == 0)
            return i;
    }
    return 0;
}

static struct csv_file *open_csv(const char *folder, const char *name,
                                 const struct csv_column *columns, size_t count)
{
    struct csv_file *csv;
    struct err err;
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (csv_file_open(path, columns, count, &csv, &err) < 0)
        fail(err.text);
    return csv;
}

static void read_names(const char *folder)
{
    static const struct csv_column f[] = {{"sex", true},        {"name", true},
                                          {"group", true},      {"c2006_2010", true},
                                          {"c2011_2015", true}, {"c2016_2020", true}};
    static const struct csv_column s[] = {{"surname", true}, {"weight", true}, {"group", true}};
    static const struct csv_column t[] = {{"street", true}, {"count", true}};
    struct csv_file *csv = open_csv(folder, "forenames.csv", f, ARRAY_SIZE(f));
    struct err err;

    while (csv_file_next(csv, &err) == 1)
        add_name(&forenames[*csv_file_cell(csv, 0) == 'M'][tradition_of(csv_file_cell(csv, 2))],
                 csv_file_cell(csv, 1),
                 1 + strtod(csv_file_cell(csv, 3), NULL) + strtod(csv_file_cell(csv, 4), NULL) +
                     strtod(csv_file_cell(csv, 5), NULL));
    csv_file_free(csv);
    csv = open_csv(folder, "surnames.csv", s, ARRAY_SIZE(s));
    while (csv_file_next(csv, &err) == 1)
        add_name(&surnames[tradition_of(csv_file_cell(csv, 2))], csv_file_cell(csv, 0),
                 strtod(csv_file_cell(csv, 1), NULL));
    csv_file_free(csv);
    csv = open_csv(folder, "streets.csv", t, ARRAY_SIZE(t));
    while (csv_file_next(csv, &err) == 1)
        add_name(&streets, csv_file_cell(csv, 0), strtod(csv_file_cell(csv, 1), NULL));
    csv_file_free(csv);
}

static void read_schools(const char *folder)
{
    static const struct csv_column columns[] = {
        {"urn", true}, {"name", true}, {"town", true}, {"postcode", true}, {"la_code", true}};
    struct csv_file *csv = open_csv(folder, "schools.csv", columns, ARRAY_SIZE(columns));
    struct err err;

    while (csv_file_next(csv, &err) == 1) {
        struct school *s;

        if (schools_count % 4096 == 0)
            schools = reallocarray(schools, schools_count + 4096, sizeof *schools);
        if (!schools)
            fail("out of memory");
        s = &schools[schools_count++];
        snprintf(s->urn, sizeof s->urn, "%.11s", csv_file_cell(csv, 0));
        snprintf(s->name, sizeof s->name, "%.119s", csv_file_cell(csv, 1));
        snprintf(s->town, sizeof s->town, "%.59s", csv_file_cell(csv, 2));
        snprintf(s->la, sizeof s->la, "%.3s", csv_file_cell(csv, 4));
        snprintf(s->outward, sizeof s->outward, "%.4s", csv_file_cell(csv, 3));
        s->outward[strcspn(s->outward, " ")] = '\0';
    }
    csv_file_free(csv);
}

struct child {
    const char *forename, *middle, *surname;
    bool boy;
    day_t born;
};

struct home {
    size_t tradition;
    const struct school *school;
    char house[8], postcode[12];
    const char *street;
};

static void any_home(struct home *h)
{
    static const char inward[] = "ABDEFGHJLNPQRSTUWXYZ";
    double at = chance();

    for (h->tradition = 0; h->tradition + 1 < TRADITIONS && at >= shares[h->tradition];
         h->tradition++)
        at -= shares[h->tradition];
    h->school = &schools[below(schools_count)];
    snprintf(h->house, sizeof h->house, "%zu", 1 + below(150));
    h->street = any(&streets);
    snprintf(h->postcode, sizeof h->postcode, "%s %zu%c%c", h->school->outward, below(10),
             inward[below(20)], inward[below(20)]);
}

static void any_child(const struct home *h, const char *surname, struct child *c)
{
    c->boy = chance() < .51;
    c->forename = any(&forenames[c->boy][h->tradition]);
    c->middle = chance() < .75 ? any(&forenames[c->boy][h->tradition]) : "";
    c->surname = surname;
    c->born = day_from_civil(LATEST_YEAR - SCHOOL_YEARS, 9, 1) + (day_t)below(SCHOOL_YEARS * 365);
}

static void write_pupil(FILE *out, int64_t number, const struct home *h, const struct child *c)
{
    char born[DATE_TEXT_SIZE];

    fprintf(out, "P%09" PRId64 ",,%s,%s,%s,,,%c,%s,%s,%s,\"%s\",%s,%s,\"%s\",%s,\n", number,
            c->forename, c->middle, c->surname, c->boy ? 'M' : 'F', day_format(c->born, born),
            h->house, h->street, h->school->town, h->postcode, h->school->urn, h->school->name,
            h->school->la);
}

static void slip(char *name)
{
    size_t n = strlen(name), at = n > 2 ? 1 + below(n - 1) : 0;

    for (const char *p = name; *p; p++) {
        if ((unsigned char)*p >= 0x80) /* letters of several bytes are left whole */
            return;
    }
    if (at == 0)
        return;
    switch (below(3)) {
    case 0:
        name[at] = (char)('a' + below(26));
        break;
    case 1:
        memmove(name + at, name + at + 1, n - at);
        break;
    default: {
        char c = name[at - 1];

        name[at - 1] = name[at];
        name[at] = c;
    }
    }
}

static void write_call_out(FILE *out, FILE *truth, int64_t number, const struct home *h,
                           const struct child *c)
{
    const day_t today = day_from_civil(2026, 5, 1);
    char forename[48], surname[48], born[DATE_TEXT_SIZE] = "", age[12] = "", postcode[12];
    struct home elsewhere;
    bool moved = chance() < .13, no_date = chance() < .11;
    day_t said = c->born;

    snprintf(forename, sizeof forename, "%s", c->forename);
    snprintf(surname, sizeof surname, "%s", c->surname);
    snprintf(postcode, sizeof postcode, "%s", h->postcode);
    if (moved) {
        any_home(&elsewhere);
        memcpy(postcode, elsewhere.postcode, sizeof postcode);
    }
    if (chance() < .15)
        postcode[0] = '\0';
    if (chance() < .10)
        slip(forename);
    if (chance() < .12)
        slip(surname);
    if (chance() < .05)
        snprintf(surname, sizeof surname, "%s", any(&surnames[h->tradition]));
    if (chance() < .06)
        said += (day_t)below(2) ? 365 : -10;
    if (no_date)
        snprintf(age, sizeof age, "%d", day_age(c->born, today));
    else
        day_format(said, born);
    if (chance() < .3) {
        for (char *p = surname; *p; p++)
            *p = (char)toupper((unsigned char)*p);
    }
    fprintf(out, "Q%09" PRId64 ",2026-05-01,%s,,%s,%s,%s,%c,\"%s %s, %s\",%s,\n", number, forename,
            surname, born, age, c->boy ? 'M' : 'F', h->house, h->street, h->school->town, postcode);
    fprintf(truth, "Q%09" PRId64 ",P%09" PRId64 ",%s\n", number, number, moved ? "moved" : "");
}

static FILE *create(const char *prefix, const char *what, const char *header)
{
    char path[4096];
    FILE *f;

    snprintf(path, sizeof path, "%s-%s.csv", prefix, what);
    f = fopen(path, "w");
    if (!f)
        fail(path);
    fprintf(f, "%s\n", header);
    return f;
}

int main(int argc, char **argv)
{
    static const char header[] =
        "pupil_id,upn,forename,middle_names,surname,preferred_forename,former_surname,gender,dob,"
        "house,street,town,postcode,urn,school,la_code,nc_year";
    int64_t pupils, call_outs, number = 0;
    FILE *roll = NULL, *queries, *truth;

    if (argc != 6)
        fail("usage: make_roll NAMES PREFIX PUPILS CALLOUTS SEED");
    pupils = strtoll(argv[3], NULL, 10);
    call_outs = strtoll(argv[4], NULL, 10);
    dice = UINT64_C(0x9e3779b97f4a7c15) ^ strtoull(argv[5], NULL, 10);
    read_names(argv[1]);
    read_schools(argv[1]);
    queries = create(argv[2], "queries",
                     "query_id,call_date,forename,middle_names,surname,dob,age,gender,address,"
                     "postcode,school_said");
    truth = create(argv[2], "truth", "query_id,true_pupil_ids,noise");
    while (number < pupils) {
        struct home h;
        const char *surname;
        size_t children = 1 + (chance() < .45) + (chance() < .15);

        any_home(&h);
        surname = any(&surnames[h.tradition]);
        for (size_t i = 0; i < children && number < pupils; i++) {
            struct child c;
            char part[24];

            if (number % FILE_ROWS == 0) {
                if (roll && fclose(roll) != 0)
                    fail("the disk is full");
                snprintf(part, sizeof part, "%" PRId64, number / FILE_ROWS + 1);
                roll = create(argv[2], part, header);
            }
            any_child(&h, chance() < .12 ? any(&surnames[h.tradition]) : surname, &c);
            write_pupil(roll, ++number, &h, &c);
            if (chance() * (double)pupils < (double)call_outs)
                write_call_out(queries, truth, number, &h, &c);
        }
    }
    if (fclose(roll) != 0 || fclose(queries) != 0 || fclose(truth) != 0)
        fail("the disk is full");
    return 0;
}
