#include "store/roll_write.h"

#include <stdio.h>

#include "base/personal.h"
#include "match/keys.h"
#include "match/person.h"
#include "store/sql.h"

static int write_keys(struct db *db, const struct pupil *pupil, int64_t pupil_key, bool fresh,
                      struct err *err)
{
    struct person person;
    uint64_t keys[KEYS_MAX];
    size_t count;
    int rc = 0;

    roster_person(pupil, &person);
    count = keys_of(&person, KEYS_PUPIL, keys);
    person_wipe(&person);
    if (!fresh)
        rc = sql_run(db, err, "DELETE FROM pupil_block WHERE pupil_key = ?", "i", pupil_key);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = sql_run(db, err, "INSERT INTO pupil_block(key, pupil_key) VALUES (?,?)", "ii",
                     (int64_t)keys[i], pupil_key);
    return rc;
}

static const char *text_of(const struct personal *p)
{
    return personal_is_set(p) ? personal_reveal(p) : NULL;
}

int roll_put_pupil(struct db *db, const struct pupil *pupil, int64_t import_id,
                   const struct register_watch *watch, enum change *out, int64_t *pupil_key,
                   struct err *err)
{
    static const char *const genders[] = {
        [SEX_UNKNOWN] = NULL, [SEX_FEMALE] = "F", [SEX_MALE] = "M"};
    char born[DATE_TEXT_SIZE], version[12];
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
                                  pupil->nc_year[0] ? pupil->nc_year : NULL,
                                  version};
    int rc;

    snprintf(version, sizeof version, "%d", KEYS_VERSION);
    rc = registers_put(db, REGISTER_PUPIL, values, import_id, watch, out, pupil_key, err);
    if (rc == 0 && *out != CHANGE_NONE)
        rc = write_keys(db, pupil, *pupil_key, *out == CHANGE_ADDED, err);
    personal_wipe(born, sizeof born);
    return rc;
}
