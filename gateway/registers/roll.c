/* gateway/registers/roll.c - the pupils of an authority, one row an enrolment. A pupil who is on two
 * rolls has two rows, and what they say of the person must agree. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/personal.h"
#include "match/upn.h"
#include "plan/establishment.h"
#include "registers/reading.h"
#include "store/roll_write.h"

enum {
    PUPIL_ID,
    UPN,
    FORENAME,
    MIDDLE_NAMES,
    SURNAME,
    PREFERRED,
    FORMER,
    GENDER,
    DOB,
    HOUSE,
    STREET,
    TOWN,
    POSTCODE,
    URN,
    SCHOOL,
    LA_CODE,
    NC_YEAR,
    NAMESPACE,
    ENROLMENT,
    FROM,
    TO,
    DAYS,
    COLUMNS,
};

static const struct csv_column columns[COLUMNS] = {
    [PUPIL_ID] = {"pupil_id", true},
    [UPN] = {"upn", true},
    [FORENAME] = {"forename", true},
    [MIDDLE_NAMES] = {"middle_names", true},
    [SURNAME] = {"surname", true},
    [PREFERRED] = {"preferred_forename", true},
    [FORMER] = {"former_surname", true},
    [GENDER] = {"gender", true},
    [DOB] = {"dob", true},
    [HOUSE] = {"house", true},
    [STREET] = {"street", true},
    [TOWN] = {"town", true},
    [POSTCODE] = {"postcode", true},
    [URN] = {"urn", true},
    [SCHOOL] = {"school", true},
    [LA_CODE] = {"la_code", true},
    [NC_YEAR] = {"nc_year", true},
    [NAMESPACE] = {"namespace", false},
    [ENROLMENT] = {"enrolment", false},
    [FROM] = {"from", false},
    [TO] = {"to", false},
    [DAYS] = {"days", false},
};

enum { LAS_MAX = 400, NAME_LONGEST = 100, OLDEST = 26 };

/* Rows that are worth a single warning, and the line of the first. */
struct roll_count {
    int64_t rows;
    size_t line;
};

struct roll {
    struct reading *r;
    struct roll_index *index;
    uint32_t *first_line; /* of each pupil of this file, by pupil_key; 0: not seen */
    size_t first_line_size;
    char las[LAS_MAX][LA_CODE_SIZE]; /* authorities of the file */
    size_t las_count;
    struct roll_count strangers; /* rows of an establishment that is not in the register */
    struct roll_count others;    /* rows of another authority than --la */
    struct roll_count spoilt;    /* rows with a name that went through a wrong conversion */
    size_t spoilt_column;        /* of the first */
};

static void count_row(const struct roll *roll, struct roll_count *count, size_t column)
{
    if (count->rows++ == 0)
        count->line = csv_file_line(roll->r->csv, column);
}

static void warn_of(const struct roll *roll, const struct roll_count *count, const char *what)
{
    if (count->rows == 1)
        reading_warning_at(roll->r, count->line, "%s, on this row alone", what);
    else if (count->rows > 1)
        reading_warning_at(roll->r, count->line, "%s, here and on %" PRId64 " more", what,
                           count->rows - 1);
}

/* The sign for a lost character, or UTF-8 that was read as Windows-1252 and written as UTF-8 again:
 * no name has a capital A with tilde before a sign. */
static void note_spoilt(struct roll *roll)
{
    static const size_t names[] = {FORENAME, MIDDLE_NAMES, SURNAME, PREFERRED, FORMER};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const char *name = csv_file_cell(roll->r->csv, names[i]);

        if (!strstr(name, "\xef\xbf\xbd") && !strstr(name, "\xc3\x83\xc2"))
            continue;
        if (roll->spoilt.rows == 0)
            roll->spoilt_column = names[i];
        count_row(roll, &roll->spoilt, names[i]);
        return;
    }
}

/* The line on which the pupil was first, this one when that is now. */
static int first_line(struct roll *roll, int64_t pupil_key, size_t line, size_t *out,
                      struct err *err)
{
    size_t at = (size_t)pupil_key;

    if (at >= roll->first_line_size) {
        size_t size = at < 4096 ? 8192 : at * 2;
        uint32_t *more = reallocarray(roll->first_line, size, sizeof *more);

        if (!more)
            return err_memory(err);
        memset(more + roll->first_line_size, 0, (size - roll->first_line_size) * sizeof *more);
        roll->first_line = more;
        roll->first_line_size = size;
    }
    if (roll->first_line[at] == 0)
        roll->first_line[at] = (uint32_t)line;
    *out = roll->first_line[at];
    return 0;
}

static int take_text(struct reading *r, size_t column, struct personal *out, struct err *err)
{
    return personal_set_text(out, reading_text(r, column, NAME_LONGEST), err);
}

static enum incident_sex gender(struct reading *r)
{
    const char *word = reading_word(r, GENDER, "M|F|male|female|boy|girl|U|X|I|N|unknown");

    if (!word || strchr("UXINu", word[0]))
        return SEX_UNKNOWN;
    return strchr("Mmb", word[0]) ? SEX_MALE : SEX_FEMALE;
}

static void take_birth_date(struct reading *r, struct pupil *pupil)
{
    const char *text = reading_day(r, DOB);
    day_t today = london_day(r->options->now);

    pupil->born = text ? day_parse(text) : DAY_NONE;
    if (pupil->born == DAY_NONE)
        return;
    if (pupil->born > today)
        reading_mistake(r, DOB, "is in the future");
    else if (day_age(pupil->born, today) > OLDEST)
        reading_warning(r, DOB, "makes the pupil older than %d", OLDEST);
}

static int take_upn(struct reading *r, struct pupil *pupil, struct err *err)
{
    const char *text = reading_text(r, UPN, 20);
    char folded[UPN_SIZE];

    /* UN1 to UN5 say that none is known. */
    if (text && !upn_fold(text, folded) && strncasecmp(text, "UN", 2) != 0)
        reading_warning(r, UPN, "has a wrong check letter or length: it is not relied on");
    return personal_set_text(&pupil->upn, text, err);
}

static int take_pupil(struct reading *r, struct pupil *pupil, struct err *err)
{
    const char *id = reading_needed(r, PUPIL_ID, sizeof pupil->pupil_id - 1);
    const char *la = reading_la(r, LA_CODE);
    const char *year = reading_text(r, NC_YEAR, sizeof pupil->nc_year - 1);

    memset(pupil, 0, sizeof *pupil);
    if (!la && csv_file_cell(r->csv, LA_CODE)[0] == '\0')
        reading_mistake(r, LA_CODE, "is empty, and no --la was given");
    snprintf(pupil->pupil_id, sizeof pupil->pupil_id, "%s", id ? id : "");
    snprintf(pupil->la_code, sizeof pupil->la_code, "%s", la ? la : "");
    snprintf(pupil->nc_year, sizeof pupil->nc_year, "%s", year ? year : "");
    pupil->gender = gender(r);
    take_birth_date(r, pupil);
    if (take_upn(r, pupil, err) < 0 || take_text(r, FORENAME, &pupil->forename, err) < 0 ||
        take_text(r, MIDDLE_NAMES, &pupil->middle_names, err) < 0 ||
        take_text(r, SURNAME, &pupil->surname, err) < 0 ||
        take_text(r, PREFERRED, &pupil->preferred_forename, err) < 0 ||
        take_text(r, FORMER, &pupil->former_surname, err) < 0 ||
        take_text(r, HOUSE, &pupil->house, err) < 0 ||
        take_text(r, STREET, &pupil->street, err) < 0 ||
        take_text(r, TOWN, &pupil->town, err) < 0 ||
        personal_set_text(&pupil->postcode, reading_postcode(r, POSTCODE), err) < 0)
        return -1;
    if (!r->row_refused && !personal_is_set(&pupil->forename) && !personal_is_set(&pupil->surname))
        reading_mistake(r, SURNAME, "is empty, and so is forename");
    return 0;
}

/* The school census' letters have words here: C and M the main roll, S the second one. */
static const char *enrolment_kind(struct reading *r)
{
    const char *word =
        reading_word(r, ENROLMENT, "main|subsidiary|other|guest|fe|C|M|S|F|O|current|single");

    if (!word || strcmp(word, "C") == 0 || strcmp(word, "M") == 0 || strcmp(word, "current") == 0 ||
        strcmp(word, "single") == 0)
        return "main";
    if (strcmp(word, "S") == 0)
        return "subsidiary";
    if (strcmp(word, "F") == 0)
        return "fe";
    return strcmp(word, "O") == 0 ? "other" : word;
}

static int note_authority(struct roll *roll, const char *la, struct err *err)
{
    const char *expected = roll->r->options->la;

    if (expected && strcmp(expected, la) != 0) {
        count_row(roll, &roll->others, LA_CODE);
        return 0;
    }
    for (size_t i = roll->las_count; i > 0; i--) {
        if (strcmp(roll->las[i - 1], la) == 0)
            return 0;
    }
    if (roll->las_count == LAS_MAX)
        return err_set(err, ERR_LIMIT, "%s: more than %d authorities", roll->r->file, LAS_MAX);
    snprintf(roll->las[roll->las_count++], LA_CODE_SIZE, "%s", la);
    return 0;
}

struct place {
    const char *namespace, *urn, *school, *kind, *from, *to, *days;
};

static struct place take_place(struct reading *r)
{
    struct place p = {.urn = reading_urn(r, URN), .namespace = NULL};

    p.namespace = reading_word(r, NAMESPACE, "school|centre");
    if (!p.namespace)
        p.namespace = r->options->namespace ? r->options->namespace : "school";
    p.school = reading_text(r, SCHOOL, 200);
    p.kind = enrolment_kind(r);
    p.from = reading_day(r, FROM);
    p.to = reading_day(r, TO);
    p.days = reading_weekdays(r, DAYS);
    if (p.from && p.to && strcmp(p.from, p.to) > 0)
        reading_mistake(r, TO, "is before from");
    return p;
}

static int note_stranger(struct roll *roll, const struct place *p, struct err *err)
{
    int known = registers_has_establishment(roll->r->db, p->namespace, p->urn, err);

    if (known == 0)
        count_row(roll, &roll->strangers, URN);
    return known < 0 ? -1 : 0;
}

/* A second row of one pupil for one establishment: the first holds, unless it has ended and this
 * one has not. 1: put it, 0: pass it over, -1. */
static int is_worth_putting(struct reading *r, int64_t pupil_key, const struct place *p,
                            struct err *err)
{
    char mark[64];
    int fresh;

    snprintf(mark, sizeof mark, "%" PRId64 "/%s/%s%s", pupil_key, p->namespace, p->urn,
             p->to ? "/ended" : "");
    fresh = registers_seen_text(r->db, mark, err);
    if (fresh < 0)
        return -1;
    if (fresh == 1 && p->to) { /* has an open one been there already? */
        snprintf(mark, sizeof mark, "%" PRId64 "/%s/%s", pupil_key, p->namespace, p->urn);
        fresh = registers_is_seen(r->db, mark, err);
        if (fresh >= 0)
            fresh = !fresh;
    }
    if (fresh == 0)
        reading_warning(r, URN, "the pupil has an earlier row for this establishment, which holds");
    return fresh;
}

static int put_place(struct roll *roll, int64_t pupil_key, const struct place *p,
                     const struct register_watch *watch, enum change *out, struct err *err)
{
    struct reading *r = roll->r;
    /* In the order of REGISTER_ENROLMENT. */
    const char *const values[] = {reading_scratch(r, "%" PRId64, pupil_key),
                                  p->namespace,
                                  p->urn,
                                  p->school,
                                  p->kind,
                                  p->from,
                                  p->to,
                                  p->days,
                                  NULL};
    int64_t id = 0;
    int worth = is_worth_putting(r, pupil_key, p, err);

    *out = CHANGE_NONE;
    if (worth <= 0)
        return worth;
    if (registers_put(r->db, REGISTER_ENROLMENT, values, r->import_id, watch, out, &id, err) < 0)
        return -1;
    return registers_seen(r->db, id, err) < 0 ? -1 : note_stranger(roll, p, err);
}

static int put_row(struct roll *roll, const struct pupil *pupil, const struct place *p,
                   struct err *err)
{
    struct reading *r = roll->r;
    struct reading_differences d;
    struct register_watch watch = reading_watch(r, &d, false);
    enum change person = CHANGE_NONE, place = CHANGE_NONE;
    size_t line = csv_file_line(r->csv, CSV_ROW), first;
    int64_t pupil_key = -1;
    char key[128];

    if (roll_put_pupil(r->db, roll->index, pupil, r->import_id, &watch, &person, &pupil_key, err) <
            0 ||
        first_line(roll, pupil_key, line, &first, err) < 0)
        goto failed;
    if (first != line && person != CHANGE_NONE) {
        reading_mistake(r, PUPIL_ID, "is on line %zu too, with another %s", first,
                        buf_text(&d.text));
        buf_release(&d.text);
        return 0;
    }
    if (p->urn && put_place(roll, pupil_key, p, &watch, &place, err) < 0)
        goto failed;
    if (place == CHANGE_NONE || person == CHANGE_ADDED)
        place = person;
    snprintf(key, sizeof key, "%s%s%s %s", pupil->pupil_id, p->urn ? " at " : ", on no roll",
             p->urn ? p->namespace : "", p->urn ? p->urn : "");
    reading_count(r, place, key, &d);
    return 0;
failed:
    buf_release(&d.text);
    return -1;
}

static int read_rows(struct roll *roll, struct err *err)
{
    struct reading *r = roll->r;
    int rc;

    while ((rc = reading_next(r, err)) == 1) {
        struct pupil pupil;
        struct place place;

        rc = take_pupil(r, &pupil, err);
        place = take_place(r);
        if (rc == 0 && !r->row_refused)
            note_spoilt(roll);
        if (rc == 0 && !r->row_refused)
            rc = note_authority(roll, pupil.la_code, err);
        if (rc == 0 && !r->row_refused)
            rc = put_row(roll, &pupil, &place, err);
        pupil_release(&pupil);
        if (rc < 0)
            return -1;
    }
    return rc;
}

static int end_absent(struct roll *roll, struct err *err)
{
    if (roll->others.rows > 0 && roll->others.rows == roll->r->result->read) {
        reading_mistake_at(roll->r, 0,
                           "no row is of authority %s, which --la names: whose roll is it?",
                           roll->r->options->la);
        return 0;
    }
    for (size_t i = 0; i < roll->las_count; i++) {
        const char *args[] = {roll->las[i]};

        if (reading_end_absent(roll->r, ABSENT_ENROLMENTS, args, true, err) < 0)
            return -1;
    }
    return 0;
}

int read_roll(struct reading *r, struct err *err)
{
    struct roll roll = {.r = r};
    char spoilt[80];
    int rc = -1;

    if (reading_open(r, columns, COLUMNS, err) < 0)
        return -1;
    /* An empty complete roll of a named authority ends all that it has, guarded as ever. */
    if (r->options->la && note_authority(&roll, r->options->la, err) < 0)
        return -1;
    if (roll_index_new(r->db, &roll.index, err) < 0 || read_rows(&roll, err) < 0)
        goto out;
    warn_of(&roll, &roll.strangers, "urn: is not in the register");
    snprintf(spoilt, sizeof spoilt, "%s: has letters that a conversion has spoilt",
             columns[roll.spoilt_column].name);
    warn_of(&roll, &roll.spoilt, spoilt);
    warn_of(&roll, &roll.others, "la_code: is another authority than --la");
    if (r->options->complete && r->result->mistakes.count == 0 && end_absent(&roll, err) < 0)
        goto out;
    /* What is not kept needs no index. */
    if (r->result->mistakes.count == 0 && !r->options->dry_run &&
        roll_index_write(roll.index, err) < 0)
        goto out;
    rc = 0;
    for (size_t i = 0; i < roll.las_count && rc == 0; i++)
        rc = roll_came(r->db, roll.las[i], r->import_id, err);
out:
    roll_index_free(roll.index);
    free(roll.first_line);
    return rc;
}
