#include "cli/review_show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/date.h"
#include "cli/json.h"
#include "cli/people.h"
#include "cli/table.h"
#include "follow/words.h"
#include "match/match.h"
#include "store/remember.h"
#include "store/report.h"
#include "store/roster.h"

enum { TEXT_MAX = 8192 };

/* The particulars, under the same names for the police's child and the roll's pupils. */
static const struct {
    const char *name, *heading;
} fields[] = {
    {"forename", "Forename"},
    {"middle_names", "Middle names"},
    {"surname", "Surname"},
    {"known_as", "Known as"},
    {"former_surnames", "Formerly"},
    {"date_of_birth", "Born"},
    {"age", "Age that day"},
    {"sex", "Sex"},
    {"upn", "UPN"},
    {"postcode", "Postcode"},
    {"address", "Address"},
    {"school", "School"},
    {"remembered", "Accepted before"},
};

static void joined(cJSON *o, const char *name, const struct personal *parts, size_t count)
{
    struct buf text;

    buf_init(&text, TEXT_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!personal_is_set(&parts[i]))
            continue;
        buf_add_text(&text, text.length > 0 ? ", " : "");
        buf_add_text(&text, personal_reveal(&parts[i]));
    }
    json_text(o, name, buf_text(&text));
    buf_release(&text);
}

static const char *sex_word(enum incident_sex sex)
{
    return sex == SEX_FEMALE ? "F" : sex == SEX_MALE ? "M" : "";
}

static void age(cJSON *o, int years)
{
    char text[16];

    snprintf(text, sizeof text, "%d", years);
    json_text(o, "age", years < 0 ? NULL : text);
}

/* A protected address is not shown: whether it agrees stands in the evidence. */
static void place(cJSON *o, const struct incident_place *home)
{
    if (home->is_protected) {
        json_text(o, "postcode", "protected");
        json_text(o, "address", "protected");
        return;
    }
    json_personal(o, "postcode", &home->postcode);
    json_personal(o, "address", &home->address);
}

static void child_json(cJSON *root, const struct report_review *review,
                       const struct incident_child *child)
{
    cJSON *o = json_add_object(root, "child");

    json_number(o, "child_id", review->child_id);
    json_text(o, "force", review->force);
    json_text(o, "police_ref", review->police_ref);
    json_text(o, "child_ref", review->child_ref);
    json_text(o, "state", child_state_word(review->state));
    json_moment(o, "deadline", review->deadline);
    json_personal(o, "forename", &child->forename);
    json_personal(o, "middle_names", &child->middle_names);
    json_personal(o, "surname", &child->surname);
    joined(o, "known_as", child->known_as, child->known_as_count);
    joined(o, "former_surnames", child->former_surnames, child->former_surnames_count);
    json_day(o, "date_of_birth", child->date_of_birth);
    age(o, child->age);
    json_text(o, "sex", sex_word(child->sex));
    json_personal(o, "upn", &child->upn);
    place(o, &child->home);
    json_personal(o, "school", &child->claimed_name);
    json_text(o, "school_urn", child->claimed_school_urn);
    json_personal(o, "relationship", &child->relationship);
}

static int schools_json(struct db *db, cJSON *o, int64_t pupil_key, day_t on, struct err *err)
{
    struct enrolment *list = NULL;
    char name[REPORT_NAME_SIZE];
    struct buf text;
    size_t count = 0;
    int rc = roster_enrolments(db, pupil_key, on, &list, &count, err);

    buf_init(&text, TEXT_MAX);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct door door = {.namespace = ""};

        snprintf(door.namespace, sizeof door.namespace, "%s", list[i].namespace);
        snprintf(door.urn, sizeof door.urn, "%s", list[i].urn);
        rc = report_door_name(db, &door, name, err);
        buf_addf(&text, "%s%s (%s %s)", i > 0 ? "; " : "", name, list[i].namespace, list[i].urn);
    }
    if (rc == 0)
        json_text(o, "school", buf_text(&text));
    buf_release(&text);
    free(list);
    return rc;
}

static void pupil_json(cJSON *o, const struct pupil *p, day_t on)
{
    struct personal address[3] = {p->house, p->street, p->town}; /* borrowed */

    json_personal(o, "forename", &p->forename);
    json_personal(o, "middle_names", &p->middle_names);
    json_personal(o, "surname", &p->surname);
    json_personal(o, "known_as", &p->preferred_forename);
    json_personal(o, "former_surnames", &p->former_surname);
    json_day(o, "date_of_birth", p->born);
    age(o, p->born == DAY_NONE ? -1 : day_age(p->born, on));
    json_text(o, "sex", sex_word(p->gender));
    json_personal(o, "upn", &p->upn);
    json_personal(o, "postcode", &p->postcode);
    joined(o, "address", address, ARRAY_SIZE(address));
}

/* "Peggy; 4 Mill Lane, LS1 1AA": names and homes that a person has accepted of the pupil. */
static int remembered_json(struct db *db, cJSON *o, int64_t pupil_key, struct err *err)
{
    struct remembered *list = NULL;
    struct buf text;
    size_t count = 0;
    int rc = remember_list(db, pupil_key, -1, &list, &count, err);

    buf_init(&text, TEXT_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *postcode = personal_reveal(&list[i].postcode);

        buf_addf(&text, "%s%s%s%s", i > 0 ? "; " : "", personal_reveal(&list[i].text),
                 personal_is_set(&list[i].text) && postcode[0] ? ", " : "", postcode);
    }
    json_text(o, "remembered", buf_text(&text));
    buf_release(&text);
    remembered_free(list, count);
    return rc;
}

static int candidate_json(struct db *db, cJSON *list, const struct report_candidate *c, day_t on,
                          struct err *err)
{
    cJSON *o = json_push_object(list);
    struct pupil pupil = {.pupil_key = -1};
    struct buf evidence;
    int rc = roster_pupil(db, c->pupil_key, &pupil, err);

    if (rc < 0)
        return -1;
    buf_init(&evidence, TEXT_MAX);
    words_sure(c->score, &evidence);
    json_text(o, "sure", buf_text(&evidence));
    buf_clear(&evidence);
    words_evidence(c->evidence, &evidence);
    json_number(o, "rank", c->rank);
    json_text(o, "pupil_id", c->pupil_id);
    json_text(o, "la", c->la_code);
    json_real(o, "score", c->score);
    json_parsed(o, "evidence", c->evidence);
    json_text(o, "evidence_words", buf_text(&evidence));
    buf_release(&evidence);
    if (rc == 1) {
        pupil_json(o, &pupil, on);
        pupil_release(&pupil);
    }
    if (remembered_json(db, o, c->pupil_key, err) < 0)
        return -1;
    return schools_json(db, o, c->pupil_key, on, err);
}

static int candidates_json(struct db *db, cJSON *root, int64_t child_id, day_t on, struct err *err)
{
    cJSON *list = json_add_list(root, "candidates");
    struct report_decision *decisions = NULL;
    struct report_candidate *candidates = NULL;
    size_t decisions_count = 0, count = 0;
    int rc = report_decisions(db, child_id, &decisions, &decisions_count, err);

    if (rc == 0 && decisions_count > 0)
        rc = report_candidates(db, decisions[decisions_count - 1].decision_id, &candidates, &count,
                               err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = candidate_json(db, list, &candidates[i], on, err);
    free(candidates);
    free(decisions);
    return rc;
}

static bool nobody_has(const cJSON *child, const cJSON *candidates, const char *field)
{
    const cJSON *c;

    cJSON_ArrayForEach(c, candidates)
    {
        if (json_get_text(c, field)[0])
            return false;
    }
    return !json_get_text(child, field)[0];
}

/* The police's child beside n candidates from the first. */
static void print_columns(const cJSON *child, const cJSON *candidates, int first, int n)
{
    static char titles[REVIEW_MAX][96];
    const char *headings[TABLE_COLUMNS + 1] = {"", "~POLICE SAID"};
    struct table *t;

    for (int i = 0; i < n; i++) {
        const cJSON *c = cJSON_GetArrayItem(candidates, first + i);

        snprintf(titles[i], sizeof titles[i], "~%s %s", json_get_text(c, "la"),
                 json_get_text(c, "pupil_id"));
        headings[2 + i] = titles[i];
    }
    t = table_new(headings);
    for (size_t f = 0; f < ARRAY_SIZE(fields); f++) {
        const char *said = json_get_text(child, fields[f].name);

        if (nobody_has(child, candidates, fields[f].name))
            continue;
        table_cell(t, COLOUR_DIM, "%s", fields[f].heading);
        table_cell(t, COLOUR_PLAIN, "%s", said);
        for (int i = 0; i < n; i++) {
            const char *has =
                json_get_text(cJSON_GetArrayItem(candidates, first + i), fields[f].name);
            bool both = said[0] && has[0];

            table_cell(t,
                       !both                    ? COLOUR_PLAIN
                       : strcmp(said, has) == 0 ? COLOUR_GREEN
                                                : COLOUR_YELLOW,
                       "%s", has);
        }
    }
    table_print(t, stdout);
    table_free(t);
    puts("");
}

/* As many beside each other as can be read; the rest below, beside the police's child again. */
static void print_candidates(const cJSON *child, const cJSON *candidates)
{
    enum { HEADING_WIDE = 15, COLUMN_WIDE = 28 };
    int n = cJSON_GetArraySize(candidates);
    size_t screen = screen_wide();
    int abreast = (int)((screen > 0 ? screen : TABLE_WIDE) - HEADING_WIDE) / COLUMN_WIDE - 1;
    int first = 0;

    do {
        int here = n - first < abreast ? n - first : abreast;

        print_columns(child, candidates, first, here);
        first += here;
    } while (first < n);
}

static void print_sides(const cJSON *root)
{
    const cJSON *child = cJSON_GetObjectItem(root, "child");
    const cJSON *candidates = cJSON_GetObjectItem(root, "candidates");
    const cJSON *c;

    printf("Child %" PRId64 ": %s %s child %s, %s\n\n", json_get_number(child, "child_id"),
           json_get_text(child, "force"), json_get_text(child, "police_ref"),
           json_get_text(child, "child_ref"), json_get_text(child, "state"));
    print_candidates(child, candidates);
    cJSON_ArrayForEach(c, candidates)
    {
        printf("%s %s: %s\n", json_get_text(c, "la"), json_get_text(c, "pupil_id"),
               json_get_text(c, "sure"));
        print_parts(json_get_text(c, "evidence_words"), 2);
    }
    print_folded(0, "%s",
                 cJSON_GetArraySize(candidates) == 0 ? "There is no candidate."
                                                     : WORDS_OF_EVIDENCE);
    printf("\nThen: encompass review accept %" PRId64 " PUPIL_ID --la CODE\n"
           "  or: encompass review reject %" PRId64 "\n"
           "accept ... --remember keeps the name or address that the roll does not have.\n",
           json_get_number(child, "child_id"), json_get_number(child, "child_id"));
}

static int build(struct db *db, const struct report_review *review, cJSON *root, struct err *err)
{
    struct people people;
    const struct child_row *row;
    const struct incident_child *child;
    int rc = -1;

    if (people_load(db, review->incident_id, &people, err) < 0)
        return -1;
    row = people_row(&people, review->child_id);
    child = row ? people_child(&people, row) : NULL;
    if (!child) {
        err_set(err, ERR_NONE_SUCH, "the police no longer name that child");
        goto out;
    }
    child_json(root, review, child);
    rc = candidates_json(db, root, review->child_id, london_day(people.incident->attended_at), err);
out:
    people_release(&people);
    return rc;
}

int review_show(struct cli *cli, int64_t child_id, struct err *err)
{
    struct report_review *reviews = NULL;
    struct db *db;
    cJSON *root = json_object();
    size_t count = 0;
    int rc = -1;

    if (cli_store(cli, &db, err) < 0 || report_reviews(db, child_id, &reviews, &count, err) < 0)
        goto out;
    if (count == 0) {
        err_set(err, ERR_NONE_SUCH, "no child %" PRId64 " waits for a decision", child_id);
        goto out;
    }
    if (people_shown(cli, &reviews[0].incident_id, 1, child_id, "review show", err) < 0 ||
        build(db, &reviews[0], root, err) < 0)
        goto out;
    rc = 0;
    if (cli->json) {
        rc = json_print(root, err);
        root = NULL;
    } else {
        print_sides(root);
    }
out:
    json_free(root);
    free(reviews);
    return rc;
}
