/* tests/year/late.h - before the bell, or late for a reason that the store can show: something came to
 * pass, and from then on it went as fast as it should. */
#ifndef YEAR_LATE_H
#define YEAR_LATE_H

#include <stdbool.h>
#include <stdint.h>

#include "callouts.h"

/* The gateway's clock or the mail server is not what it should be between these. */
void late_excuse(time_t from, time_t until);

/* Somebody has closed or opened a door by command. */
void late_closing(time_t at);

/* Children who are told at an establishment. */
struct late_telling {
    int64_t notice_id, incident_id;
    int contact;
    time_t at;
    unsigned children;
};

/* Counts those who had not been told yet. false: late, and nothing explains it. */
bool late_is_explained(const struct late_telling *t, struct callout *c);

#endif
