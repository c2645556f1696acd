/* gateway/plan/amend.h - what is owed to those who were told once it is no longer so. Pure.
 *
 *   what they would be told now differs     a correction
 *   withdrawn, or named no longer; withheld a withdrawal: close it
 *   another establishment's pupil           a withdrawal: delete it
 *
 * It goes to those who were told, and to nobody else. While a person is deciding who the child is,
 * nothing is amended: a wrong correction would be a second mistake. A roll that no longer has the
 * child makes no wrong door either: the pupil was there, and whoever was told was told rightly.
 */
#ifndef PLAN_AMEND_H
#define PLAN_AMEND_H

#include "plan/plan.h"

/* One child of one notice that was told. */
struct telling {
    bool to_desk;
    bool withdrawn, withheld; /* by the police, since */
    bool ruled_out;           /* the establishment has said that it is not its pupil */
    enum match_outcome outcome;
    bool by_person;  /* who decided that */
    bool same_pupil; /* as when it was told, by whatever row of the roll */
    bool at_door;    /* the child is that door's now */
    bool changed;    /* what this door may be told differs from what it was told last */
};

struct amendment {
    enum notice_kind kind;   /* NOTICE_CORRECTION, NOTICE_WITHDRAWAL; NOTICE_NOTICE: none */
    enum desk_reason reason; /* of a withdrawal */
};

struct amendment amend_judge(const struct telling *t);

/* To whom, of one who was told: the same contact while it stands; else who is told at that door now;
 * NULL nobody. A correction is new particulars, and is kept from those whom the police have barred
 * since; a withdrawal asks them to forget what they have. */
const struct contact *amend_whom(const struct plan_input *in, const struct plan_door *door,
                                 enum notice_kind kind, int64_t told_contact);

/* When: a correction is for the morning as a notice is; to take back does not wait. */
struct due amend_due(const struct plan_input *in, const struct plan_door *door,
                     enum notice_kind kind);

#endif
