/* gateway/store/closures.h - days on which an establishment, or all of an authority's, are closed at
 * short notice: rows of the terms like any other, given and taken back one at a time. What is not sent
 * yet is handed to planning. In the caller's transaction. */
#ifndef STORE_CLOSURES_H
#define STORE_CLOSURES_H

#include <time.h>

#include "base/date.h"
#include "plan/establishment.h"
#include "store/db.h"

/* Whose days: door's namespace is school, centre or la. */
struct closure {
    struct door door;
    day_t from, to;
    const char *title; /* of closures_add */
};

/* 1 closed; 0 they are closed already by a row of just these days, whose title becomes this one; -1. */
int closures_add(struct db *db, const struct closure *closure, const char *who, time_t now,
                 struct err *err) MUST_CHECK;

/* Takes those days out of the door's own closures, which may be longer: how many rows it changed; 0
 * none of them closes it on those days; -1. */
int closures_remove(struct db *db, const struct closure *closure, const char *who, time_t now,
                    struct err *err) MUST_CHECK;

/* Why a door is closed on a day: the title and the days of its own or its authority's closure or
 * inset. 1, 0 it is not by any of these, -1. title may be "". */
struct closed_why {
    char kind[8]; /* closure, inset, bank */
    char title[161];
    day_t from, to;
};
int closures_why(struct db *db, const struct door *door, const char *la_code, day_t day,
                 struct closed_why *out, struct err *err) MUST_CHECK;

#endif
