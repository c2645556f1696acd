/* gateway/store/remember.h - what a person has accepted of a pupil that the roll does not say: a name
 * the child goes by, a home it has moved to.
 *
 * It is the pupil's from then on, beside what the roll says: under its names and its postcode too
 * the pupil is found and compared. It is kept for the decision of one child of a call-out and ends
 * with it: when the decision is taken back or another is made, when the establishment says that the
 * child is not its own, and when the police say something else of it, take it back or protect the
 * family. The audit names kinds, never values.
 */
#ifndef STORE_REMEMBER_H
#define STORE_REMEMBER_H

#include "match/match.h"
#include "store/db.h"

enum remembered_kind { REMEMBERED_FORENAME, REMEMBERED_SURNAME, REMEMBERED_HOME, REMEMBERED_KINDS };
const char *remembered_word(enum remembered_kind kind); /* "another forename" */

/* Keeps what the call-out says of the child and the roll does not say of the pupil that it was
 * decided to be. kinds[] says which were kept, and may be all false; an initial, a forename and a
 * surname that have changed places, and a home where the family is protected are not. In the
 * caller's transaction. ERR_INVALID: no person has decided that the child is a pupil. */
int remember_keep(struct db *db, int64_t child_id, const char *who, time_t now,
                  bool kinds[REMEMBERED_KINDS], struct err *err) MUST_CHECK;

/* Ends what was kept for the child's decision, if anything. In the caller's transaction. */
int remember_end(struct db *db, int64_t child_id, const char *who, time_t now,
                 struct err *err) MUST_CHECK;

/* The person as the roll has it gets what is remembered of the pupil. */
int remember_add_to(struct db *db, int64_t pupil_key, struct person *out,
                    struct err *err) MUST_CHECK;

/* What stands, the oldest first; release each, then free(). With pupil_key those of the pupil, else
 * (-1) those kept for the child's decision. */
struct remembered {
    enum remembered_kind kind;
    struct personal text, postcode; /* a name; of a home its address */
    time_t at;
    char who[65];
};
int remember_list(struct db *db, int64_t pupil_key, int64_t child_id, struct remembered **out,
                  size_t *count, struct err *err) MUST_CHECK;
void remembered_free(struct remembered *list, size_t count); /* NULL is allowed */

#endif
