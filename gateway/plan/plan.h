/* gateway/plan/plan.h - who is told what, when: an incident and what is known become the notices
 * that are owed. Pure.
 *
 *   match            each school where the pupil is on roll, if open: dsl, then deputy; statutory
 *                    from reception (4 by 31 August before) to 17, else local, where the LA has
 *                    nurseries on. A closed one is followed to its one successor; several are for
 *                    a person to choose from, unless the child is on roll at one of them
 *   under five, on no such roll, the LA has it on: the children's centre on whose roll the child
 *                    is, else one whose reach has the home; else health visitors; local
 *   review, none, no contact, no calendar, closed, 18 by that morning: the home authority's desk,
 *                    with the reason
 *   no desk contact there: the desk of the force in whose area the home is, then that of the
 *                          incident's force; none there either: a notice with no contact, shown as
 *                          stuck by status until somebody gives one
 *   told at an establishment, and the police have referred the family to MARAC: that desk too, if
 *                          there is one and the force has it on, with a task
 *   told, and nobody has answered: that desk too, with a task; of a desk, the force's
 *   missing, or found: the same doors, the establishment at once, at any hour
 *   withheld, withdrawn, filtered by the force's policy: nothing
 * One notice a door: siblings at one school share it, and the earliest of their times. Ages count
 * on the day the notice is due.
 *
 * Told already is told: not again at that door, nor at a desk in another desk's stead. Where a desk has
 * been told for want of an establishment, one that turns up is told, for a while (PLAN_DESK_DAYS).
 *
 * One whose time is up, and who has not got it, gives way to the next whom a way leads to that works: at
 * the same door, else at the desk. Where there is none, for all are told by the way that is down, it
 * stays with the first, who is told as soon as it works again. Whoever gave way so is told after all when
 * all others have refused it: the desk, and where there is none the establishment.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <stdint.h>

#include "base/err.h"
#include "match/match.h"
#include "plan/calendar.h"
#include "plan/establishment.h"
#include "plan/policy.h"

enum {
    PLAN_DOORS_PER_CHILD = 8, /* more at once than any child is on roll */
    PLAN_SUCCESSORS = 4,      /* more than one is a question for a person */
    /* A desk that has been told in an establishment's place is left with the child after that many days:
     * more than a summer holiday, in which one who changes school is on no roll, and less than a term,
     * so that no reception class hears of what befell at the nursery age. */
    PLAN_DESK_DAYS = 60,
};

enum basis { BASIS_STATUTORY, BASIS_LOCAL };
const char *basis_word(enum basis basis);

enum notice_kind { NOTICE_NOTICE, NOTICE_DESK, NOTICE_CORRECTION, NOTICE_WITHDRAWAL };
const char *notice_kind_word(enum notice_kind kind);

/* Why a desk is told in place of an establishment, the worst first; a notice has the worst over its
 * children. Behind them, of a withdrawal: why it is taken back. */
enum desk_reason {
    DESK_NONE,
    DESK_NO_MATCH,     /* on no roll that we have: home educated, missing education, elsewhere */
    DESK_REVIEW,       /* a person must decide between candidates */
    DESK_WRONG_DOOR,   /* an establishment that was told says that it is not its pupil */
    DESK_NOT_ENROLLED, /* known, but on no roll on that day */
    DESK_CLOSED,       /* the establishment is closed, or not in the register */
    DESK_SUCCESSORS,   /* closed, and several have followed it */
    DESK_NO_CONTACT,   /* nobody there, or nobody verified, or all failed or must not be told */
    DESK_NO_CALENDAR,  /* no school days on file */
    DESK_UNDER_FIVE,   /* an under-five with no local route */
    DESK_OVER_AGE,     /* 18 or older by the morning */
    DESK_NO_ANSWER,    /* told, and nobody there has answered: ring them */
    DESK_MARAC,        /* referred to MARAC; an establishment is told as ever */
    TAKEN_WITHDRAWN,   /* the police have withdrawn it, or name the child no longer */
    TAKEN_WITHHELD,    /* the police have given a reason to tell nobody */
    TAKEN_NOT_PUPIL,   /* it has come out that the child is not of that door */
};
enum { DESK_REASONS = TAKEN_NOT_PUPIL + 1 };
const char *desk_reason_word(enum desk_reason reason); /* no-match, review, … */

/* A door that may have to be told, with what is on file about it. */
struct plan_door {
    struct establishment establishment; /* status_code 0: not in the register */
    struct calendar calendar;
    struct policy policy;
    struct contact *contacts;
    size_t contacts_count;
    /* Of a closed one: who has followed it. Indices into plan_input.doors. */
    size_t successors[PLAN_SUCCESSORS];
    size_t successors_count;
};

struct plan_child {
    int64_t child_id;
    time_t tell_from; /* when what is to be told of it came: what its times are reckoned from */
    day_t born;       /* from the roll when matched, else as the police said */
    int age;          /* -1 unknown */
    enum match_outcome outcome;
    bool settled; /* withheld or withdrawn: no notice */
    enum incident_present present;
    /* Indices into plan_input.doors. */
    size_t enrolled[PLAN_DOORS_PER_CHILD];
    unsigned attends[PLAN_DOORS_PER_CHILD]; /* on which weekdays; 0 all */
    size_t enrolled_count;
    size_t centres[PLAN_DOORS_PER_CHILD]; /* whose reach holds the home postcode */
    size_t centres_count;
    size_t desk;          /* the home authority's desk */
    size_t force_desk;    /* stands in for it: the incident's force */
    bool lives_elsewhere; /* in another force's area, whose desk comes before that one */
    size_t home_force_desk;
    size_t *told; /* doors that have been told of this child and are not to be again */
    size_t told_count;
    /* The home authority's health visitors, who are not its desk: they have been told; they have said
     * that it is not theirs. */
    bool visitors_told, visitors_refuse;
    /* Those who were told have not answered, and nobody stands in for them yet: since when, else 0;
     * silent: it is the authority's desk that has not. */
    time_t unanswered_since;
    bool desk_is_silent;
    bool desk_knows;      /* some desk has a task about it, whatever for */
    bool desk_instead;    /* in an establishment's place, and nobody has decided who it is since */
    time_t wrong_door_at; /* an establishment last said that it is not its pupil; 0 none has */
};

struct plan_input {
    time_t
        accepted_at; /* of the revision in force: what corrects or withdraws is reckoned from it */
    time_t now;
    enum incident_type type;
    enum incident_risk risk;
    bool is_marac; /* among the police's referrals */
    const struct incident_do_not_tell *do_not_tell;
    size_t do_not_tell_count;
    const struct plan_child *children;
    size_t children_count;
    const struct plan_door *doors;
    size_t doors_count;
};

struct plan_notice {
    enum notice_kind kind;
    size_t door;
    enum basis basis;
    enum desk_reason reason; /* DESK_NONE unless kind is NOTICE_DESK or NOTICE_WITHDRAWAL */
    struct due due;
    int64_t contact_id; /* -1: nobody can be told */
    int64_t amends;     /* of a correction or withdrawal: the notice that was told; else 0 */
    int64_t *child_ids;
    size_t children_count;
};

struct plan {
    struct plan_notice *notices; /* in order of due time, then door */
    size_t count;
};

/* Which of the force's filters keeps a child from being told of; one that somebody has been told of
 * is not kept back any more, and a missing child never. */
enum plan_filter { FILTER_NONE, FILTER_RISK, FILTER_PRESENT };
const char *plan_filter_word(enum plan_filter filter); /* filter:risk, filter:present */
enum plan_filter plan_filtered(const struct plan_input *in, const struct plan_child *child);

/* Who is told at a door, of those who may be; NULL nobody. */
const struct contact *plan_whom(const struct plan_input *in, const struct plan_door *door);
/* Whether a contact may be told of this incident (verified, not failed, nor passed over, nor barred by
 * the police). */
bool plan_may_tell(const struct plan_input *in, const struct plan_door *door,
                   const struct contact *contact);
bool plan_is_barred(const struct plan_input *in, const struct plan_door *door,
                    const struct contact *contact);
/* Where a place on roll is now: of a closed establishment its one successor, and theirs. */
size_t plan_followed(const struct plan_input *in, size_t door);
/* Whether that door has been told of the child and is not to be again. */
bool plan_is_told(const struct plan_child *child, size_t door);

/* *out is for plan_release. */
int plan_make(const struct plan_input *in, struct plan *out, struct err *err) MUST_CHECK;
void plan_release(struct plan *plan);

#endif
