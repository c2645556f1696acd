#include "store/roll_write.h"

#include "base/personal.h"
#include "match/person.h"
#include "store/remember.h"
#include "store/sql.h"

/* The pupil as the index has it, when it is on the roll: 1, 0, -1. */
static int standing(struct db *db, const struct pupil *pupil, int64_t *pupil_key,
                    struct person *out, struct err *err)
{
    struct pupil before;
    int rc = sql_int(db, pupil_key, err,
                     "SELECT pupil_key FROM pupil WHERE la_code = ? AND pupil_id = ?", "tt",
                     pupil->la_code, pupil->pupil_id);

    if (rc == 1)
        rc = roster_pupil(db, *pupil_key, &before, err);
    if (rc == 1) {
        roster_person(&before, out);
        pupil_release(&before);
        if (remember_add_to(db, *pupil_key, out, err) < 0)
            rc = -1;
    }
    return rc;
}

static int file_anew(struct db *db, struct roll_index *index, int64_t pupil_key,
                     const struct person *before, const struct pupil *pupil, struct err *err)
{
    struct person person;
    int rc = 0;

    roster_person(pupil, &person);
    if (before)
        rc = remember_add_to(db, pupil_key, &person, err);
    if (rc == 0 && before)
        rc = roll_index_take_away(index, pupil_key, before, err);
    if (rc == 0)
        rc = roll_index_add(index, pupil_key, &person, err);
    person_wipe(&person);
    return rc;
}

static const char *text_of(const struct personal *p)
{
    return personal_is_set(p) ? personal_reveal(p) : NULL;
}

int roll_put_pupil(struct db *db, struct roll_index *index, const struct pupil *pupil,
                   int64_t import_id, const struct register_watch *watch, enum change *out,
                   int64_t *pupil_key, struct err *err)
{
    static const char *const genders[] = {
        [SEX_UNKNOWN] = NULL, [SEX_FEMALE] = "F", [SEX_MALE] = "M"};
    char born[DATE_TEXT_SIZE];
    /* In the order of REGISTER_PUPIL. */
    const char *const values[] = {pupil->la_code,
                                  pupil->pupil_id,
                                  text_of(&pupil->upn),
                                  text_of(&pupil->forename),
                                  text_of(&pupil->middle_names),
                                  text_of(&pupil->surname),
                                  text_of(&pupil->preferred_forename),
                                  text_of(&pupil->former_surname),
                                  genders[pupil->gender],
                                  pupil->born == DAY_NONE ? NULL : day_format(pupil->born, born),
                                  text_of(&pupil->house),
                                  text_of(&pupil->street),
                                  text_of(&pupil->town),
                                  text_of(&pupil->postcode),
                                  pupil->nc_year[0] ? pupil->nc_year : NULL};
    struct person before;
    int was = standing(db, pupil, pupil_key, &before, err), rc = was;

    if (rc >= 0)
        rc = registers_put(db, REGISTER_PUPIL, values, import_id, watch, out, pupil_key, err);
    if (rc == 0 && *out != CHANGE_NONE)
        rc = file_anew(db, index, *pupil_key, was == 1 ? &before : NULL, pupil, err);
    if (was == 1)
        person_wipe(&before);
    personal_wipe(born, sizeof born);
    return rc < 0 ? -1 : 0;
}

int roll_came(struct db *db, const char *la_code, int64_t import_id, struct err *err)
{
    return sql_run(db, err,
                   "INSERT INTO roll(la_code, imported_at)"
                   " SELECT ?, at FROM import WHERE import_id = ?"
                   " ON CONFLICT(la_code) DO UPDATE SET imported_at = excluded.imported_at",
                   "ti", la_code, import_id);
}
