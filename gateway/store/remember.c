#include "store/remember.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "match/compare.h"
#include "match/normalise.h"
#include "match/person.h"
#include "store/audit.h"
#include "store/incidents.h"
#include "store/roll_index.h"
#include "store/roster.h"
#include "store/sql.h"

/* kind is the column's word, say what a person reads. */
static const struct {
    const char *kind, *say;
} words[REMEMBERED_KINDS] = {
    [REMEMBERED_FORENAME] = {"forename", "another forename"},
    [REMEMBERED_SURNAME] = {"surname", "another surname"},
    [REMEMBERED_HOME] = {"home", "another home"},
};

const char *remembered_word(enum remembered_kind kind)
{
    return words[kind].say;
}

void remembered_free(struct remembered *list, size_t count)
{
    for (size_t i = 0; list && i < count; i++) {
        personal_release(&list[i].text);
        personal_release(&list[i].postcode);
    }
    free(list);
}

static int read_one(sqlite3_stmt *stmt, struct remembered *out, struct err *err)
{
    const char *kind = sql_text(stmt, 0);

    memset(out, 0, sizeof *out);
    while (out->kind + 1 < REMEMBERED_KINDS && strcmp(words[out->kind].kind, kind) != 0)
        out->kind++;
    out->at = (time_t)sqlite3_column_int64(stmt, 3);
    if (sql_copy(stmt, 4, out->who, sizeof out->who, err) < 0 ||
        sql_personal(stmt, 1, &out->text, err) < 0)
        return -1;
    return sql_personal(stmt, 2, &out->postcode, err);
}

int remember_list(struct db *db, int64_t pupil_key, int64_t child_id, struct remembered **out,
                  size_t *count, struct err *err)
{
    struct remembered *list = NULL;
    sqlite3_stmt *stmt;
    size_t n = 0;
    int rc = pupil_key >= 0 ? sql_query(db, &stmt, err,
                                        "SELECT kind, text, postcode, at, who FROM remembered"
                                        " WHERE pupil_key = ? AND ended_at IS NULL"
                                        " ORDER BY remembered_id",
                                        "i", pupil_key)
                            : sql_query(db, &stmt, err,
                                        "SELECT kind, text, postcode, at, who FROM remembered"
                                        " WHERE child_id = ? AND ended_at IS NULL"
                                        " ORDER BY remembered_id",
                                        "i", child_id);

    *out = NULL;
    *count = 0;
    if (rc < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        struct remembered *more = reallocarray(list, n + 1, sizeof *list);

        if (!more)
            rc = err_memory(err);
        else
            list = more;
        if (rc < 0 || read_one(stmt, &list[n++], err) < 0) {
            rc = -1;
            break;
        }
    }
    sql_done(stmt);
    if (rc < 0) {
        remembered_free(list, n);
        return -1;
    }
    *out = list;
    *count = n;
    return 0;
}

int remember_add_to(struct db *db, int64_t pupil_key, struct person *out, struct err *err)
{
    struct remembered *list;
    size_t count;

    if (remember_list(db, pupil_key, -1, &list, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const char *text = personal_reveal(&list[i].text);

        switch (list[i].kind) {
        case REMEMBERED_FORENAME:
            person_add_forename(out, text);
            break;
        case REMEMBERED_SURNAME:
            person_add_surname(out, text);
            break;
        default:
            person_set_other_home(out, text, personal_reveal(&list[i].postcode));
        }
    }
    remembered_free(list, count);
    return 0;
}

/* The pupil as the index has it: what the roll says and what is remembered. 1, 0 none such, -1. */
static int indexed(struct db *db, int64_t pupil_key, struct person *out, struct err *err)
{
    struct pupil pupil;
    int rc = roster_pupil(db, pupil_key, &pupil, err);

    if (rc != 1)
        return rc;
    roster_person(&pupil, out);
    pupil_release(&pupil);
    return remember_add_to(db, pupil_key, out, err) < 0 ? -1 : 1;
}

/* What is remembered of the pupil has changed since it was `before`. An index of another version is
 * made anew with it, and not for it: nobody who waits here waits for that. */
static int file_anew(struct db *db, int64_t pupil_key, const struct person *before, struct err *err)
{
    struct roll_index *index = NULL;
    struct person after;
    int rc = roll_index_is_current(db, err);

    if (rc <= 0)
        return rc;
    rc = roll_index_new(db, &index, err);
    if (rc == 0 && indexed(db, pupil_key, &after, err) < 0)
        rc = -1;
    if (rc == 0) {
        if (roll_index_take_away(index, pupil_key, before, err) < 0 ||
            roll_index_add(index, pupil_key, &after, err) < 0 || roll_index_write(index, err) < 0)
            rc = -1;
        person_wipe(&after);
    }
    roll_index_free(index);
    return rc;
}

static int keep(struct db *db, int64_t pupil_key, int64_t child_id, enum remembered_kind kind,
                const struct personal *text, const struct personal *postcode, const char *who,
                time_t now, struct err *err)
{
    return sql_run(db, err,
                   "INSERT INTO remembered(pupil_key, child_id, kind, text, postcode, at, who)"
                   " VALUES (?,?,?,?,?,?,?)",
                   "iitppit", pupil_key, child_id, words[kind].kind, text, postcode, (int64_t)now,
                   who);
}

static bool is_news(enum name_level level, const char *name)
{
    char squashed[NAME_SIZE];
    bool is_name = name_squash(name, squashed) > 1;

    personal_wipe(squashed, sizeof squashed);
    return is_name && level != NAME_MISSING && level != NAME_EXCHANGED && level < NAME_OTHER;
}

/* What the call-out says and the pupil, with what is remembered of it, has not. */
static void news(const struct incident *incident, const struct incident_child *child,
                 const struct person *pupil, bool kinds[REMEMBERED_KINDS])
{
    struct person said;
    struct comparison says;

    person_init(&said);
    person_add_forename(&said, personal_reveal(&child->forename));
    person_set_middle_names(&said, personal_reveal(&child->middle_names));
    person_add_surname(&said, personal_reveal(&child->surname));
    person_set_address(&said, personal_reveal(&child->home.address));
    person_set_postcode(&said, personal_reveal(&child->home.postcode));
    compare(&said, pupil, &says);
    kinds[REMEMBERED_FORENAME] =
        said.forenames_count > 0 && is_news(says.forename.level, said.forenames[0]);
    kinds[REMEMBERED_SURNAME] =
        said.surnames_count > 0 && is_news(says.surname.level, said.surnames[0]);
    kinds[REMEMBERED_HOME] =
        !incident_is_protected(incident) && says.home < HOME_POSTCODE &&
        (postcode_is_whole(said.postcode) || (said.house[0] && said.street[0]));
    person_wipe(&said);
}

static const struct incident_child *named(const struct incident *incident, const char *child_ref)
{
    for (size_t i = 0; i < incident->children_count; i++) {
        if (strcmp(incident->children[i].child_ref, child_ref) == 0)
            return &incident->children[i];
    }
    return NULL;
}

static int keep_news(struct db *db, const struct child_row *row, const struct incident *incident,
                     int64_t pupil_key, const char *who, time_t now, bool kinds[REMEMBERED_KINDS],
                     struct err *err)
{
    const struct audit_about about = {row->incident_id, row->child_id, -1, -1};
    const struct incident_child *child = named(incident, row->child_ref);
    struct person before;
    int rc = child ? indexed(db, pupil_key, &before, err) : 0;

    if (rc <= 0)
        return rc;
    news(incident, child, &before, kinds);
    rc = 0;
    if (kinds[REMEMBERED_FORENAME])
        rc = keep(db, pupil_key, row->child_id, REMEMBERED_FORENAME, &child->forename, NULL, who,
                  now, err);
    if (rc == 0 && kinds[REMEMBERED_SURNAME])
        rc = keep(db, pupil_key, row->child_id, REMEMBERED_SURNAME, &child->surname, NULL, who, now,
                  err);
    if (rc == 0 && kinds[REMEMBERED_HOME])
        rc = keep(db, pupil_key, row->child_id, REMEMBERED_HOME, &child->home.address,
                  &child->home.postcode, who, now, err);
    for (size_t i = 0; rc == 0 && i < REMEMBERED_KINDS; i++) {
        if (kinds[i])
            rc = audit_add(db, now, who, "pupil.remembered", &about, err, "pupil=%" PRId64 " %s",
                           pupil_key, words[i].kind);
    }
    if (rc == 0)
        rc = file_anew(db, pupil_key, &before, err);
    person_wipe(&before);
    return rc;
}

/* The child's row: 1, 0 none such, -1. */
static int find_row(struct db *db, int64_t child_id, struct child_row *out, struct err *err)
{
    struct child_row *rows = NULL;
    int64_t incident_id = 0;
    size_t count = 0;
    int rc = sql_int(db, &incident_id, err, "SELECT incident_id FROM child WHERE child_id = ?", "i",
                     child_id);

    if (rc == 1 && incidents_children(db, incident_id, &rows, &count, err) < 0)
        rc = -1;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].child_id == child_id)
            *out = rows[i];
    }
    free(rows);
    return rc;
}

int remember_keep(struct db *db, int64_t child_id, const char *who, time_t now,
                  bool kinds[REMEMBERED_KINDS], struct err *err)
{
    struct decision_row decision = {.outcome = MATCH_NONE};
    struct child_row row = {.child_id = -1};
    struct incident *incident = NULL;
    int rc = find_row(db, child_id, &row, err);

    memset(kinds, 0, REMEMBERED_KINDS * sizeof *kinds);
    if (rc == 1)
        rc = roster_decision(db, child_id, &decision, err);
    if (rc < 0)
        return -1;
    if (rc == 0 || decision.outcome != MATCH_MATCH || strcmp(decision.made_by, "matcher") == 0)
        return err_set(err, ERR_INVALID,
                       "child %" PRId64 ": no person has decided which pupil it is", child_id);
    if (incidents_load(db, row.incident_id, &incident, err) < 0)
        return -1;
    rc = keep_news(db, &row, incident, decision.pupil_key, who, now, kinds, err);
    incident_free(incident);
    return rc;
}

int remember_end(struct db *db, int64_t child_id, const char *who, time_t now, struct err *err)
{
    struct audit_about about = {-1, child_id, -1, -1};
    struct person before;
    int64_t pupil_key;
    int rc = sql_int(db, &pupil_key, err,
                     "SELECT pupil_key FROM remembered WHERE child_id = ? AND ended_at IS NULL",
                     "i", child_id);

    if (rc <= 0)
        return rc;
    if (indexed(db, pupil_key, &before, err) < 0)
        return -1;
    rc = sql_run(db, err,
                 "UPDATE remembered SET ended_at = ?, ended_by = ?"
                 " WHERE child_id = ? AND ended_at IS NULL",
                 "iti", (int64_t)now, who, child_id);
    if (rc == 0)
        rc = file_anew(db, pupil_key, &before, err);
    person_wipe(&before);
    if (rc < 0 || sql_int(db, &about.incident_id, err,
                          "SELECT incident_id FROM child WHERE child_id = ?", "i", child_id) < 0)
        return -1;
    return audit_add(db, now, who, "pupil.forgotten", &about, err, "pupil=%" PRId64, pupil_key);
}
